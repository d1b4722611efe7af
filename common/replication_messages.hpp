// Messages between nodes (common/messages.hpp): leases, entries, and state transfers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/entry.hpp"
#include "common/fields.hpp"
#include "common/ids.hpp"

namespace ringkv {

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

}  // namespace ringkv
