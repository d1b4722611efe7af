// More load than a cluster can carry, for scripts/overload: requests come when they are due, whether or not those
// before were answered (an open loop). Bare DEALERs, for the library's client holds back what a busy node would have to
// refuse; one frame a connection and millisecond, as coalescing clients send.
//
//     open_load --registry tcp://... --operation mixed --rate 500000 --seconds 60
//     open_load --registry tcp://... --never-read --connections 12 --requests 512
//
// --never-read: each connection asks for so many values and reads no answer; it stays until it is killed.
// At the end one line of JSON. Latencies are of what was done, from when it was due.
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <zmq.hpp>

#include "common/edge/codec/codec.hpp"
#include "common/edge/transport/zmq_message.hpp"
#include "common/partitioning.hpp"
#include "kvctl/bench/histogram.hpp"
#include "kvctl/bench/values.hpp"
#include "tests/cluster/raw_client.hpp"

namespace {

using namespace ringkv;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
    std::string registry;
    double gets = 0.5;  // the share of reads
    double rate = 10'000;
    double seconds = 10;
    std::uint64_t keys = 100'000;
    std::size_t value_size = 100;
    unsigned connections = 4;
    unsigned requests = 512;
};

struct Counts {
    std::uint64_t offered = 0, sent = 0, held_back = 0;
    std::uint64_t done = 0, overloaded = 0, refused = 0, not_primary = 0;
    std::map<std::string, std::uint64_t> reasons;
    kvctl::Histogram latencies;
};

// One DEALER to one node, and when what was sent there was due.
class Connection {
  public:
    Connection(zmq::context_t& context, const std::string& endpoint, const Identity& sender, std::uint64_t client,
               int queue)
        : socket_(context, zmq::socket_type::dealer), writer_(sender, NodeId{}), client_(client) {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::sndhwm, queue);
        socket_.set(zmq::sockopt::rcvhwm, queue);
        socket_.connect(endpoint);
    }

    void add_get(PartitionId partition, const std::string& key, Clock::time_point due) {
        writer_.add(Get{next_request(due), partition, ByteString::part(key)});
    }
    // Each write says that those before were answered: none is sent again.
    void add_put(PartitionId partition, const std::string& key, const std::string& value, Clock::time_point due) {
        Write write;
        write.request = next_request(due);
        write.partition = partition;
        write.client = client_;
        write.sequence = write.lowest = Sequence(++sequence_);
        write.key = ByteString::part(key);
        write.value = ByteString::part(value);
        writer_.add(write);
    }
    [[nodiscard]] std::size_t bytes() const { return writer_.size(); }
    // Its queue has room for the frame that is being made. What has none is not made: that would cost the cluster the
    // time.
    [[nodiscard]] bool takes_more() const {
        return added_ > 0 || (socket_.get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0;
    }

    // What was added, as one frame; what the queue has no room for is not sent at all.
    void flush(Counts& counts) {
        if (added_ == 0) return;
        if (MessagePart(writer_.take()).send(socket_.handle())) {
            counts.sent += added_;
        } else {
            counts.held_back += added_;
            due_.resize(due_.size() - added_);
            newest_ -= added_;
        }
        added_ = 0;
    }

    // All that has come. -> did an answer say that another node serves its partition?
    bool receive(Counts& counts) {
        bool moved = false;
        zmq::message_t frame;
        while (socket_.recv(frame, zmq::recv_flags::dontwait)) {
            const auto envelope = decode(std::string_view(frame.data<char>(), frame.size()));
            if (!envelope) throw std::runtime_error(envelope.error().message());
            const auto now = Clock::now();
            for (const Message& message : envelope->messages) moved = take(message, now, counts) || moved;
        }
        return moved;
    }

  private:
    RequestId next_request(Clock::time_point due) {
        due_.push_back(due);
        ++added_;
        return RequestId(++newest_);
    }

    bool take(const Message& message, Clock::time_point now, Counts& counts) {
        if (const auto* answer = std::get_if<WriteAnswer>(&message)) return done(answer->request, now, counts);
        if (const auto* answer = std::get_if<GetAnswer>(&message)) return done(answer->request, now, counts);
        if (std::holds_alternative<NotPrimary>(message)) return ++counts.not_primary, true;
        if (const auto* answer = std::get_if<RequestRefused>(&message)) {
            ++(answer->reason == RefusalReason::overloaded ? counts.overloaded : counts.refused);
            ++counts.reasons[answer->text];
        } else if (const auto* refused = std::get_if<FrameRefused>(&message)) {
            ++counts.reasons["frame: " + refused->text];
        }
        return false;
    }

    bool done(RequestId request, Clock::time_point now, Counts& counts) {
        ++counts.done;
        const std::uint64_t oldest = newest_ - due_.size() + 1;
        if (request.value() >= oldest && request.value() <= newest_) {
            counts.latencies.record(now - due_[request.value() - oldest]);
        }
        while (due_.size() > remembered) due_.pop_front();
        return false;
    }

    static constexpr std::size_t remembered = 4'000'000;  // an answer to an older request has no latency

    zmq::socket_t socket_;
    FrameWriter writer_;
    ClientId client_;
    std::uint64_t sequence_ = 0;
    std::uint64_t newest_ = 0;  // request
    std::size_t added_ = 0;
    std::deque<Clock::time_point> due_;  // of the newest requests
};

