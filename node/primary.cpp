#include "node/primary.hpp"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "common/check.hpp"

namespace ringkv {

namespace {
// How often the members are looked at: a node may be the primary of thousands of partitions.
constexpr Duration members_interval = std::chrono::milliseconds(25);
// How soon it is looked again while something is waited for.
constexpr Duration tick_soon = std::chrono::milliseconds(10);
}  // namespace

Primary::Primary(Time now, PartitionState state, BatchNumber view_batch, Time promised_until, PartitionLog& log,
                 const ReplicaPorts& ports)
    : log_(log),
      ports_(ports),
      term_{std::move(state), {}, {}},
      catch_up_(term_, log, ports),
      membership_(term_, log, ports.shard),
      view_batch_(view_batch),
      // A primary that transferred its leadership to us released what we had promised it, and had waited for all its
      // own promises before (V7, L6).
      promised_until_(view().leadership_transferred ? now : promised_until),
      phase_at_(now),
      kept_for_learners_(ports.memory.kept_for_learners(0)) {
    RINGKV_CHECK(view().primary == ports_.shard.me, "another node's view");
    for (OpNumber op = log_.commit(); op < log_.last(); op = op.next()) await_commit(now, log_.suffix().at(op.next()));
    add_peers(now);
    ports_.leases.claims_changed();
    tick(now);
}

void Primary::state_changed(Time now, PartitionState state, BatchNumber view_batch) {
    note_waits(now);  // for a node that is no member any more
    const bool new_view = state.view.id != view().id;
    term_.state = std::move(state);
    if (new_view) {
        view_batch_ = view_batch;
        term_.proposed.clear();
        // A member keeps its log as long as our term lasts. Others may delete theirs when they learn of a view without
        // them, unless they have said in that very view that they have it (M4): they are asked again in each.
        for (auto& [node, peer] : term_.peers) {
            peer.progress.view_changed(now);
            if (!view().has(node)) peer.progress.ask_again(view().id, log_.commit());
        }
        // "Never again in that view" (V6) is over with that view.
        if (phase_ == Phase::transferring_leadership) phase_ = Phase::serving;
        phase_at_ = now;
    }
    drop_peers();
    add_peers(now);
    ports_.leases.claims_changed();
    tick(now);
}

void Primary::drop_peers() {
    term_.peers.erase_if([this](NodeId node) { return !term_.counts(node) && !term_.state.has_learner(node); });
}

void Primary::add_peers(Time now) {
    const auto add = [&](NodeId node) {
        if (node == ports_.shard.me || term_.find(node) != nullptr) return;
        const ViewId valid_from = view().has(node) ? view().since : view().id;
        HeldLease lease;
        lease.heard_at = now;
        term_.peers.add(node, Peer{Progress(valid_from, log_.commit(), now), lease});
    };
    for (NodeId node : view().members) add(node);
    for (NodeId node : term_.state.learners) add(node);
}

void Primary::start(Time now) {
    phase_ = Phase::starting;
    phase_at_ = now;
    log_.set_log_view(view().id);
    for (auto& [node, peer] : term_.peers) {
        peer.progress.offer_from(log_.commit());
        if (view().has(node)) catch_up_.send_start_view(now, node, peer.progress);
    }
}

OpNumber Primary::stored_here() const {
    return view_is_stored() ? log_.persisted() : OpNumber();
}

void Primary::await_disk() {
    ports_.storage.await(log_.partition(), log_.next_batch());
}

OpNumber Primary::stored_at(NodeId node) const {
    const Peer* peer = term_.find(node);
    const bool counts = peer != nullptr && peer->progress.replicating() && peer->progress.stored_view();
    return counts ? peer->progress.acked() : OpNumber();
}

// Everything that every required replica has stored is committed (P3).
void Primary::try_commit(Time now) {
    if (phase_ == Phase::waiting) return;
    if (slow_commit_) note_what_came(now);
    absl::InlinedVector<OpNumber, 8> persisted{stored_here()};
    (void)term_.all_required([&](NodeId node) {
        persisted.push_back(stored_at(node));
        return true;
    });
    log_.advance(ports_.shard.commit_rule.committed(persisted),
                 [this, now](const Entry& entry) { applied(now, entry); });
    if (slow_commit_ && slow_commit_->op() <= log_.commit()) slow_commit_.reset();
    if (log_.commit() != log_.last()) {
        persisted.front() = log_.last();  // would that commit something?
        if (ports_.shard.commit_rule.committed(persisted) > log_.commit()) await_disk();
    }
    try_serve(now);
    serve_reads_behind_commits(now);
}

void Primary::try_serve(Time now) {
    if (phase_ != Phase::starting || !view_is_stored() || log_.commit() != log_.last()) return;
    for (NodeId node : view().backups())
        if (!term_.peers.at(node).progress.replicating()) return;
    phase_ = Phase::serving;
    phase_at_ = now;
    log_.sessions().touch_all(now);  // a new primary counts all sessions as just used (C2)
    ports_.events.add(LogLevel::debug, "serving", {field(log_.partition()), field(view())});
    ports_.leases.claims_changed();
    serve_held(now);
}

void Primary::applied(Time now, const Entry& entry) {
    if (!entry.client.none()) log_.sessions().touch(entry.client, now);  // it may have come into being just now
    RINGKV_CHECK(!uncommitted_.empty(), "an op was committed that the primary does not wait for");
    const UncommittedWrites::Op& op = uncommitted_.front();
    for (const Waiter& waiter : op.waiters) {
        ports_.messages.answer(waiter.from,
                               WriteAnswer{waiter.request, entry.status,
                                           told_version(waiter.ack, entry.status, entry.version), log_.commit()});
        answered(now, op, waiter);
    }
    ports_.counters.replication.add(now - op.appended);
    uncommitted_.pop();
}

// ---------------------------------------------------------------- leases

bool Primary::lease_held(Time now, Time arrived, NodeId node) const {
    const Peer* peer = term_.find(node);
    if (peer == nullptr) return false;
    return ports_.shard.map.settings.reads == ReadMode::confirmed ? peer->lease.confirmed >= arrived
                                                                  : peer->lease.until > now;
}

bool Primary::leases_held(Time now, Time arrived) const {
    return term_.all_required([&](NodeId node) { return lease_held(now, arrived, node); });
}

bool Primary::leases_run(Time now) const {
    return term_.all_required([&](NodeId node) {
        const Peer* peer = term_.find(node);
        return peer != nullptr && peer->lease.until > now;
    });
}

void Primary::count_lease_losses(Time now) {
    const bool run = leases_run(now);
    if (std::exchange(had_leases_, run) && !run) ++ports_.counters.lease_losses;
}

void Primary::lease_granted(Time now, NodeId from, Time sent) {
    Peer* peer = term_.find(from);
    if (peer == nullptr) return;
    peer->lease.until = std::max(peer->lease.until, sent + ports_.shard.lease().duration);
    peer->lease.confirmed = std::max(peer->lease.confirmed, sent);
    peer->lease.heard_at = now;
    serve_reads(now);
    answer_waiting_early(now);
}

std::optional<Time> Primary::sole_committer_until(Time now) const {
    if (phase_ != Phase::serving) return std::nullopt;  // a successor need not wait for our leases (V7)
    Time until = now;
    (void)term_.all_required([&](NodeId node) {
        until = std::min(until, term_.peers.at(node).lease.until);
        return true;
    });
    return until;
}

// A learner's too, once it has our log. A node that has answered has stored a view of this term, and will grant it.
void Primary::want_lease(Time now, NodeId node, const Peer& peer) {
    ports_.leases.claims_changed();
    if (peer.lease.until <= now) ports_.leases.ask_at_once(node);
}

void Primary::lags(NodeId node) {
    if (Peer* peer = term_.find(node)) peer->progress.forget_that_it_knows_the_view();
}

// ---------------------------------------------------------------- members and leadership

void Primary::propose(View next) {
    next.id = view().id.next();
    ports_.proposals.propose(Proposal{log_.partition(), view().id, std::move(next), false});
}

bool Primary::tick_members(Time now) {
    const auto members = membership_.change(now, phase_ == Phase::serving, phase_at_);
    if (!members) return false;
    bool more = false;
    for (NodeId node : *members) more = (!view().has(node) && term_.proposed.insert(node).second) || more;
    if (more) {
        ports_.leases.claims_changed();
        proposed_batch_ = ports_.storage.store(
            log_.partition(),
            ProposedRecord{log_.partition(), view().id, {term_.proposed.begin(), term_.proposed.end()}});
    }
    // Stored first (R4): what we have forgotten by a restart a rebuild of the registry could not ask them for.
    if (!ports_.storage.stored(proposed_batch_)) return true;
    propose(View{{}, view().since, ports_.shard.me, *members, false});
    return true;
}

// V7: no new requests; what is under way commits; then another member is proposed.
void Primary::tick_leadership_transfer(Time now) {
    if (phase_ == Phase::serving) {
        if (!ports_.shard.registry.in_reach) return;  // no view could follow, and we would not serve on (V6)
        successor_ = membership_.successor(now, phase_at_);
        if (successor_.none()) return;
        phase_ = Phase::transferring_leadership;
        phase_at_ = now;
    }
    // Requests wait meanwhile; a member that does not answer is removed by tick_members.
    if (log_.commit() != log_.last()) return;
    View next{{}, view().id.next(), successor_, view().members, true};
    if (ports_.shard.stopping) std::erase(next.members, ports_.shard.me);
    if (now - phase_at_ > ports_.shard.lease().grace * 2) {
        // It was not taken: a new view of ours ends "never again in that view" (V6), and we serve on.
        next = View{{}, view().since, ports_.shard.me, view().members, false};
    }
    propose(std::move(next));
}

// ---------------------------------------------------------------- the turn

void Primary::tick(Time now) {
    forget_old_requests(now);
    if (phase_ == Phase::waiting && now >= promised_until_ && view_is_stored()) start(now);
    if (phase_ == Phase::waiting) return;
    for (auto& [node, peer] : term_.peers) tick_peer(now, node, peer);
    if (phase_ == Phase::starting || log_.commit() != log_.last()) try_commit(now);
    if (now >= members_at_ || phase_ == Phase::transferring_leadership || ports_.shard.stopping) {
        members_at_ = now + members_interval;
        // One proposal at a time: two would take turns for ever, and neither be answered.
        const bool proposed = tick_members(now);
        if (!proposed && (phase_ == Phase::serving || phase_ == Phase::transferring_leadership))
            tick_leadership_transfer(now);
    }
    if (phase_ == Phase::serving) {
        count_lease_losses(now);
        serve_held(now);
        serve_reads(now);
        serve_reads_behind_commits(now);
        answer_waiting_early(now);
        ask_for_leases(now);
        expire_sessions(now);
    }
}

Time Primary::next_tick(Time now) const {
    const bool busy = phase_ != Phase::serving || ports_.shard.stopping || !held_.empty() || !reads_.empty() ||
                      !reads_behind_.empty() || !early_.empty() || !term_.proposed.empty();
    // The turn before had answered enough.
    if (phase_ == Phase::serving && (!held_.empty() || (!reads_.empty() && leases_held(now, now)))) return now;
    if (phase_ == Phase::serving && !reads_behind_.empty() && reads_behind_.begin()->first <= log_.commit()) return now;
    if (busy) return now + tick_soon;
    // For the members, and what leadership waits for.
    Time next = more_expire_ ? expiry_at_ : now + ports_.shard.lease().duration;
    for (const auto& [node, peer] : term_.peers) next = std::min(next, next_look_at(now, node, peer));
    return std::max(next, now + tick_soon);
}

// When there may be something to do about a peer, if nothing comes from it.
Time Primary::next_look_at(Time now, NodeId node, const Peer& peer) const {
    const Progress& progress = peer.progress;
    const Duration grace = ports_.shard.lease().grace;
    if (!progress.replicating()) return now + tick_soon;
    if (!term_.counts(node)) return now + members_interval;
    Time next = peer.lease.heard_at + grace;
    if (progress.unanswered()) next = std::min(next, progress.sent_at() + resend_after(ports_.shard));
    if (progress.waiting()) next = std::min(next, progress.progress_at() + grace * 2);
    if (progress.commit() < log_.commit()) next = std::min(next, progress.told_at() + ports_.shard.lease().beacon);
    return next;
}

void Primary::durable(Time now) {
    if (phase_ == Phase::waiting) {
        tick(now);
        return;
    }
    try_commit(now);
    answer_waiting_early(now);
}

void Primary::release(const View& newer) {
    const NodeInfo* node = ports_.shard.map.find(newer.primary);
    const auto tell = [&](const Address& to, RequestId request, bool maybe_appended,
                          RequestKind kind = RequestKind::write) {
        NotPrimary answer{request, log_.partition(), newer, {}, maybe_appended};
        if (node != nullptr) answer.primary = *node;
        ports_.messages.answer(to, std::move(answer));
        ports_.counters.count(kind, RequestOutcome::redirected);
    };
    for (const UncommittedWrites::Op& op : uncommitted_)
        for (const Waiter& waiter : op.waiters) tell(waiter.from, waiter.request, true);
    for (const Fifo<Held>* waiting : {&held_, &reads_})
        for (const Held& held : *waiting) tell(held.request.from, held.request.id(), false, held.request.kind());
    for (const auto& [op, held] : reads_behind_) tell(held.request.from, held.request.id(), false, held.request.kind());
    uncommitted_.clear();
    early_.clear();
    reads_behind_.clear();
    held_.clear();
    reads_.clear();
}

void Primary::check_invariants() const {
    RINGKV_CHECK(view().primary == ports_.shard.me, "a primary in another node's view");
    RINGKV_CHECK(log_.commit().value() + uncommitted_.size() == log_.last().value(),
                 "ops above the commit point and those that are waited for differ");
    uncommitted_.check_invariants();
    if (!uncommitted_.empty())
        RINGKV_CHECK(uncommitted_.begin()->entry->op == log_.commit().next(), "another op is waited for than is next");
    RINGKV_CHECK(phase_ == Phase::serving || phase_ == Phase::transferring_leadership || reads_.empty(),
                 "reads wait for leases before the primary serves");
    RINGKV_CHECK(phase_ == Phase::serving || phase_ == Phase::transferring_leadership ||
                     (early_.empty() && reads_behind_.empty() && uncommitted_.answered_early() == 0),
                 "writes are answered early before the primary serves");
    RINGKV_CHECK(phase_ != Phase::transferring_leadership || !successor_.none(), "leadership goes to no node");
    RINGKV_CHECK(term_.all_required([this](NodeId node) { return term_.find(node) != nullptr; }),
                 "a required node is no peer");
    for (const auto& [node, peer] : term_.peers) {
        RINGKV_CHECK(node != ports_.shard.me, "the primary is a peer of its own");
        RINGKV_CHECK(term_.counts(node) || term_.state.has_learner(node), "a peer that is not wanted");
        peer.progress.check_invariants(log_.last());
    }
}

}  // namespace ringkv
