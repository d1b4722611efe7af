// Messages of operators (common/messages.hpp): between kvctl and the registry, and kvctl and nodes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/event.hpp"
#include "common/fields.hpp"
#include "common/ids.hpp"
#include "common/registry_messages.hpp"

namespace ringkv {

// ---------------------------------------------------------------- kvctl -> registry, and back

enum class AdminAction : std::uint8_t {
    drain = 0,
    undrain = 1,  // also of a node that was to leave
    remove = 2,
    change_settings = 3,
    resume_repair = 4,
    reset_partitions = 5,  // those that have lost all members are begun anew, empty (V8)
};

// The view is the newest that the operator has seen: if there is a newer one, nothing is done.
struct PartitionToReset {
    PartitionId partition;
    ViewId view;
    RINGKV_FIELDS(PartitionToReset, partition, view);
};

// A change that an operator asks for. Doing it twice is doing it once: it may be repeated until it is answered.
struct Administer {
    RequestId request;
    AdminAction action = AdminAction::drain;
    std::string node;  // its name, where the action is about one
    // change_settings: those that are there.
    std::optional<Duration> repair_after;
    std::optional<std::uint64_t> max_bytes_per_second;
    std::optional<std::uint32_t> max_moves_per_node;
    std::optional<std::uint32_t> max_moves_per_second;
    std::vector<PartitionToReset> to_reset{};  // reset_partitions: these
    RINGKV_FIELDS(Administer, request, action, node, repair_after, max_bytes_per_second, max_moves_per_node,
                  max_moves_per_second, to_reset);
};

// Answered when it is durable. Maps from this epoch on show it.
struct AdministerAnswer {
    RequestId request;
    std::optional<ErrorCode> error;  // refused: it would not be safe; invalid_argument: no such node, a bad value
    std::string text;                // why, and what to do; or what was done
    Epoch epoch;
    RINGKV_FIELDS(AdministerAnswer, request, error, text, epoch);
};

// What happened. For registries that speak minor version 3 at least.
struct EventsRequest {
    RequestId request;
    std::optional<EventId> after;    // those above it, the oldest first; absent: the newest
    std::uint32_t limit = 0;         // at most so many; 0 = as many as fit
    std::vector<std::string> kinds;  // of one of these; none: of any
    std::string node;                // of this one alone; empty: of any, and of none
    RINGKV_FIELDS(EventsRequest, request, after, limit, kinds, node);
};

struct EventsAnswer {
    RequestId request;
    std::vector<Event> events;  // the oldest first
    bool more = false;          // there are others after the last of these: ask again, after it
    EventId newest;             // of all that there are: without `more`, ask after it
    RINGKV_FIELDS(EventsAnswer, request, events, more, newest);
};

// What the registry knows of the cluster beside its map. For registries that speak minor version 4 at least.
struct ConditionRequest {
    RequestId request;
    RINGKV_FIELDS(ConditionRequest, request);
};

struct NodeCondition {
    NodeId node;
    Generation generation;  // of the map that the node has
    Epoch epoch;            // likewise
    std::string version;    // of its program; empty: of an older release
    // How far its clock went while the registry's went so far; both 0: that is not known yet.
    Duration clock{};
    Duration watched{};
    RINGKV_FIELDS(NodeCondition, node, generation, epoch, version, clock, watched);
};

// That a node has told of, and that is not over.
struct LastingTrouble {
    NodeId node;
    TroubleKind kind = TroubleKind::shard_stuck;
    ShardIndex shard = 0;
    Duration lasts{};
    RINGKV_FIELDS(LastingTrouble, node, kind, shard, lasts);
};

// A copy that is being made.
struct MoveCondition {
    PartitionId partition;
    NodeId to;
    Duration lasts{};
    RINGKV_FIELDS(MoveCondition, partition, to, lasts);
};

struct ConditionAnswer {
    RequestId request;
    Generation generation;
    Epoch epoch;  // of the map that was published at least a second before
    std::vector<NodeCondition> nodes;
    std::vector<LastingTrouble> troubles;
    std::vector<MoveCondition> moves;  // those that last longest, a hundred at most
    std::string version;               // of the registry's program
    RINGKV_FIELDS(ConditionAnswer, request, generation, epoch, nodes, troubles, moves, version);
};

// ---------------------------------------------------------------- kvctl -> node, and back

// What the shard holds, partition by partition.
struct HoldingsRequest {
    RequestId request;
    RINGKV_FIELDS(HoldingsRequest, request);
};

struct Holding {
    PartitionId partition;
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;  // of keys and values
    RINGKV_FIELDS(Holding, partition, keys, bytes);
};

// What a shard's memory is taken by: bytes, roughly, as the allocator has them.
struct MemoryReport {
    std::uint64_t data = 0;      // keys and values, with what they take beside
    std::uint64_t log = 0;       // the newest entries
    std::uint64_t sessions = 0;  // what is remembered of clients
    std::uint64_t requests = 0;  // that wait
    std::uint64_t limit = 0;     // of all; 0 = none
    RINGKV_FIELDS(MemoryReport, data, log, sessions, requests, limit);
};

struct HoldingsAnswer {
    RequestId request;
    std::vector<Holding> holdings;         // by partition
    std::optional<MemoryReport> memory{};  // absent: the node is of an older release
    RINGKV_FIELDS(HoldingsAnswer, request, holdings, memory);
};

// What a shard has counted since its start, for the rates of a moment: of two answers the difference counts.
struct FiguresRequest {
    RequestId request;
    RINGKV_FIELDS(FiguresRequest, request);
};

// Of requests of one kind.
struct KindFigures {
    std::uint64_t answered = 0;  // done, found nothing, or whose condition failed
    std::uint64_t refused = 0;
    std::vector<std::uint64_t>
        durations;  // of those answered, by bucket: up to 10 us, 20 us, 50 us, ... 10 s, and above
    RINGKV_FIELDS(KindFigures, answered, refused, durations);
};

// Of every 64th request, and forgotten by and by: half of it in ten seconds.
struct HotPartition {
    PartitionId partition;
    std::uint64_t samples = 0;
    RINGKV_FIELDS(HotPartition, partition, samples);
};
struct HotKey {
    std::string key;
    PartitionId partition;
    std::uint64_t samples = 0;  // at most so many; at least so many less `error`
    std::uint64_t error = 0;
    RINGKV_FIELDS(HotKey, key, partition, samples, error);
};

struct FiguresAnswer {
    RequestId request;
    std::uint64_t puts = 0;  // that came, whatever became of them; compare-and-set is a put
    std::uint64_t erases = 0;
    std::uint64_t gets = 0;
    std::uint64_t scans = 0;
    KindFigures write;  // puts and erases
    KindFigures get;
    KindFigures scan;
    std::uint64_t written_bytes = 0;       // of keys and values in the puts and erases that came
    std::uint64_t read_bytes = 0;          // of keys and values that were found
    std::uint64_t samples = 0;             // of all partitions, as in HotPartition
    std::vector<HotPartition> partitions;  // the hottest first; a few
    std::vector<HotKey> keys;              // likewise
    RINGKV_FIELDS(FiguresAnswer, request, puts, erases, gets, scans, write, get, scan, written_bytes, read_bytes,
                  samples, partitions, keys);
};

}  // namespace ringkv
