// Load for Redis: writes that all three servers have before the answer, SET followed by WAIT 2. (redis-benchmark has
// no way to say that; its GET is what scripts/bench takes for reads.) --endpoints: HOST:PORT of the primary.
//
// Up to 50 connections; more outstanding than that is a pipeline on each: 800 are 50 connections, each with 16 SETs
// and one WAIT 2 after them, which answers for all 16. That is the cheapest way that Redis has to be told so.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "tests/benchmarks/load/load.hpp"

namespace {

using namespace ringkv::benchmarks;

constexpr std::uint64_t most_connections = 50;
constexpr std::string_view set_answer = "+OK\r\n";
constexpr std::string_view wait_answer = ":2\r\n";
constexpr std::string_view wait_request = "*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$1\r\n0\r\n";

int connect_to(const std::string& endpoint) {
    const std::size_t colon = endpoint.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
    if (inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1)
        throw std::runtime_error("not HOST:PORT: " + endpoint);
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect to " + endpoint + ": " + std::strerror(errno));
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

class Connection {
  public:
    Connection(const std::string& endpoint, std::uint64_t depth) : descriptor_(connect_to(endpoint)), depth_(depth) {}
    ~Connection() { close(descriptor_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }

    // The next pipeline. False: the run is over.
    bool ask(Load& load) {
        std::string request;
        expected_.clear();
        operations_ = 0;
        for (; operations_ < depth_; ++operations_) {
            const auto key = load.next_key();
            if (!key) break;
            request += "*3\r\n$3\r\nSET\r\n$" + std::to_string(key->size()) + "\r\n" + *key + "\r\n$" +
                       std::to_string(load.value().size()) + "\r\n" + load.value() + "\r\n";
            expected_ += set_answer;
        }
        if (operations_ == 0) return false;
        request += wait_request;
        expected_ += wait_answer;
        answer_.clear();
        asked_ = Load::Clock::now();
        for (std::string_view left = request; !left.empty();) {
            const ssize_t sent = send(descriptor_, left.data(), left.size(), MSG_NOSIGNAL);
            if (sent < 0) throw std::runtime_error(std::string("send: ") + std::strerror(errno));
            left.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    // What has come. True: that was the whole answer.
    bool take(Load& load) {
        std::array<char, 4096> bytes;
        const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
        if (count <= 0) throw std::runtime_error("the server closed the connection");
        answer_.append(bytes.data(), static_cast<std::size_t>(count));
        if (answer_.size() < expected_.size() && expected_.compare(0, answer_.size(), answer_) == 0) return false;
        if (answer_ != expected_) throw std::runtime_error("the server answered: " + answer_);
        load.answered(asked_, Load::Clock::now(), operations_);
        return true;
    }

  private:
    const int descriptor_;
    const std::uint64_t depth_;
    std::uint64_t operations_ = 0;  // in the pipeline
    std::string expected_;
    std::string answer_;
    Load::Clock::time_point asked_{};
};

void run(const LoadOptions& options) {
    if (!options.writes()) throw std::runtime_error("for reads there is redis-benchmark");
    const std::uint64_t count = std::min(options.outstanding, most_connections);
    Load load(options);
    std::vector<std::unique_ptr<Connection>> connections;
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (std::uint64_t i = 0; i < count; ++i) {
        connections.push_back(std::make_unique<Connection>(options.endpoints.front(), options.outstanding / count));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = connections.back().get();
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections.back()->descriptor(), &event);
    }
    std::size_t running = 0;
    for (const auto& connection : connections) running += connection->ask(load) ? 1 : 0;
    std::array<epoll_event, most_connections> events{};
    while (running > 0) {
        const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            auto* const connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (connection->take(load) && !connection->ask(load)) --running;
        }
    }
    close(epoll);
    load.print();
}

}  // namespace

int main(int argc, char** argv) {
    const LoadOptions options = load_options(argc, argv, "Load for Redis: SET and WAIT 2");
    try {
        run(options);
    } catch (const std::exception& error) {
        std::cerr << "redis_load: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
