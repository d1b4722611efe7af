// A replica in the role of primary, for one term: the views in which this process start has been the primary without a
// break (View::since). Made when the first of them is learned, dropped when another node's view is.
//
//     waiting  -- our promises to earlier primaries run out (L6) -->  starting
//     starting -- every member has taken over our log (V3)       -->  serving
//     serving  -- another primary is wanted (V7)                 -->  transferring_leadership
//
// Requests that come before or after `serving` wait until we serve, or until another view tells where to send them.
//
// Its parts: CatchUp brings other replicas up to our log, Membership decides which nodes should be members and primary.
// The files: primary.cpp the term, primary_requests.cpp clients, primary_early_answers.cpp writes that are answered
// before they are committed, primary_replication.cpp Prepares, primary_slow_writes.cpp what writes waited for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/fifo.hpp"
#include "node/catch_up.hpp"
#include "node/membership.hpp"
#include "node/requests.hpp"
#include "node/uncommitted_writes.hpp"

namespace ringkv {

class Primary {
  public:
    enum class Phase : std::uint8_t { waiting, starting, serving, transferring_leadership };

    // `promised_until`: our promises to earlier primaries. `view_batch`: the batch with the view's record.
    Primary(Time now, PartitionState state, BatchNumber view_batch, Time promised_until, PartitionLog& log,
            const ReplicaPorts& ports);

    // Another view of the same term, or another target.
    void state_changed(Time now, PartitionState state, BatchNumber view_batch);

    void request(Request&& request);
    void prepare_ok(Time now, NodeId from, const PrepareOk& message);
    void start_view_ok(Time now, NodeId from, const StartViewOk& message);
    void state_chunk_ok(Time now, NodeId from, const StateChunkOk& message);
    // `from` answered our beacon that left at `sent`, and grants its lease.
    void lease_granted(Time now, NodeId from, Time sent);
    // `node` does not know the view of now yet: it is told again.
    void lags(NodeId node);

    void tick(Time now);
    // When the next tick is wanted at the latest, as things are after a turn.
    [[nodiscard]] Time next_tick(Time now) const;
    // End of a turn: send what is new.
    void flush(Time now);
    void durable(Time now);
    // Something is about to come that an op may have waited for: if the oldest has waited for long, what it lacks is
    // noted (node/slow_log.hpp).
    void note_waits(Time now) {
        if (!uncommitted_.empty() && ports_.slow.slow(now - uncommitted_.front().appended)) note_waits_of_oldest();
    }
    // The term is over: every client that waits is told so.
    void release(const View& newer);

    [[nodiscard]] Phase phase() const { return phase_; }
    // Would a read that arrived now be answered from the leases we hold (L4)? For checks of what must hold.
    [[nodiscard]] bool reads_now(Time now) const { return phase_ == Phase::serving && leases_held(now, now); }
    // Until then no other node has committed anything that is not committed here; none: that is not sure (P7).
    [[nodiscard]] std::optional<Time> sole_committer_until(Time now) const;
    // Do all leases run, whatever reads need (ReadMode)?
    [[nodiscard]] bool leases_run(Time now) const;
    // As members, on the view of now.
    [[nodiscard]] const std::set<NodeId>& proposed() const { return term_.proposed; }
    // In the log, and not committed yet; of some clients were told that they are done (P6).
    [[nodiscard]] const UncommittedWrites& uncommitted() const { return uncommitted_; }
    [[nodiscard]] const View& view() const { return term_.view(); }
    [[nodiscard]] std::vector<NodeId> lease_peers() const { return term_.lease_peers(); }

    // A request, an acknowledgement or the end of the turn will concern us soon; a step later, what stands elsewhere.
    void expect() const { prefetch(this, sizeof(*this)); }
    void expect_beside() const {
        uncommitted_.expect();
        prefetch(view().members.data());
    }

    // We are the view's primary; every op above the commit point has its waiters, and nothing else has; a write under
    // way, and what it will make of its key, is of such an op; requests wait only where their phase lets them; each
    // peer is wanted, each member and each proposed node is a peer, and what each has is in our log.
    void check_invariants() const;

