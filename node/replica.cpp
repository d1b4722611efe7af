#include "node/replica.hpp"

#include <algorithm>
#include <utility>

#include "common/check.hpp"
#include "common/partitioning.hpp"
#include "common/placement/planning.hpp"
#include "node/peer_checks.hpp"

namespace ringkv {

namespace {
// How often is looked whether a copy is of no use any more.
constexpr Duration deletion_interval = std::chrono::milliseconds(50);
// How often a commit point is stored by itself.
constexpr Duration note_interval = std::chrono::seconds(1);
// How often a proposal is repeated that has no answer yet; what is sent is RegistryLink's to say.
constexpr Duration proposal_interval = std::chrono::milliseconds(10);
}  // namespace

Replica::Replica(PartitionId partition, const ReplicaPorts& ports, Time promised_until)
    : partition_(partition),
      ports_(ports),
      log_(partition, ports.engine, ports.storage, ports.suffixes),
      promised_until_(promised_until) {}

void Replica::learn(Time now, const PartitionState& state) {
    const bool new_target = state.target != state_.target || state.learners != state_.learners;
    state_.target = state.target;
    state_.learners = state.learners;
    if (state.view.id > state_.view.id)
        learn_view(now, state.view);
    else if (new_target && primary_)
        primary_->state_changed(now, state_, view_batch_);
}

// R4: decided by the registry that was lost, and not known when this shard reported to the rebuild.
bool Replica::void_here(ViewId view) const {
    return view.generation < ports_.shard.fence.generation && view > state_.view.id;
}

void Replica::learn_view(Time now, const View& view) {
    if (view.id <= state_.view.id) return;
    if (void_here(view.id)) return;
    const bool same_term = view.since == state_.view.since;
    if (same_term && view.primary != state_.view.primary)
        return ports_.refused.add(now, partition_, "a term has one primary, and a view of this one names another");
    if (view.begins > log_.last() && view.members == std::vector{ports_.shard.me}) begin_anew(view);
    state_.view = view;
    ++ports_.counters.view_changes;
    view_batch_ = ports_.storage.store(partition_, ViewRecord{partition_, view});
    ports_.leases.claims_changed();
    if (!same_term) {
        owe_no_prepare_ok();
        owed_start_view_ok_.reset();
        owed_chunk_ok_.reset();
    }
    take_role(now, same_term);
}

// V8: before the view is stored. What comes back from a disk that was torn in between may hold nothing, but nothing
// old.
void Replica::begin_anew(const View& view) {
    if (primary_) primary_->release(view);
    primary_.reset();
    log_goes();
    log_.begin_anew(view.begins, view.id);
    verified_ = log_.commit();
}

void Replica::take_role(Time now, bool same_term) {
    const View& view = state_.view;
    if (primary_ && same_term) {
        primary_->state_changed(now, state_, view_batch_);
        return;
    }
    if (primary_) {
        primary_->release(view);
        primary_.reset();
    }
    // A term that an earlier start of ours began is over: it may have sent what we did not store (V4).
    if (view.primary == ports_.shard.me && view.since != restored_since_) {
        ++ports_.counters.terms;
        primary_ = std::make_unique<Primary>(now, state_, view_batch_, promised_until_, log_, ports_);
        return;
    }
    // Learning of a view counts as promising its primary now (L6).
    promised_until_ = std::max(promised_until_, now + ports_.shard.lease().grace);
}

void Replica::request(Request&& request) {
    if (const StaleRead* stale = request.stale()) return answer_stale(request, *stale);
    if (primary_) {
        primary_->request(std::move(request));
        return;
    }
    NotPrimary answer{request.id(), partition_, state_.view, {}, false};
    if (const NodeInfo* node = ports_.shard.map.find(state_.view.primary)) answer.primary = *node;
    ports_.messages.answer(request.from, std::move(answer));
    ports_.counters.count(request.kind(), RequestOutcome::redirected);
}

// A Prepare or PrepareOk of another term is dropped, with an answer naming the newer view (P2).
bool Replica::follows(NodeId from, ViewId view, ViewId since) {
    if (void_here(view)) return false;
    if (state_.view.primary == from && state_.view.since == since) return true;
    if (view < state_.view.id) ports_.messages.send(from, partition_, NewerView{partition_, state_.view});
    return false;
}

void Replica::receive(Time now, NodeId from, const Prepare& message) {
    if (message.announce) learn_view(now, *message.announce);
    if (!follows(from, message.view, message.since)) return;
    asks_again_ = false;
    // Only in the log whose StartView we took over; within a term it moves along (V3). Or in that of a copy which
    // entries go along with (M2).
    const bool copied_to = log_.incomplete();
    const bool in_the_log = copied_to ? log_.takes_entries(message.since)
                                      : log_.log_view() >= message.since && log_.log_view() <= message.view;
    if (!in_the_log) return;
    // Of a view that was announced in a Prepare which has not arrived: its sender announces it again.
    if (message.view > state_.view.id) return acknowledge(from, true);
    if (!copied_to) log_.set_log_view(std::max(log_.log_view(), message.view));
    verified_ = std::max(verified_, log_.commit());
    if (message.first > verified_.next()) {
        acknowledge(from, true);
        return;
    }
    if (!fit(now, message.entries)) return;
    log_.advance(std::min(message.commit, verified_));  // new entries are stored with the commit point of now (D3)
    take_entries(message.entries);
    log_.advance(std::min(message.commit, verified_));
    log_.trim(log_.commit());
    if (message.entries.empty() || log_.commit() == log_.last()) note_commit_soon(now);
    owe_prepare_ok(from);
}

// What we have and the primary's log has too (same op, same view) stays: a StartView may bring only the first
// part of the log, and what was acknowledged in an earlier view must not be truncated before the rest has come.
void Replica::take_entries(const Entries& entries) {
    for (const EntryPtr& entry : entries) {
        if (entry->op <= log_.commit()) continue;
        if (log_.suffix().holds(entry->op) && log_.suffix().view_at(entry->op) != entry->view)
            log_.truncate(entry->op.previous());
        if (entry->op == log_.last().next()) log_.append(entry);
        verified_ = std::max(verified_, entry->op);
    }
}

bool Replica::fit(Time now, const Entries& entries) {
    const auto objection = objection_to(entries, log_);
    if (objection) ports_.refused.add(now, partition_, *objection);
    return !objection;
}

void Replica::receive(Time now, NodeId from, const StartView& message) {
    learn_view(now, message.view);
    if (!follows(from, message.view.id, message.view.since)) return;
    asks_again_ = false;
    if (ports_.shard.stopping && !state_.view.has(ports_.shard.me)) return;  // about to leave: not to be let in again
    const bool repeated = log_.log_view() >= message.view.since && !log_.incomplete();
    if (repeated) {
        // Once a term: what came after the first must not be truncated by a repeat.
        log_.set_log_view(std::max(log_.log_view(), message.view.id));
        owe_start_view_ok(from);
        return;
    }
    if (log_.incomplete()) {
        answer_start_view(from, true);
        return;
    }
    const bool joins = message.base <= log_.commit() || log_.suffix().matches(message.base, message.base_view);
    if (!joins) {
        answer_start_view(from, true);
        return;
    }
    if (!fit(now, message.entries)) return;
    ticket_ = ports_.numbers.next();  // no copy that was asked for before may replace what we take over now
    verified_ = std::max(message.base, log_.commit());
    take_entries(message.entries);
    log_.set_log_view(message.view.id);
    log_.advance(std::min(message.commit, verified_));
    log_.note_commit();
    owe_start_view_ok(from);
}

void Replica::receive(Time now, NodeId from, const StateChunk& message) {
    learn_view(now, message.view);
    if (!follows(from, message.view.id, message.view.since)) return;
    // A member's log is never replaced by a copy; and a node that is about to leave is not let in again.
    if (state_.view.has(ports_.shard.me) || ports_.shard.stopping) return;
    // A transfer replaces the very log that its sender was told of: chunks of one that it abandoned may come when it
    // has begun to count on what we have.
    if (!log_.goes_on(message)) {
        if (message.index != 0 || message.ticket != ticket_) return;
        log_goes();
    }
    if (!log_.take_chunk(message)) return;
    verified_ = log_.last();
    if (!log_.incomplete()) log_.set_log_view(std::max(log_.log_view(), message.view.id));
    owed_chunk_ok_ = {from, ports_.storage.unstored(partition_),
                      StateChunkOk{partition_, message.view.id, message.copy, message.index}};
    await_owed(owed_chunk_ok_->batch);
}

void Replica::receive(Time now, NodeId from, const PrepareOk& message) {
    if (primary_)
        primary_->prepare_ok(now, from, message);
    else if (message.view < state_.view.id)
        ports_.messages.send(from, partition_, NewerView{partition_, state_.view});
}

void Replica::receive(Time now, NodeId from, const StartViewOk& message) {
    if (primary_) primary_->start_view_ok(now, from, message);
}

void Replica::receive(Time now, NodeId from, const StateChunkOk& message) {
    if (primary_) primary_->state_chunk_ok(now, from, message);
}

void Replica::receive(Time now, NodeId, const NewerView& message) {
    learn_view(now, message.view);
}

bool Replica::grant(Time now, NodeId primary, ViewId view) {
    if (primary_ || state_.view.id != view || state_.view.primary != primary || !view_is_stored()) return false;
    promised_until_ = std::max(promised_until_, now + ports_.shard.lease().grace);
    return true;
}

void Replica::lease_granted(Time now, NodeId from, Time sent) {
    if (primary_) primary_->lease_granted(now, from, sent);
}

// No entry came along with it. At a full second: one sync does for all partitions, and for the writes of that time.
void Replica::note_commit_soon(Time now) {
    if (!log_.commit_is_noted() && note_commit_at_ <= now)
        note_commit_at_ = Time(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) + note_interval);
}

