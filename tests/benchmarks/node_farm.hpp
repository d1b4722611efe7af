// Hundreds of nodes in one process, for a real registry to serve: what runs is the node's own actor (node/shard.hpp),
// so that joins, heartbeats, view changes, repairs and drains are those of real nodes and not what we think of them.
//
// Each node has two sockets of its own to the registry, as a real one has (a DEALER for what it asks, a SUB for what is
// published), with the same options and the same codec. Between the nodes messages pass in memory: the registry has no
// part in them, and they are most of the traffic (300 nodes send 160000 beacons and answers a second). Partitions are
// empty, so a copy costs a few messages and no time for bytes.
//
// A node takes a turn every `turn_interval`. All of it is one thread, which looks at the sockets again after each
// millisecond of turns: the times at which publications arrive are as exact as that.
//
// The nodes share a clock that follows real time, but not over a time in which this process did not run: hundreds of
// machines would not all stand still together, and suspect each other afterwards. lost() says how much that was; times
// that are measured are real.
//
// Errors of the set-up throw std::runtime_error. Thread safety: none.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/edge/codec/codec.hpp"
#include "common/edge/transport/zmq_socket.hpp"
#include "common/turn.hpp"
#include "node/memory_engine.hpp"
#include "node/shard.hpp"

namespace ringkv::benchmarks {

// One epoch, as the subscribers saw it come.
struct Arrival {
    Time first{};
    Time last{};
    std::size_t subscribers = 0;
};

// Real time, but that a step is never long.
class FarmClock {
  public:
    // Steps up to real time.
    Time advance();
    [[nodiscard]] Duration lost() const { return lost_; }

  private:
    Time now_{std::chrono::seconds(1)};
    Time looked_at_{};
    Duration lost_{};
};

// What came over the subscriptions, all of them together.
struct Published {
    std::uint64_t bytes = 0;  // of frames, without what ZeroMQ and TCP add
    std::uint64_t frames = 0;
};

class NodeFarm {
  public:
    // `registry`: its control endpoint.
    NodeFarm(std::string registry, Duration turn_interval);
    ~NodeFarm();
    NodeFarm(const NodeFarm&) = delete;
    NodeFarm& operator=(const NodeFarm&) = delete;

    // A node that joins from now on. The name is new.
    void add(const std::string& name, const std::string& rack);
    // Its sockets close, and it is not heard of again; as after SIGKILL.
    void kill(const std::string& name);
    // Any other actor, without a subscription. It must outlive the farm.
    void add_actor(Actor& actor);

    // Lets all hosts go on until it is so. False: it is not within the time. The condition is looked at after each
    // millisecond of work or so.
    bool run_until(Duration patience, const std::function<bool()>& condition);
    void run_for(Duration time);

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    // The newest map that any node has; empty before formation.
    [[nodiscard]] const ClusterMap& newest_map() const;
    // The oldest epoch that any node knows.
    [[nodiscard]] Epoch known_everywhere() const;
    // Has every partition of the newest map a primary that serves?
    [[nodiscard]] bool all_served() const;
    [[nodiscard]] NodeId id_of(const std::string& name) const;

    // Real time that the nodes' clock has left out.
    [[nodiscard]] Duration lost() const { return clock_.lost(); }
    [[nodiscard]] Published published() const { return published_; }
    // Of an epoch that came as a delta; nullptr = none has come.
    [[nodiscard]] const Arrival* arrival(Epoch epoch) const;

    // Called with what leaves for the registry, and with each delta when it arrives for the first time; `now` is real.
    std::function<void(Time now, const Message& message)> on_request;
    std::function<void(Time now, const MapDelta& delta)> on_delta;
    std::function<void(const std::string& node, const LogLine& line)> on_log;

  private:
    struct Node {
        explicit Node(const NodeDescription& self);
        MemoryEngine engine;
        EveryMember commit_rule;
        PreferenceOrder succession_rule;
        Shard shard;
    };
    struct Parcel {
        Origin from;
        Message message;
    };
    struct Host {
        std::string name;
        std::string listen;
        Actor* actor = nullptr;
        std::unique_ptr<Node> node;  // absent: another actor
        Socket registry;
        Socket subscription;
        std::string followed;
        std::vector<Parcel> inbox;
        Time due{};  // by the nodes' clock
        BatchNumber stored;
        BatchNumber told_durable;
    };
    class HostDriver;
    // A frame that is published is the same for all subscribers: it is decoded once.
    struct PublishedFrame {
        Identity sender;
        std::vector<Message> messages;
    };

    Host& add_host(const std::string& name, Actor& actor);
    void round();
    void poll(bool wait);
    void take_answers(Host& host);
    void take_publications(Host& host, Time now);
    [[nodiscard]] const PublishedFrame& decoded(std::string_view frame, Time now);
    void note_arrival(const PublishedFrame& frame, Time now);
    void turn(std::uint64_t id, Host& host, Time now);
    void send(std::uint64_t id, Host& host, const Identity& identity, std::vector<Outgoing>& messages);
    void subscribe(Host& host, const std::string& endpoint);

    const std::string registry_;
    const Duration turn_interval_;
    TransportOptions socket_options_;
    std::shared_ptr<void> context_;  // before the sockets: they are closed first
    FarmClock clock_;
    std::map<std::uint64_t, Host> hosts_;
    std::map<std::string, std::uint64_t> nodes_;  // by name
    std::unordered_map<std::string, std::uint64_t> listeners_;
    std::uint64_t last_host_ = 0;
    std::uint64_t next_in_turn_ = 0;

    std::unordered_map<std::string, PublishedFrame> frames_;  // of late
    std::map<Epoch, Arrival> arrivals_;
    Published published_;
};

}  // namespace ringkv::benchmarks
