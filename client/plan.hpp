// What would move if the cluster were another one: the registry's own planner, run on a map that is changed as the
// request says. Pure; thread-safe.
#pragma once

#include <vector>

#include "common/messages.hpp"
#include "ringkv/admin.hpp"

namespace ringkv {

// What one node said that it has: all of its shards' answers.
struct NodeHoldings {
    NodeId node;
    std::vector<Holding> holdings;
    std::optional<MemoryReport> memory{};  // of all shards; absent: one did not say
};

// How large each partition is: as its primary says, or else its fullest member that answered.
[[nodiscard]] Holdings holdings_of(const ClusterMap& map, const std::vector<NodeHoldings>& answers);

// Errors: invalid_argument. Precondition: map.formed().
[[nodiscard]] Result<Plan> plan_of(const ClusterMap& map, const PlanRequest& request, const Holdings& holdings);

}  // namespace ringkv
