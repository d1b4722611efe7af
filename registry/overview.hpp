// The cluster as people look at it: which node holds what, what moves, what the nodes do. Pure values, made for the
// dashboard (docs/http-api.md) from the map that is published; what shows them takes a copy.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "registry/activity.hpp"
#include "registry/membership.hpp"
#include "registry/publication.hpp"
#include "registry/registry_counters.hpp"

namespace ringkv::registry {

// Where a partition is. Its nodes stand in Layout::holders, from `first` on: the members, the primary before the
// others; the learners (copies that are being made); those where copies are planned.
struct PartitionRow {
    ViewId view;
    std::uint32_t first = 0;
    std::uint16_t members = 0;
    std::uint16_t learners = 0;
    std::uint16_t planned = 0;
};

// A node by its newest identity.
struct NodeRow {
    NodeInfo node;
    std::string duty;  // duty_of
    std::uint32_t primaries = 0;
    std::uint32_t copies = 0;     // as a member; the primaries among them
    std::uint32_t receiving = 0;  // copies that are being made here
    std::uint32_t awaiting = 0;   // copies that are planned here
};

// What follows from the map of an epoch alone.
struct Layout {
    Generation generation;
    Epoch epoch;
    ClusterSettings settings;
    Census census;
    std::string frozen;                    // frozen_text; empty: repair goes on
    std::map<NodeId, NodeInfo> nodes;      // every identity that something refers to
    std::vector<NodeRow> rows;             // by name
    std::vector<PartitionRow> partitions;  // by number
    std::vector<NodeId> holders;
};

[[nodiscard]] Layout layout_of(const ClusterMap& map);

struct Overview {
    std::shared_ptr<const Layout> layout;  // never null
    std::map<NodeId, Duration> silent;     // since a node was heard of last
    bool stands_still = false;             // nothing could be stored for more than a second
    std::string standing_aside;            // why the registry changes nothing; empty: it does
    ActivityReport activity;
};

// Looks at the partitions only if the map has changed since it was asked last.
class Overviews {
  public:
    // By reference.
    Overviews(const Publication& publication, const Membership& membership, const ActivityLog& activity)
        : publication_(publication), membership_(membership), activity_(activity) {}

    [[nodiscard]] Overview make(Time now);

  private:
    const Publication& publication_;
    const Membership& membership_;
    const ActivityLog& activity_;
    std::shared_ptr<const Layout> newest_;
};

}  // namespace ringkv::registry
