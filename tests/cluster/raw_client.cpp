#include "tests/cluster/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace ringkv::testing {

RawClient::RawClient(const std::string& endpoint) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(endpoint);
}

bool RawClient::send(std::string_view frame) {
    return socket_.send(zmq::buffer(frame), zmq::send_flags::dontwait).has_value();
}

bool RawClient::send(const Identity& sender, const Message& message) {
    return send(encode(sender, NodeId{}, {message}));
}

bool RawClient::send_parts(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto more = i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
        if (!socket_.send(zmq::buffer(parts[i]), more | zmq::send_flags::dontwait)) return false;
    }
    return true;
}

std::optional<std::string> RawClient::receive(milliseconds deadline) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(deadline.count()));
    zmq::message_t frame;
    if (!socket_.recv(frame)) return std::nullopt;
    return frame.to_string();
}

std::vector<Message> RawClient::receive_messages(milliseconds deadline) {
    const auto frame = receive(deadline);
    if (!frame) return {};
    auto envelope = decode(*frame);
    return envelope ? std::move(envelope->messages) : std::vector<Message>{};
}

ClusterMap RawClient::map() {
    send(Identity{}, MapRequest{});
    for (Message& message : receive_messages(milliseconds(10000)))
        if (auto* snapshot = std::get_if<MapSnapshot>(&message)) return std::move(snapshot->map);
    throw std::runtime_error("no map came");
}

void send_raw_bytes(const std::string& endpoint, std::string_view bytes) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval moment{0, 200000};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof moment);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1))));
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) break;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        std::array<char, 512> answer{};
        while (::recv(socket, answer.data(), answer.size(), 0) > 0) continue;
    }
    ::close(socket);
}

}  // namespace ringkv::testing
