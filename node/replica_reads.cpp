// Reads that any replica may answer, and what tells their age (P7).
#include <algorithm>
#include <utility>

#include "node/replica.hpp"

namespace ringkv {

std::optional<OpNumber> Replica::sole_commit(Time now) const {
    if (!primary_ || primary_->sole_committer_until(now) != now) return std::nullopt;
    return log_.commit();
}

// P7: from what is applied here, whatever role this node has, if it is whole and its age is known.
void Replica::answer_stale(const Request& request, const StaleRead& stale) {
    const auto refuse = [&](RefusalReason reason, std::string text) {
        ports_.messages.answer(request.from, RequestRefused{request.id(), reason, std::move(text), {}});
        ports_.counters.refused(request.kind(), reason);
    };
    if (const auto* get = std::get_if<Get>(&request.what))
        if (std::string objection = key_objection(get->key, partition_, ports_.shard); !objection.empty())
            return refuse(RefusalReason::bad_key, std::move(objection));
    ports_.leases.stale_read(request.arrived);
    if (log_.incomplete()) return refuse(RefusalReason::too_old, "the copy of the partition here is not whole");
    std::optional<Time> as_of = freshness_.as_of(log_.commit());
    if (primary_) as_of = std::max(as_of, primary_->sole_committer_until(request.arrived));
    if (!as_of) return refuse(RefusalReason::too_old, "how old the copy of the partition here is, is not known");
    const Duration age = true_at_most(request.arrived - *as_of);
    if (stale.max_age && age > *stale.max_age)
        return refuse(RefusalReason::too_old, "the copy of the partition here is older than it may be");
    Message answer = read_answer(request, ports_.engine, partition_, log_.commit(), age);
    count_read(ports_.counters, request, answer, request.arrived);
    ports_.slow.answered(request.arrived, partition_, request);
    ports_.messages.answer(request.from, std::move(answer));
}

}  // namespace ringkv
