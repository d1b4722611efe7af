#include "common/edge/transport/connections.hpp"

#include <cerrno>
#include <utility>

namespace ringkv {

namespace {

using RoutingId = std::array<char, 5>;

RoutingId routing_id(std::uint64_t connection) {
    RoutingId id{};
    for (std::size_t i = 1; i < id.size(); ++i) id[i] = static_cast<char>(connection >> (8 * (id.size() - 1 - i)));
    return id;
}

}  // namespace

std::optional<std::uint64_t> connection_of(std::string_view routing_id) {
    if (routing_id.size() != RoutingId{}.size() || routing_id.front() != 0) return {};
    std::uint64_t connection = 0;
    for (const char byte : routing_id.substr(1)) connection = connection << 8U | static_cast<std::uint8_t>(byte);
    return connection;
}

bool Connections::send(std::uint64_t connection, std::string frame) {
    const std::size_t size = frame.size();
    bool unread = budget_.refuses(connection, size);
    if (!unread) {
        const RoutingId id = routing_id(connection);
        const bool counts = size >= MessagePart::worth_counting;
        MessagePart body(std::move(frame), counts ? budget_.account(connection) : nullptr);
        if (send({id.data(), id.size()}, body)) return true;
        unread = zmq_errno() == EAGAIN;
    }
    if (unread)
        unread_.warn("answers are dropped: a client does not read them", std::to_string(connection),
                     std::to_string(size) + " bytes");
    return false;
}

bool Connections::send(std::string_view routing_id, MessagePart& body) {
    poller_.used(router_);
    MessagePart to(routing_id);
    return to.send(router_.socket.get(), ZMQ_SNDMORE) && body.send(router_.socket.get());
}

}  // namespace ringkv
