#include "node/tick_queue.hpp"

#include <algorithm>

namespace ringkv {

void TickQueue::wake(PartitionId partition, Time at) {
    if (partition.value() >= armed_.size()) armed_.resize(partition.value() + 1, none);
    const Slot wanted = (at.time_since_epoch() + slot_width - Duration(1)) / slot_width;
    const Slot slot = std::clamp<Slot>(wanted, turned_ + 1, turned_ + static_cast<Slot>(slots) - 1);
    Slot& armed = armed_[partition.value()];
    if (armed != none && armed <= slot) return;
    armed = slot;
    wheel_[static_cast<std::size_t>(slot) % slots].push_back(partition);
}

void TickQueue::collect(Time now) {
    const Slot reached = now.time_since_epoch() / slot_width;
    // After a long pause each slot once.
    const Slot last = std::min(reached, turned_ + static_cast<Slot>(slots));
    for (Slot slot = turned_ + 1; slot <= last; ++slot) {
        std::vector<PartitionId>& items = wheel_[static_cast<std::size_t>(slot) % slots];
        for (const PartitionId partition : items) {
            Slot& armed = armed_[partition.value()];
            if (armed != slot) continue;
            armed = none;
            due_.push_back(partition);
        }
        items.clear();
    }
    turned_ = std::max(turned_, reached);
}

}  // namespace ringkv
