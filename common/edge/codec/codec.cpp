#include "common/edge/codec/codec.hpp"

#include <algorithm>
#include <array>

#include "common/edge/codec/codec_fields.hpp"
#include "common/message_groups.hpp"

namespace ringkv {
namespace {

using wire::Packer;
using wire::Reader;
using wire::StringSink;

constexpr std::string_view magic = "RKV";
constexpr std::uint32_t header_fields = 7;
// A decoded message takes the room of the largest one, though it may be four bytes in the frame.
constexpr std::uint64_t values_a_message = 16;
// The room that a message takes which cannot be read: its refusal, and the text of it.
constexpr std::uint64_t values_a_refusal = 64;
// How much room to make ahead: never much more than the frame itself takes, whatever is in it.
constexpr std::size_t usual_bytes = 128;
// Bytes of a frame that is written: what it has beyond is asked for as it grows.
constexpr std::size_t most_reserved = std::size_t{64} << 10U;

[[nodiscard]] Error another_version(std::uint64_t major) {
    return {ErrorCode::version_mismatch, "protocol version " + std::to_string(major) + " is not spoken here, but " +
                                             std::to_string(protocol_major) + ": bring both sides to one release"};
}

// The version decides whether the rest can be read at all, and so is looked at before it.
[[nodiscard]] std::optional<Error> read_header(Reader& in, Envelope& envelope) {
    std::uint32_t count = 0;
    std::string_view mark;
    std::uint64_t major = 0;
    if (!in.enter(count)) return in.error();
    if (count < 2 || !in.read(mark) || mark != magic) {
        in.fail("no RKV at the start");
        return in.error();
    }
    if (!in.read(major)) return in.error();
    if (major != protocol_major) return another_version(major);
    if (count < header_fields) {
        in.fail("a header of too few fields");
        return in.error();
    }
    Identity& sender = envelope.sender;
    if (!wire::unpack(in, envelope.minor) || !wire::unpack(in, sender.cluster) || !wire::unpack(in, sender.node) ||
        !wire::unpack(in, sender.start) || !wire::unpack(in, envelope.to))
        return in.error();
    for (std::uint32_t extra = header_fields; extra < count; ++extra)
        if (!in.skip()) return in.error();
    in.leave();
    return {};
}

// Of the type with that number.
[[nodiscard]] bool is_request(std::uint64_t type) {
    static constexpr auto are_requests = []<class... All>(std::type_identity<std::variant<All...>>) {
        return std::array{ClientRequest<All>...};
    }(std::type_identity<AnyMessage>{});
    return type < are_requests.size() && are_requests[type];
}

// Clients learn that this one request was refused, and wait for no answer. All else that a refusal can be is a
// FrameRefused, of a code that says nothing of the requests which shared the frame.
template <class T>
[[nodiscard]] Message refusal_of(const T& message, const std::string& text) {
    if constexpr (ClientRequest<T>)
        return RequestRefused{message.request, RefusalReason::not_built, text, {}};
    else if constexpr (OneOf<T, Administer>)
        return AdministerAnswer{message.request, ErrorCode::invalid_argument, text, {}};
    else
        return FrameRefused{ErrorCode::refused, text};
}

[[nodiscard]] Unreadable unreadable(const Message& message, const std::string& why) {
    Unreadable result{name_of(message), {}, std::string(name_of(message)) + " is of a newer release: " + why, {}};
    std::visit(
        [&result](const auto& content) {
            if constexpr (requires { RequestId(content.request); }) result.request = content.request;
            result.refusal = refusal_of(content, result.text);
        },
        message);
    return result;
}

[[nodiscard]] bool read_message(Reader& in, Envelope& envelope) {
    std::uint32_t count = 0;
    std::uint64_t type = 0;
    if (!in.enter(count)) return false;
    if (count == 0) return in.fail("a message without a type");
    if (!in.read(type)) return false;
    if (type < std::variant_size_v<AnyMessage>) {
        Message& message = envelope.messages.emplace_back();
        if (!in.charge(values_a_message) || !wire::unpack_alternative(in, message, type, count - 1)) return false;
        if (const auto unknown = in.take_unknown()) {
            if (!in.charge(values_a_refusal)) return false;
            envelope.unreadable.push_back(unreadable(message, *unknown));
            envelope.messages.pop_back();
        }
    } else {
        for (std::uint32_t field = 1; field < count; ++field)  // of a newer release
            if (!in.skip()) return false;
    }
    in.leave();
    return true;
}

// The first field of a request is its id.
[[nodiscard]] bool skim_message(Reader& in, Requests& requests) {
    std::uint32_t count = 0;
    std::uint64_t type = 0;
    if (!in.enter(count)) return false;
    if (count == 0) return in.fail("a message without a type");
    if (!in.read(type)) return false;
    std::uint32_t field = 1;
    if (is_request(type) && count > field) {
        if (!wire::unpack(in, requests.ids.emplace_back())) return false;
        ++field;
    } else {
        requests.others = true;
    }
    for (; field < count; ++field)
        if (!in.skip()) return false;
    in.leave();
    return true;
}

}  // namespace

std::optional<RequestId> request_of(const Message& message) {
    return std::visit(
        []<class M>(const M& content) -> std::optional<RequestId> {
            if constexpr (ClientRequest<M>) return content.request;
            return {};
        },
        message);
}

void FrameWriter::begin(const Identity& sender, NodeId to) {
    header_.clear();
    buffer_.clear();
    StringSink sink(header_);
    Packer out(sink);
    out.array(header_fields);
    out.text(magic.data(), magic.size());
    out.number(std::uint64_t{protocol_major});
    out.number(std::uint64_t{protocol_minor});
    wire::pack(out, sender.cluster);
    wire::pack(out, sender.node);
    wire::pack(out, sender.start);
    wire::pack(out, to);
}

void FrameWriter::begin_if_taken() {
    if (!buffer_.empty()) return;
    buffer_.reserve(std::min(usual_size_, most_reserved));
    buffer_ = header_;
}

std::string FrameWriter::take() {
    begin_if_taken();
    usual_size_ = buffer_.size();
    if (buffer_.capacity() > 2 * buffer_.size()) buffer_.shrink_to_fit();  // it may wait long, and counts by its size
    return std::exchange(buffer_, {});
}

void FrameWriter::add(const Message& message) {
    begin_if_taken();
    StringSink sink(buffer_);
    Packer out(sink);
    wire::pack_alternative(out, message, [&out](std::uint64_t type) { out.number(type); });
}

std::string encode(const Identity& sender, NodeId to, const std::vector<Message>& messages) {
    FrameWriter writer(sender, to);
    for (const Message& message : messages) writer.add(message);
    return writer.take();
}

FrameReader::FrameReader() = default;
FrameReader::~FrameReader() = default;
FrameReader::FrameReader(FrameReader&& other) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&& other) noexcept = default;

