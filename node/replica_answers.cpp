// What a replica answers to its primary, and when: what an answer says must be stored before it leaves (P2, P3).
#include <algorithm>

#include "node/replica.hpp"

namespace ringkv {

// What is not whole is never acknowledged as a log is. The answer names the copy: another one may begin over it.
void Replica::acknowledge(NodeId primary, bool gap) {
    verified_ = std::max(verified_, log_.commit());
    if (log_.incomplete()) {
        ports_.messages.send(primary, partition_,
                             StateChunkOk{partition_, state_.view.id, log_.copy(), no_chunk, held_for_sure(), gap});
        return;
    }
    ports_.messages.send(primary, PrepareOk{partition_, log_.log_view(), held_for_sure(), gap, log_.commit()});
}

// P3: when the entries are stored, and the view that it names. What it says is settled now, so that the partition need
// not be looked at then; it holds as long as we follow this term and keep this log.
void Replica::owe_prepare_ok(NodeId primary) {
    const BatchNumber batch = said_by();
    if (ports_.storage.stored(batch)) return acknowledge(primary, false);
    if (log_.incomplete()) {
        owed_entries_ok_ = primary;
        return ports_.storage.await(partition_, batch);
    }
    verified_ = std::max(verified_, log_.commit());
    const OpNumber op = std::min(log_.last(), verified_);
    ports_.storage.send_when_stored(batch, primary, PrepareOk{partition_, log_.log_view(), op, false, log_.commit()});
}

void Replica::owe_no_prepare_ok() {
    owed_entries_ok_.reset();
    if (!ports_.storage.stored(said_by())) ports_.storage.withdraw(partition_);
}

void Replica::owe_start_view_ok(NodeId primary) {
    owed_start_view_ok_ = {primary, ports_.storage.unstored(partition_)};
    await_owed(owed_start_view_ok_->batch);
}

// An answer leaves when that batch is stored.
void Replica::await_owed(BatchNumber batch) {
    ports_.storage.await(partition_, batch);
    answer_owed(ports_.storage.stored());
}

void Replica::answer_start_view(NodeId primary, bool gap) {
    verified_ = std::max(verified_, log_.commit());
    if (!gap || ticket_ == 0) ticket_ = ports_.numbers.next();
    // Without a gap it is said of the view whose log we have: the newest that we know may be another (M4).
    const ViewId view = gap ? state_.view.id : log_.log_view();
    StartViewOk answer{partition_, view,          held_for_sure(),
                       gap,        log_.commit(), log_.suffix().view_at(log_.commit()),
                       ticket_,    true,          true};
    if (log_.incomplete()) {  // nothing of it is whole
        answer.op = answer.commit = OpNumber();
        answer.commit_view = ViewId();
    }
    ports_.messages.send(primary, partition_, answer);
}

// What an answer without a gap has of the log is stored, and so is the view that it names (P3), which may have come
// later.
void Replica::answer_owed(BatchNumber stored) {
    const bool log_view_is_stored = log_.log_view_batch() <= stored;
    if (owed_start_view_ok_ && owed_start_view_ok_->batch <= stored && log_view_is_stored) {
        answer_start_view(owed_start_view_ok_->to, false);
        owed_start_view_ok_.reset();
    }
    // Cumulative: what is stored by now is said now, and the rest later.
    if (owed_entries_ok_ && log_view_is_stored) {
        acknowledge(*owed_entries_ok_, false);
        if (log_.persisted() == log_.last()) owed_entries_ok_.reset();
    }
    if (owed_chunk_ok_ && owed_chunk_ok_->batch <= stored) {
        owed_chunk_ok_->answer.op = held_for_sure();
        ports_.messages.send(owed_chunk_ok_->to, partition_, owed_chunk_ok_->answer);
        owed_chunk_ok_.reset();
    }
}

}  // namespace ringkv
