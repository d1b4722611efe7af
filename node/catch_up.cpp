#include "node/catch_up.hpp"

#include <algorithm>

namespace ringkv {

namespace {
constexpr std::size_t chunk_bytes = std::size_t{16} << 10U;  // of a state transfer: requests wait while one is made
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
    if (message.op > log_.last()) {
        // M6: it has more than we have. Its data is kept as it is; an operator must look.
        ports_.events.add(LogLevel::error, "a replica is ahead of its primary: it is left alone",
                          {field(log_.partition()), field(term_.view()), {"node", std::to_string(from.value())}});
        return false;
    }
    progress.replicate(now, message.op, message.commit, message.view == term_.view().id);
    return true;
}

// ---------------------------------------------------------------- state transfer

void CatchUp::begin_transfer(Time now, NodeId node, Progress& progress) {
    if (!ports_.shard.well(node)) return;
    if (ports_.transfers.transfers() >= ports_.shard.map.settings.pace.max_moves_per_node) return;
    const StateTransfer& transfer =
        progress.begin_transfer(now, ports_.numbers.next(), log_.commit(), log_.suffix().view_at(log_.commit()),
                                ports_.transfers.begin_transfer());
    replaced_tickets_[node] = transfer.ticket;
    ports_.events.add(LogLevel::debug, "state transfer begins",
                      {field(log_.partition()), field(term_.view()), {"to", std::to_string(node.value())}});
    continue_transfer(now, node, progress);
}

// One chunk is under way at a time, so that a slow learner, or a closed throttle, holds up nothing else.
void CatchUp::continue_transfer(Time now, NodeId node, Progress& progress) {
    StateTransfer& transfer = progress.transfer();
    // Away, or restarted in the middle, perhaps: it is asked again.
    const bool silent = now - transfer.progress_at > ports_.shard.lease().grace * 2;
    if (!ports_.shard.well(node) || silent) return progress.abandon_transfer();
    if (transfer.chunk) {
        if (now - transfer.sent_at < resend_after(ports_.shard)) return;
    } else {
        if (!ports_.transfers.open()) {
            transfer.progress_at = now;
            return;
        }
        transfer.chunk = next_chunk(transfer);
    }
    transfer.sent_at = now;
    transfer.chunk->view = term_.view();
    std::size_t bytes = 64;
    for (const KeyRecord& record : transfer.chunk->records) bytes += record.key.size() + record.value.size() + 16;
    for (const SessionRecord& session : transfer.chunk->sessions) bytes += 32 + session.outcomes.size() * 20;
    ports_.transfers.spend(bytes);
    ports_.messages.send(node, log_.partition(), *transfer.chunk);
}

StateChunk CatchUp::next_chunk(StateTransfer& transfer) {
    ScanPart part;
    if (!transfer.scanned) {
        ScanRange range{{}, {}, 0, chunk_bytes, false};
        if (transfer.after) range.after = *transfer.after;
        part = ports_.engine.scan(log_.partition(), range);
        if (!part.records.empty()) transfer.after = part.records.back().key;
        transfer.scanned = !part.more;
    }
    StateChunk chunk{log_.partition(),
                     term_.view(),
                     transfer.id,
                     transfer.ticket,
                     transfer.next,
                     transfer.start,
                     transfer.start_view,
                     std::move(part.records),
                     {}};
    if (!transfer.scanned) return chunk;
    // Like the keys, the sessions are read while entries go on being applied; the learner applies all above `start` to
    // them again (SessionTable::part). One that knows nothing of parts gets all of them in the end.
    SessionSnapshot rest;
    if (transfer.session_parts) {
        SessionTable::Part sessions = log_.sessions().part(transfer.next_session, chunk_bytes);
        transfer.next_session = sessions.next;
        chunk.sessions = std::move(sessions.sessions);
        if (sessions.more) return chunk;
        rest = {transfer.start, log_.sessions().dropped(), {}};
    } else {
        rest = log_.sessions().snapshot(log_.commit());
    }
    chunk.end = StateEnd{log_.commit(), std::move(rest), log_.suffix().history()};
    transfer.last_sent = true;
    return chunk;
}

bool CatchUp::state_chunk_ok(Time now, NodeId from, Peer& peer, const StateChunkOk& message) {
    Progress& progress = peer.progress;
    if (progress.state() != Progress::State::transferring) return false;
    StateTransfer& transfer = progress.transfer();
    if (message.copy != transfer.id || !transfer.chunk || message.index != transfer.next) return false;
    transfer.chunk.reset();
    transfer.progress_at = now;
    ++transfer.next;
    if (!transfer.last_sent) {
        continue_transfer(now, from, progress);
        return false;
    }
    // The learner took our log over with the state: from `start` on it follows by Prepares.
    peer.lease.heard_at = std::max(peer.lease.heard_at, now);
    progress.finish_transfer(progress.valid(message.view, term_.view().id));
    if (!progress.replicating()) progress.ask_again(term_.view().id, log_.commit());
    return progress.replicating();
}

}  // namespace ringkv
