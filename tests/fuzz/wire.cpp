// Frames off the network: the input as a whole frame, and as the messages of a frame whose header is good.
#include <string>
#include <tuple>

#include "common/edge/codec/codec.hpp"
#include "tests/fuzz/msgpack_oracle.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/edge/samples.hpp"

namespace ringkv::fuzz {
namespace {

// A refusal is one that a sender can read.
void check_unreadable(const Unreadable& message) {
    RINGKV_CHECK(!message.type.empty() && !message.text.empty(), "unreadable without a word");
    const auto arrived = decode(encode({}, {}, {message.refusal}));
    RINGKV_CHECK(arrived && arrived->messages.size() == 1, "our own refusal is refused");
    RINGKV_CHECK(samples::same(arrived->messages.front(), message.refusal), "another refusal");
}

// What was decoded can be sent on, and arrives as it was.
void check_frame(std::string_view frame) {
    const auto envelope = decode(frame);
    if (!envelope) return check_refusal(envelope.error(), {ErrorCode::malformed, ErrorCode::version_mismatch});
    for (const Unreadable& message : envelope->unreadable) check_unreadable(message);
    const std::string sent = encode(envelope->sender, envelope->to, envelope->messages);
    RINGKV_CHECK(Values(frame).hold(Values(sent), 1), "a value became another one");
    const auto arrived = decode(sent);
    RINGKV_CHECK(arrived, "our own frame is refused");
    const auto addresses = [](const Envelope& e) {
        return std::tuple(e.sender.cluster, e.sender.node, e.sender.start, e.to);
    };
    RINGKV_CHECK(addresses(*arrived) == addresses(*envelope), "another sender or receiver");
    RINGKV_CHECK(arrived->unreadable.empty(), "a number that we do not know ourselves");
    RINGKV_CHECK(arrived->messages.size() == envelope->messages.size(), "more or fewer messages");
    for (std::size_t i = 0; i < envelope->messages.size(); ++i)
        RINGKV_CHECK(samples::same(arrived->messages[i], envelope->messages[i]), "another message");
    RINGKV_CHECK(encode(arrived->sender, arrived->to, arrived->messages) == sent, "other bytes for the same frame");
}

}  // namespace

void take(std::string_view input) {
    static const std::string header = encode({Uuid{}, NodeId(7), StartNumber(3)}, NodeId(9), {});
    check_frame(input);
    check_frame(header + std::string(input));
}

}  // namespace ringkv::fuzz