void Replica::tick(Time now) {
    if (primary_) {
        primary_->tick(now);
        return;
    }
    if (now >= note_commit_at_) log_.note_commit();
    tick_backup(now);
    delete_useless(now);
}

Time Replica::next_tick(Time now) const {
    if (primary_) return primary_->next_tick(now);
    const Time next = next_tick_as_backup(now);
    return log_.commit_is_noted() ? next : std::min(next, note_commit_at_);
}

Time Replica::next_tick_as_backup(Time now) const {
    const View& view = state_.view;
    if (!view.has(ports_.shard.me) || log_.incomplete()) return now + deletion_interval;
    if (!view_is_stored()) return now + ports_.shard.lease().beacon;  // durable() is another touch
    // Nothing can be proposed before the promise has run out; then it is looked how long to wait beyond it.
    if (now < promised_until_ && !asks_again_) return promised_until_;
    const Duration delay =
        view.primary == ports_.shard.me ? Duration(0) : ports_.shard.succession_rule.delay(view, ports_.shard.me);
    const Time proposes = std::max(promised_until_ + delay, now + proposal_interval);
    return asks_again_ ? std::min(proposes, now + ports_.shard.lease().beacon) : proposes;
}

// Nothing that was said of it, or is still owed, holds any more.
void Replica::log_goes() {
    ticket_ = ports_.numbers.next();
    owed_start_view_ok_.reset();
    owe_no_prepare_ok();
}

