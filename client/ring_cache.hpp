// The client's copy of the cluster map, and what answers have told it since: the published map under
// its epoch, and over it the newer views that NotPrimary answers named (C4). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/messages.hpp"

namespace ringkv {

// Where a partition's primary listens. A RingCache has one for each node and endpoint, at an address of its own and for
// ever: two are equal if they are the same object.
struct Route {
    NodeId node;  // none: no node is known to serve the partition
    std::string endpoint;
    std::uint32_t number = 0;  // from 0, without gaps; no_route has none

    [[nodiscard]] bool none() const { return node.none(); }
};
inline const Route no_route{};

class RingCache {
  public:
    RingCache() = default;
    RingCache(const RingCache&) = delete;
    RingCache& operator=(const RingCache&) = delete;

    enum class Learned : std::uint8_t {
        nothing,  // old, of another cluster, or not a map at all
        more,     // routes may have changed
        gap,      // deltas are missing: ask for a snapshot
    };

    [[nodiscard]] bool formed() const { return map_.formed(); }
    [[nodiscard]] std::uint32_t partitions() const { return static_cast<std::uint32_t>(routes_.size()); }
    // None before the first map.
    [[nodiscard]] const Uuid& cluster() const { return map_.settings.id; }
    // As published.
    [[nodiscard]] const ClusterMap& map() const { return map_; }
    // The published map, with the views that answers have told where those are newer.
    [[nodiscard]] ClusterMap merged() const;

    // Takes a newer map of the same cluster; the first one decides which cluster that is.
    Learned apply(const ClusterMap& map);
    Learned apply(const MapDelta& delta);
    // Takes the view, if it is newer than what is known. Did anything change?
    bool mend(const NotPrimary& answer);

    // Preconditions below: formed(), and partition < partitions().
    [[nodiscard]] const Route& route(PartitionId partition) const { return *routes_[partition.value()]; }
    [[nodiscard]] const View& view(PartitionId partition) const;
    // Replicas of the partition that stale reads may go to.
    [[nodiscard]] std::size_t replicas(PartitionId partition) const { return replicas_of(partition).size(); }
    // The nth of them, counted in a circle: those in `rack` come first, those that are down last; among equals `spread`
    // says which is first. no_route: there are none.
    [[nodiscard]] const Route& replica(PartitionId partition, const std::string& rack, std::uint64_t spread,
                                       std::size_t nth);
    // The highest commit point seen of the partition (C2).
    [[nodiscard]] OpNumber known(PartitionId partition) const { return known_[partition.value()]; }
    void saw_commit(PartitionId partition, OpNumber commit);

  private:
    struct Told {
        View view;
        std::optional<NodeInfo> primary;
    };

    using Nodes = std::vector<const NodeInfo*>;

    [[nodiscard]] const NodeInfo* primary_of(PartitionId partition) const;
    [[nodiscard]] Nodes replicas_of(PartitionId partition) const;
    void refresh(PartitionId partition);
    [[nodiscard]] const Route& route_to(const NodeInfo& node, PartitionId partition);

    ClusterMap map_;
    std::map<PartitionId, Told> told_;                            // by answers, and above the map's
    std::vector<const Route*> routes_;                            // by partition: what follows from the two above
    std::vector<OpNumber> known_;                                 // by partition
    std::map<std::pair<NodeId, std::string>, Route> all_routes_;  // that ever were
};

}  // namespace ringkv
