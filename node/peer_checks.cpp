#include "node/peer_checks.hpp"

#include <algorithm>

#include "common/partitioning.hpp"

namespace ringkv {

namespace {

constexpr std::size_t most_members = 1024;
constexpr Duration longest_lease = std::chrono::hours(1);
constexpr Duration longest_expiry = std::chrono::hours(24 * 365 * 10);

template <class Id>
bool too_high(Id id) {
    return id.value() > highest_number;
}

bool possible(ViewId view) {
    return !view.none() && !too_high(view.number);
}

Objection objection_to_key(std::string_view key, PartitionId partition, std::uint32_t partitions) {
    if (key.empty()) return "a key has at least one byte";
    if (partition_of(key, partitions) != partition) return "a key does not belong to its partition";
    return std::nullopt;
}

Objection objection_to_entry(const Entry& entry, PartitionId partition, std::uint32_t partitions) {
    if (entry.kind > EntryKind::expire || entry.status > WriteStatus::not_found) return "an entry of no known kind";
    if (!possible(entry.view) || too_high(entry.op)) return "an entry's number is impossible";
    if (entry.version > entry.op) return "an entry's version is of a later entry";
    const bool changes = entry.kind == EntryKind::set || entry.kind == EntryKind::remove;
    if (changes) return objection_to_key(entry.key, partition, partitions);
    return std::nullopt;
}

// They begin with op `first`, none is left out, and their views do not go back, nor beyond `view`.
Objection objection_to_entries(const Entries& entries, OpNumber first, ViewId view, PartitionId partition,
                               std::uint32_t partitions) {
    if (first.none() || too_high(first)) return "the entries' numbers are impossible";
    ViewId before;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const EntryPtr& entry = entries[i];
        if (!entry || entry->op.value() != first.value() + i) return "entries are left out, or out of order";
        if (entry->view < before || entry->view > view)
            return "an entry's view is older than the one before, or to come";
        before = entry->view;
        if (auto objection = objection_to_entry(*entry, partition, partitions)) return objection;
    }
    return std::nullopt;
}

Objection objection_to_sessions(const std::vector<SessionRecord>& sessions) {
    for (const SessionRecord& session : sessions) {
        if (session.client.none()) return "a session of no client";
        if (session.last_op.none() || too_high(session.last_op)) return "a session without an op";
        for (const SessionOutcome& outcome : session.outcomes)
            if (outcome.sequence.none() || outcome.version > session.last_op || outcome.status > WriteStatus::not_found)
                return "an outcome that no write has";
    }
    return std::nullopt;
}

// The log of a copy has to go on from it: at `start` it has `start_view`, and never goes back.
Objection objection_to_end(const StateEnd& end, const StateChunk& chunk) {
    if (end.applied < chunk.start || too_high(end.applied)) return "a copy ends before it began";
    if (end.sessions.applied > end.applied || end.sessions.dropped > end.applied) return "sessions of later entries";
    if (auto objection = objection_to_sessions(end.sessions.sessions)) return objection;
    const ViewStart* before = nullptr;
    ViewId at_start;
    for (const ViewStart& item : end.history) {
        if (!possible(item.view) || item.view > chunk.view.id || item.first.none())
            return "a log's history has an impossible view";
        if (before != nullptr && (item.view <= before->view || item.first <= before->first))
            return "a log's history goes back";
        if (item.first <= chunk.start) at_start = item.view;
        before = &item;
    }
    if (!chunk.start.none() && at_start != chunk.start_view) return "a log's history denies where the copy begins";
    return std::nullopt;
}

// Where entries go along with a copy: when the chunk was read, and how far it goes.
Objection objection_to_reach(const StateChunk& chunk) {
    if (!chunk.read_at) return std::nullopt;
    if (too_high(*chunk.read_at) || *chunk.read_at < chunk.start) return "a part of a copy is older than its start";
    const auto order = [](const KeyRecord& a, const KeyRecord& b) { return a.key < b.key; };
    if (!std::is_sorted(chunk.records.begin(), chunk.records.end(), order)) return "a copy's keys are out of order";
    if (!chunk.through) return std::nullopt;
    if (chunk.end) return "a copy ends before it has come to all keys";
    if (!chunk.records.empty() && chunk.records.back().key > *chunk.through) return "a copy's part goes too far";
    return std::nullopt;
}

// Each partition once, in order.
Objection objection_to_claims(const std::vector<Claim>& claims, std::uint32_t partitions) {
    if (claims.size() > partitions) return "more claims than there are partitions";
    const auto not_growing = [](const Claim& a, const Claim& b) { return a.partition >= b.partition; };
    if (std::adjacent_find(claims.begin(), claims.end(), not_growing) != claims.end()) return "claims are out of order";
    return std::nullopt;
}

Objection objection_to_settings(const ClusterSettings& settings, const ClusterMap& known) {
    if (!valid_partition_count(settings.partitions)) return "no cluster has so many partitions";
    if (known.formed() && (settings.partitions != known.settings.partitions || settings.id != known.settings.id))
        return "another cluster, or another number of partitions";
    const LeaseSettings& lease = settings.lease;
    if (!lease.validate() || lease.grace > longest_lease) return "leases that end too late, or too early";
    if (settings.session_expiry <= Duration(0) || settings.session_expiry > longest_expiry)
        return "sessions that end too late, or too early";
    return std::nullopt;
}

// A partition that no node has had has no view.
Objection objection_to_state(const PartitionState& state) {
    return state.view == View() ? std::nullopt : objection_to(state.view);
}

}  // namespace