Result<void> FrameReader::begin(std::string_view frame, const CodecLimits& limits, Envelope& envelope) {
    if (in_)
        *in_ = Reader(frame, limits);
    else
        in_ = std::make_unique<Reader>(frame, limits);
    if (auto wrong = read_header(*in_, envelope)) return *std::move(wrong);
    return {};
}

Result<void> FrameReader::read(std::size_t most, Envelope& envelope) {
    envelope.messages.clear();
    envelope.unreadable.clear();
    while (!in_->finished() && envelope.messages.size() + envelope.unreadable.size() < most)
        if (!read_message(*in_, envelope)) return in_->error();
    return {};
}

Result<void> FrameReader::check() const {
    Reader rest = *in_;
    Envelope passed;
    while (!rest.finished()) {
        if (!read_message(rest, passed)) return rest.error();
        passed.messages.clear();
        passed.unreadable.clear();
    }
    return {};
}

Result<Requests> FrameReader::requests() const {
    Reader rest = *in_;
    Requests requests;
    while (!rest.finished())
        if (!skim_message(rest, requests)) return rest.error();
    return requests;
}

bool FrameReader::finished() const {
    return in_->finished();
}

Result<Envelope> decode(std::string_view frame, const CodecLimits& limits) {
    Reader in(frame, limits);
    Envelope envelope;
    if (auto wrong = read_header(in, envelope)) return *std::move(wrong);
    envelope.messages.reserve(frame.size() / usual_bytes + 1);
    while (!in.finished())
        if (!read_message(in, envelope)) return in.error();
    for (Message& message : envelope.messages) keep_bytes(message);
    return envelope;
}

}  // namespace ringkv
