// The newest part of a partition's log, in memory: everything uncommitted, and as much of what was
// committed as is kept for members that fell behind. Entries are contiguous.
//
//     start | start+1 ... last          `start` itself is not held, but its view is known
#pragma once

#include <vector>

#include "common/entry.hpp"
#include "common/fifo.hpp"
#include "common/look_ahead.hpp"
#include "node/suffix_budget.hpp"

namespace ringkv {

class LogSuffix {
  public:
    // The budget is that of all suffixes of the shard, and must outlive it.
    explicit LogSuffix(SuffixBudget& budget) : budget_(budget) {}
    ~LogSuffix() { drop_all(); }
    LogSuffix(const LogSuffix&) = delete;
    LogSuffix& operator=(const LogSuffix&) = delete;

    [[nodiscard]] OpNumber start() const { return start_; }
    [[nodiscard]] OpNumber last() const { return OpNumber(start_.value() + entries_.size()); }
    // Is this op's entry held?
    [[nodiscard]] bool holds(OpNumber op) const { return op > start_ && op <= last(); }
    // Precondition: holds(op).
    [[nodiscard]] const EntryPtr& at(OpNumber op) const;
    // The view in which the entry was first appended; none for op 0, or if it is too old to know.
    [[nodiscard]] ViewId view_at(OpNumber op) const;
    // Do we have that very entry, or know that we had? Two logs that agree on (op, view) agree on all before it.
    [[nodiscard]] bool matches(OpNumber op, ViewId view) const;
    // False: another log's is known here to be another one. Where either view is not known, nothing is.
    [[nodiscard]] bool could_match(OpNumber op, ViewId view) const;
    // Entries above `after`: at most so many, and none more once they have so many bytes. Precondition: after >=
    // start().
    [[nodiscard]] Entries above(OpNumber after, std::size_t most_entries, std::size_t most_bytes) const;
    // Of the entries above `after`, up to `upto`. Precondition: start() <= after <= upto <= last().
    [[nodiscard]] std::uint64_t bytes_between(OpNumber after, OpNumber upto) const {
        return total_at(upto) - total_at(after);
    }

    // Precondition: entry->op == last() + 1, and its view is not below the last one's.
    void append(EntryPtr entry);
    // Forgets what is above `keep`. Precondition: keep >= start().
    void truncate(OpNumber keep);
    // Forgets what the budget does not keep, but nothing above `needed`.
    void trim(OpNumber needed);
    // Holds nothing; the next entry is start + 1.
    void reset(OpNumber start, ViewId start_view);
    // What a state transfer says of the entries before ours.
    void set_history(std::vector<ViewStart> history);
    [[nodiscard]] std::vector<ViewStart> history() const { return {history_.begin(), history_.end()}; }

    // That entry will be looked at soon: first where it is is asked for, if it is held, then itself. Precondition of
    // expect_entry() and key_hash(): holds(op).
    void expect_place(OpNumber op) const {
        if (!holds(op)) return;
        const Item& item = item_of(op);
        prefetch(&item.entry);
        prefetch(&item.key_hash);
    }
    void expect_entry(OpNumber op) const { prefetch(item_of(op).entry.get(), expected_entry); }
    // hash_of() its key, without a look at the entry.
    [[nodiscard]] std::uint64_t key_hash(OpNumber op) const { return item_of(op).key_hash; }
    // Another one will be appended soon.
    void expect_append() const {
        if (!entries_.empty()) prefetch(&entries_.back().total);
    }

    // Entries are contiguous from start; views and ops of the history grow, and each entry's view is what it says.
    void check_invariants() const;

  private:
    static constexpr std::size_t expected_entry = 320;  // bytes: most keys and values are small

    struct Item {
        EntryPtr entry;
        std::uint64_t key_hash = 0;
        std::uint64_t place = 0;  // in the budget
        std::uint64_t total = 0;  // bytes of this entry and of all before it since reset()
    };

    [[nodiscard]] const Item& item_of(OpNumber op) const { return entries_[op.value() - start_.value() - 1]; }

    // Precondition: start() <= op <= last().
    [[nodiscard]] std::uint64_t total_at(OpNumber op) const { return op == start_ ? total_gone_ : item_of(op).total; }
    [[nodiscard]] std::uint64_t bytes_of(OpNumber op) const { return bytes_between(op.previous(), op); }
    void drop_all();

    SuffixBudget& budget_;
    OpNumber start_;
    Fifo<Item> entries_;
    std::uint64_t total_gone_ = 0;               // of those up to start_
    std::uint64_t oldest_ = 0;                   // the place of the first of them; none: the next to come
    absl::InlinedVector<ViewStart, 1> history_;  // ordered by op; reaches back to start_ at least
};

}  // namespace ringkv