Objection objection_to(const View& view) {
    if (!possible(view.id) || !possible(view.since) || view.since > view.id) return "a view's number is impossible";
    if (view.members.empty() || view.members.size() > most_members || !view.has(view.primary) || view.has(NodeId()))
        return "a view without its primary among its members";
    if (too_high(view.begins)) return "a view that begins at an op number that is impossible";
    std::vector<NodeId> members = view.members;
    std::sort(members.begin(), members.end());
    if (std::adjacent_find(members.begin(), members.end()) != members.end()) return "a view has a member twice";
    return std::nullopt;
}

Objection objection_to(const Prepare& message, std::uint32_t partitions) {
    if (!possible(message.view) || !possible(message.since) || message.since > message.view)
        return "a view's number is impossible";
    if (message.announce) {
        if (auto objection = objection_to(*message.announce)) return objection;
        if (message.announce->id != message.view || message.announce->since != message.since)
            return "it announces another view than its own";
    }
    return objection_to_entries(message.entries, message.first, message.view, message.partition, partitions);
}

Objection objection_to(const PrepareOk& message, std::uint32_t) {
    if (too_high(message.op) || too_high(message.commit)) return "an op number is impossible";
    return std::nullopt;
}

Objection objection_to(const NewerView& message, std::uint32_t) {
    return objection_to(message.view);
}

Objection objection_to(const StartView& message, std::uint32_t partitions) {
    if (auto objection = objection_to(message.view)) return objection;
    return objection_to_entries(message.entries, message.base.next(), message.view.id, message.partition, partitions);
}

Objection objection_to(const StartViewOk& message, std::uint32_t) {
    if (too_high(message.op) || too_high(message.commit)) return "an op number is impossible";
    return std::nullopt;
}

Objection objection_to(const StateChunk& message, std::uint32_t partitions) {
    if (auto objection = objection_to(message.view)) return objection;
    const bool at_start = message.start.none() ? true : possible(message.start_view);
    if (!at_start || too_high(message.start) || message.start_view > message.view.id)
        return "a copy begins where no log can";
    for (const KeyRecord& record : message.records) {
        if (too_high(record.version)) return "a key's version is impossible";
        if (auto objection = objection_to_key(record.key, message.partition, partitions)) return objection;
    }
    if (auto objection = objection_to_sessions(message.sessions)) return objection;
    if (auto objection = objection_to_reach(message)) return objection;
    return message.end ? objection_to_end(*message.end, message) : std::nullopt;
}

Objection objection_to(const StateChunkOk& message, std::uint32_t) {
    if (too_high(message.op)) return "an op number is impossible";
    return std::nullopt;  // else it counts by what it names, or not at all
}

Objection objection_to(const Beacon& message, std::uint32_t partitions) {
    if (message.commits.size() > partitions) return "more commit points than there are partitions";
    for (const std::optional<OpNumber>& commit : message.commits)
        if (commit && too_high(*commit)) return "an op number is impossible";
    if (message.claims) return objection_to_claims(*message.claims, partitions);
    return objection_to_claims(message.changes, partitions);
}

Objection objection_to(const BeaconAnswer& message, std::uint32_t partitions) {
    return objection_to_claims(message.others, partitions);
}

Objection objection_to(const RebuildRequest& request) {
    if (request.fence.generation.none() || request.fence.rebuild.none()) return "a rebuild without a name";
    if (too_high(request.fence.generation)) return "a generation that is impossible";
    return std::nullopt;
}

Objection objection_to(const ClusterMap& map, const ClusterMap& known) {
    if (auto objection = objection_to_settings(map.settings, known)) return objection;
    if (map.partitions.size() != map.settings.partitions) return "a map without all partitions";
    for (const PartitionState& state : map.partitions)
        if (auto objection = objection_to_state(state)) return objection;
    return std::nullopt;
}

Objection objection_to(const MapDelta& delta, const ClusterMap& known) {
    if (delta.settings)
        if (auto objection = objection_to_settings(*delta.settings, known)) return objection;
    for (const PartitionChange& change : delta.partitions)
        if (auto objection = objection_to_state(change.state)) return objection;
    return std::nullopt;
}

Objection objection_to(const Entries& entries, const PartitionLog& log) {
    for (const EntryPtr& entry : entries) {
        if (entry->op <= log.commit()) continue;
        const LogSuffix& suffix = log.suffix();
        if (suffix.holds(entry->op) && suffix.view_at(entry->op) == entry->view) continue;  // it stays
        // The first that is appended; those after it are in order, and so was what came before it in this message.
        if (entry->view < suffix.view_at(entry->op.previous())) return "an entry of an older view than the log";
        break;
    }
    return std::nullopt;
}

}  // namespace ringkv
