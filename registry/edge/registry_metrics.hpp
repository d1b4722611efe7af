// What the registry shows of itself: its page of metrics (docs/metrics.md), and what keeps it from being alive, or
// ready. Functions of what was observed; nothing here reads a clock or a counter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/edge/observing/loop_metrics.hpp"
#include "common/edge/running/storage_thread.hpp"
#include "registry/registry_counters.hpp"

namespace ringkv::registry {

// At a moment.
struct Observation {
    Figures registry;
    StorageThread::Figures storage;
    LoopFigures loop;
};

struct ObservedRegistry {
    std::shared_ptr<const Observation> newest;  // null: it has not turned yet
    bool turns = false;                         // it took a turn when it was asked just now
};

[[nodiscard]] std::string metrics(const ObservedRegistry& seen);
// Reasons, a line each.
[[nodiscard]] std::vector<std::string> not_alive(const ObservedRegistry& seen);
[[nodiscard]] std::vector<std::string> not_ready(const ObservedRegistry& seen);

}  // namespace ringkv::registry
