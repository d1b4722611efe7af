// Messages of the registry (common/messages.hpp): the map, which every program asks for, and what nodes tell and ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/fence.hpp"
#include "common/fields.hpp"
#include "common/ids.hpp"

namespace ringkv {

// ---------------------------------------------------------------- for every program

// An envelope, or a message without a RequestId, was refused: version, cluster, malformed bytes.
struct FrameRefused {
    ErrorCode code = ErrorCode::refused;
    std::string text;
    RINGKV_FIELDS(FrameRefused, code, text);
};

// Registry and nodes answer it with a MapSnapshot if their map is newer than (generation, epoch).
struct MapRequest {
    Generation generation;
    Epoch epoch;
    RINGKV_FIELDS(MapRequest, generation, epoch);
};

struct MapSnapshot {
    ClusterMap map;
    RINGKV_FIELDS(MapSnapshot, map);
};

// On PUB, at every beacon interval: so a subscriber notices a lost delta.
struct CurrentEpoch {
    Generation generation;
    Epoch epoch;
    RINGKV_FIELDS(CurrentEpoch, generation, epoch);
};

// ---------------------------------------------------------------- node -> registry, and back

struct Join {
    std::string name;
    std::string rack;
    double weight = 1.0;
    Uuid storage;
    StartNumber start;
    std::vector<std::string> endpoints;
    Durability durability = Durability::memory;
    NodeId id;                 // from an earlier start; none = blank
    Uuid cluster;              // likewise
    std::uint64_t ticket = 0;  // of the JoinRefused that asked for it
    RINGKV_FIELDS(Join, name, rack, weight, storage, start, endpoints, durability, id, cluster, ticket);
};

// A member of the cluster from now on. Until formation there is only JoinWaiting.
struct JoinAnswer {
    NodeId id;
    Uuid cluster;
    ClusterMap map;
    RINGKV_FIELDS(JoinAnswer, id, cluster, map);
};

struct JoinWaiting {
    std::uint32_t present = 0;
    std::uint32_t needed = 0;
    RINGKV_FIELDS(JoinWaiting, present, needed);
};

struct JoinRefused {
    bool retry = false;  // the name's holder may be dead already: ask again
    std::string text;
    // Not 0: ask again with it, at once. A Join that makes a new identity must show that it is no old one, delivered
    // late: it would take the name from the node that has it now.
    std::uint64_t ticket = 0;
    // What the node has stored is older than what it once had: it must not be used any more (D3).
    bool older_data = false;
    RINGKV_FIELDS(JoinRefused, retry, text, ticket, older_data);
};

// What a node has done since its start, all its shards together; and how much memory it takes at the moment. For people
// to look at: nothing is decided by it (docs/decisions/0036).
struct NodeActivity {
    std::uint64_t writes = 0;  // answered with what they asked for: done, nothing found, the condition failed
    std::uint64_t gets = 0;
    std::uint64_t scans = 0;
    std::uint64_t refused = 0;       // requests, for whatever reason
    std::uint64_t received = 0;      // bytes of clients' frames
    std::uint64_t sent = 0;          // bytes of frames to clients
    std::uint64_t memory = 0;        // bytes, roughly: data, logs, sessions, requests that wait
    std::uint64_t memory_limit = 0;  // of that; 0 = none
    // Of those that were answered: how many took how long, by the buckets of LatencyHistogram (10 us, 20 us, 50 us, ...
    // 10 s, more).
    std::vector<std::uint64_t> write_times;
    std::vector<std::uint64_t> get_times;
    std::string version;  // of its program: "0.5.0"; empty: of an older release
    Duration clock{};     // what the node's clock showed when this was told (CLOCK_BOOTTIME); 0: of an older release
    RINGKV_FIELDS(NodeActivity, writes, gets, scans, refused, received, sent, memory, memory_limit, write_times,
                  get_times, version, clock);
};

struct Heartbeat {
    NodeId node;
    StartNumber start;
    Generation generation;
    Epoch epoch;
    bool stopping = false;
    std::optional<NodeActivity> activity{};  // about once a second; absent: not this time, or the node is older
    RINGKV_FIELDS(Heartbeat, node, start, generation, epoch, stopping, activity);
};

struct HeartbeatAnswer {
    Generation generation;
    Epoch epoch;
    bool known = true;  // false: join again
    RINGKV_FIELDS(HeartbeatAnswer, generation, epoch, known);
};

// One compare-and-swap (V2).
struct Proposal {
    PartitionId partition;
    ViewId base;
    View view;                     // id = base.next()
    bool promise_expired = false;  // the proposer's promise to the base's primary has run out (needed to depose it)
    RINGKV_FIELDS(Proposal, partition, base, view, promise_expired);
};

struct Propose {
    RequestId request;
    NodeId node;
    std::vector<Proposal> proposals;
    RINGKV_FIELDS(Propose, request, node, proposals);
};

struct ProposalOutcome {
    PartitionId partition;
    bool accepted = false;
    PartitionState state;  // what holds now
    RINGKV_FIELDS(ProposalOutcome, partition, accepted, state);
};

// May come in parts: a proposal that waits for rivals is answered when it is decided.
struct ProposeAnswer {
    RequestId request;
    std::vector<ProposalOutcome> outcomes;
    RINGKV_FIELDS(ProposeAnswer, request, outcomes);
};

enum class TroubleKind : std::uint8_t {
    shard_stuck = 0,   // does not turn
    disk_stalled = 1,  // of the shard: stores nothing
};

// Something is wrong with a part of a node, or is well again. Said when it begins, now and then while it lasts, and
// when it ends; there is no answer. No heartbeat: a node that cannot do its work is to be noticed as a dead one is.
struct Trouble {
    NodeId node;
    StartNumber start;
    TroubleKind kind = TroubleKind::shard_stuck;
    ShardIndex shard = 0;
    bool over = false;
    RINGKV_FIELDS(Trouble, node, start, kind, shard, over);
};

// ---------------------------------------------------------------- a registry whose data was lost (R4)

// Of a registry that is being rebuilt, to whatever a shard said to it.
struct RebuildRequest {
    Fence fence;
    // Of the newest map that it was told: an older one need not be told.
    Generation generation;
    Epoch epoch;
    RINGKV_FIELDS(RebuildRequest, fence, generation, epoch);
};

// The newest view of a partition that a shard has ever known, whether it holds the partition or not.
struct KnownView {
    PartitionId partition;
    View view;
    // Nodes that the shard, as its primary, has proposed as new members of the next view, or was about to: they may
    // know of views above it that no member of it knows.
    std::vector<NodeId> proposed{};
    RINGKV_FIELDS(KnownView, partition, view, proposed);
};

// What a shard knows, said once the fence is stored. If it has one of another rebuild that is not older than the
// request's, it says that one, and nothing else. A shard that has not learned yet which node it is of reports as well:
// that it knows nothing.
struct RebuildReport {
    Fence fence;
    Uuid storage;  // of the node, as it joins with it
    Uuid cluster;
    ShardIndex shard = 0;
    std::uint32_t shards = 0;  // of the node
    std::vector<KnownView> views;
    // Without nodes: none that is newer than the request says. Without partitions: as the node had stored it
    // (ClusterRecord) when it started; the newest is not there yet.
    ClusterMap map;
    RINGKV_FIELDS(RebuildReport, fence, storage, cluster, shard, shards, views, map);
};

}  // namespace ringkv
