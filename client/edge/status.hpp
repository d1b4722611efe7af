// What a cluster map says, for people and tools. Pure functions of the map; thread-safe.
#pragma once

#include "common/cluster_map.hpp"
#include "ringkv/client.hpp"

namespace ringkv {

// Precondition of both: map.formed().
[[nodiscard]] ClusterStatus status_of(const ClusterMap& map);
// `view` is the partition's: the map's own, or a newer one.
[[nodiscard]] PartitionStatus status_of(const ClusterMap& map, PartitionId partition, const View& view);

}  // namespace ringkv
