// P6: writes of Ack::primary, whose clients are told that they are done before they are committed. What such an answer
// says holds unless the primary fails before all members have the write. And nothing that it says is taken back while
// this primary serves: a read of the key waits for the commit.
#include <algorithm>
#include <utility>

#include "node/primary.hpp"

namespace ringkv {

// In our log as `durability` says, and no other node can be the primary now (with `reads: confirmed` no lease tells
// so). Only what is done: "no such key" and the like are told when they are committed, for they speak of other writes.
bool Primary::may_answer_early(Time now, const UncommittedWrites::Op& op) const {
    return phase_ == Phase::serving && op.entry->status == WriteStatus::done && op.entry->op <= log_.persisted() &&
           ports_.shard.map.settings.reads == ReadMode::lease && leases_held(now, now);
}

void Primary::answer_early(Time now, UncommittedWrites::Op& op) {
    if (!may_answer_early(now, op)) {
        if (op.entry->status != WriteStatus::done) return;
        if (!std::exchange(op.awaits_early_answer, true)) early_.push_back(op.entry->op);
        return await_disk();
    }
    for (const Waiter& waiter : op.waiters) {
        if (waiter.ack != Ack::primary) continue;
        ports_.messages.answer(waiter.from, WriteAnswer{waiter.request, op.entry->status, {}, log_.commit()});
        answered(now, op, waiter);
    }
    const auto answered = [](const Waiter& waiter) { return waiter.ack == Ack::primary; };
    op.waiters.erase(std::remove_if(op.waiters.begin(), op.waiters.end(), answered), op.waiters.end());
    op.awaits_early_answer = false;
    uncommitted_.answered_early(op);
}

// Now that more is stored, or more leases are held.
void Primary::answer_waiting_early(Time now) {
    while (!early_.empty()) {
        if (UncommittedWrites::Op* const op = uncommitted_.find(early_.front())) {
            if (op->awaits_early_answer && !may_answer_early(now, *op)) return await_disk();
            if (op->awaits_early_answer) answer_early(now, *op);
        }
        early_.pop_front();
    }
}

// What a client was told is done, a read that comes later must show; but nothing that may yet be lost.
OpNumber Primary::to_be_committed_before(const Request& read) const {
    const OpNumber newest = uncommitted_.newest_answered_early();
    const auto* const get = std::get_if<Get>(&read.what);
    if (newest.none() || get == nullptr) return newest;
    const auto pending = uncommitted_.pending(get->key);
    return pending ? pending->op : OpNumber();
}

}  // namespace ringkv
