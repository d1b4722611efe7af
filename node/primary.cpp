#include "node/primary.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

namespace {
// Entries kept for a learner that does not keep up.
constexpr std::uint64_t most_behind = 100000;
// How often the members are looked at: a node may be the primary of thousands of partitions.
constexpr Duration members_interval = std::chrono::milliseconds(25);
}  // namespace

Primary::Primary(Time now, PartitionState state, BatchNumber view_batch, Time promised_until, PartitionLog& log,
                 ReplicaContext& context)
    : state_(std::move(state)),
      log_(log),
      context_(context),
      view_batch_(view_batch),
      // Who handed over to us released what we had promised it, and had waited for all its own promises before (V7,
      // L6).
      promised_until_(state_.view.leadership_transferred ? now : promised_until),
      phase_at_(now) {
    RINGKV_CHECK(state_.view.primary == context_.me, "somebody else's view");
    uncommitted_.resize(log_.last().value() - log_.commit().value());
    context_.held += uncommitted_.size();
    add_peers(now);
    context_.claims_changed = true;
    tick(now);
}

void Primary::state_changed(Time now, PartitionState state, BatchNumber view_batch) {
    const bool new_view = state.view.id != state_.view.id;
    state_ = std::move(state);
    if (new_view) {
        view_batch_ = view_batch;
        proposed_.clear();
        for (auto& [node, peer] : peers_) {
            peer.told_view = false;
            if (!state_.view.has(node)) ask_again(peer);
        }
        // "Never again in that view" (V6) is over with that view.
        if (phase_ == Phase::transferring_leadership) phase_ = Phase::serving;
        phase_at_ = now;
    }
    for (auto peer = peers_.begin(); peer != peers_.end();) {
        const bool wanted =
            state_.view.has(peer->first) || state_.has_learner(peer->first) || proposed_.contains(peer->first);
        if (!wanted) end_transfer(peer->second);
        peer = wanted ? std::next(peer) : peers_.erase(peer);
    }
    add_peers(now);
    context_.claims_changed = true;
    tick(now);
}

void Primary::add_peers(Time now) {
    const auto add = [&](NodeId node) {
        if (node == context_.me || peers_.contains(node)) return;
        Peer peer;
        peer.valid_from = state_.view.has(node) ? state_.view.since : state_.view.id;
        peer.base = log_.commit();
        peer.heard_at = now;
        peer.progress_at = now;
        peers_.emplace(node, peer);
    };
    for (NodeId node : state_.view.members) add(node);
    for (NodeId node : state_.learners) add(node);
}

std::vector<NodeId> Primary::required() const {
    std::vector<NodeId> nodes = state_.view.backups();
    for (NodeId node : proposed_)
        if (!state_.view.has(node)) nodes.push_back(node);
    return nodes;
}

std::vector<NodeId> Primary::lease_peers() const {
    std::vector<NodeId> nodes = required();
    for (const auto& [node, peer] : peers_)
        if (peer.started && !state_.view.has(node) && !proposed_.contains(node)) nodes.push_back(node);
    return nodes;
}

void Primary::start(Time now) {
    phase_ = Phase::starting;
    phase_at_ = now;
    log_.set_log_view(state_.view.id);
    for (auto& [node, peer] : peers_) {
        peer.base = log_.commit();
        if (state_.view.has(node)) send_start_view(now, node, peer);
    }
}

// Everything that every required replica has persisted is committed (P3). One that has not taken over this
// term's log counts as having nothing.
void Primary::try_commit(Time now) {
    if (phase_ == Phase::waiting) return;
    std::vector<OpNumber> persisted{log_.persisted()};
    for (NodeId node : required()) {
        const auto peer = peers_.find(node);
        persisted.push_back(peer != peers_.end() && peer->second.started ? peer->second.acked : OpNumber());
    }
    log_.advance(context_.commit_rule.committed(std::move(persisted)),
                 [this, now](const Entry& entry) { applied(now, entry); });
    try_serve(now);
}

void Primary::try_serve(Time now) {
    if (phase_ != Phase::starting || view_batch_ > context_.durable || log_.commit() != log_.last()) return;
    for (NodeId node : state_.view.backups())
        if (!peers_.at(node).started) return;
    phase_ = Phase::serving;
    phase_at_ = now;
    log_.sessions().touch_all(now);  // a new primary counts all sessions as just used (C2)
    context_.log(LogLevel::debug, "serving", {field(log_.partition()), field(state_.view)});
    context_.claims_changed = true;
    serve_held(now);
}

