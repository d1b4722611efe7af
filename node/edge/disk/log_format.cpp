#include "node/edge/disk/log_format.hpp"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "common/check.hpp"
#include "common/edge/codec/codec.hpp"

namespace ringkv {
namespace {

static_assert(std::endian::native == std::endian::little, "the log's numbers are written as they are in memory");

constexpr std::string_view magic = "RingKVlg";
constexpr std::uint32_t format = 1;
constexpr std::size_t checksum_at = 16;  // of a segment's header; what follows it is covered
constexpr std::size_t covered_from = checksum_at + 8;
constexpr std::size_t record_head = 4;               // the bytes of a record stand before it
constexpr std::size_t kept = std::size_t{4} << 20U;  // of a builder's memory

template <class T>
requires std::is_integral_v<T>
void put(std::string& bytes, std::size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof(value));
}
void put(std::string& bytes, std::size_t at, const Uuid& value) {
    std::memcpy(bytes.data() + at, value.bytes.data(), value.bytes.size());
}

template <class T>
T take(std::string_view bytes, std::size_t at) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    return value;
}
template <>
Uuid take<Uuid>(std::string_view bytes, std::size_t at) {
    Uuid value;
    std::memcpy(value.bytes.data(), bytes.data() + at, value.bytes.size());
    return value;
}

std::uint64_t hash(std::string_view bytes, std::uint64_t seed = 0) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t seed_of(const Uuid& log) {
    return hash({reinterpret_cast<const char*>(log.bytes.data()), log.bytes.size()});
}

constexpr std::uint64_t aligned(std::uint64_t size) {
    return (size + Frame::alignment - 1) / Frame::alignment * Frame::alignment;
}

std::optional<Frame> whole_frame_of(std::string_view bytes, std::uint64_t seed) {
    if (bytes.size() < Frame::header_size) return std::nullopt;
    const auto length = take<std::uint64_t>(bytes, 24);
    if (length == 0 || length > bytes.size() - Frame::header_size) return std::nullopt;
    Frame frame{take<std::uint64_t>(bytes, 16), take<std::uint64_t>(bytes, 8), take<std::uint64_t>(bytes, 0),
                bytes.substr(Frame::header_size, length)};
    if (frame.number == 0 || frame.checksum != hash(bytes.substr(8, Frame::header_size - 8 + length), seed))
        return std::nullopt;
    return frame;
}

}  // namespace

std::string encode(const SegmentHeader& header) {
    std::string bytes(SegmentHeader::size, '\0');
    std::copy(magic.begin(), magic.end(), bytes.begin());
    put(bytes, 8, format);
    put(bytes, 12, static_cast<std::uint32_t>(SegmentHeader::size));
    put(bytes, 24, header.log);
    put(bytes, 40, header.owner.storage);
    put(bytes, 56, header.owner.cluster);
    put(bytes, 72, header.owner.shard);
    put(bytes, 76, header.owner.shards);
    put(bytes, 80, header.segment);
    put(bytes, 88, header.first_frame);
    put(bytes, 96, header.chain);
    put(bytes, 104, header.bytes);
    put(bytes, checksum_at, hash(std::string_view(bytes).substr(covered_from)));
    return bytes;
}

Result<SegmentHeader> decode_segment_header(std::string_view bytes) {
    if (bytes.size() < SegmentHeader::size) return Error(ErrorCode::malformed, "it is too short for a log's segment");
    if (!bytes.starts_with(magic)) return Error(ErrorCode::malformed, "it does not begin as a log's segment does");
    if (const auto found = take<std::uint32_t>(bytes, 8); found > format)
        return Error(ErrorCode::version_mismatch,
                     "written by a newer release: a log of format " + std::to_string(found));
    bytes = bytes.substr(0, SegmentHeader::size);
    if (take<std::uint32_t>(bytes, 8) != format || take<std::uint32_t>(bytes, 12) != SegmentHeader::size ||
        take<std::uint64_t>(bytes, checksum_at) != hash(bytes.substr(covered_from)))
        return Error(ErrorCode::malformed, "the header of the segment is damaged");
    SegmentHeader header;
    header.log = take<Uuid>(bytes, 24);
    header.owner = {take<Uuid>(bytes, 40), take<Uuid>(bytes, 56), take<std::uint32_t>(bytes, 72),
                    take<std::uint32_t>(bytes, 76)};
    header.segment = take<std::uint64_t>(bytes, 80);
    header.first_frame = take<std::uint64_t>(bytes, 88);
    header.chain = take<std::uint64_t>(bytes, 96);
    header.bytes = take<std::uint64_t>(bytes, 104);
    return header;
}

std::uint64_t Frame::size() const {
    return aligned(header_size + payload.size());
}

void FrameBuilder::add(const StorageRecord& record) {
    if (std::exchange(finished_, false)) {
        if (bytes_.capacity() > kept) bytes_ = std::string();
        bytes_.assign(Frame::header_size, '\0');
    }
    const std::size_t at = bytes_.size();
    bytes_.append(record_head, '\0');
    append_encoded(record, bytes_);
    put(bytes_, at, static_cast<std::uint32_t>(bytes_.size() - at - record_head));
}

std::string_view FrameBuilder::finish(const FramePlace& place) {
    RINGKV_CHECK(!finished_, "a frame without a record");
    finished_ = true;
    const std::uint64_t length = bytes_.size() - Frame::header_size;
    put(bytes_, 8, place.chain);
    put(bytes_, 16, place.number);
    put(bytes_, 24, length);
    checksum_ = hash(std::string_view(bytes_).substr(8), seed_of(place.log));
    put(bytes_, 0, checksum_);
    bytes_.resize(aligned(bytes_.size()), '\0');
    return bytes_;
}

std::optional<Frame> whole_frame(std::string_view bytes, const Uuid& log) {
    return whole_frame_of(bytes, seed_of(log));
}

std::optional<std::uint64_t> find_frame(std::string_view bytes, const Uuid& log, std::uint64_t least) {
    const std::uint64_t seed = seed_of(log);
    for (std::uint64_t at = 0; at + Frame::header_size < bytes.size(); at += Frame::alignment) {
        const std::string_view rest = bytes.substr(at);
        // Most of what is looked at is zeros, or the inside of a payload: no checksum is computed for that.
        const auto number = take<std::uint64_t>(rest, 16);
        if (number >= least && number - least < bytes.size() && whole_frame_of(rest, seed)) return at;
    }
    return std::nullopt;
}

Result<void> each_record(std::string_view payload, const std::function<void(StorageRecord)>& give) {
    while (!payload.empty()) {
        if (payload.size() < record_head) return Error(ErrorCode::malformed, "a record is cut off");
        const auto length = take<std::uint32_t>(payload, 0);
        payload.remove_prefix(record_head);
        if (length > payload.size()) return Error(ErrorCode::malformed, "a record is cut off");
        auto record = decode_record(payload.substr(0, length));
        if (!record) return record.error();
        give(std::move(*record));
        payload.remove_prefix(length);
    }
    return {};
}

}  // namespace ringkv
