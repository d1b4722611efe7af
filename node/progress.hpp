// How far one other replica of a partition is, as its primary knows it, and how it is being brought up to the log of
// the primary's term (in the manner of etcd raft's tracker.Progress).
//
//     probing -- StartViewOk: has taken over our log --> replicating
//        ^                                                   |
//        +-- another view, away, or too far behind ----------+
//        |
//        +-- StartViewOk: its log cannot be joined to ours --> awaiting_transfer -- room for it --> transferring
//        |                                                                                              |
//        +-- no answer for too long, or away -----------------------------------------------------------+
//                                                  last chunk answered: replicating (or probing) <------+
//
// probing            StartView is sent until it is answered. Nothing that the peer has counts.
// awaiting_transfer  As probing; besides, its log may be replaced, and it is no member (M2).
// transferring       One chunk at most is under way. Nothing that the peer has counts; but if it takes entries, they go
//                    along, and those above acked() are kept for it.
// replicating        It has our log up to acked(), stored as configured, and gets Prepares: acked <= reached,
//                    sent <= reached <= the end of our log.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/messages.hpp"
#include "common/time.hpp"
#include "node/slot.hpp"

namespace ringkv {

// How much of the state is read: first the keys in their order, then the session table.
struct CopyPlace {
    std::optional<std::string> after{};  // the keys up to this one; none yet
    bool all_keys = false;
    std::uint32_t next_session = 0;  // where the next part of the session table begins
    bool all = false;
};

// A state transfer to a learner (M2): the engine is scanned in key order, a chunk at a time, while entries go on being
// applied; those above `start` go as Prepares, at the same time or when it has ended.
struct StateTransfer {
    std::uint64_t id = 0;
    std::uint64_t ticket = 0;  // of the log that it replaces
    OpNumber start;
    ViewId start_view;
    Slot slot;                          // of the transfers that the shard sends
    Time progress_at{};                 // the newest answer, or when there was nothing to wait for
    std::uint32_t next = 0;             // index of the chunk under way, or of the next one
    std::optional<StateChunk> chunk{};  // under way: sent again until it is answered
    CopyPlace done{};                   // where it begins, or the next one will
    CopyPlace reached{};                // where it ends, as it was read last
    Time sent_at{};
    bool session_parts = false;  // the learner takes the session table in parts
    bool entries = false;        // the learner takes entries at the same time
};

class Progress {
  public:
    enum class State : std::uint8_t { probing, awaiting_transfer, transferring, replicating };

    // What the peer says of its log in views below `valid_from` does not count.
    Progress(ViewId valid_from, OpNumber base, Time now) : valid_from_(valid_from), base_(base), progress_at_(now) {}

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] bool replicating() const { return state_ == State::replicating; }
    // Does it count what the peer says of its log in that view?
    [[nodiscard]] bool valid(ViewId said_in, ViewId current) const {
        return said_in >= valid_from_ && said_in <= current;
    }
    // Is there something that the peer has not answered? Since when there was no progress.
    [[nodiscard]] bool waiting() const { return !replicating() || acked_ < reached_ || !stored_view_; }
    [[nodiscard]] Time progress_at() const { return progress_at_; }
    [[nodiscard]] Time sent_at() const { return sent_at_; }
    // Has nothing been sent for so long that what is not answered is sent again (P5)?
    [[nodiscard]] bool due(Time now, Duration resend_after) const { return now - sent_at_ >= resend_after; }

    // ---- probing
    // A StartView's entries begin above it.
    [[nodiscard]] OpNumber base() const { return base_; }
    void offer_from(OpNumber base) { base_ = base; }
    void start_view_sent(Time now) { sent_at_ = now; }
    // It says so in its answer: does it take Prepares while state is transferred to it?
    void takes_entries(bool does) { takes_entries_ = does; }
    [[nodiscard]] bool takes_entries() const { return takes_entries_; }
    // Writers wait for it: for the first time since it was copied to? Then it is to be said.
    [[nodiscard]] bool first_to_be_waited_for() { return !std::exchange(waited_for_, true); }
    // Its log is not ours any more, or is no longer held; the next StartView begins at `base`.
    void probe(OpNumber base);
    void probe() { probe(base_); }
    // What it said before `view` is void: it may have deleted its log when it learned of a view without it (M4). A
    // state transfer under way goes on.
    void ask_again(ViewId view, OpNumber base);

