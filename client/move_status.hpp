// What a cluster map says about data that moves, and about data that does not though it should: for people and tools.
// Pure functions of the map; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "common/cluster_map.hpp"
#include "ringkv/admin.hpp"

namespace ringkv {

// "" (holds its partitions), draining, drained, leaving, absent (evicted).
[[nodiscard]] std::string duty_of(const ClusterMap& map, const NodeInfo& node);

// The node serves requests: it is up or stopping.
[[nodiscard]] bool serves(const NodeInfo* node);

// Why, and what to do; in one sentence.
[[nodiscard]] std::string frozen_text(const ClusterMap& map);

// Copies that are being made, and that are to be made.
struct MoveCounts {
    std::uint32_t active = 0;
    std::uint32_t pending = 0;
};
[[nodiscard]] MoveCounts moves_in(const PartitionState& partition);

// Copies of the partition on nodes that serve.
[[nodiscard]] std::uint32_t live_copies(const ClusterMap& map, const View& view);

[[nodiscard]] NodeMoves node_moves(const ClusterMap& map, std::string_view name);
[[nodiscard]] RepairStatus repair_status(const ClusterMap& map);
[[nodiscard]] Settings settings_of(const ClusterMap& map);

}  // namespace ringkv
