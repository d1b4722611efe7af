// What the shards of a node have done, so that the one that speaks for the node can tell the registry. Each puts it
// down in a turn of its own, when it was asked for: once a second (common/edge/observing/observed.hpp).
//
// Thread safety: offer() by the shard's own thread, gather() by that of one of them.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "common/edge/observing/observed.hpp"
#include "common/messages.hpp"

namespace ringkv {

class ActivityBoard {
  public:
    explicit ActivityBoard(std::size_t shards) : shards_(shards) {}

    // In every turn. `make`: () -> NodeActivity, of that shard alone.
    template <class Make>
    void offer(ShardIndex shard, Make&& make) {
        shards_[shard].offer(std::forward<Make>(make));
    }
    // What all had done when they were asked last, and asks them anew. nullopt: not all have said so yet.
    [[nodiscard]] std::optional<NodeActivity> gather() {
        NodeActivity sum;
        bool all = true;
        for (Observed<NodeActivity>& shard : shards_) {
            const auto one = shard.value();
            all = all && one != nullptr;
            if (one != nullptr) add(sum, *one);
            shard.ask();
        }
        return all ? std::optional(std::move(sum)) : std::nullopt;
    }

  private:
    static void add(NodeActivity& sum, const NodeActivity& one) {
        sum.writes += one.writes;
        sum.gets += one.gets;
        sum.scans += one.scans;
        sum.refused += one.refused;
        sum.received += one.received;
        sum.sent += one.sent;
        sum.memory += one.memory;
        sum.memory_limit += one.memory_limit;
        add(sum.write_times, one.write_times);
        add(sum.get_times, one.get_times);
    }
    static void add(std::vector<std::uint64_t>& sum, const std::vector<std::uint64_t>& one) {
        sum.resize(std::max(sum.size(), one.size()));
        for (std::size_t i = 0; i < one.size(); ++i) sum[i] += one[i];
    }

    std::vector<Observed<NodeActivity>> shards_;
};

}  // namespace ringkv
