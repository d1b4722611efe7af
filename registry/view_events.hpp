// Which views a change of the map replaces, and why, as events: one for all partitions of an epoch that changed for the
// same reason.
#pragma once

#include <functional>
#include <map>

#include "registry/event_log.hpp"
#include "registry/map_change.hpp"

namespace ringkv::registry {

// `hears`: was the node heard of by the registry within a lease? -> of each partition whose view has changed, the
// event.
std::map<PartitionId, EventId> note_views(EventLog& log, const MapChange& change,
                                          const std::function<bool(NodeId)>& hears);

}  // namespace ringkv::registry
