// The primary and its peers: the log goes out as Prepares, lost parts of it again.
#include <algorithm>

#include "node/primary.hpp"

namespace ringkv {

namespace {
// Entries kept for a learner that does not keep up, and takes none while it is copied to.
constexpr std::uint64_t most_behind = 100000;
// The part of limits.log that may be kept of one partition for a learner before its writers wait; twice as much if it
// gains ground.
constexpr std::uint64_t learners_share = 4;
// What is not acknowledged is sent again after so many times the pause, though no beacon shows that it was lost.
constexpr int patience = 4;
}  // namespace

void Primary::start_view_ok(Time now, NodeId from, const StartViewOk& message) {
    Peer* peer = term_.find(from);
    if (peer == nullptr || phase_ == Phase::waiting) return;
    note_waits(now);
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
    note_waits(now);
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
    if (progress.state() == State::transferring) {
        catch_up_.continue_transfer(now, node, progress);
        if (lost(now, peer)) send_again(now, node, progress);
        return;
    }
    if (!term_.counts(node) && !ports_.shard.well(node)) {
        progress.probe();  // a learner that went away: from the beginning when it is back
        return;
    }
    if (!progress.replicating()) {
        if (progress.due(now, resend_after(ports_.shard))) catch_up_.send_start_view(now, node, progress);
        return;
    }
    if (lost(now, peer)) {
        send_again(now, node, progress);
    } else if (progress.commit() < log_.commit() && now - progress.told_at() >= ports_.shard.lease().beacon) {
        send_prepares(now, node, progress);  // idle: the commit point alone, until it is known there
    }
}

// Messages to a peer arrive in the order in which they left. So a beacon that has been answered shows that Prepares
// from before it are lost, if they are not acknowledged; without one they may only wait in a queue, which would grow by
// them.
bool Primary::lost(Time now, const Peer& peer) const {
    const Progress& progress = peer.progress;
    if (!progress.follows() || !progress.unanswered()) return false;
    const bool passed = peer.lease.confirmed > progress.sent_at();
    return progress.due(now, resend_after(ports_.shard) * (passed ? 1 : patience));
}

void Primary::send_again(Time now, NodeId node, Progress& progress) {
    ++ports_.counters.prepares_again;
    progress.resend();
    send_prepares(now, node, progress);
}

void Primary::send_prepares(Time now, NodeId node, Progress& progress) {
    if (progress.sent() < log_.suffix().start()) {  // cut off by the suffix's limit: from the beginning
        progress.abandon_transfer();
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
        if (has_something_for(peer.progress)) send_prepares(now, node, peer.progress);
    }
    trim_log(now);
}

bool Primary::has_something_for(const Progress& progress) const {
    if (!progress.follows()) return false;
    if (progress.forwarding()) {
        // It shares its time with the copy: so much at a time, as it says that it has them.
        if (progress.sent() == log_.last() || progress.acked() < log_.suffix().start()) return false;
        return log_.suffix().bytes_between(progress.acked(), progress.sent()) < most_bytes;
    }
    return progress.sent() < log_.last() || !progress.knows_view();
}

// A learner that says nothing is asked anew, and nothing is kept for it meanwhile. For one that does not take entries
// while it is copied to, writers do not wait: if it falls behind, it is cheaper to copy anew.
bool Primary::given_up(Time now, Progress& progress) const {
    if (progress.takes_entries()) return progress.waiting() && now - progress.progress_at() > silence();
    return progress.lost_ground(log_.last().value() - progress.acked().value()) > most_behind;
}

// So much is kept for this learner, committed as it is, or for all learners of the shard, that it must catch up before
// more is written (M2).
std::uint64_t Primary::hold_writers_for(NodeId node, Progress& progress) {
    const OpNumber from = progress.acked();
    if (!progress.takes_entries() || from < log_.suffix().start() || from >= log_.commit()) return 0;
    const std::uint64_t share = ports_.shard.limits.log / learners_share;
    const std::uint64_t lacks = log_.suffix().bytes_between(from, log_.commit());
    const bool gains = progress.replicating() && progress.lost_ground(lacks) <= share / 4;
    if (lacks <= share * (gains ? 2 : 1) && !ports_.memory.too_much_for_learners(lacks)) return lacks;
    writers_wait_ = true;
    if (!progress.first_to_be_waited_for()) return lacks;
    ports_.events.add(LogLevel::warning, "writes wait: a copy of the partition is being made and cannot keep up",
                      {field(log_.partition()), field(view()), {"to", std::to_string(node.value())}});
    return lacks;
}

// Keeps what the peers that follow have not acknowledged, and of a state transfer what is above its start, or above
// what has gone along with it.
void Primary::trim_log(Time now) {
    OpNumber needed = log_.last();
    std::uint64_t for_learners = 0;
    writers_wait_ = false;
    for (auto& [node, peer] : term_.peers) {
        Progress& progress = peer.progress;
        const bool learner = !term_.counts(node);
        if (learner && progress.replicating() && given_up(now, progress)) progress.probe();
        if (!progress.replicating() && progress.transfer_under_way() == nullptr) continue;
        needed = std::min(needed, progress.acked());
        if (learner) for_learners = std::max(for_learners, hold_writers_for(node, progress));
    }
    kept_for_learners_ = ports_.memory.kept_for_learners(for_learners);
    log_.trim(needed);
}

}  // namespace ringkv
