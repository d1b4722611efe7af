// A client's numbers for its writes, the lowest of each partition that is still open (C1), and which of them may be
// sent: a partition remembers what it did from the lowest on, and not without end. Pure.
//
// What `lowest` of a partition promises to it: every write of this client to a key of that partition with a lower
// number is finished; the client waits for no answer to it and sends no attempt of it again. It holds because
//   1. numbers only grow, so one that is taken later is higher than all that were open then;
//   2. a write is in the list of its key's partition from the moment at which it has a number, and a key never changes
//      its partition: the number of partitions is fixed when the cluster forms;
//   3. before the first map is there, no partition is known, and nothing is sent; place() comes before anything is.
// So it never goes back, and a partition may forget what is below it. A write to another partition does not matter: its
// number never comes to this one. A client that names the lowest number open anywhere (as releases up to 0.5 do) names
// one that is not higher, and promises less.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "common/check.hpp"
#include "common/ids.hpp"

namespace ringkv {

class Sequences {
  public:
    using Slot = std::uint32_t;

    // Of the numbers of a partition, so many may be sent from the lowest open one on. A partition refuses more than
    // 1024, and may forget clients that have it remember much.
    static constexpr std::uint64_t window = 256;

    // The next number; it is open from now on, at this slot, in this partition, or in one that is not known yet.
    Sequence take(Slot slot, std::optional<PartitionId> partition) {
        if (open_.size() <= slot) open_.resize(slot + 1);
        last_ = last_.next();
        append(partition ? list_of(*partition) : unplaced_, slot, last_);
        return last_;
    }
    // There is a map: -> the partition of the write at a slot.
    template <class PartitionOf>
    void place(const PartitionOf& partition_of) {
        for (Slot slot = unplaced_.first; slot != none;) {  // in order, and before any that is taken from now on
            const Slot next = open_[slot].after;
            append(list_of(partition_of(slot)), slot, open_[slot].sequence);
            slot = next;
        }
        unplaced_ = List{};
    }
    // Precondition: it is placed. True: it stays so.
    [[nodiscard]] bool may_be_sent(Slot slot) const {
        const Open& open = open_[slot];
        return in_window(lists_[open.partition.value()], open);
    }
    // Its outcome is known to the caller (or it was abandoned): it will not be sent again. -> the slots that may be
    // sent now, and might not before, are appended to `freed`.
    void finish(Slot slot, std::vector<Slot>& freed) {
        RINGKV_CHECK(slot < open_.size() && !open_[slot].sequence.none(), "finished twice");
        const Open gone = std::exchange(open_[slot], Open{});
        List& list = gone.placed ? list_of(gone.partition) : unplaced_;
        (gone.before == none ? list.first : open_[gone.before].after) = gone.after;
        (gone.after == none ? list.last : open_[gone.after].before) = gone.before;
        if (list.beyond == slot) list.beyond = gone.after;
        for (; list.beyond != none && in_window(list, open_[list.beyond]); list.beyond = open_[list.beyond].after)
            freed.push_back(list.beyond);
    }
    // The lowest number of the partition that is open; the next one to come, if none is. Precondition: none waits for
    // its place.
    [[nodiscard]] Sequence lowest(PartitionId partition) const {
        RINGKV_CHECK(unplaced_.first == none, "an open write may be of any partition");
        const Slot first = partition.value() < lists_.size() ? lists_[partition.value()].first : none;
        return first == none ? last_.next() : open_[first].sequence;
    }

  private:
    static constexpr Slot none = std::numeric_limits<Slot>::max();

    struct Open {
        Sequence sequence;  // none: not open
        PartitionId partition;
        bool placed = false;
        std::uint64_t place = 0;  // among all numbers of its partition, from the first on
        Slot before = none;
        Slot after = none;
    };
    struct List {  // by sequence
        Slot first = none;
        Slot last = none;
        Slot beyond = none;  // the first that may not be sent yet
        std::uint64_t given = 0;
        std::optional<PartitionId> partition{};
    };

    [[nodiscard]] bool in_window(const List& list, const Open& open) const {
        return open.place - open_[list.first].place < window;
    }

    List& list_of(PartitionId partition) {
        if (lists_.size() <= partition.value()) lists_.resize(partition.value() + 1);
        List& list = lists_[partition.value()];
        list.partition = partition;
        return list;
    }
    void append(List& list, Slot slot, Sequence sequence) {
        open_[slot] = {
            sequence, list.partition.value_or(PartitionId()), list.partition.has_value(), list.given++, list.last,
            none};
        (list.last == none ? list.first : open_[list.last].after) = slot;
        list.last = slot;
        if (list.partition && list.beyond == none && !in_window(list, open_[slot])) list.beyond = slot;
    }

    Sequence last_;
    std::vector<Open> open_;   // by slot
    std::vector<List> lists_;  // by partition
    List unplaced_;
};

}  // namespace ringkv
