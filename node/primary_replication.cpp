// The primary and its peers: the log goes out as Prepares, lost parts of it again.
#include <algorithm>

#include "node/primary.hpp"

namespace ringkv {

namespace {
// Entries kept for a learner that does not keep up.
constexpr std::uint64_t most_behind = 100000;
}  // namespace

void Primary::start_view_ok(Time now, NodeId from, const StartViewOk& message) {
    Peer* peer = term_.find(from);
    if (peer == nullptr || phase_ == Phase::waiting) return;
    if (!catch_up_.start_view_ok(now, from, peer->progress, message)) return;
    want_lease(now, from, *peer);
    try_commit(now);
}

void Primary::state_chunk_ok(Time now, NodeId from, const StateChunkOk& message) {
    Peer* peer = term_.find(from);
    if (peer != nullptr && catch_up_.state_chunk_ok(now, from, *peer, message)) want_lease(now, from, *peer);
}

void Primary::prepare_ok(Time now, NodeId from, const PrepareOk& message) {
    Peer* peer = term_.find(from);
    if (peer == nullptr || !peer->progress.replicating()) return;
    if (!peer->progress.valid(message.view, view().id)) return;
    peer->progress.prepare_ok(now, message, log_.last(), view().id);
    try_commit(now);
}

void Primary::tick_peer(Time now, NodeId node, Peer& peer) {
    using State = Progress::State;
    Progress& progress = peer.progress;
    if (progress.state() == State::awaiting_transfer) {
        if (term_.counts(node))
            progress.keep_log();
        else if (phase_ == Phase::serving)
            catch_up_.begin_transfer(now, node, progress);
    }
    if (progress.state() == State::transferring) return catch_up_.continue_transfer(now, node, progress);
    if (!term_.counts(node) && !ports_.shard.well(node)) {
        progress.probe();  // a learner that went away: from the beginning when it is back
        return;
    }
    const bool due = progress.due(now, resend_after(ports_.shard));
    if (!progress.replicating()) {
        if (due) catch_up_.send_start_view(now, node, progress);
        return;
    }
    if (progress.acked() < progress.sent() && due) {
        progress.resend();
        send_prepares(now, node, progress);
    } else if (progress.commit() < log_.commit() && now - progress.told_at() >= ports_.shard.lease().beacon) {
        send_prepares(now, node, progress);  // idle: the commit point alone, until it is known there
    }
}

void Primary::send_prepares(Time now, NodeId node, Progress& progress) {
    if (progress.sent() < log_.suffix().start()) {  // cut off by the suffix's limit: from the beginning
        progress.probe(log_.commit());
        return;
    }
    Prepare prepare{log_.partition(),       view().id,
                    view().since,           {},
                    progress.sent().next(), log_.suffix().above(progress.sent(), most_entries, most_bytes),
                    log_.commit()};
    if (!progress.knows_view()) prepare.announce = view();
    progress.prepare_sent(now, prepare.entries.size(), prepare.announce.has_value());
    ports_.messages.send(node, std::move(prepare));
}

void Primary::flush(Time now) {
    if (phase_ == Phase::waiting) return;
    // With nothing to store, and no node to wait for, no answer will come that commits what was appended.
    if (log_.commit() != log_.last() && term_.alone()) try_commit(now);
    for (auto& [node, peer] : term_.peers) {
        const Progress& progress = peer.progress;
        if (progress.replicating() && (progress.sent() < log_.last() || !progress.knows_view()))
            send_prepares(now, node, peer.progress);
    }
    trim_log();
}

// Keeps what the peers that follow have not acknowledged; a learner that does not keep up is cheaper to bring up anew.
void Primary::trim_log() {
    OpNumber needed = log_.last();
    for (auto& [node, peer] : term_.peers) {
        Progress& progress = peer.progress;
        if (const StateTransfer* transfer = progress.transfer_under_way()) needed = std::min(needed, transfer->start);
        if (!progress.replicating()) continue;
        const bool lost = log_.last().value() - progress.acked().value() > most_behind;
        if (lost && !term_.counts(node)) progress.probe();
        if (progress.replicating()) needed = std::min(needed, progress.acked());
    }
    log_.trim(needed);
}

}  // namespace ringkv
