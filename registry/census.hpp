// How the cluster is, counted from its map.
#pragma once

#include <map>
#include <optional>

#include "common/cluster_map.hpp"
#include "registry/membership.hpp"
#include "registry/registry_counters.hpp"

namespace ringkv::registry {

[[nodiscard]] Census census_of(const ClusterMap& map);

// For how long partitions were unavailable, summed over partitions: their primaries were down, or had not been heard of
// for a lease. Looks at the nodes ten times a second at most, and at the partitions only if the map has changed.
class Unavailability {
  public:
    // By reference.
    Unavailability(const Publication& publication, const Membership& membership)
        : publication_(publication), membership_(membership) {}

    void tick(Time now);
    [[nodiscard]] Duration sum() const { return sum_; }

  private:
    [[nodiscard]] std::uint64_t unavailable(Time now) const;

    const Publication& publication_;
    const Membership& membership_;
    std::optional<Time> counted_at_;
    std::uint64_t unavailable_ = 0;  // by then
    std::optional<std::uint64_t> seen_changes_;
    std::map<NodeId, std::uint64_t> primaries_;  // how many each node has
    Duration sum_{};
};

}  // namespace ringkv::registry