    // ---- awaiting_transfer
    // `session_parts`: it takes the session table in parts.
    void await_transfer(std::uint64_t ticket, bool session_parts);
    // It has become a member meanwhile: a member's log is never replaced.
    void keep_log();

    // ---- transferring
    // Precondition: awaiting_transfer. From `start` on it will follow by Prepares.
    StateTransfer& begin_transfer(Time now, std::uint64_t id, OpNumber start, ViewId start_view, Slot slot);
    // Precondition: transferring.
    [[nodiscard]] StateTransfer& transfer() { return *transfer_; }
    [[nodiscard]] const StateTransfer* transfer_under_way() const { return transfer_.get(); }
    void abandon_transfer();
    // Do entries go along with it? They do from the first answer on: the learner has begun.
    [[nodiscard]] bool forwarding() const { return transfer_ && transfer_->entries && transfer_->next != 0; }
    // What it has of the entries that went along: it is sent what follows. `last`, `current`: as in prepare_ok().
    void entries_ok(Time now, const StateChunkOk& message, OpNumber last, ViewId current);
    // The last chunk is answered; in a view that does not count, it must be asked again.
    void finish_transfer(ViewId said_in, ViewId current);

    // ---- replicating
    // It has our log up to `op`, and said so in that view.
    void replicate(Time now, OpNumber op, OpNumber commit, ViewId said_in, ViewId current);
    // A learner lacks so much now, in a unit of the caller's. -> how much more than when it lacked least since it
    // follows.
    [[nodiscard]] std::uint64_t lost_ground(std::uint64_t lacking) {
        least_lacking_ = std::min(least_lacking_, lacking);
        return lacking - least_lacking_;
    }
    // It is sent entries: also while the state is transferred.
    [[nodiscard]] bool follows() const { return replicating() || forwarding(); }
    [[nodiscard]] OpNumber acked() const { return acked_; }    // stored there
    [[nodiscard]] OpNumber sent() const { return sent_; }      // sent, up to here
    [[nodiscard]] OpNumber commit() const { return commit_; }  // the newest commit point that it said it knows
    // The view of now, as far as we know.
    [[nodiscard]] bool knows_view() const { return knows_view_; }
    void forget_that_it_knows_the_view() { knows_view_ = false; }
    // It has stored the view of now: it has said in it what it has (P3).
    [[nodiscard]] bool stored_view() const { return stored_view_; }
    void view_changed(Time now);
    // Is there something that it was sent and has not answered?
    [[nodiscard]] bool unanswered() const { return acked_ < sent_ || (replicating() && knows_view_ && !stored_view_); }
    // When the newest Prepare left: it tells the commit point.
    [[nodiscard]] Time told_at() const { return told_at_; }
    void prepare_sent(Time now, std::size_t entries, bool with_view);
    // What was sent and not acknowledged is sent again, with the view.
    void resend();
    // It may tell of more than was sent since the peer was asked last. `last`: the end of our log; `current`: the view
    // of now.
    void prepare_ok(Time now, const PrepareOk& message, OpNumber last, ViewId current);

    void check_invariants(OpNumber last) const;

  private:
    void follow(State state, bool stored_view);

    State state_ = State::probing;
    ViewId valid_from_;
    OpNumber base_;
    std::uint64_t ticket_ = 0;  // awaiting_transfer: of its log, as it was when it said that it cannot be joined
    bool session_parts_ = false;
    bool takes_entries_ = false;
    bool waited_for_ = false;
    std::unique_ptr<StateTransfer> transfer_;  // seldom there, and large
    OpNumber acked_;
    std::uint64_t least_lacking_ = 0;  // replicating
    OpNumber reached_;                 // the highest that was ever sent; `sent` goes back when something is sent again
    OpNumber sent_;
    OpNumber commit_;
    bool knows_view_ = false;
    bool stored_view_ = false;
    Time sent_at_{};  // the newest StartView, or Prepare with something to acknowledge
    Time told_at_{};
    Time progress_at_;  // the newest PrepareOk that told of something new, or when there was nothing to wait for
};

}  // namespace ringkv
