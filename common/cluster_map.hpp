// The cluster map: nodes, racks, shard endpoints, and every partition's view and target, under one
// epoch. Only the registry changes it; nodes and clients apply its deltas, in order. Pure values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "common/fields.hpp"
#include "common/ids.hpp"
#include "common/time.hpp"
#include "ringkv/result.hpp"

namespace ringkv {

enum class NodeState : std::uint8_t {
    up = 0,
    down = 1,      // no heartbeat for a while; may come back as it was
    stopping = 2,  // asked to stop: hands its primaries over, is not made primary or learner
    gone = 3,      // its name has a newer identity: this one never comes back
};

// What an operator asked of a node, whatever state it is in.
enum class NodeDuty : std::uint8_t {
    hold = 0,   // partitions
    drain = 1,  // its copies move to others; it stays in the cluster, empty
    leave = 2,  // the same, and it is forgotten once it is empty and down
};

enum class Durability : std::uint8_t { memory = 0, os = 1, fsync = 2 };
enum class ReadMode : std::uint8_t { lease = 0, confirmed = 1 };

std::string_view to_string(NodeState state);
std::string_view to_string(NodeDuty duty);
std::string_view to_string(Durability durability);

// One node identity (protocol.md, Words: "node identity").
struct NodeInfo {
    NodeId id;
    std::string name;
    std::string rack;
    double weight = 1.0;
    Uuid storage;
    StartNumber start;
    std::vector<std::string> endpoints;  // one a shard, "tcp://host:port"
    Durability durability = Durability::memory;
    NodeState state = NodeState::up;
    NodeDuty duty = NodeDuty::hold;
    bool evicted = false;  // down for longer than repair_after: its copies are made elsewhere, until it is back

    // Should it hold partitions, as far as it is concerned?
    [[nodiscard]] bool may_hold() const { return state != NodeState::gone && duty == NodeDuty::hold && !evicted; }
    [[nodiscard]] bool up() const { return state == NodeState::up; }
    [[nodiscard]] ShardIndex shard_of(PartitionId partition) const {
        return endpoints.empty() ? 0 : partition.value() % static_cast<ShardIndex>(endpoints.size());
    }
    // The endpoint of the shard that owns the partition there; empty if the node has none.
    [[nodiscard]] const std::string& endpoint_of(PartitionId partition) const;

    RINGKV_FIELDS(NodeInfo, id, name, rack, weight, storage, start, endpoints, durability, state, duty, evicted);
};

// The nodes that serve a partition. Replaced only by compare-and-swap on its id, at the registry.
struct View {
    ViewId id;
    ViewId since;  // the view in which this primary, in this process start, took over: its term
    NodeId primary;
    std::vector<NodeId> members;  // in sync, the primary included, in order of preference; no duplicates
    bool leadership_transferred =
        false;  // the primary of the view before gave it up itself (V7): its promises are released
    // Not none: an operator had the partition begun anew, empty (V8), behind this op; of all views since then the same.
    // What a node holds up to it counts for nothing.
    OpNumber begins{};

    [[nodiscard]] bool has(NodeId node) const;
    // Members but the primary.
    [[nodiscard]] std::vector<NodeId> backups() const;

    RINGKV_FIELDS(View, id, since, primary, members, leadership_transferred, begins);
};

struct PartitionState {
    View view;
    // The nodes that should hold it, in order of preference, the preferred primary first. Members that are not in the
    // target leave once it is in.
    std::vector<NodeId> target;
    // Those of the target that are being brought up now; the others that are not members wait for their turn.
    std::vector<NodeId> learners;

    [[nodiscard]] bool targets(NodeId node) const;
    [[nodiscard]] bool has_learner(NodeId node) const;

    RINGKV_FIELDS(PartitionState, view, target, learners);
};

struct LeaseSettings {
    Duration beacon = std::chrono::milliseconds(100);
    Duration duration = std::chrono::milliseconds(400);
    Duration grace = std::chrono::milliseconds(700);

    // grace >= duration * (1+r)/(1-r) + 50 ms for a clock-rate error r of 20 % (L3); a beacon fits twice into a lease.
    [[nodiscard]] Result<void> validate() const;

