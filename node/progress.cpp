#include "node/progress.hpp"

#include <algorithm>
#include <limits>

#include "common/check.hpp"

namespace ringkv {

void Progress::probe(OpNumber base) {
    RINGKV_CHECK(state_ != State::transferring, "a state transfer is abandoned first");
    if (replicating()) state_ = State::probing;
    base_ = base;
}

void Progress::ask_again(ViewId view, OpNumber base) {
    valid_from_ = view;
    if (state_ != State::transferring) state_ = State::probing;
    base_ = base;
    sent_at_ = {};
}

void Progress::await_transfer(std::uint64_t ticket, bool session_parts) {
    RINGKV_CHECK(state_ == State::probing || state_ == State::awaiting_transfer, "only what is asked can ask for it");
    state_ = State::awaiting_transfer;
    ticket_ = ticket;
    session_parts_ = session_parts;
}

void Progress::keep_log() {
    if (state_ == State::awaiting_transfer) state_ = State::probing;
}

StateTransfer& Progress::begin_transfer(Time now, std::uint64_t id, OpNumber start, ViewId start_view, Slot slot) {
    RINGKV_CHECK(state_ == State::awaiting_transfer, "nothing asked for this state transfer");
    state_ = State::transferring;
    transfer_ = std::make_unique<StateTransfer>(StateTransfer{id, ticket_, start, start_view, std::move(slot), now});
    transfer_->session_parts = session_parts_;
    transfer_->entries = takes_entries_ && session_parts_;
    acked_ = sent_ = reached_ = commit_ = start;
    knows_view_ = stored_view_ = false;
    waited_for_ = false;
    progress_at_ = now;
    return *transfer_;
}

void Progress::abandon_transfer() {
    if (state_ != State::transferring) return;
    transfer_.reset();
    state_ = State::probing;
}

void Progress::entries_ok(Time now, const StateChunkOk& message, OpNumber last, ViewId current) {
    if (message.op > acked_ && message.op <= last) {
        acked_ = message.op;
        progress_at_ = now;
    }
    sent_ = message.gap ? acked_ : std::max(sent_, acked_);
    reached_ = std::max(reached_, sent_);
    if (message.gap && message.view < current) knows_view_ = false;
}

void Progress::finish_transfer(ViewId said_in, ViewId current) {
    RINGKV_CHECK(state_ == State::transferring, "no state transfer is under way");
    transfer_.reset();
    follow(valid(said_in, current) ? State::replicating : State::probing, said_in == current);
}

void Progress::replicate(Time now, OpNumber op, OpNumber commit, ViewId said_in, ViewId current) {
    RINGKV_CHECK(state_ == State::probing || state_ == State::awaiting_transfer, "it was asked, and has answered");
    follow(State::replicating, said_in == current);
    commit_ = commit;
    acked_ = sent_ = reached_ = op;
    progress_at_ = now;
}

// It has our log from now on.
void Progress::follow(State state, bool stored_view) {
    state_ = state;
    knows_view_ = stored_view_ = stored_view;
    least_lacking_ = std::numeric_limits<std::uint64_t>::max();
}

void Progress::view_changed(Time now) {
    if (!waiting()) progress_at_ = now;
    knows_view_ = stored_view_ = false;
}

void Progress::prepare_sent(Time now, std::size_t entries, bool with_view) {
    if (with_view) knows_view_ = true;                                        // until it is time to send again
    if (replicating() ? !waiting() : acked_ == reached_) progress_at_ = now;  // nothing was waited for until now
    told_at_ = now;
    if (entries != 0 || with_view) sent_at_ = now;
    sent_ = OpNumber(sent_.value() + entries);
    reached_ = std::max(reached_, sent_);
}

void Progress::resend() {
    sent_ = acked_;
    knows_view_ = false;
}

void Progress::prepare_ok(Time now, const PrepareOk& message, OpNumber last, ViewId current) {
    if (message.op > acked_ && message.op <= last) {
        acked_ = message.op;
        progress_at_ = now;
    }
    if (!stored_view_ && !message.gap && message.view == current) {  // a gap is told before anything is stored
        stored_view_ = true;
        progress_at_ = now;
    }
    sent_ = std::max(sent_, acked_);
    commit_ = message.commit;
    if (message.gap) sent_ = std::min(message.op, last);  // after a restart it may be sure of less
    // More than was sent since it was asked last: of Prepares from before that.
    reached_ = std::max({reached_, acked_, sent_});
    if (message.gap && message.view < current) knows_view_ = false;
}

void Progress::check_invariants(OpNumber last) const {
    RINGKV_CHECK((transfer_ != nullptr) == (state_ == State::transferring), "a state transfer without its state");
    if (!follows()) return;
    RINGKV_CHECK(acked_ <= reached_, "a peer acknowledged what was never sent to it");
    RINGKV_CHECK(sent_ <= reached_ && reached_ <= last, "more was sent to a peer than there is");
}

}  // namespace ringkv
