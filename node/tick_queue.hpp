// When each partition of a shard wants its next tick: work in a turn grows with what is due, not with what is there.
// A wheel of slots of 5 ms; what is due later than its horizon is looked at then, and put in again.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/ids.hpp"
#include "common/time.hpp"

namespace ringkv {

class TickQueue {
  public:
    // The partition is due at `at`, or a slot later; a wake that is earlier stays. Never in the turn that asks for it.
    void wake(PartitionId partition, Time at);

    // Takes out what is due by now and calls each(partition), in a fixed order; at most `most` of them: the rest is due
    // in the next call. `each` may wake.
    template <class Each>
    void each_due(Time now, std::size_t most, const Each& each) {
        collect(now);
        for (std::size_t taken = 0; taken < most && next_ < due_.size(); ++taken) {
            const PartitionId partition = due_[next_++];
            each(partition);
        }
        if (next_ < due_.size()) return;
        due_.clear();
        next_ = 0;
    }

  private:
    using Slot = std::int64_t;  // since the clock's zero
    static constexpr Duration slot_width = std::chrono::milliseconds(5);
    static constexpr std::size_t slots = 512;
    static constexpr Slot none = -1;

    void collect(Time now);

    Slot turned_ = 0;                                      // everything up to it has been collected
    std::array<std::vector<PartitionId>, slots> wheel_{};  // an item counts if it is in the slot that armed_ says
    std::vector<Slot> armed_;                              // by partition
    std::vector<PartitionId> due_;
    std::size_t next_ = 0;  // of due_
};

}  // namespace ringkv
