// What a primary's shard claims of one peer: a numbered list, and what of it the peer may not have yet (L1).
//
// A list has the number under which it was sent; what changes after that makes another. Changes are kept back to the
// newest list that the peer has said it has, so that they can be sent alone.
#pragma once

#include <deque>
#include <utility>

#include "absl/container/btree_map.h"
#include "common/messages.hpp"

namespace ringkv {

class ClaimList {
  public:
    struct Held {
        ViewId view;
        std::uint64_t since = 0;  // the first list that has it so
    };
    using Claims = absl::btree_map<PartitionId, Held>;

    // The partition is claimed in that view, or in none. `last` is the newest number that any list has.
    void set(PartitionId partition, ViewId view, std::uint64_t& last);
    // Writes the list into a beacon: its number, and what the peer needs to know it.
    void send(Beacon& beacon);
    // The peer has answered a beacon with that list.
    void answered(std::uint64_t list, bool takes_changes);
    // The peer does not have what it was believed to have: the next beacon has all.
    void forget_answers();

    [[nodiscard]] const Claims& claims() const { return claims_; }
    [[nodiscard]] bool empty() const { return claims_.empty(); }
    [[nodiscard]] std::uint64_t number() const { return list_; }

    // No claim is younger than the list; changes are in order, of lists after the one that they follow on, and not
    // more than it would take to send all.
    void check_invariants() const;

  private:
    // All of the list is less than what has changed.
    [[nodiscard]] bool list_is_shorter() const { return changes_.size() > claims_.size(); }

    Claims claims_;
    std::uint64_t list_ = 0;
    bool sent_ = false;           // under that number
    std::uint64_t answered_ = 0;  // the newest list that the peer has; 0 = not known
    bool takes_changes_ = false;
    std::uint64_t follow_on_ = 0;  // changes_ are all that were made after that list
    std::deque<std::pair<std::uint64_t, PartitionId>> changes_;
};

}  // namespace ringkv
