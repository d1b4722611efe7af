// The limit that ZeroMQ itself sets: one of three servers that do what a replicated store must send, and nothing else.
// A get is answered at once with a value of 100 bytes; a put goes to both backups and is answered when both have said
// that they have it. Nothing is stored, looked up or checked.
//
// The shape is RingKV's: a ROUTER that all others reach, a DEALER to each peer, one I/O thread; a turn takes what is
// there, acts, and sends one message to each destination. Each server is the primary of its clients and a backup of its
// peers.
//
//     bare_server ENDPOINT PEER PEER          until it is killed
#include <algorithm>
#include <deque>
#include <iostream>
#include <map>
#include <utility>
#include <vector>

#include "common/edge/transport/zmq_message.hpp"
#include "tests/benchmarks/load/bare_operations.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks::bare;

constexpr std::size_t frames_in_a_turn = 256;  // as an event loop's
const std::string stored_value(100, 'v');

class Server {
  public:
    Server(const std::string& endpoint, const std::vector<std::string>& peers) : context_(zmq_ctx_new()) {
        router_ = socket(ZMQ_ROUTER);
        if (zmq_bind(router_, endpoint.c_str()) != 0) throw std::runtime_error("cannot listen on " + endpoint);
        for (const std::string& peer : peers) {
            backups_.push_back({socket(ZMQ_DEALER), {}, 0});
            if (zmq_connect(backups_.back().socket, peer.c_str()) != 0) throw std::runtime_error("no peer " + peer);
        }
    }

    [[noreturn]] void run() {
        std::vector<zmq_pollitem_t> items{{router_, 0, ZMQ_POLLIN, 0}};
        for (const Backup& backup : backups_) items.push_back({backup.socket, 0, ZMQ_POLLIN, 0});
        for (;;) {
            zmq_poll(items.data(), static_cast<int>(items.size()), -1);
            take_requests();
            for (Backup& backup : backups_) take_acknowledgements(backup);
            answer_prepared();
            send_all();
        }
    }

  private:
    struct Backup {
        void* socket;
        std::string outgoing;
        std::uint64_t prepared = 0;  // of the puts that it was sent, the first so many; they arrive in order
    };
    struct Put {
        std::string client;
        std::uint64_t id;
    };

    void* socket(int type) {
        void* const made = zmq_socket(context_, type);
        const int unlimited = 0;
        zmq_setsockopt(made, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
        zmq_setsockopt(made, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
        return made;
    }

    void take_requests() {
        for (std::size_t taken = 0; taken < frames_in_a_turn; ++taken) {
            MessagePart id;
            MessagePart body;
            if (!id.receive(router_) || !body.receive(router_)) return;
            const std::string client(id.bytes());
            std::string& answers = answers_[client];
            Header header;
            for (std::string_view left = body.bytes(); !left.empty();) {
                const std::string_view record = take(left, header);
                act(header, record, client, answers);
            }
        }
    }

    void act(const Header& header, std::string_view record, const std::string& client, std::string& answers) {
        const auto size = static_cast<std::uint32_t>(stored_value.size());
        switch (header.kind) {
            case Kind::get: add(answers, {header.id, size, Kind::value}, stored_value); break;
            case Kind::put:
                puts_.push_back({client, header.id});
                for (Backup& backup : backups_) add(backup.outgoing, {++last_put_, header.size, Kind::prepare}, record);
                break;
            case Kind::prepare: add(answers, {header.id, 0, Kind::prepared}, {}); break;
            default: throw std::runtime_error("a server is not told so");
        }
    }

    void take_acknowledgements(Backup& backup) {
        MessagePart body;
        while (body.receive(backup.socket)) {
            Header header;
            for (std::string_view left = body.bytes(); !left.empty(); ++backup.prepared) (void)take(left, header);
        }
    }

    void answer_prepared() {
        std::uint64_t everywhere = backups_.front().prepared;
        for (const Backup& backup : backups_) everywhere = std::min(everywhere, backup.prepared);
        for (; answered_ < everywhere; ++answered_) {
            const Put& put = puts_.front();
            add(answers_[put.client], {put.id, 0, Kind::done}, {});
            puts_.pop_front();
        }
    }

    void send_all() {
        for (Backup& backup : backups_) {
            if (backup.outgoing.empty()) continue;
            (void)MessagePart(std::exchange(backup.outgoing, {})).send(backup.socket);
        }
        for (auto& [client, message] : answers_) {
            if (message.empty()) continue;
            MessagePart to{std::string_view(client)};
            MessagePart body(std::exchange(message, {}));
            if (to.send(router_, ZMQ_SNDMORE)) (void)body.send(router_);
        }
    }

    void* const context_;
    void* router_ = nullptr;
    std::vector<Backup> backups_;
    std::map<std::string, std::string> answers_;  // of this turn, by connection
    std::deque<Put> puts_;
    std::uint64_t last_put_ = 0;
    std::uint64_t answered_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "bare_server ENDPOINT PEER PEER\n";
        return 2;
    }
    try {
        Server server(argv[1], {argv[2], argv[3]});
        std::cout << "bare_server ready" << std::endl;
        server.run();
    } catch (const std::exception& error) {
        std::cerr << "bare_server: " << error.what() << '\n';
        return 1;
    }
}
