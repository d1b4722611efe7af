// The primary and its peers: the log goes out, lost parts of it again, and who is too far behind gets a copy.
#include <algorithm>

#include "common/check.hpp"
#include "node/primary.hpp"

namespace ringkv {

namespace {

// In one Prepare or StartView; the rest follows in Prepares.
constexpr std::size_t most_entries = 512;
constexpr std::size_t most_bytes = std::size_t{1} << 20U;
constexpr std::size_t chunk_bytes = std::size_t{16} << 10U;  // of a full copy: requests wait while one is made

// How long an unanswered message is waited for before it is sent again (P5).
Duration resend_after(const ReplicaContext& context) {
    return context.lease().beacon * 2;
}

}  // namespace

void Primary::send_start_view(Time now, NodeId node, Peer& peer) {
    peer.sent_at = now;
    if (peer.base < log_.suffix().start()) peer.base = log_.commit();
    context_.send(node, log_.partition(),
                  StartView{log_.partition(), state_.view, peer.base, log_.suffix().view_at(peer.base), log_.commit(),
                            log_.suffix().above(peer.base, most_entries, most_bytes)});
}

bool Primary::valid(const Peer& peer, ViewId said_in) const {
    return said_in >= peer.valid_from && said_in <= state_.view.id;
}

// A member keeps its log as long as we term. Others may delete theirs when they learn of a view without them, unless
// they have said in that very view that they have it (M4): they are asked again in each.
void Primary::ask_again(Peer& peer) {
    peer.valid_from = state_.view.id;
    peer.started = peer.needs_copy = false;
    peer.base = log_.commit();
    peer.sent_at = {};
}

// A learner's too, once it has our log. Who has answered has stored a view of this term, and will grant it.
void Primary::want_lease(Time now, NodeId node, const Peer& peer) {
    context_.claims_changed = true;
    if (peer.lease_until <= now) context_.beacon_to.insert(node);
}

void Primary::start_view_ok(Time now, NodeId from, const StartViewOk& message) {
    const auto found = peers_.find(from);
    if (found == peers_.end() || phase_ == Phase::waiting) return;
    Peer& peer = found->second;
    if (!valid(peer, message.view)) return;
    if (peer.started || peer.copy) return;  // a repeat, or of before the copy
    // A member that far behind is removed for want of progress, and comes back as a learner.
    const auto copy_instead = [&] {
        peer.needs_copy = !counts(from);
        peer.ticket = message.ticket;
    };
    if (message.gap) {
        const bool held = message.commit >= log_.suffix().start();
        const bool same_log = log_.suffix().matches(message.commit, message.commit_view);
        if (held && same_log && message.commit != peer.base) {
            peer.base = message.commit;
            send_start_view(now, from, peer);
        } else {
            copy_instead();
        }
        return;
    }
    // Said before a copy of ours that may have emptied it since: it is asked again.
    const auto copied = copied_tickets_.find(from);
    if (copied != copied_tickets_.end() && message.ticket <= copied->second) return;
    if (message.op < log_.suffix().start()) {
        copy_instead();  // the same log, but we no longer hold what it lacks
        return;
    }
    if (message.op > log_.last()) {
        // M6: it has more than we have. Its data is kept as it is; an operator must look.
        context_.log(LogLevel::error, "a replica is ahead of its primary: it is left alone",
                     {field(log_.partition()), field(state_.view), {"node", std::to_string(from.value())}});
        return;
    }
    peer.needs_copy = false;
    peer.started = true;
    peer.told_view = message.view == state_.view.id;
    peer.commit = message.commit;
    peer.acked = message.op;
    peer.sent = peer.acked;
    peer.reached = peer.acked;
    peer.progress_at = now;
    want_lease(now, from, peer);
    try_commit(now);
}

void Primary::send_prepares(Time now, NodeId node, Peer& peer) {
    if (peer.sent < log_.suffix().start()) {  // cut off by the suffix's limit: from the beginning
        peer.started = false;
        peer.base = log_.commit();
        return;
    }
    Prepare prepare{log_.partition(),  state_.view.id,
                    state_.view.since, {},
                    peer.sent.next(),  log_.suffix().above(peer.sent, most_entries, most_bytes),
                    log_.commit()};
    if (!peer.told_view) {
        prepare.announce = state_.view;
        peer.told_view = true;  // until it is time to send again
    }
    if (peer.acked == peer.reached) peer.progress_at = now;  // nothing was waited for until now
    peer.told_at = now;
    if (!prepare.entries.empty() || prepare.announce) peer.sent_at = now;
    peer.sent = OpNumber(peer.sent.value() + prepare.entries.size());
    peer.reached = std::max(peer.reached, peer.sent);
    context_.send(node, log_.partition(), std::move(prepare));
}

void Primary::prepare_ok(Time now, NodeId from, const PrepareOk& message) {
    const auto found = peers_.find(from);
    if (found == peers_.end()) return;
    Peer& peer = found->second;
    if (!valid(peer, message.view)) return;
    if (!peer.started) return;
    if (message.op > peer.acked && message.op <= log_.last()) {
        peer.acked = message.op;
        peer.progress_at = now;
    }
    peer.sent = std::max(peer.sent, peer.acked);
    peer.commit = message.commit;
    if (message.gap) peer.sent = std::min(message.op, log_.last());  // after a restart it may be sure of less
    if (message.gap && message.view < state_.view.id) peer.told_view = false;
    try_commit(now);
}

void Primary::tick_peer(Time now, NodeId node, Peer& peer) {
    if (peer.needs_copy && !peer.copy) begin_transfer(now, node, peer);
    if (peer.copy) {
        send_chunk(now, node, peer);
        return;
    }
    if (!counts(node) && !context_.well(node)) {
        peer.started = false;  // a learner that went away: from the beginning when it is back
        return;
    }
    const bool due = now - peer.sent_at >= resend_after(context_);
    if (!peer.started) {
        if (due) send_start_view(now, node, peer);
        return;
    }
    if (peer.acked < peer.sent && due) {
        peer.sent = peer.acked;
        peer.told_view = false;
        send_prepares(now, node, peer);
    } else if (peer.commit < log_.commit() && now - peer.told_at >= context_.lease().beacon) {
        send_prepares(now, node, peer);  // idle: the commit point alone, until it is known there
    }
}

void Primary::begin_transfer(Time now, NodeId node, Peer& peer) {
    if (counts(node)) peer.needs_copy = false;
    if (!peer.needs_copy || phase_ != Phase::serving || !context_.well(node)) return;
    if (context_.copies >= context_.map.settings.pace.max_moves_per_node) return;
    ++context_.copies;
    peer.needs_copy = false;
    peer.started = false;
    peer.copy = StateTransfer{};
    peer.copy->progress_at = now;
    peer.copy->id = context_.unique_number();
    copied_tickets_[node] = peer.ticket;
    peer.copy->start = log_.commit();
    peer.copy->start_view = log_.suffix().view_at(log_.commit());
    peer.acked = peer.sent = peer.reached = peer.commit = log_.commit();
    peer.progress_at = now;
    context_.log(LogLevel::debug, "full copy begins",
                 {field(log_.partition()), field(state_.view), {"to", std::to_string(node.value())}});
    send_chunk(now, node, peer);
}

void Primary::end_transfer(Peer& peer) {
    if (!peer.copy) return;
    peer.copy.reset();
    --context_.copies;
}

// One chunk is under way at a time, so that a slow learner, or a closed throttle, holds up nobody else.
void Primary::send_chunk(Time now, NodeId node, Peer& peer) {
    StateTransfer& copy = *peer.copy;
    if (!context_.well(node)) {
        end_transfer(peer);
        peer.started = false;
        return;
    }
    if (now - copy.progress_at > context_.lease().grace * 2) {  // restarted in the middle, perhaps: ask again
        end_transfer(peer);
        return;
    }
    if (copy.chunk) {
        if (now - copy.sent_at < resend_after(context_)) return;
    } else {
        if (!context_.throttle.open()) {
            copy.progress_at = now;
            return;
        }
        ScanRange range{{}, {}, 0, chunk_bytes, false};
        if (copy.after) range.after = *copy.after;
        ScanPart part = context_.engine.scan(log_.partition(), range);
        if (!part.records.empty()) copy.after = part.records.back().key;
        StateChunk chunk{
            log_.partition(),        state_.view, copy.id, peer.ticket, copy.next, copy.start, copy.start_view,
            std::move(part.records), {}};
        if (!part.more) {
            chunk.end = StateEnd{log_.commit(), log_.sessions().snapshot(log_.commit()), log_.suffix().history()};
            copy.last_sent = true;
        }
        copy.chunk = std::move(chunk);
    }
    copy.sent_at = now;
    copy.chunk->view = state_.view;
    std::size_t bytes = 64;
    for (const KeyRecord& record : copy.chunk->records) bytes += record.key.size() + record.value.size() + 16;
    context_.throttle.spend(bytes);
    context_.send(node, log_.partition(), *copy.chunk);
}

void Primary::state_chunk_ok(Time now, NodeId from, const StateChunkOk& message) {
    const auto found = peers_.find(from);
    if (found == peers_.end() || !found->second.copy) return;
    Peer& peer = found->second;
    StateTransfer& copy = *peer.copy;
    if (message.copy != copy.id || !copy.chunk || message.index != copy.next) return;
    copy.chunk.reset();
    copy.progress_at = now;
    ++copy.next;
    if (copy.last_sent) {
        // The learner took our log over with the copy: from `start` on it follows by Prepares.
        end_transfer(peer);
        peer.needs_copy = false;
        peer.started = peer.told_view = valid(peer, message.view);
        if (!peer.started) ask_again(peer);
        peer.heard_at = std::max(peer.heard_at, now);
        if (peer.started) want_lease(now, from, peer);
        return;
    }
    send_chunk(now, from, peer);
}

}  // namespace ringkv
