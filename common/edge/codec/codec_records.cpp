// Stored records and values: the same form as messages, without a frame round them.
#include "common/edge/codec/codec.hpp"
#include "common/edge/codec/codec_fields.hpp"

namespace ringkv {
namespace {

using wire::Packer;
using wire::Reader;
using wire::StringSink;

template <class T>
std::string encode_any(const T& value) {
    std::string buffer;
    StringSink sink{buffer};
    Packer out(sink);
    wire::pack(out, value);
    return buffer;
}

template <class T>
Result<T> decode_any(std::string_view bytes) {
    Reader in(bytes, CodecLimits{});
    T value;
    if (!wire::unpack(in, value)) return in.error();
    if (!in.finished()) {
        in.fail("bytes after the end");
        return in.error();
    }
    return value;
}

[[nodiscard]] bool read_record(Reader& in, StorageRecord& record) {
    std::uint32_t count = 0;
    std::uint64_t type = 0;
    if (!in.enter(count)) return false;
    if (count == 0) return in.fail("a record without a type");
    if (!in.read(type)) return false;
    // What we stored and cannot read must not be passed over: it may be what we acknowledged.
    if (type >= std::variant_size_v<StorageRecord>) return in.fail("a record of a type that is not known here");
    if (!wire::unpack_alternative(in, record, type, count - 1)) return false;
    in.leave();
    return in.finished() || in.fail("bytes after the end");
}

}  // namespace

std::string encode_record(const StorageRecord& record) {
    std::string buffer;
    StringSink sink{buffer};
    Packer out(sink);
    wire::pack_alternative(out, record);
    return buffer;
}

Result<StorageRecord> decode_record(std::string_view bytes, const CodecLimits& limits) {
    Reader in(bytes, limits);
    StorageRecord record;
    if (!read_record(in, record)) return in.error();
    return record;
}

std::string encode_value(const ClusterSettings& value) {
    return encode_any(value);
}
std::string encode_value(const NodeInfo& value) {
    return encode_any(value);
}
std::string encode_value(const PartitionState& value) {
    return encode_any(value);
}
Result<ClusterSettings> decode_settings(std::string_view bytes) {
    return decode_any<ClusterSettings>(bytes);
}
Result<NodeInfo> decode_node(std::string_view bytes) {
    return decode_any<NodeInfo>(bytes);
}
Result<PartitionState> decode_partition(std::string_view bytes) {
    return decode_any<PartitionState>(bytes);
}

}  // namespace ringkv
