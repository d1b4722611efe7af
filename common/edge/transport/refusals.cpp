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

std::vector<std::string> Refusals::of_requests(const Identity& self, const std::vector<RequestId>& requests,
                                               std::string_view why) {
    counters_.overloaded += requests.size();
    std::vector<std::string> frames;
    FrameWriter writer(self, NodeId());
    RequestRefused refusal{RequestId(), RefusalReason::overloaded, std::string(why), {}};
    for (const RequestId request : requests) {
        if (writer.size() >= most_bytes_) frames.push_back(writer.take());
        refusal.request = request;
        writer.add(refusal);
        refusal.text.clear();
    }
    if (!requests.empty()) frames.push_back(writer.take());
    return frames;
}

}  // namespace ringkv
