// Free ports of the loopback interface, and plain TCP to them.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace ringkv {

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Binds the socket to a free port and says which; 0 if it cannot.
inline std::uint16_t bind_free(int socket) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0) return 0;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    return ntohs(address.sin_port);
}

// One that was not listened on a moment ago.
inline std::string free_endpoint() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const std::uint16_t port = bind_free(socket);
    ::close(socket);
    return "tcp://127.0.0.1:" + std::to_string(port);
}

// A connected socket, or -1.
inline int connect_raw(const std::string& endpoint) {
    const auto port = static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
    const sockaddr_in address = loopback(port);
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    ::close(socket);
    return -1;
}

}  // namespace ringkv
