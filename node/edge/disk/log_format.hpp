// The log's bytes, as docs/log-format.md has them. A log is a run of segments, each a file: a header, then frames; a
// frame is what one write brought, records of the shard in their stored form. Pure: bytes in, values out. Numbers are
// little-endian.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/records.hpp"
#include "ringkv/result.hpp"

namespace ringkv {

// What a log belongs to.
struct LogOwner {
    Uuid storage;  // the node's, which its data directory has for life
    Uuid cluster;  // none: the node had joined none yet
    ShardIndex shard = 0;
    std::uint32_t shards = 1;

    friend bool operator==(const LogOwner&, const LogOwner&) = default;
};

struct SegmentHeader {
    static constexpr std::uint64_t size = 128;  // bytes

    Uuid log;  // made with the log
    LogOwner owner;
    std::uint64_t segment = 1;      // consecutive
    std::uint64_t first_frame = 1;  // the number of its first frame
    std::uint64_t chain = 0;        // the checksum of the frame before it; 0: there is none
    std::uint64_t bytes = size;     // that the file has, for good: room was made for them

    friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

[[nodiscard]] std::string encode(const SegmentHeader& header);
// Errors: malformed: it is none, or is damaged; version_mismatch: a newer release has written it.
[[nodiscard]] Result<SegmentHeader> decode_segment_header(std::string_view bytes);

// Where a frame stands in its log: each names its number and the checksum of the one before it, and its own checksum
// begins with the log's id. So it is taken for no other.
struct FramePlace {
    Uuid log;
    std::uint64_t number = 1;
    std::uint64_t chain = 0;
};

struct Frame {
    static constexpr std::uint64_t header_size = 32;  // bytes
    static constexpr std::uint64_t alignment = 8;     // of every frame, and so of its size

    std::uint64_t number = 0;
    std::uint64_t chain = 0;
    std::uint64_t checksum = 0;
    std::string_view payload;

    // Bytes that it takes in its segment.
    [[nodiscard]] std::uint64_t size() const;
};

// Makes one frame after the other. Its memory is used again.
class FrameBuilder {
  public:
    void add(const StorageRecord& record);
    // The bytes of the frame: add() until here is its payload. They stay until the next add() or finish().
    [[nodiscard]] std::string_view finish(const FramePlace& place);
    // Of the newest frame.
    [[nodiscard]] std::uint64_t checksum() const { return checksum_; }

  private:
    std::string bytes_;
    bool finished_ = true;
    std::uint64_t checksum_ = 0;
};

// The frame at the front of the bytes, if it is whole and belongs to that log, whatever its number and chain are.
[[nodiscard]] std::optional<Frame> whole_frame(std::string_view bytes, const Uuid& log);
// The first whole frame of the log that begins anywhere in the bytes and has that number or a higher one.
// -> its offset.
[[nodiscard]] std::optional<std::uint64_t> find_frame(std::string_view bytes, const Uuid& log, std::uint64_t least);

// Each record of a frame's payload, in order, until one cannot be read: the error is the codec's, or malformed.
[[nodiscard]] Result<void> each_record(std::string_view payload, const std::function<void(StorageRecord)>& give);

}  // namespace ringkv
