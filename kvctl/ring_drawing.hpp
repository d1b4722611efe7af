// The ring, drawn with letters for a terminal: outside the nodes, rack beside rack, each with an arc as long as it has
// copies; inside the partitions in their order, each place showing the worst state of those that it stands for.
#pragma once

#include <ringkv/client.hpp>

#include <string>
#include <vector>

#include "kvctl/console.hpp"

namespace ringkv::kvctl {

// So wide it is at least, without what stands beside it.
inline constexpr std::size_t ring_width = 42;

// Lines, with colours if it goes to a terminal that has them. `of`: that partition is marked, and which copy is on
// which node's arc (1: the primary); may be null. No partitions: no lines.
[[nodiscard]] std::vector<std::string> draw_ring(const Console& console, const ClusterStatus& status,
                                                 const PartitionStatus* of);

}  // namespace ringkv::kvctl
