#include "registry/census.hpp"

#include "common/placement/planning.hpp"

namespace ringkv::registry {
namespace {

constexpr Duration between_counts = std::chrono::milliseconds(100);

}  // namespace

Census census_of(const ClusterMap& map) {
    Census census;
    for (const auto& [id, node] : map.nodes)
        if (node.state != NodeState::gone) ++census.nodes.at(static_cast<std::size_t>(node.state));
    for (const PartitionState& partition : map.partitions) {
        const bool full = live_copies(map, partition.view) >= map.settings.replication;
        ++(!serves(map.find(partition.view.primary)) ? census.unavailable
           : full                                    ? census.full
                                                     : census.under_replicated);
        const MoveCounts moves = moves_in(partition);
        census.moves_under_way += moves.active;
        census.moves_planned += moves.pending;
    }
    return census;
}

std::uint64_t Unavailability::unavailable(Time now) const {
    const ClusterMap& map = publication_.map();
    std::uint64_t count = 0;
    for (const auto& [node, primaries] : primaries_)
        if (!serves(map.find(node)) || !membership_.heard_within(node, now, map.settings.lease.duration))
            count += primaries;
    return count;
}

void Unavailability::tick(Time now) {
    if (counted_at_ && now - *counted_at_ < between_counts) return;
    if (counted_at_) sum_ += (now - *counted_at_) * unavailable_;
    counted_at_ = now;
    if (publication_.changes() != seen_changes_) {
        seen_changes_ = publication_.changes();
        primaries_.clear();
        for (const PartitionState& partition : publication_.map().partitions) ++primaries_[partition.view.primary];
    }
    unavailable_ = unavailable(now);
}

}  // namespace ringkv::registry
