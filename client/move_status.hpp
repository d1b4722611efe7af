// What a cluster map says about data that moves, and about data that does not though it should: for people and tools.
// Pure functions of the map; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "common/cluster_map.hpp"
#include "common/placement/planning.hpp"
#include "ringkv/admin.hpp"

namespace ringkv {

[[nodiscard]] NodeMoves node_moves(const ClusterMap& map, std::string_view name);
[[nodiscard]] RepairStatus repair_status(const ClusterMap& map);
[[nodiscard]] Settings settings_of(const ClusterMap& map);

}  // namespace ringkv
