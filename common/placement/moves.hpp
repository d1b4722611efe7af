// What leads from one placement to another. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "common/placement/placement.hpp"

namespace ringkv {

// A node that must get the partition's data.
struct PlannedMove {
    PartitionId partition;
    NodeId from;  // the node that loses its copy for it; none: the partition has one copy more than before
    NodeId to;

    friend bool operator==(const PlannedMove&, const PlannedMove&) = default;
};

struct PlannedMoves {
    std::vector<PlannedMove> copies;  // by partition
    std::size_t dropped = 0;          // copies deleted that no other replaces
    std::size_t primaries = 0;        // partitions with another primary than now
};

// Both of the same number of partitions; an empty `current` holds nothing.
[[nodiscard]] PlannedMoves moves_between(const Holders& current, const Holders& target);

}  // namespace ringkv
