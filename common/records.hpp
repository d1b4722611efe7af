// What an actor asks to have stored: records for the log of a shard, or for the registry's store.
// A batch of them is written in order and becomes durable as one.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/entry.hpp"
#include "common/event.hpp"
#include "common/fence.hpp"
#include "common/fields.hpp"

namespace ringkv {

struct AppendRecord {
    PartitionId partition;
    EntryPtr entry;
    OpNumber commit{};  // a hint: everything up to it was committed
    RINGKV_FIELDS(AppendRecord, partition, entry, commit);
};

// Forget the entries above `keep`.
struct TruncateRecord {
    PartitionId partition;
    OpNumber keep;
    RINGKV_FIELDS(TruncateRecord, partition, keep);
};

// The newest view this replica knows; stored before it acts in it (V2).
struct ViewRecord {
    PartitionId partition;
    View view;
    RINGKV_FIELDS(ViewRecord, partition, view);
};

// The view whose StartView this replica took over (V3).
struct LogViewRecord {
    PartitionId partition;
    ViewId view;
    RINGKV_FIELDS(LogViewRecord, partition, view);
};

// A state transfer starts here: nothing is held, the log begins above `start`.
struct ResetRecord {
    PartitionId partition;
    OpNumber start;
    ViewId start_view;
    RINGKV_FIELDS(ResetRecord, partition, start, start_view);
};

// The state transfer has brought all of `applied`; the replica is whole from here on.
struct StateChunkRecord {
    PartitionId partition;
    std::vector<KeyRecord> records;
    // As in StateChunk.
    std::optional<OpNumber> read_at{};
    std::optional<std::string> through{};
    RINGKV_FIELDS(StateChunkRecord, partition, records, read_at, through);
};

struct StateDoneRecord {
    PartitionId partition;
    OpNumber applied;
    SessionSnapshot sessions;
    std::vector<ViewStart> history;
    RINGKV_FIELDS(StateDoneRecord, partition, applied, sessions, history);
};

// The hint of an AppendRecord by itself, for what was committed since the newest entry.
struct CommitRecord {
    PartitionId partition;
    OpNumber commit;
    RINGKV_FIELDS(CommitRecord, partition, commit);
};

// Keeps a number that no record has any more (an identity was planned, and never written): the place of an alternative
// in StorageRecord is its stored type.
struct ReservedRecord {
    RINGKV_FIELDS(ReservedRecord);
};

// A part of the session table that a state transfer brought.
struct StateSessionsRecord {
    PartitionId partition;
    std::vector<SessionRecord> sessions;
    RINGKV_FIELDS(StateSessionsRecord, partition, sessions);
};

// A checkpoint starts here: what a partition is at this place of its log, so that what stands before is not needed. Its
// entries above `start`, and its state, follow as those of a copy do: AppendRecords, StateChunkRecords,
// StateSessionsRecords, and the end, a StateDoneRecord. It says nothing to a replica that is whole already.
struct CheckpointRecord {
    PartitionId partition;
    View view;
    ViewId log_view;
    OpNumber start;
    ViewId start_view;
    RINGKV_FIELDS(CheckpointRecord, partition, view, log_view, start, start_view);
};

// What the registry tells operators of; in the batch of the change that it is about, or by itself.
struct EventsRecord {
    std::vector<Event> events;  // their ids follow on what is stored
    RINGKV_FIELDS(EventsRecord, events);
};

// A shard has reported to this rebuild of the registry (R4).
struct FenceRecord {
    Fence fence;
    RINGKV_FIELDS(FenceRecord, fence);
};

// Which nodes a cluster has, and its settings: what a node that has started again could not tell a registry that is
// being rebuilt without it.
struct ClusterRecord {
    Generation generation;
    Epoch epoch;
    ClusterSettings settings;
    std::vector<NodeInfo> nodes;
    RINGKV_FIELDS(ClusterRecord, generation, epoch, settings, nodes);
};

// The primary of that view is about to propose these as members of the next one (M3). The registry may make them
// members, and they go on alone, without the primary's ever hearing of it (R4).
struct ProposedRecord {
    PartitionId partition;
    ViewId base;
    std::vector<NodeId> nodes;
    RINGKV_FIELDS(ProposedRecord, partition, base, nodes);
};

// Directly behind a ResetRecord or a CheckpointRecord, from an engine that outlives the process: the partition's keys
// are from here on what the engine has under this number. Behind a CheckpointRecord they take the place of its chunks,
// and it counts only if the engine has this flush, or a later one.
struct ContentsRecord {
    PartitionId partition;
    ContentsNumber contents;
    FlushNumber flushed;
    RINGKV_FIELDS(ContentsRecord, partition, contents, flushed);
};

using AnyRecord =
    std::variant<AppendRecord, TruncateRecord, ViewRecord, LogViewRecord, ResetRecord, StateChunkRecord,
                 StateDoneRecord, CommitRecord, ReservedRecord, MapDelta, StateSessionsRecord, CheckpointRecord,
                 EventsRecord, FenceRecord, ClusterRecord, ProposedRecord, ContentsRecord>;

// One of them: a class for the same reason as Message (common/messages.hpp).
struct StorageRecord : AnyRecord {
    using AnyRecord::AnyRecord;
    StorageRecord(const StorageRecord& other);
    StorageRecord(StorageRecord&& other) noexcept;
    StorageRecord& operator=(const StorageRecord& other);
    StorageRecord& operator=(StorageRecord&& other) noexcept;
    ~StorageRecord();
};
using StorageBatch = std::vector<StorageRecord>;

}  // namespace ringkv