// M4: what we have is of no use once there are as many members as there should be, for good, and we are none of them.
// Unless we have the log in that very view: its primary may have proposed us, and that may yet be accepted.
void Replica::delete_useless(Time now) {
    const View& view = state_.view;
    if (log_.last().none() || log_.incomplete() || view.has(ports_.shard.me) || state_.targets(ports_.shard.me)) return;
    if (log_.log_view() >= view.id || !view_is_stored()) return;
    if (view.members.size() < wanted_copies(ports_.shard.map)) return;
    if (repair_frozen(ports_.shard.map)) return;
    if (!ports_.transfers.take_deletion(now)) return;
    log_goes();
    log_.clear();
    verified_ = OpNumber();
    ++ports_.counters.copies_deleted;
    ports_.events.add(LogLevel::debug, "a copy that is not needed any more is deleted",
                      {field(partition_), field(view)});
}

// V1: the promise to the primary has run out: propose ourselves, without it.
void Replica::tick_backup(Time now) {
    const View& view = state_.view;
    if (!view.has(ports_.shard.me) || !view_is_stored() || ports_.shard.stopping || log_.incomplete()) return;
    const bool restarted_primary = view.primary == ports_.shard.me;  // V4: an earlier start of ours was it
    if (asks_again_ && !restarted_primary && now - asked_at_ >= ports_.shard.lease().beacon * 2) {
        asked_at_ = now;
        acknowledge(view.primary, true);
    }
    const Duration delay = restarted_primary ? Duration(0) : ports_.shard.succession_rule.delay(view, ports_.shard.me);
    if (now < promised_until_ + delay) return;
    View next{view.id.next(), view.id.next(), ports_.shard.me, view.members, false};
    if (!restarted_primary) std::erase(next.members, view.primary);
    ports_.proposals.propose(Proposal{partition_, view.id, std::move(next), true});
}

void Replica::flush(Time now) {
    if (primary_)
        primary_->flush(now);  // may commit
    else
        log_.trim(log_.commit());
    const std::uint64_t sessions = log_.sessions().bytes();
    ports_.memory.sessions(std::exchange(counted_sessions_, sessions), sessions);
}

