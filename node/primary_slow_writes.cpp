// What writes waited for that took long (node/slow_log.hpp).
#include <algorithm>
#include <utility>

#include "node/primary.hpp"

namespace ringkv {

void Primary::note_waits_of_oldest() {
    const UncommittedWrites::Op& oldest = uncommitted_.front();
    const OpNumber op = oldest.entry->op;
    if (slow_commit_ && slow_commit_->op() == op) return;
    slow_commit_ = std::make_unique<SlowCommit>(op);
    if (stored_here() < op) slow_commit_->lacks(NodeId());
    (void)term_.all_required([&](NodeId node) {
        if (stored_at(node) < op) slow_commit_->lacks(node);
        return true;
    });
}

void Primary::note_what_came(Time now) {
    const OpNumber op = slow_commit_->op();
    if (stored_here() >= op) slow_commit_->came(now, NodeId());
    (void)term_.all_required([&](NodeId node) {
        if (stored_at(node) >= op) slow_commit_->came(now, node);
        return true;
    });
}

// What the oldest waited for, those that are committed with it waited for too.
void Primary::answered(Time now, const UncommittedWrites::Op& op, const Waiter& waiter) {
    const Duration taken = now - waiter.began;
    ports_.counters.answered(RequestKind::write, outcome_of(op.entry->status), taken);
    if (!ports_.slow.slow(taken)) return;
    const Time appended = std::max(op.appended, waiter.began);  // an attempt may come later
    EventLog::Fields fields{field(waiter.request),
                            field(op.entry->client),
                            {"sequence", std::to_string(op.entry->sequence.value())},
                            field(log_.partition()),
                            field(view()),
                            field("took_ms", taken),
                            field("queued_ms", appended - waiter.began),
                            field("waited_ms", now - appended)};
    if (slow_commit_ && slow_commit_->op() <= op.entry->op)
        if (std::string waits = slow_commit_->told(appended, ports_.shard.map); !waits.empty())
            fields.emplace_back("waited_for", std::move(waits));
    ports_.slow.add_request(now, RequestKind::write, std::move(fields));
}

}  // namespace ringkv
