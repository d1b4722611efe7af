// What a node shows of itself: its page of metrics (docs/metrics.md), and what keeps it from being alive, or ready.
// Functions of what was observed; nothing here reads a clock or a counter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/edge/observing/loop_metrics.hpp"
#include "node/shard_figures.hpp"

namespace ringkv {

// Of one shard, at a moment.
struct ShardObservation {
    ShardFigures shard;
    LoopFigures loop;
};

// One of a node's shards, by index.
struct ObservedShard {
    std::shared_ptr<const ShardObservation> newest;  // null: it has not turned yet
    bool turns = false;                              // it took a turn when it was asked just now
};

[[nodiscard]] std::string node_metrics(const std::vector<ObservedShard>& shards);
// Reasons, a line each.
[[nodiscard]] std::vector<std::string> node_not_alive(const std::vector<ObservedShard>& shards);
[[nodiscard]] std::vector<std::string> node_not_ready(const std::vector<ObservedShard>& shards);

}  // namespace ringkv
