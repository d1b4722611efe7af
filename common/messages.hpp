// Every message, each as its own struct; the fields' order in RINGKV_FIELDS is their order on
// the wire (docs/protocol.md has the frames). New fields go to the end.
//
// Requests of clients carry a RequestId that names one attempt; the answer repeats it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/entry.hpp"
#include "common/event.hpp"
#include "common/fields.hpp"
#include "common/ids.hpp"

namespace ringkv {

// ---------------------------------------------------------------- client -> node, and back

// When a write is answered: committed; or in the primary's log, under the leases of all members (P6).
enum class Ack : std::uint8_t { all = 0, primary = 1 };

// put, erase, and both on a condition.
struct Write {
    RequestId request;
    PartitionId partition;
    ClientId client;
    Sequence sequence;  // the same in every retry
    Sequence lowest;    // the client's lowest sequence without an answer
    OpNumber known;     // a commit point of this partition that the client knew before its first attempt (C2)
    std::string key;
    std::optional<std::string> value;  // absent = erase
    std::optional<OpNumber> expected;  // only if the key's version is this; 0 = absent
    Ack ack = Ack::all;
    RINGKV_FIELDS(Write, request, partition, client, sequence, lowest, known, key, value, expected, ack);
};

struct WriteAnswer {
    RequestId request;
    WriteStatus status = WriteStatus::done;
    OpNumber version;  // none to a write of Ack::primary that is done
    OpNumber commit;   // a commit point of the partition
    RINGKV_FIELDS(WriteAnswer, request, status, version, commit);
};

// A read that any replica may answer, from its applied state (P7).
struct StaleRead {
    std::optional<Duration> max_age;  // refused with `too_old` where the answer would be older
    RINGKV_FIELDS(StaleRead, max_age);
};

struct Get {
    RequestId request;
    PartitionId partition;
    std::string key;
    std::optional<StaleRead> stale{};  // absent = linearizable
    RINGKV_FIELDS(Get, request, partition, key, stale);
};

struct GetAnswer {
    RequestId request;
    std::optional<std::string> value;  // absent = no such key
    OpNumber version;
    OpNumber commit;
    std::optional<Duration> age{};  // of a StaleRead: all that was committed earlier than that is in it
    RINGKV_FIELDS(GetAnswer, request, value, version, commit, age);
};

// The next keys of one partition, in order of their bytes.
struct Scan {
    RequestId request;
    PartitionId partition;
    std::string prefix;
    std::optional<std::string> after;  // exclusive; absent = from the first
    std::uint32_t limit = 0;           // at most so many keys; 0 = as many as fit
    bool keys_only = false;
    std::optional<StaleRead> stale{};
    RINGKV_FIELDS(Scan, request, partition, prefix, after, limit, keys_only, stale);
};

struct ScanAnswer {
    RequestId request;
    std::vector<KeyRecord> records;
    bool more = false;  // ask again, after the last key
    OpNumber commit;
    std::optional<Duration> age{};
    RINGKV_FIELDS(ScanAnswer, request, records, more, commit, age);
};

// Ask there. Mends the client's map in one round trip (C4).
struct NotPrimary {
    RequestId request;
    PartitionId partition;
    View view;                        // the newest the answerer knows; id none = it knows nothing yet
    std::optional<NodeInfo> primary;  // which node that is, and where
    bool maybe_appended = false;      // the write may survive in the new primary's log: not "refused"
    RINGKV_FIELDS(NotPrimary, request, partition, view, primary, maybe_appended);
};

enum class RefusalReason : std::uint8_t {
    overloaded = 0,       // queue or memory limit; try later
    busy = 1,             // primary, but cannot serve yet; try again soon
    session_expired = 2,  // C2: `known` is below what was dropped; `commit` says what to name instead
    bad_key = 3,
    bad_value = 4,
    not_built = 5,  // a capability of a later version
    too_old = 6,    // of a StaleRead: what is here is not whole, of an unknown age, or older than it may be
};

// The request was refused, and a write in it not appended by this attempt.
struct RequestRefused {
    RequestId request;
    RefusalReason reason = RefusalReason::overloaded;
    std::string text;
    OpNumber commit;
    RINGKV_FIELDS(RequestRefused, request, reason, text, commit);
};

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
    RINGKV_FIELDS(JoinRefused, retry, text, ticket);
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
    RINGKV_FIELDS(NodeActivity, writes, gets, scans, refused, received, sent, memory, memory_limit, write_times,
                  get_times);
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

// ---------------------------------------------------------------- node <-> node

struct Claim {
    PartitionId partition;
    ViewId view;
    RINGKV_FIELDS(Claim, partition, view);
};

// "I am the primary of these, and ask for your lease on each" (L1). While both sides have the same
// list, only its number travels; when it changes, what has changed.
struct Beacon {
    Nonce nonce;
    std::uint64_t list = 0;                    // number of the list of claims; grows with each new list
    std::optional<std::vector<Claim>> claims;  // absent = the list of that number, sent before, or made by `changes`
    bool cut_off = false;                      // the sender does not reach the registry (V9)
    // Not 0: `changes` make this list of list `base`, and of every one between them. A claim in no view is taken away.
    std::uint64_t base = 0;
    std::vector<Claim> changes{};
    // The newest answer that had come when this one was made (its nonce, and 2^40 times the start of the process that
    // gave it); and each claim's commit point, in order: no node had committed more by then. Absent: not sure (P7).
    Nonce heard{};
    std::vector<std::optional<OpNumber>> commits{};
    RINGKV_FIELDS(Beacon, nonce, list, claims, cut_off, base, changes, heard, commits);
};

struct BeaconAnswer {
    Nonce nonce;
    bool unknown_list = false;   // nothing granted: send the claims
    std::vector<Claim> others;   // claims not granted, with the answerer's own view
    bool takes_changes = false;  // the answerer knows Beacon::changes
    bool stale_reads = false;    // it answered some lately, and wants commit points in each beacon (P7)
    RINGKV_FIELDS(BeaconAnswer, nonce, unknown_list, others, takes_changes, stale_reads);
};

// Entries first, first + 1, ...; none = only the commit point.
struct Prepare {
    PartitionId partition;
    ViewId view;
    ViewId since;                  // the term: a log view in [since, view] moves on to view (V3)
    std::optional<View> announce;  // the view itself, until the receiver has answered in it
    OpNumber first;
    Entries entries;
    OpNumber commit;
    RINGKV_FIELDS(Prepare, partition, view, since, announce, first, entries, commit);
};

struct PrepareOk {
    PartitionId partition;
    ViewId view;
    OpNumber op;       // everything up to it is persisted as configured
    bool gap = false;  // entries are missing above op: send again from there
    OpNumber commit;   // committed there, as far as it knows
    RINGKV_FIELDS(PrepareOk, partition, view, op, gap, commit);
};

// What a turn has for one peer: as if each of them had come by itself, in this order. For peers that speak minor
// version 1 at least.
struct ReplicationBatch {
    std::vector<Prepare> prepares;
    std::vector<PrepareOk> acknowledgements;
    RINGKV_FIELDS(ReplicationBatch, prepares, acknowledgements);
};

// "The view you speak of is old": the answer to a Prepare, PrepareOk, StartView or copy of another view.
struct NewerView {
    PartitionId partition;
    View view;
    RINGKV_FIELDS(NewerView, partition, view);
};

struct StartView {
    PartitionId partition;
    View view;
    OpNumber base;     // entries are those above it
    ViewId base_view;  // the view of the entry at base
    OpNumber commit;
    Entries entries;
    RINGKV_FIELDS(StartView, partition, view, base, base_view, commit, entries);
};

struct StartViewOk {
    PartitionId partition;
    ViewId view;
    OpNumber op;       // persisted up to here
    bool gap = false;  // not taken over: cannot join the log at base
    OpNumber commit;   // the answerer's commit point, and its entry's view
    ViewId commit_view;
    std::uint64_t ticket = 0;    // of the log that this answer tells of: only a copy that names it may replace it
    bool session_parts = false;  // the answerer takes StateChunk::sessions
    bool takes_entries = false;  // and Prepares while it is being copied to
    RINGKV_FIELDS(StartViewOk, partition, view, op, gap, commit, commit_view, ticket, session_parts, takes_entries);
};

// The end of a state transfer.
struct StateEnd {
    OpNumber applied;  // the sender's applied op when the scan ended
    SessionSnapshot sessions;
    std::vector<ViewStart> history;
    RINGKV_FIELDS(StateEnd, applied, sessions, history);
};

// A part of a state transfer, which replaces what the learner has (M2). Entries above `start` follow as Prepares: to a
// learner that takes entries from the first chunk on, to any other after the last.
struct StateChunk {
    PartitionId partition;
    View view;
    std::uint64_t copy = 0;    // which copy; a new one starts over
    std::uint64_t ticket = 0;  // of the StartViewOk that told of the log which this copy replaces
    std::uint32_t index = 0;   // from 0; 0 empties the partition
    OpNumber start;            // the sender's applied op when the scan began
    ViewId start_view;
    std::vector<KeyRecord> records;
    std::optional<StateEnd> end;  // in the last chunk
    // A part of the session table, to a learner that takes it so; none of them is in `end` then, and `end` says that
    // the table has everything up to `start`.
    std::vector<SessionRecord> sessions{};
    // To a learner that takes entries: the sender's applied op when it read this chunk, which is read anew whenever it
    // is sent again; and the last of the keys that this chunk and those before it cover, all if it is absent.
    std::optional<OpNumber> read_at{};
    std::optional<std::string> through{};
    RINGKV_FIELDS(StateChunk, partition, view, copy, ticket, index, start, start_view, records, end, sessions, read_at,
                  through);
};

// In StateChunkOk, of no chunk: it tells of entries alone.
inline constexpr std::uint32_t no_chunk = 0xFFFFFFFF;

struct StateChunkOk {
    PartitionId partition;
    ViewId view;
    std::uint64_t copy = 0;
    std::uint32_t index = 0;
    // Where entries go along with the copy: those above its start are persisted up to here. It counts for nothing but
    // what is sent next, and kept: only a whole log is acknowledged by PrepareOk.
    OpNumber op{};
    bool gap = false;  // entries are missing above op: send again from there
    RINGKV_FIELDS(StateChunkOk, partition, view, copy, index, op, gap);
};

// ---------------------------------------------------------------- kvctl -> registry, and back

enum class AdminAction : std::uint8_t {
    drain = 0,
    undrain = 1,  // also of a node that was to leave
    remove = 2,
    change_settings = 3,
    resume_repair = 4,
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
    RINGKV_FIELDS(Administer, request, action, node, repair_after, max_bytes_per_second, max_moves_per_node,
                  max_moves_per_second);
};

// Answered when it is durable. Maps from this epoch on show it.
struct AdministerAnswer {
    RequestId request;
    std::optional<ErrorCode> error;  // refused: it would not be safe; invalid_argument: no such node, a bad value
    std::string text;                // why, and what to do; or what was done
    Epoch epoch;
    RINGKV_FIELDS(AdministerAnswer, request, error, text, epoch);
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

// ---------------------------------------------------------------- kvctl -> registry, and back

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

// ---------------------------------------------------------------- node -> registry

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

// The wire's message type is the index here: append only, never reorder.
using Message =
    std::variant<Write, WriteAnswer, Get, GetAnswer, Scan, ScanAnswer, NotPrimary, RequestRefused,  // 0 .. 7
                 FrameRefused, MapRequest, MapSnapshot, MapDelta, CurrentEpoch,                     // 8 .. 12
                 Join, JoinAnswer, JoinWaiting, JoinRefused, Heartbeat, HeartbeatAnswer,            // 13 .. 18
                 Propose, ProposeAnswer,                                                            // 19, 20
                 Beacon, BeaconAnswer, Prepare, PrepareOk, NewerView, StartView, StartViewOk,       // 21 .. 27
                 StateChunk, StateChunkOk,                                                          // 28, 29
                 Administer, AdministerAnswer, HoldingsRequest, HoldingsAnswer,                     // 30 .. 33
                 ReplicationBatch,                                                                  // 34
                 EventsRequest, EventsAnswer, Trouble, FiguresRequest, FiguresAnswer>;              // 35 .. 39

// "Prepare", ...; for logs and traces. In the order of Message.
inline constexpr std::array<std::string_view, std::variant_size_v<Message>> message_names = {
    "Write",
    "WriteAnswer",
    "Get",
    "GetAnswer",
    "Scan",
    "ScanAnswer",
    "NotPrimary",
    "RequestRefused",
    "FrameRefused",
    "MapRequest",
    "MapSnapshot",
    "MapDelta",
    "CurrentEpoch",
    "Join",
    "JoinAnswer",
    "JoinWaiting",
    "JoinRefused",
    "Heartbeat",
    "HeartbeatAnswer",
    "Propose",
    "ProposeAnswer",
    "Beacon",
    "BeaconAnswer",
    "Prepare",
    "PrepareOk",
    "NewerView",
    "StartView",
    "StartViewOk",
    "StateChunk",
    "StateChunkOk",
    "Administer",
    "AdministerAnswer",
    "HoldingsRequest",
    "HoldingsAnswer",
    "ReplicationBatch",
    "EventsRequest",
    "EventsAnswer",
    "Trouble",
    "FiguresRequest",
    "FiguresAnswer",
};
std::string_view name_of(const Message& message);

template <class M>
constexpr std::string_view name_of() {
    return []<class... All>(std::type_identity<std::variant<All...>>) {
        std::size_t index = 0;
        (void)((std::is_same_v<M, All> || (++index, false)) || ...);
        return message_names[index];
    }(std::type_identity<Message>{});
}

}  // namespace ringkv
