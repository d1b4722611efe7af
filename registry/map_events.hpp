// Turns changes of the map into events. All that an event of this kind tells is in the map before and after; only
// whether the registry still hears a node is asked for.
#pragma once

#include <functional>

#include "registry/event_log.hpp"
#include "registry/partition_watch.hpp"

namespace ringkv::registry {

class MapEvents {
  public:
    // As the map is, nothing is noted.
    explicit MapEvents(const ClusterMap& map) : partitions_(map) {}

    // Said once, before the first change: was the node heard of within a lease?
    void set_hears(std::function<bool(NodeId)> hears) { hears_ = std::move(hears); }
    void note(EventLog& log, const MapChange& change);

  private:
    std::function<bool(NodeId)> hears_ = [](NodeId) { return false; };
    PartitionWatch partitions_;
};

}  // namespace ringkv::registry
