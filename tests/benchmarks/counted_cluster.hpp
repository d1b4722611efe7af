// A cluster of one registry, three nodes and a client in one thread, to count what an operation costs: the real actors
// on virtual time, every frame through the real codec, coalesced as the transport does it. Without sockets and threads
// nothing depends on the machine or its load: the same calls count the same.
//
// All hosts take their turns in step: what is sent in one round arrives in the next. So the operations that a client
// has outstanding go through the nodes together, as well batched as they can be.
//
// Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/client_actor.hpp"
#include "common/edge/codec/codec.hpp"
#include "common/edge/transport/outbox.hpp"
#include "common/placement/placement.hpp"
#include "common/turn.hpp"
#include "node/memory_engine.hpp"
#include "node/shard.hpp"
#include "registry/registry_actor.hpp"
#include "tests/benchmarks/counting_allocator.hpp"

namespace ringkv::benchmarks {

enum class Party : std::uint8_t { registry, nodes, client };
inline constexpr std::size_t parties = 3;

// Of all turns of a party: from a frame's bytes to the bytes of the frames that leave.
struct PartyCost {
    Allocations allocated;
    std::uint64_t turns = 0;
    std::uint64_t frames = 0;  // sent
    std::uint64_t frame_bytes = 0;
};
using Costs = std::array<PartyCost, parties>;

class CountedCluster {
  public:
    // Formed, and every partition is served by three members. Under callgrind only the turns of `watched` are collected
    // (start it with --collect-atstart=no).
    CountedCluster(std::uint32_t partitions, Party watched);
    ~CountedCluster();
    CountedCluster(const CountedCluster&) = delete;
    CountedCluster& operator=(const CountedCluster&) = delete;

    // `count` operations, `outstanding` at a time: each answer makes room for the next. All must succeed.
    void run(std::uint64_t count, std::uint64_t outstanding, const std::function<Operation()>& next);
    // Nothing but time goes by.
    void rest(Duration time);

    [[nodiscard]] const Costs& costs() const { return costs_; }

  private:
    struct Parcel {
        Address::Kind way = Address::Kind::none;  // of the sender, as the receiver sees it
        std::size_t sender = 0;                   // in hosts_
        std::string frame;
    };
    struct Host {
        Party party = Party::nodes;
        std::string listen;
        std::string publish;
        Actor* actor = nullptr;
        std::vector<Parcel> inbox;
        std::vector<Parcel> arriving;  // in the next round
        std::string subscription;
        Time tick_due{};
        bool more = false;
        BatchNumber stored;
        BatchNumber told_durable;
        Outbox outbox;
    };
    struct Node {
        explicit Node(const NodeDescription& self)
            : shard(self, 0, Limits(), engine, commit_rule, succession_rule, encode_entry) {}
        MemoryEngine engine;
        EveryMember commit_rule;
        PreferenceOrder succession_rule;
        Shard shard;
    };
    class HostDriver;
    class Watch;

    [[nodiscard]] bool whole() const;
    [[nodiscard]] bool has_work(const Host& host) const;
    void round();
    void turn(Host& host);
    [[nodiscard]] Result<void> take_in(Host& host);
    void submit_next();
    void take_completions();
    void send(Host& sender, const Identity& identity, const std::vector<Outgoing>& messages);
    void transmit(Host& sender, Lane& lane);

    const Party watched_;
    Time now_{std::chrono::seconds(1)};
    RingPlacement placement_;
    RegistryActor registry_;
    std::vector<std::unique_ptr<Node>> nodes_;
    ClientActor client_;
    std::vector<Host> hosts_;  // the registry, the nodes, the client
    FrameReader reader_;
    Envelope envelope_;
    Costs costs_;

    // The client's load.
    std::vector<std::unique_ptr<Operation>> to_submit_;
    std::vector<std::unique_ptr<Operation>> ended_;
    std::uint64_t completed_ = 0;
};

}  // namespace ringkv::benchmarks
