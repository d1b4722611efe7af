// Stored records and values: the same form as messages, without a frame round them. A record that this release
// cannot read must not be passed over, for it may be what was acknowledged; and it is not damaged.
#include "common/edge/codec/codec.hpp"
#include "common/edge/codec/codec_fields.hpp"

namespace ringkv {
namespace {

using wire::Packer;
using wire::Reader;
using wire::StringSink;

// A record says which format it is of, where a release changed what its fields mean:
//   1   [type, fields...]             up to 0.5; read for ever
//   2   [[2, type], fields...]
constexpr std::uint64_t first_format = 1;
constexpr std::uint64_t first_format_with_number = 2;
constexpr std::uint64_t written_format = 2;
// The buffer of an entry that was larger is given back.
constexpr std::size_t most_kept = std::size_t{64} << 10U;

Error of_a_newer_release(const std::string& what) {
    return {ErrorCode::version_mismatch, "written by a newer release: " + what};
}

template <class T>
std::string encode_any(const T& value) {
    std::string buffer;
    StringSink sink(buffer);
    Packer out(sink);
    wire::pack(out, value);
    sink.flush();
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
    if (const auto unknown = in.take_unknown()) return of_a_newer_release(*unknown);
    return value;
}

// Of a format above the known one nothing but its number can be read.
[[nodiscard]] bool read_head(Reader& in, std::uint64_t& format, std::uint64_t& type) {
    format = first_format;
    if (!in.at_array()) return in.read(type);
    std::uint32_t count = 0;
    if (!in.enter(count) || count < 2) return in.fail("a record without a format and a type");
    if (!in.read(format) || format < first_format_with_number) return in.fail("a format that has no number");
    if (format > written_format) return true;
    if (!in.read(type)) return false;
    for (; count > 2; --count)
        if (!in.skip()) return false;
    in.leave();
    return true;
}

[[nodiscard]] std::optional<Error> read_record(Reader& in, StorageRecord& record) {
    std::uint32_t count = 0;
    std::uint64_t format = 0;
    std::uint64_t type = 0;
    if (!in.enter(count)) return in.error();
    if (count == 0) in.fail("a record without a type");
    if (count == 0 || !read_head(in, format, type)) return in.error();
    if (format > written_format) return of_a_newer_release("a record of format " + std::to_string(format));
    if (type >= std::variant_size_v<AnyRecord>) return of_a_newer_release("a record of type " + std::to_string(type));
    if (!wire::unpack_alternative(in, record, type, count - 1)) return in.error();
    in.leave();
    if (!in.finished()) {
        in.fail("bytes after the end");
        return in.error();
    }
    if (const auto unknown = in.take_unknown()) return of_a_newer_release(*unknown);
    return {};
}

}  // namespace

std::string encode_record(const StorageRecord& record) {
    std::string buffer;
    append_encoded(record, buffer);
    return buffer;
}

void append_encoded(const StorageRecord& record, std::string& onto) {
    StringSink sink(onto);
    Packer out(sink);
    wire::pack_alternative(out, record, [&out](std::uint64_t type) {
        out.array(2);
        out.number(written_format);
        out.number(type);
    });
    sink.flush();
}

Result<StorageRecord> decode_record(std::string_view bytes, const CodecLimits& limits) {
    Reader in(bytes, limits);
    StorageRecord record;
    if (auto wrong = read_record(in, record)) return *std::move(wrong);
    return record;
}

EncodedEntry encode_entry(const Entry& entry) {
    static thread_local std::string bytes;
    if (bytes.capacity() > most_kept) bytes = std::string();
    bytes.clear();
    EncodedEntry encoded;
    StringSink sink(bytes);
    Packer out(sink);
    const auto pack_field = [&]<class T>(const T& field) {
        wire::pack(out, field);
        if constexpr (std::is_same_v<T, std::string_view>)  // its bytes come last
            (&field == &entry.key ? encoded.key : encoded.value) = sink.size() - field.size();
    };
    out.array(wire::field_count<Entry>);
    std::apply([&pack_field](const auto&... field) { (pack_field(field), ...); }, wire::fields_of(entry));
    sink.flush();
    encoded.bytes = bytes;
    return encoded;
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
std::string encode_value(const Event& value) {
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
Result<Event> decode_event(std::string_view bytes) {
    return decode_any<Event>(bytes);
}

}  // namespace ringkv
