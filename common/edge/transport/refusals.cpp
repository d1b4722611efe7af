#include "common/edge/transport/refusals.hpp"

namespace ringkv {

std::string Refusals::of_frame(const std::string& peer, const Error& error) {
    ++counters_.malformed;
    frames_.warn("a frame was refused", peer, error.message());
    return encode(Identity{}, NodeId(), {FrameRefused{error.code(), error.message()}});
}

std::string Refusals::of_messages(const Identity& self, const std::string& peer,
                                  const std::vector<Unreadable>& messages) {
    counters_.unreadable += messages.size();
    messages_.warn("a message of a newer release was not read", peer, messages.front().text);
    FrameWriter writer(self, NodeId());
    for (const Unreadable& message : messages)
        if (writer.size() < most_bytes_) writer.add(message.refusal);
    return writer.take();
}

}  // namespace ringkv