// A primary tells of its disk with its requests. A learner's first entry may be gone: committed long ago by the
// members, applied here, and cut off.
void Replica::disk_was_slow(Time now, BatchNumber number, Duration took) {
    if (primary_) return primary_->note_waits(now);
    const OpNumber first = log_.persisted().next();
    if (log_.suffix().holds(first) && first <= log_.persisted_by(number))
        ports_.slow.add_disk(now, took, partition_, view(), *log_.suffix().at(first));
}

void Replica::durable(Time now, BatchNumber number) {
    log_.durable(number);
    if (primary_) return primary_->durable(now);
    answer_owed(number);
}

void Replica::restore(const StorageRecord& record) {
    const auto* const learned = std::get_if<ViewRecord>(&record);
    const auto* const checkpoint = std::get_if<CheckpointRecord>(&record);
    if (learned != nullptr || checkpoint != nullptr) {
        const View& view = learned != nullptr ? learned->view : checkpoint->view;
        state_.view = view;
        restored_since_ = state_.view.since;
        asks_again_ = true;
    }
    if (const auto* const proposed = std::get_if<ProposedRecord>(&record)) {
        restored_proposed_ = *proposed;
    } else if (learned == nullptr) {
        log_.restore(record);
    }
}

std::vector<NodeId> Replica::proposed() const {
    if (primary_) return {primary_->proposed().begin(), primary_->proposed().end()};
    return restored_proposed_.base == state_.view.id ? restored_proposed_.nodes : std::vector<NodeId>();
}

bool Replica::checkpoint(std::size_t bytes) {
    if (log_.in_checkpoint()) return log_.continue_checkpoint(bytes);
    if (!log_.begin_checkpoint(state_.view)) return false;
    if (!log_.in_checkpoint()) {  // what an interrupted copy has left goes
        log_goes();
        verified_ = OpNumber();
    }
    if (std::vector<NodeId> nodes = proposed(); !nodes.empty())
        ports_.storage.store(partition_, ProposedRecord{partition_, state_.view.id, std::move(nodes)});
    return !log_.in_checkpoint();  // of what holds nothing that is all
}

void Replica::expect_entry(std::size_t step) const {
    if (step < expect_flush_steps) expect_flush(step);
    if (step > 0) log_.expect_next(step - 1);
    if (step == expect_flush_steps && primary_) primary_->expect_beside();
}

void Replica::expect_flush(std::size_t step) const {
    if (step == 0) return prefetch(this, sizeof(*this));
    if (primary_)
        primary_->expect();
    else
        prefetch(state_.view.members.data());
}

// A write: where its entry and its client's session stand. A get: the engine's, too.
void Replica::expect_request(const Message& message, std::size_t step) const {
    const auto* const get = std::get_if<Get>(&message);
    if (step == 0) {
        if (get != nullptr) ports_.engine.expect_partition(get->partition);
        return prefetch(this, sizeof(*this));
    }
    if (!primary_) return;
    if (step == 1) primary_->expect();
    if (get == nullptr) {
        if (step == 1) log_.suffix().expect_append();
        if (step == 2) {
            log_.sessions().expect();
            primary_->expect_beside();
        }
        if (step == 3) log_.sessions().expect_outcomes();
        return;
    }
    switch (step) {
        case 1: return ports_.engine.expect_group(partition_, hash_of(get->key));
        case 2: return ports_.engine.expect_place(partition_, hash_of(get->key));
        default: return ports_.engine.expect_content(partition_, hash_of(get->key));
    }
}

void Replica::check_invariants() const {
    log_.check_invariants();
    if (primary_) {
        RINGKV_CHECK(primary_->view() == state_.view, "the primary acts in another view than is known");
        return primary_->check_invariants();
    }
    RINGKV_CHECK(verified_ <= log_.last() || verified_ <= log_.commit(), "more is verified than is held");
    RINGKV_CHECK(log_.log_view() <= state_.view.id, "the log is of a view that is not known");
    const NodeId primary = state_.view.primary;
    RINGKV_CHECK(!owed_entries_ok_ || *owed_entries_ok_ == primary, "an answer to entries is owed to another node");
    RINGKV_CHECK(!owed_start_view_ok_ || owed_start_view_ok_->to == primary, "a StartViewOk is owed to another node");
    RINGKV_CHECK(!owed_chunk_ok_ || owed_chunk_ok_->to == primary, "a StateChunkOk is owed to another node");
}

}  // namespace ringkv
