// A plain TCP connection to an HTTP server on loopback, which says what it likes.
#pragma once

#include <sys/time.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "ports.hpp"

namespace ringkv {

class HttpConnection {
  public:
    explicit HttpConnection(std::uint16_t port) : socket_(connect_raw("tcp://127.0.0.1:" + std::to_string(port))) {
        timeval limit{20, 0};  // a test that waits for ever says nothing
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    ~HttpConnection() { ::close(socket_); }
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    // False: the server has closed.
    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    // All that comes until the server closes.
    [[nodiscard]] std::string read_all() const {
        std::string all;
        char buffer[4096];
        for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;)
            all.append(buffer, static_cast<std::size_t>(got));
        return all;
    }

  private:
    int socket_;
};

inline std::string ask_http(std::uint16_t port, const std::string& request) {
    const HttpConnection connection(port);
    connection.send(request);
    return connection.read_all();
}

inline std::string get_http(std::uint16_t port, const std::string& path) {
    return ask_http(port, "GET " + path + " HTTP/1.1\r\nHost: here\r\n\r\n");
}

}  // namespace ringkv
