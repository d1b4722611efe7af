#include "node/catch_up.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ringkv {

namespace {
constexpr std::size_t chunk_bytes = std::size_t{16} << 10U;  // of a state transfer: requests wait while one is made

// How what the node has committed is not what we have; empty: it is, as far as both know.
std::string contradiction(const PartitionLog& log, NodeId node, const StartViewOk& message) {
    const std::string name = "node " + std::to_string(node.value());
    if (message.op > log.last())
        return "its log ends at op " + std::to_string(log.last().value()) + ", and " + name + " has committed op " +
               std::to_string(message.op.value());
    if (!log.suffix().could_match(message.commit, message.commit_view))
        return "op " + std::to_string(message.commit.value()) + " is of view " +
               log.suffix().view_at(message.commit).to_string() + " here, and " + name + " has committed it in view " +
               message.commit_view.to_string();
    return "";
}

}  // namespace

// ---------------------------------------------------------------- StartView

void CatchUp::send_start_view(Time now, NodeId node, Progress& progress) {
    progress.start_view_sent(now);
    if (progress.base() < log_.suffix().start()) progress.offer_from(log_.commit());
    const OpNumber base = progress.base();
    ports_.messages.send(node, log_.partition(),
                         StartView{log_.partition(), term_.view(), base, log_.suffix().view_at(base), log_.commit(),
                                   log_.suffix().above(base, most_entries, most_bytes)});
}

bool CatchUp::start_view_ok(Time now, NodeId from, Progress& progress, const StartViewOk& message) {
    using State = Progress::State;
    if (!progress.valid(message.view, term_.view().id)) return false;
    // A repeat, or of before the state transfer.
    if (progress.state() == State::replicating || progress.state() == State::transferring) return false;
    progress.takes_entries(message.takes_entries);
    const auto await_transfer = [&] {
        // A member that far behind is removed for want of progress, and comes back as a learner.
        if (term_.counts(from)) return progress.keep_log();
        progress.await_transfer(message.ticket, message.session_parts);
    };
    if (message.gap) {
        const bool held = message.commit >= log_.suffix().start();
        const bool same_log = log_.suffix().matches(message.commit, message.commit_view);
        if (held && same_log && message.commit != progress.base()) {
            progress.offer_from(message.commit);
            send_start_view(now, from, progress);
        } else {
            await_transfer();
        }
        return false;
    }
    // Said before a state transfer of ours that may have emptied its log since: it is asked again.
    const auto replaced = replaced_tickets_.find(from);
    if (replaced != replaced_tickets_.end() && message.ticket <= replaced->second) return false;
    if (message.op < log_.suffix().start()) {
        await_transfer();  // the same log, but what it lacks is no longer held here
        return false;
    }
    if (const std::string how = contradiction(log_, from, message); !how.empty()) {
        contradicted(from, how);
        return false;
    }
    progress.replicate(now, message.op, message.commit, message.view, term_.view().id);
    return true;
}

// What it has committed is not what we have. What a member has committed we had acknowledged, and have lost since (D3):
// if we went on, it would be removed for want of progress. Of any other node an operator must judge (M6).
void CatchUp::contradicted(NodeId node, const std::string& how) const {
    if (term_.counts(node))
        return ports_.storage.lost("this node lacks what it has acknowledged of partition " +
                                   std::to_string(log_.partition().value()) + ": " + how +
                                   ". Its disk has lost that, or an older copy was put back");
    ports_.events.add(LogLevel::error, "a replica has committed what its primary has not: it is left alone",
                      {field(log_.partition()), field(term_.view()), {"node", std::to_string(node.value())}});
}

// ---------------------------------------------------------------- state transfer

void CatchUp::begin_transfer(Time now, NodeId node, Progress& progress) {
    if (!ports_.shard.well(node)) return;
    if (ports_.transfers.transfers() >= ports_.shard.map.settings.pace.max_moves_per_node) return;
    if (!ports_.transfers.open()) return;  // the log is kept from its start on
    const StateTransfer& transfer =
        progress.begin_transfer(now, ports_.numbers.next(), log_.commit(), log_.suffix().view_at(log_.commit()),
                                ports_.transfers.begin_transfer());
    replaced_tickets_[node] = transfer.ticket;
    ++ports_.counters.transfers_begun;
    ports_.events.add(LogLevel::debug, "state transfer begins",
                      {field(log_.partition()), field(term_.view()), {"to", std::to_string(node.value())}});
    continue_transfer(now, node, progress);
}

