// What the micro-benchmarks measure with: keys and values as scripts/bench has them, and maps of a cluster's size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/placement/placement.hpp"

namespace ringkv::benchmarks {

// 17 bytes.
std::string sample_key(std::uint64_t number);
// `size` letters.
std::string sample_value(std::size_t size = 100);
// 0 .. below - 1 in an order that no prefetcher guesses; the same in every run. A power of two of them.
std::vector<std::uint32_t> shuffled(std::uint32_t below);

// Ten racks.
std::vector<Candidate> sample_nodes(std::uint32_t nodes);
// Formed: every partition has a view and three members, as the registry places them.
ClusterMap sample_map(std::uint32_t nodes, std::uint32_t partitions);
// The next epoch: node 1 is down, and partitions of which it was primary have their next view.
MapDelta death_of_node_1(const ClusterMap& map);

}  // namespace ringkv::benchmarks
