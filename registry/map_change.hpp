// A change of the map, as events are made of it, and the words that they share.
#pragma once

#include <string>
#include <vector>

#include "common/cluster_map.hpp"

namespace ringkv::registry {

// `after` is `before` with `delta`.
struct MapChange {
    Time now;
    const ClusterMap& before;
    const MapDelta& delta;
    const ClusterMap& after;

    [[nodiscard]] const NodeInfo* node(NodeId id) const {
        const NodeInfo* node = after.find(id);
        return node != nullptr ? node : before.find(id);
    }
    [[nodiscard]] std::string name(NodeId id) const {
        const NodeInfo* known = node(id);
        return known != nullptr ? known->name : "node " + std::to_string(id.value());
    }
};

// "1 partition", "12 partitions".
inline std::string counted(std::size_t count, const std::string& thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

// "3", or "3, 7, 12 and 40 others".
inline std::string examples_of(const std::vector<PartitionId>& partitions) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, partitions.size()); ++i)
        text += (i == 0 ? "" : ", ") + std::to_string(partitions[i].value());
    if (partitions.size() > most) text += " and " + counted(partitions.size() - most, "other");
    return text;
}

// Where there is but one.
inline std::optional<PartitionId> only(const std::vector<PartitionId>& partitions) {
    if (partitions.size() != 1) return std::nullopt;
    return partitions.front();
}

}  // namespace ringkv::registry