// One chunk is under way at a time, so that a slow learner, or a closed throttle, holds up nothing else.
void CatchUp::continue_transfer(Time now, NodeId node, Progress& progress) {
    StateTransfer& transfer = progress.transfer();
    // Away, or restarted in the middle, perhaps: it is asked again.
    const Duration limit = ports_.shard.lease().grace * 2;
    const bool silent = now - transfer.progress_at > limit ||
                        (progress.acked() < progress.sent() && now - progress.progress_at() > limit);
    if (!ports_.shard.well(node) || silent) return progress.abandon_transfer();
    if (transfer.chunk) {
        if (now - transfer.sent_at < resend_after(ports_.shard)) return;
        // Entries that came after it may have been applied there: only what is read now fits (step 4 in the header).
        if (transfer.entries) transfer.chunk = read_chunk(transfer);
    } else {
        if (!ports_.transfers.open()) {
            transfer.progress_at = now;
            return;
        }
        transfer.chunk = read_chunk(transfer);
    }
    transfer.sent_at = now;
    transfer.chunk->view = term_.view();
    std::size_t bytes = 64;
    for (const KeyRecord& record : transfer.chunk->records) bytes += record.key.size() + record.value.size() + 16;
    for (const SessionRecord& session : transfer.chunk->sessions) bytes += 32 + session.outcomes.size() * 20;
    ports_.transfers.spend(bytes);
    ports_.counters.transfer_bytes += bytes;
    ports_.messages.send(node, log_.partition(), *transfer.chunk);
}

// Of the keys behind `place`, but none beyond `limit`. -> what is read; `place` is where it ends.
std::vector<KeyRecord> CatchUp::read_keys(CopyPlace& place, const CopyPlace* limit) {
    if (place.all_keys) return {};
    ScanRange range{{}, {}, 0, chunk_bytes, false};
    if (place.after) range.after = *place.after;
    ScanPart part = ports_.engine.scan(log_.partition(), range);
    std::vector<KeyRecord>& records = part.records;
    const bool bounded = limit != nullptr && !limit->all_keys;
    while (bounded && !records.empty() && records.back().key > *limit->after) {
        records.pop_back();
        part.more = false;
    }
    place.all_keys = !part.more && !bounded;
    if (!part.more && bounded)
        place.after = limit->after;
    else if (!records.empty())
        place.after = records.back().key;
    return std::move(records);
}

// The next chunk, or the one under way as things are now. The learner may have taken what was sent of it before, and
// takes no other of the same index: so it ends where that ended, or earlier, and the next one begins there.
StateChunk CatchUp::read_chunk(StateTransfer& transfer) {
    const bool again = transfer.chunk.has_value();
    const CopyPlace before = std::exchange(transfer.reached, transfer.done);
    const CopyPlace* const limit = again ? &before : nullptr;
    CopyPlace& place = transfer.reached;
    StateChunk chunk{log_.partition(),
                     term_.view(),
                     transfer.id,
                     transfer.ticket,
                     transfer.next,
                     transfer.start,
                     transfer.start_view,
                     read_keys(place, limit),
                     {}};
    if (transfer.entries) {
        chunk.read_at = log_.commit();
        if (!place.all_keys) chunk.through = place.after;
    }
    if (!place.all_keys) return chunk;
    // Like the keys, the sessions are read while entries go on being applied; the learner applies all above `start` to
    // them again (SessionTable::part). One that knows nothing of parts gets all of them in the end.
    SessionSnapshot rest;
    if (transfer.session_parts) {
        const bool bounded = limit != nullptr && !limit->all;
        SessionTable::Part sessions = bounded
                                          ? log_.sessions().part(place.next_session, chunk_bytes, limit->next_session)
                                          : log_.sessions().part(place.next_session, chunk_bytes);
        place.next_session = sessions.next;
        chunk.sessions = std::move(sessions.sessions);
        if (sessions.more || bounded) return chunk;
        rest = {transfer.start, log_.sessions().dropped(), {}};
    } else {
        rest = log_.sessions().snapshot(log_.commit());
    }
    place.all = true;
    chunk.end = StateEnd{log_.commit(), std::move(rest), history_for(transfer)};
    return chunk;
}

// From `start` on. Where entries went along, what is held here may begin later by now, and the learner has them.
std::vector<ViewStart> CatchUp::history_for(const StateTransfer& transfer) const {
    std::vector<ViewStart> history = log_.suffix().history();
    if (!transfer.entries || transfer.start.none()) return history;
    std::erase_if(history, [&](const ViewStart& item) { return item.first <= transfer.start; });
    history.insert(history.begin(), {transfer.start_view, transfer.start});
    return history;
}

bool CatchUp::state_chunk_ok(Time now, NodeId from, Peer& peer, const StateChunkOk& message) {
    Progress& progress = peer.progress;
    if (progress.state() != Progress::State::transferring) return false;
    StateTransfer& transfer = progress.transfer();
    if (message.copy != transfer.id) return false;
    if (transfer.entries) progress.entries_ok(now, message, log_.last(), term_.view().id);
    if (!transfer.chunk || message.index != transfer.next) return false;
    transfer.chunk.reset();
    transfer.done = transfer.reached;
    transfer.progress_at = now;
    ++transfer.next;
    if (!transfer.done.all) {
        continue_transfer(now, from, progress);
        return false;
    }
    // The learner took our log over with the state: from what it has of the entries on it follows by Prepares.
    peer.lease.heard_at = std::max(peer.lease.heard_at, now);
    ++ports_.counters.transfers_completed;
    progress.finish_transfer(message.view, term_.view().id);
    if (!progress.replicating()) progress.ask_again(term_.view().id, log_.commit());
    return progress.replicating();
}

}  // namespace ringkv
