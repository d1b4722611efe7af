// The fewest possible moves, by an independent min-cost flow (LEMON's network simplex) on a network that is built
// in full: what the planner is held against. Plain types, since LEMON 1.3 does not compile as C++20.
#pragma once

#include <cstdint>
#include <vector>

namespace ringkv::benchmarks {

// Every partition takes nodes 0 .. : of each rack at least rack_least, and of `extra` racks one more, where rack_most
// is more; every node within its bounds.
struct MoveProblem {
    std::vector<std::uint32_t> rack_of;  // each node
    std::vector<std::uint32_t> rack_least, rack_most;
    std::uint32_t extra = 0;
    std::vector<std::uint32_t> node_least, node_most;
    std::vector<std::vector<std::uint32_t>> held;  // of each partition: the nodes that it is on now
};

// How many (partition, node) must be taken that are not held. -1: nothing keeps the bounds.
[[nodiscard]] std::int64_t least_possible(const MoveProblem& problem);

}  // namespace ringkv::benchmarks