void Primary::applied(Time now, const Entry& entry) {
    if (const auto pending = pending_.find(entry.key); pending != pending_.end() && pending->second.op == entry.op)
        pending_.erase(pending);
    if (!entry.client.none()) {
        in_progress_.erase({entry.client, entry.sequence});
        log_.sessions().touch(entry.client, now);  // it may have come into being just now
    }
    RINGKV_CHECK(!uncommitted_.empty(), "an op was committed that the primary does not wait for");
    for (const Waiter& waiter : uncommitted_.front().waiters)
        context_.reply(waiter.from, WriteAnswer{waiter.request, entry.status, entry.version, log_.commit()});
    uncommitted_.pop_front();
    --context_.held;
}

bool Primary::lease_held(Time now, Time arrived, NodeId node) const {
    const auto peer = peers_.find(node);
    if (peer == peers_.end()) return false;
    return context_.map.settings.reads == ReadMode::confirmed ? peer->second.confirmed >= arrived
                                                              : peer->second.lease_until > now;
}

bool Primary::leases_held(Time now, Time arrived) const {
    for (NodeId node : required()) {
        const bool held = lease_held(now, arrived, node);
        if (!held) return false;
    }
    return true;
}

void Primary::lease_granted(Time now, NodeId from, Time sent) {
    const auto found = peers_.find(from);
    if (found == peers_.end()) return;
    Peer& peer = found->second;
    peer.lease_until = std::max(peer.lease_until, sent + context_.lease().duration);
    peer.confirmed = std::max(peer.confirmed, sent);
    peer.heard_at = now;
    serve_reads(now);
}

void Primary::lags(NodeId node) {
    if (const auto peer = peers_.find(node); peer != peers_.end()) peer->second.told_view = false;
}

void Primary::tick(Time now) {
    forget_old_requests(now);
    if (phase_ == Phase::waiting && now >= promised_until_ && view_batch_ <= context_.durable) start(now);
    if (phase_ == Phase::waiting) return;
    for (auto& [node, peer] : peers_) tick_peer(now, node, peer);
    if (phase_ == Phase::starting || log_.commit() != log_.last()) try_commit(now);
    if (now >= members_at_ || phase_ == Phase::transferring_leadership || context_.stopping) {
        members_at_ = now + members_interval;
        // One proposal at a time: two would take turns for ever, and neither be answered.
        if (!tick_members(now) && (phase_ == Phase::serving || phase_ == Phase::transferring_leadership))
            tick_leadership_transfer(now);
    }
    if (phase_ == Phase::serving) {
        serve_held(now);
        serve_reads(now);
        ask_for_leases(now);
        expire_sessions(now);
    }
}

void Primary::flush(Time now) {
    if (phase_ == Phase::waiting) return;
    for (auto& [node, peer] : peers_)
        if (peer.started && (peer.sent < log_.last() || !peer.told_view)) send_prepares(now, node, peer);
    OpNumber needed = log_.last();
    for (auto& [node, peer] : peers_) {
        if (peer.copy) needed = std::min(needed, peer.copy->start);
        if (!peer.started) continue;
        const bool lost = log_.last().value() - peer.acked.value() > most_behind;
        if (lost && !counts(node)) peer.started = false;  // a full copy is cheaper
        if (peer.started) needed = std::min(needed, peer.acked);
    }
    log_.trim(needed);
}

void Primary::durable(Time now) {
    if (phase_ == Phase::waiting) {
        tick(now);
        return;
    }
    try_commit(now);
}

void Primary::release(const View& newer) {
    const NodeInfo* node = context_.map.find(newer.primary);
    const auto tell = [&](const Address& to, RequestId request, bool maybe_appended) {
        NotPrimary answer{request, log_.partition(), newer, {}, maybe_appended};
        if (node != nullptr) answer.primary = *node;
        context_.reply(to, std::move(answer));
    };
    for (const Uncommitted& op : uncommitted_)
        for (const Waiter& waiter : op.waiters) tell(waiter.from, waiter.request, true);
    for (const Request& request : held_) tell(request.from, request.id(), false);
    for (const Request& request : reads_) tell(request.from, request.id(), false);
    context_.held -= held_.size() + reads_.size() + uncommitted_.size();
    for (auto& [node_id, peer] : peers_) end_transfer(peer);
    uncommitted_.clear();
    held_.clear();
    reads_.clear();
}

}  // namespace ringkv
