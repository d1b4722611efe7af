// Reads a log's segments, one after the other, and tells the end of the log from damage.
//
// A write is one frame, and none begins before the one before it is stored. So where a frame is not whole and a later
// one of the same log is, the former was stored once, and is damaged now. Where nothing follows, it is the last write,
// torn by a crash, which was never said to be stored: the log ends before it.
#pragma once

#include <functional>
#include <string>

#include "node/edge/disk/log_format.hpp"

namespace ringkv {

class SegmentReader {
  public:
    // Given each frame, and the offset at which it begins; an error ends the reading, and is what read() returns.
    using Give = std::function<Result<void>(std::uint64_t offset, const Frame& frame)>;

    // What is wrong with a segment, and where: "segment 3, offset 4096: ...".
    [[nodiscard]] static Error damaged(std::uint64_t segment, std::uint64_t offset, const std::string& what);

    // Of the file's bytes. Errors: storage: damaged, or cut off; version_mismatch.
    [[nodiscard]] static Result<SegmentReader> open(std::string bytes, std::uint64_t segment);
    // What is there of a segment with that header, whatever its name and size are.
    SegmentReader(std::string bytes, const SegmentHeader& header);
    // Errors: storage: it is not as long as it was made.
    [[nodiscard]] Result<void> check_size() const;

    [[nodiscard]] const SegmentHeader& header() const { return header_; }
    // Every frame up to the end; once. Errors: storage, a frame is damaged and a later one of this segment is whole;
    // and those of `give`.
    [[nodiscard]] Result<void> read(const Give& give);

    // After read(): where the frames end, and what the next one would be.
    [[nodiscard]] std::uint64_t end() const { return end_; }
    [[nodiscard]] const FramePlace& next() const { return next_; }
    // Something was written at the end that is no whole frame: a torn write, unless frames are missing.
    [[nodiscard]] bool torn() const;

  private:
    std::string bytes_;
    SegmentHeader header_;
    std::uint64_t end_ = SegmentHeader::size;
    FramePlace next_;
};

}  // namespace ringkv
