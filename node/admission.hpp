// How many requests a shard holds: those that wait, and the entries that are not committed yet. Each holds a Slot, and
// gives it back when it goes.
#pragma once

#include "node/slot.hpp"

namespace ringkv {

class Admission {
  public:
    explicit Admission(std::uint64_t limit) : limit_(limit) {}

    [[nodiscard]] std::uint64_t held() const { return held_; }
    // A new request must be refused to a partition that has so many of them. One may hold as many as it leaves to the
    // others: those that cannot go on do not keep out those that can. What is inside already may still take slots: a
    // held request becomes an entry.
    [[nodiscard]] bool full(std::uint64_t of_partition) const { return held_ + of_partition >= limit_; }
    [[nodiscard]] Slot enter() { return Slot(held_); }

  private:
    const std::uint64_t limit_;
    std::uint64_t held_ = 0;
};

}  // namespace ringkv
