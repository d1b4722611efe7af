// One partition on this node, in whatever role the newest view gives it: primary (a Primary inside),
// backup, learner, or none any more. Takes over views, keeps the promises of leases, and proposes itself
// when the primary it promised to is silent.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "node/freshness.hpp"
#include "node/primary.hpp"

namespace ringkv {

class Replica {
  public:
    // `promised_until`: after a start with old data, promises made before it may still run (L3).
    // The ports must outlive it.
    Replica(PartitionId partition, const ReplicaPorts& ports, Time promised_until);

    [[nodiscard]] const View& view() const { return state_.view; }
    [[nodiscard]] const PartitionState& state() const { return state_; }
    [[nodiscard]] const PartitionLog& log() const { return log_; }
    [[nodiscard]] const Primary* primary() const { return primary_.get(); }
    // As configured: it is known after a restart too.
    [[nodiscard]] bool view_is_stored() const { return ports_.storage.stored(view_batch_); }

    // Nodes that we, as the view's primary, have proposed as members of the next one, in this start or the last (R4).
    [[nodiscard]] std::vector<NodeId> proposed() const;

    // From the map: view, if it is newer than ours, and target.
    void learn(Time now, const PartitionState& state);
    // A newer view, whichever way it was learned.
    void learn_view(Time now, const View& view);

    void request(Request&& request);
    void receive(Time now, NodeId from, const Prepare& message);
    void receive(Time now, NodeId from, const PrepareOk& message);
    void receive(Time now, NodeId from, const StartView& message);
    void receive(Time now, NodeId from, const StartViewOk& message);
    void receive(Time now, NodeId from, const StateChunk& message);
    void receive(Time now, NodeId from, const StateChunkOk& message);
    void receive(Time now, NodeId from, const NewerView& message);

    // A beacon of `primary` claims our partition in that view. -> granted: for a grace from now on we neither
    // depose it nor serve ourselves (L3).
    [[nodiscard]] bool grant(Time now, NodeId primary, ViewId view);
    void lease_granted(Time now, NodeId from, Time sent);
    // All that any node had committed of the partition before our clock showed `at` is at or below `commit` (P7).
    void told_commit(Time at, OpNumber commit) { freshness_.told(at, commit, log_.commit()); }
    // As of now, to be told to others; none: it is not sure that no other node has committed more.
    [[nodiscard]] std::optional<OpNumber> sole_commit(Time now) const;
    void lags(NodeId node) {
        if (primary_) primary_->lags(node);
    }

    void tick(Time now);
    // When the next tick is wanted at the latest, as things are after a turn.
    [[nodiscard]] Time next_tick(Time now) const;
    void flush(Time now);
    // Batches up to this one will be stored in a moment, after `took`: that is told of (node/slow_log.hpp).
    void disk_was_slow(Time now, BatchNumber number, Duration took);
    // Batches up to this one are stored, one of which was waited for.
    void durable(Time now, BatchNumber number);
    void restore(const StorageRecord& record);
    // Part of a checkpoint of the shard (PartitionLog): one step, of about so many bytes. -> is it complete?
    [[nodiscard]] bool checkpoint(std::size_t bytes);
    // Just made: what is stored of it begins here.
    void store_beginning() { log_.store_beginning(state_.view); }
    // A promise of before a restart may run until then (L3).
    void promise_until(Time until) { promised_until_ = std::max(promised_until_, until); }

    // A message of that kind will be received soon, or the turn ends soon: what that needs is asked for, step by step
    // (common/look_ahead.hpp). The first step does not read anything of the replica. A request has
    // Actor::look_ahead_steps.
    static constexpr std::size_t expect_entry_steps = 1 + PartitionLog::expect_steps;
    void expect_entry(std::size_t step) const;
    static constexpr std::size_t expect_flush_steps = 2;
    void expect_flush(std::size_t step) const;
    void expect_request(const Message& message, std::size_t step) const;

    // A Primary is there only in a view of ours, and acts in the view that we know; what is verified is held; an answer
    // is owed to the view's primary alone. And those of the log and of the Primary.
    void check_invariants() const;

  private:
    [[nodiscard]] bool void_here(ViewId view) const;
    void begin_anew(const View& view);
    void take_role(Time now, bool same_term);
    // Is that message of a primary whose term we follow? If not, it is told what we know.
    [[nodiscard]] bool follows(NodeId from, ViewId view, ViewId since);
    void answer_start_view(NodeId primary, bool gap);
    void acknowledge(NodeId primary, bool gap);
    // The batch with which all that an acknowledgement says is stored.
    [[nodiscard]] BatchNumber said_by() const { return std::max(log_.newest_batch(), log_.log_view_batch()); }
    void owe_prepare_ok(NodeId primary);
    void owe_no_prepare_ok();
    void owe_start_view_ok(NodeId primary);
    void await_owed(BatchNumber batch);
    // Entries of this term's log, the first of which follows what is verified.
    void take_entries(const Entries& entries);
    // Could our log, up to what is verified, go on with them? False: their message is refused.
    [[nodiscard]] bool fit(Time now, const Entries& entries);
    [[nodiscard]] OpNumber held_for_sure() const { return std::min(log_.persisted(), verified_); }
    void answer_owed(BatchNumber stored);
    void answer_stale(const Request& request, const StaleRead& stale);
    void tick_backup(Time now);
    [[nodiscard]] Time next_tick_as_backup(Time now) const;
    void note_commit_soon(Time now);
    void log_goes();
    void delete_useless(Time now);

    PartitionId partition_;
    const ReplicaPorts& ports_;
    // Our log agrees with the log of this term up to here; what is above may be left from an earlier view, is
    // never acknowledged, and goes when an entry of this term contradicts it. After a restart: the commit point.
    OpNumber verified_;
    PartitionState state_;
    BatchNumber view_batch_;
    PartitionLog log_;
    std::unique_ptr<Primary> primary_;
    Freshness freshness_;
    std::uint64_t counted_sessions_ = 0;  // bytes, as the shard's account has them
    Time promised_until_;
    Time note_commit_at_{};
    // Of our log as the newest StartViewOk told of it. Prepares may follow an answer without a gap, and a copy that
    // was begun because of an earlier answer must not replace what they brought.
    std::uint64_t ticket_ = 0;
    ViewId restored_since_;             // the term that was under way when this node stopped
    ProposedRecord restored_proposed_;  // by an earlier start
    bool asks_again_ = false;           // restarted, and the primary has sent nothing since: it may not know (V4)
    Time asked_at_{};

    // Answers that leave when what they speak of is stored; a PrepareOk waits with its batch (StorageOutlet).
    struct OwedStartViewOk {
        NodeId to;
        BatchNumber batch;
    };
    struct OwedChunkOk {
        NodeId to;
        BatchNumber batch;
        StateChunkOk answer;
    };
    std::optional<OwedStartViewOk> owed_start_view_ok_;
    std::optional<OwedChunkOk> owed_chunk_ok_;
    std::optional<NodeId> owed_entries_ok_;  // that went along with a copy
};

}  // namespace ringkv
