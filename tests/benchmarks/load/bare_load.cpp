// Load for the bare ZeroMQ servers, as RingKV's client would make it: a DEALER to each of them, one I/O thread, and
// what one turn has for a server in one message. Keys are spread over the servers. --endpoints: of all three.
#include <iostream>
#include <utility>
#include <vector>

#include "common/edge/transport/zmq_message.hpp"
#include "tests/benchmarks/load/bare_operations.hpp"
#include "tests/benchmarks/load/load.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks;

class Loop {
  public:
    explicit Loop(const LoadOptions& options) : options_(options), load_(options), context_(zmq_ctx_new()) {
        for (const std::string& endpoint : options.endpoints) {
            servers_.push_back({zmq_socket(context_, ZMQ_DEALER), {}});
            if (zmq_connect(servers_.back().socket, endpoint.c_str()) != 0)
                throw std::runtime_error("no server " + endpoint);
        }
        asked_.resize(options.outstanding);
    }
    ~Loop() {
        for (const Server& server : servers_) zmq_close(server.socket);
        zmq_ctx_term(context_);
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void run() {
        for (std::uint64_t slot = 0; slot < options_.outstanding; ++slot) ask(slot);
        send_all();
        std::vector<zmq_pollitem_t> items;
        for (const Server& server : servers_) items.push_back({server.socket, 0, ZMQ_POLLIN, 0});
        while (running_ > 0) {
            zmq_poll(items.data(), static_cast<int>(items.size()), -1);
            for (const Server& server : servers_) take_answers(server);
            send_all();
        }
        load_.print();
    }

  private:
    struct Server {
        void* socket;
        std::string outgoing;
    };

    void ask(std::uint64_t slot) {
        const auto key = load_.next_key();
        if (!key) return;
        ++running_;
        std::string body = *key;
        if (options_.writes()) body += load_.value();
        Server& server = servers_[std::hash<std::string>{}(*key) % servers_.size()];
        asked_[slot] = Load::Clock::now();
        bare::add(
            server.outgoing,
            {slot, static_cast<std::uint32_t>(body.size()), options_.writes() ? bare::Kind::put : bare::Kind::get},
            body);
    }

    void take_answers(const Server& server) {
        MessagePart message;
        while (message.receive(server.socket)) {
            bare::Header header;
            for (std::string_view left = message.bytes(); !left.empty();) {
                (void)bare::take(left, header);
                load_.answered(asked_.at(header.id), Load::Clock::now());
                --running_;
                ask(header.id);
            }
        }
    }

    void send_all() {
        for (Server& server : servers_)
            if (!server.outgoing.empty()) (void)MessagePart(std::exchange(server.outgoing, {})).send(server.socket);
    }

    const LoadOptions& options_;
    Load load_;
    void* const context_;
    std::vector<Server> servers_;
    std::vector<Load::Clock::time_point> asked_;  // by slot
    std::uint64_t running_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const LoadOptions options = load_options(argc, argv, "Load for the bare ZeroMQ servers");
    try {
        Loop(options).run();
    } catch (const std::exception& error) {
        std::cerr << "bare_load: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
