#include "node/log_suffix.hpp"

#include <algorithm>

#include "common/check.hpp"
#include "common/partitioning.hpp"

namespace ringkv {

const EntryPtr& LogSuffix::at(OpNumber op) const {
    RINGKV_CHECK(holds(op), "the suffix does not hold that op");
    return item_of(op).entry;
}

ViewId LogSuffix::view_at(OpNumber op) const {
    if (op.none() || op > last()) return {};
    const auto after = std::upper_bound(history_.begin(), history_.end(), op,
                                        [](OpNumber wanted, const ViewStart& item) { return wanted < item.first; });
    return after == history_.begin() ? ViewId{} : std::prev(after)->view;
}

bool LogSuffix::matches(OpNumber op, ViewId view) const {
    return op.none() || (op >= start_ && op <= last() && view_at(op) == view);
}

bool LogSuffix::could_match(OpNumber op, ViewId view) const {
    const ViewId ours = view_at(op);
    return view.none() || ours.none() || ours == view;
}

Entries LogSuffix::above(OpNumber after, std::size_t most_entries, std::size_t most_bytes) const {
    RINGKV_CHECK(after >= start_, "entries that the suffix no longer holds were asked for");
    Entries entries;
    std::size_t bytes = 0;
    for (std::size_t i = after.value() - start_.value(); i < entries_.size(); ++i) {
        if (entries.size() == most_entries || bytes >= most_bytes) break;
        entries.push_back(entries_[i].entry);
        bytes += bytes_of(OpNumber(start_.value() + i + 1));
    }
    return entries;
}

void LogSuffix::append(EntryPtr entry) {
    RINGKV_CHECK(entry->op == last().next(), "an entry was appended out of order");
    RINGKV_CHECK(history_.empty() || history_.back().view <= entry->view, "an entry of an older view was appended");
    if (history_.empty() || history_.back().view != entry->view) history_.push_back({entry->view, entry->op});
    const std::uint64_t bytes = entry->bytes() + sizeof(Item);
    const std::uint64_t place = budget_.append(bytes);
    const std::uint64_t total = total_at(last()) + bytes;
    if (entries_.empty()) oldest_ = place;
    const std::uint64_t hash = hash_of(entry->key);
    entries_.push_back({std::move(entry), hash, place, total});
}

void LogSuffix::truncate(OpNumber keep) {
    RINGKV_CHECK(keep >= start_, "a truncation below what the suffix holds");
    while (last() > keep) {
        budget_.drop(bytes_of(last()));
        entries_.pop_back();
    }
    while (!history_.empty() && history_.back().first > keep) history_.pop_back();
}

void LogSuffix::trim(OpNumber needed) {
    if (entries_.empty() || start_ >= needed || !budget_.overdue(oldest_)) return;
    while (!entries_.empty() && start_ < needed && !budget_.keeps(entries_.front().place)) {
        if (entries_.size() > 2) prefetch(entries_[2].entry.get());  // it is in no cache any more
        const std::uint64_t total = entries_.front().total;
        budget_.drop(total - total_gone_);
        (void)entries_.pop_front();
        start_ = start_.next();
        total_gone_ = total;
    }
    if (!entries_.empty()) oldest_ = entries_.front().place;
    // The item that covers start_ stays.
    const auto above =
        std::find_if(history_.begin(), history_.end(), [this](const ViewStart& item) { return item.first > start_; });
    if (above - history_.begin() > 1) history_.erase(history_.begin(), std::prev(above));
}

void LogSuffix::reset(OpNumber start, ViewId start_view) {
    drop_all();
    start_ = start;
    history_.clear();
    if (!start.none()) history_.push_back({start_view, start});
}

void LogSuffix::drop_all() {
    budget_.drop(bytes_between(start_, last()));
    entries_.clear();
    total_gone_ = 0;
}

void LogSuffix::set_history(std::vector<ViewStart> history) {
    // Ours, of the entries we hold, say the same and more for what came later: keep them.
    std::erase_if(history, [this](const ViewStart& item) { return item.first > start_; });
    const auto ours =
        std::find_if(history_.begin(), history_.end(), [this](const ViewStart& item) { return item.first > start_; });
    history_.erase(history_.begin(), ours);
    if (history.empty() && !start_.none()) return;
    history_.insert(history_.begin(), history.begin(), history.end());
}

void LogSuffix::check_invariants() const {
    if (!entries_.empty()) {
        RINGKV_CHECK(entries_.front().entry->op == start_.next() && entries_.back().entry->op == last(),
                     "entries are not contiguous from the start");
        RINGKV_CHECK(
            entries_.front().entry->view == view_at(start_.next()) && entries_.back().entry->view == view_at(last()),
            "the history has another view for an entry than the entry");
    }
    RINGKV_CHECK(entries_.empty() || oldest_ == entries_.front().place, "the place of the oldest entry is another");
    for (std::size_t i = 1; i < history_.size(); ++i)
        RINGKV_CHECK(history_[i - 1].view < history_[i].view && history_[i - 1].first < history_[i].first,
                     "the history goes back");
}

}  // namespace ringkv
