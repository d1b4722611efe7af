#include "node/claim_list.hpp"

#include "absl/container/btree_set.h"
#include "common/check.hpp"

namespace ringkv {

void ClaimList::set(PartitionId partition, ViewId view, std::uint64_t& last) {
    if (sent_ || list_ == 0) list_ = ++last;
    sent_ = false;
    if (view.none())
        claims_.erase(partition);
    else
        claims_[partition] = {view, list_};
    if (list_ > follow_on_) changes_.emplace_back(list_, partition);
    if (list_is_shorter()) forget_answers();
}

void ClaimList::send(Beacon& beacon) {
    beacon.list = list_;
    sent_ = true;
    if (answered_ == list_) return;
    if (answered_ == 0 || !takes_changes_) {
        beacon.claims.emplace();
        for (const auto& [partition, held] : claims_) beacon.claims->push_back({partition, held.view});
        return;
    }
    beacon.base = answered_;
    absl::btree_set<PartitionId> changed;
    for (const auto& [list, partition] : changes_) changed.insert(partition);
    for (const PartitionId partition : changed) {
        const auto held = claims_.find(partition);
        beacon.changes.push_back({partition, held == claims_.end() ? ViewId{} : held->second.view});
    }
}

void ClaimList::answered(std::uint64_t list, bool takes_changes) {
    takes_changes_ = takes_changes;
    if (list < follow_on_) return;  // what has changed since then is not kept
    answered_ = follow_on_ = list;
    while (!changes_.empty() && changes_.front().first <= list) changes_.pop_front();
}

void ClaimList::forget_answers() {
    answered_ = 0;
    follow_on_ = list_;
    changes_.clear();
}

void ClaimList::check_invariants() const {
    for (const auto& [partition, held] : claims_)
        RINGKV_CHECK(!held.view.none() && held.since <= list_, "a claim that is younger than its list");
    RINGKV_CHECK(answered_ == 0 || answered_ == follow_on_, "changes do not follow on what was answered");
    RINGKV_CHECK(follow_on_ <= list_ && !list_is_shorter(), "more changes than claims");
    std::uint64_t before = follow_on_ + 1;
    for (const auto& [list, partition] : changes_) {
        RINGKV_CHECK(before <= list && list <= list_, "changes out of order");
        before = list;
    }
}

}  // namespace ringkv
