// Which shards of a node turn. Each says so in every turn of its own; the one that speaks for the node asks, so that it
// does not speak for one that is stuck: on its disk, in an endless loop, or without a processor.
//
// Thread safety: turned() by the shard's own thread, stuck() by any.
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "common/ids.hpp"
#include "common/time.hpp"

namespace ringkv {

class ShardWatch {
  public:
    explicit ShardWatch(std::size_t shards) : turns_(shards) {}

    void turned(ShardIndex shard, Time now) {
        turns_[shard].at.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    }
    // One that has not turned for so long; one that has not begun yet is none.
    [[nodiscard]] std::optional<ShardIndex> stuck(Time now, Duration patience) const {
        for (ShardIndex shard = 0; shard < turns_.size(); ++shard) {
            const Duration::rep at = turns_[shard].at.load(std::memory_order_relaxed);
            if (at != 0 && now - Time(Duration(at)) > patience) return shard;
        }
        return std::nullopt;
    }

  private:
    // On a cache line of its own: it is written in every turn.
    struct alignas(64) Turn {
        std::atomic<Duration::rep> at{0};
    };
    std::vector<Turn> turns_;
};

}  // namespace ringkv
