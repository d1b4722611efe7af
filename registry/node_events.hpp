// What a change of the map says of its nodes and settings, as events.
#pragma once

#include <map>

#include "registry/event_log.hpp"
#include "registry/map_change.hpp"

namespace ringkv::registry {

// -> of nodes whose state has changed, the event that says so.
std::map<NodeId, EventId> note_nodes(EventLog& log, const MapChange& change);

void note_settings(EventLog& log, const MapChange& change);

}  // namespace ringkv::registry
