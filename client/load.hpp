// What nodes and the registry answer operators, as the library tells it. Pure functions; thread-safe.
#pragma once

#include <vector>

#include "common/cluster_map.hpp"
#include "common/messages.hpp"
#include "ringkv/admin.hpp"

namespace ringkv {

// What the shards of a node have counted.
struct NodeFigures {
    NodeId node;
    std::vector<FiguresAnswer> shards;
};

[[nodiscard]] Load load_of(const ClusterMap& map, const std::vector<NodeFigures>& answers);
[[nodiscard]] EventList events_of(const EventsAnswer& answer);
// `map`: of the time when it was asked.
[[nodiscard]] Condition condition_of(const ClusterMap& map, const ConditionAnswer& answer);

}  // namespace ringkv