    RINGKV_FIELDS(LeaseSettings, beacon, duration, grace);
};

// How eagerly copies are made. Set in registry.yaml, and while the cluster runs.
struct Pace {
    static constexpr std::uint64_t least_bytes_per_second = 1024;
    static constexpr std::uint32_t most_moves_per_node = 1024;
    static constexpr std::uint32_t most_moves_per_second = 100000;

    Duration repair_after = std::chrono::seconds(30);               // how long a node may be down before it is evicted
    std::uint64_t max_bytes_per_second = std::uint64_t{64} << 20U;  // of catch-up, a node
    std::uint32_t max_moves_per_node = 4;                           // partitions that a node receives or sends at once
    // Of partitions that have all their copies, and only get others: those that a node begins to receive or to send.
    std::uint32_t max_moves_per_second = 10;

    RINGKV_FIELDS(Pace, repair_after, max_bytes_per_second, max_moves_per_node, max_moves_per_second);
};

// What holds for the whole cluster; set in registry.yaml, published in the map.
struct ClusterSettings {
    std::string cluster;              // its name, for people
    Uuid id;                          // made at formation
    std::uint32_t partitions = 1024;  // power of two, 1 .. 65536
    std::uint32_t replication = 3;
    std::uint32_t vnodes = 128;
    LeaseSettings lease;
    ReadMode reads = ReadMode::lease;
    Duration session_expiry = std::chrono::minutes(10);
    Pace pace;
    std::string publish;  // the registry's PUB endpoint

    // Used by the registry alone.
    Pace configured_pace;            // what registry.yaml said last: where it says something new, that holds
    bool repair_regardless = false;  // an operator wants copies made although more than half of the nodes are down (M5)
    NodeId last_forgotten;           // the highest that was the newest: no id is given twice
    bool partitions_reset = false;   // some partition was begun anew: its members of before know nothing of it (R4)

    RINGKV_FIELDS(ClusterSettings, cluster, id, partitions, replication, vnodes, lease, reads, session_expiry, pace,
                  publish, configured_pace, repair_regardless, last_forgotten, partitions_reset);
};

struct PartitionChange {
    PartitionId partition;
    PartitionState state;

    RINGKV_FIELDS(PartitionChange, partition, state);
};

// What one epoch changed. Applies to the map of epoch - 1 of the same generation; to an empty map, if it is of epoch 1
// or has everything.
struct MapDelta {
    Generation generation;
    Epoch epoch;
    std::optional<ClusterSettings> settings;
    std::vector<NodeInfo> nodes;    // new or changed
    std::vector<NodeId> forgotten;  // identities that nothing refers to any more
    std::vector<PartitionChange> partitions;

    RINGKV_FIELDS(MapDelta, generation, epoch, settings, nodes, forgotten, partitions);
};

struct ClusterMap {
    Generation generation;
    Epoch epoch;  // 0 = not formed yet: no partitions
    ClusterSettings settings;
    std::map<NodeId, NodeInfo> nodes;
    std::vector<PartitionState> partitions;  // by partition id; empty before formation

    enum class Applied : std::uint8_t { yes, old, gap };
    // old: the delta's epoch is not above ours. gap: deltas are missing; ask for a snapshot.
    Applied apply(const MapDelta& delta);

    [[nodiscard]] bool formed() const { return !partitions.empty(); }
    // Newer: a higher generation, or the same one and a higher epoch.
    [[nodiscard]] bool newer_than(const ClusterMap& other) const {
        return std::tie(generation, epoch) > std::tie(other.generation, other.epoch);
    }
    [[nodiscard]] const NodeInfo* find(NodeId id) const;
    [[nodiscard]] bool is_up(NodeId id) const;
    // The newest identity of that name, or nullptr.
    [[nodiscard]] const NodeInfo* find(std::string_view name) const;
    // Precondition: formed() and partition < settings.partitions.
    [[nodiscard]] const PartitionState& at(PartitionId partition) const;

    RINGKV_FIELDS(ClusterMap, generation, epoch, settings, nodes, partitions);
};

}  // namespace ringkv