  private:
    using Waiter = UncommittedWrites::Waiter;
    struct Held {
        Slot slot;
        Slot memory;
        Request request;
    };
    // primary.cpp: the term
    void add_peers(Time now);
    void drop_peers();
    void start(Time now);
    [[nodiscard]] bool view_is_stored() const { return ports_.storage.stored(view_batch_); }
    // Up to here, for a commit in the view of now (P3). A node that has not taken over this term's log counts as
    // having nothing; so does one that has not stored that view.
    [[nodiscard]] OpNumber stored_here() const;
    // durable() is called when more of our log is stored.
    void await_disk();
    [[nodiscard]] OpNumber stored_at(NodeId node) const;
    void try_commit(Time now);
    void try_serve(Time now);
    void applied(Time now, const Entry& entry);
    [[nodiscard]] bool lease_held(Time now, Time arrived, NodeId node) const;
    [[nodiscard]] bool leases_held(Time now, Time arrived) const;
    void want_lease(Time now, NodeId node, const Peer& peer);
    void count_lease_losses(Time now);
    // -> was other membership proposed, or will be once that is stored?
    bool tick_members(Time now);
    void tick_leadership_transfer(Time now);
    void propose(View view);
    [[nodiscard]] Time next_look_at(Time now, NodeId node, const Peer& peer) const;

    // primary_requests.cpp: clients
    void serve(Time now, Request&& request);
    void write(Time now, Time began, const Address& from, const Write& write);
    [[nodiscard]] bool acceptable(Time now, const Address& from, const Write& write);
    // The oldest write waits for its commit for longer than a beacon may.
    [[nodiscard]] bool commits_are_late(Time now) const {
        return !uncommitted_.empty() && now - uncommitted_.begin()->appended > ports_.shard.lease().grace / 4;
    }
    [[nodiscard]] Entry decide(const Write& write) const;
    [[nodiscard]] OpNumber version_of(std::string_view key) const;  // 0 = absent; the uncommitted part counts
    void append(Time now, Entry entry);
    // It is in the log.
    void await_commit(Time now, EntryPtr entry);
    void read(Time now, Request&& request);
    void read_under_leases(Time now, Request&& request);
    void answer_read(Time now, const Request& request);
    void serve_reads(Time now);
    void ask_for_leases(Time now);
    void refuse(const Request& request, RefusalReason reason, std::string text);
    // Of this partition: those that wait, and writes that are not committed.
    [[nodiscard]] std::uint64_t requests_held() const;
    [[nodiscard]] Held hold(Request&& request, std::string_view waits_for);
    void serve_held(Time now);
    void forget_old_requests(Time now);
    void expire_sessions(Time now);

    // primary_early_answers.cpp: Ack::primary
    [[nodiscard]] bool may_answer_early(Time now, const UncommittedWrites::Op& op) const;
    void answer_early(Time now, UncommittedWrites::Op& op);
    void answer_waiting_early(Time now);
    [[nodiscard]] OpNumber to_be_committed_before(const Request& read) const;
    void serve_reads_behind_commits(Time now);

    // primary_slow_writes.cpp: what writes waited for
    void note_waits_of_oldest();
    void note_what_came(Time now);
    void answered(Time now, const UncommittedWrites::Op& op, const Waiter& waiter);

    // primary_replication.cpp: Prepares
    void tick_peer(Time now, NodeId node, Peer& peer);
    [[nodiscard]] bool lost(Time now, const Peer& peer) const;
    void send_again(Time now, NodeId node, Progress& progress);
    void send_prepares(Time now, NodeId node, Progress& progress);
    [[nodiscard]] bool has_something_for(const Progress& progress) const;
    [[nodiscard]] bool given_up(Time now, Progress& progress) const;
    // -> bytes that are kept for it alone.
    std::uint64_t hold_writers_for(NodeId node, Progress& progress);
    void trim_log(Time now);
    // A peer that answers nothing for so long is not waited for.
    [[nodiscard]] Duration silence() const { return ports_.shard.lease().grace * 2; }

    PartitionLog& log_;
    const ReplicaPorts& ports_;
    Phase phase_ = Phase::waiting;
    NodeId successor_;  // leadership goes to it
    UncommittedWrites uncommitted_;
    Term term_;
    Fifo<Held> held_;                             // until we serve
    Fifo<Held> reads_;                            // until the leases are there
    std::multimap<OpNumber, Held> reads_behind_;  // until that op is committed
    Fifo<OpNumber> early_;                        // ops that await an early answer, in the order in which they began to
    CatchUp catch_up_;
    Membership membership_;
    BatchNumber view_batch_;
    BatchNumber proposed_batch_;  // that has the newest of term_.proposed
    Time promised_until_;
    Time phase_at_;

    bool writers_wait_ = false;  // a learner must catch up first
    Slot kept_for_learners_;
    Time expiry_at_{};
    OpNumber expiring_;         // the newest entry that drops sessions
    bool more_expire_ = false;  // than were dropped at once
    Time members_at_{};
    bool had_leases_ = false;                  // at the newest tick
    std::unique_ptr<SlowCommit> slow_commit_;  // of an op that waits, or waited, for long
};

}  // namespace ringkv