class OpenLoad {
  public:
    explicit OpenLoad(Options options)
        : options_(std::move(options)), maker_(options_.value_size), values_(options_.keys) {
        context_.set(zmq::ctxopt::max_sockets, 20'000);
        map_ = registry_map();
    }

    void run() {
        const auto began = Clock::now();
        const auto ends =
            began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
        std::uint64_t due = 0;
        for (auto now = began; now < ends; now = Clock::now()) {
            const auto until =
                static_cast<std::uint64_t>(std::chrono::duration<double>(now - began).count() * options_.rate);
            // What this process is too slow for is not offered: at most 50 ms of it are made up for.
            const auto most = static_cast<std::uint64_t>(options_.rate / 20) + 1;
            if (until - due > most) due = until - most;
            while (due < until) request(due++, now);
            flush();
            receive();
            std::this_thread::sleep_until(now + 1ms);
        }
        took_ = std::chrono::duration<double>(Clock::now() - began).count();
        const auto patience = Clock::now() + 2s;
        while (Clock::now() < patience && counts_.done + counts_.overloaded + counts_.refused < counts_.sent) {
            receive();
            std::this_thread::sleep_for(1ms);
        }
    }

    [[noreturn]] void never_read() {
        for (unsigned connection = 0; connection < options_.connections; ++connection) {
            for (unsigned number = 0; number < options_.requests; ++number) {
                const std::string key = kvctl::bench_key(random_() % options_.keys);
                const PartitionId partition = partition_of(key, map_.settings.partitions);
                connection_to(map_.at(partition).view.primary, connection).add_get(partition, key, Clock::now());
            }
            flush();
        }
        std::cout << "asked" << std::endl;
        for (;;) std::this_thread::sleep_for(1h);
    }

    void print() const {
        const auto us = [](std::chrono::nanoseconds time) {
            const auto tenths = time.count() / 100;
            return static_cast<double>(tenths) / 10;
        };
        const Counts& counts = counts_;
        const std::uint64_t answered = counts.done + counts.overloaded + counts.refused + counts.not_primary;
        std::cout << nlohmann::json{{"offered", counts.offered},
                                    {"sent", counts.sent},
                                    {"held_back", counts.held_back},
                                    {"done", counts.done},
                                    {"overloaded", counts.overloaded},
                                    {"refused", counts.refused},
                                    {"not_primary", counts.not_primary},
                                    {"unanswered", counts.sent - std::min(answered, counts.sent)},
                                    {"reasons", counts.reasons},
                                    {"done_per_second", static_cast<double>(counts.done) / took_},
                                    {"offered_per_second", static_cast<double>(counts.offered) / took_},
                                    {"p50_us", us(counts.latencies.percentile(0.5))},
                                    {"p99_us", us(counts.latencies.percentile(0.99))},
                                    {"max_us", us(counts.latencies.max())}}
                         .dump()
                  << std::endl;
    }

  private:
    static constexpr std::size_t largest_frame = std::size_t{1} << 20U;

    [[nodiscard]] ClusterMap registry_map() const { return testing::RawClient(options_.registry).map(); }

    void request(std::uint64_t number, Clock::time_point now) {
        const std::uint64_t of_key = random_() % options_.keys;
        const std::string key = kvctl::bench_key(of_key);
        const PartitionId partition = partition_of(key, map_.settings.partitions);
        ++counts_.offered;
        Connection& connection =
            connection_to(map_.at(partition).view.primary, static_cast<unsigned>(number % options_.connections));
        if (!connection.takes_more()) {
            ++counts_.held_back;
            return;
        }
        if (static_cast<double>(random_() >> 11U) * 0x1.0p-53 < options_.gets)
            connection.add_get(partition, key, now);
        else
            connection.add_put(partition, key, value_for(of_key, key), now);
        if (connection.bytes() > largest_frame) connection.flush(counts_);
    }

    // One for each key: making a large one anew would take longer than sending it.
    const std::string& value_for(std::uint64_t number, const std::string& key) {
        std::string& value = values_[number];
        if (value.empty()) maker_.write(key, number, value);
        return value;
    }

    Connection& connection_to(NodeId node, unsigned number) {
        auto& connection = connections_[{node, number}];
        if (!connection) {
            Identity sender;
            sender.cluster = map_.settings.id;
            // A megabyte a frame where values are large.
            const int queue = options_.value_size > 10'000 ? 8 : 100;
            connection = std::make_unique<Connection>(context_, map_.nodes.at(node).endpoints.front(), sender,
                                                      random_() | 1U, queue);
        }
        return *connection;
    }

    void flush() {
        for (auto& [place, connection] : connections_) connection->flush(counts_);
    }

    void receive() {
        bool moved = false;
        for (auto& [place, connection] : connections_) moved = connection->receive(counts_) || moved;
        if (!moved || Clock::now() < next_map_) return;
        next_map_ = Clock::now() + 200ms;
        map_ = registry_map();
    }

    const Options options_;
    const kvctl::BenchValues maker_;
    std::vector<std::string> values_;  // by key; made when they are needed
    zmq::context_t context_;
    ClusterMap map_;
    Clock::time_point next_map_{};
    std::map<std::pair<NodeId, unsigned>, std::unique_ptr<Connection>> connections_;
    std::mt19937_64 random_{std::random_device{}()};  // client ids too: another run's would have sessions already
    Counts counts_;
    double took_ = 1;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    bool never_read = false;
    CLI::App app("More load than a cluster can carry");
    app.add_option("--registry", options.registry, "its endpoint")->required();
    app.add_option("--gets", options.gets, "the share of gets; the rest are puts")->check(CLI::Range(0.0, 1.0));
    app.add_option("--rate", options.rate, "requests a second")->check(CLI::PositiveNumber);
    app.add_option("--seconds", options.seconds, "how long")->check(CLI::PositiveNumber);
    app.add_option("--keys", options.keys, "how many there are")->check(CLI::PositiveNumber);
    app.add_option("--value-size", options.value_size, "bytes")->check(CLI::PositiveNumber);
    app.add_option("--connections", options.connections, "to each node")->check(CLI::PositiveNumber);
    app.add_flag("--never-read", never_read, "ask for values, and read none");
    app.add_option("--requests", options.requests, "of each connection that never reads");
    CLI11_PARSE(app, argc, argv);
    try {
        OpenLoad load(options);
        if (never_read) load.never_read();
        load.run();
        load.print();
    } catch (const std::exception& error) {
        std::cerr << "open_load: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
