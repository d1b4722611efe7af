#include "registry/map_events.hpp"

#include "registry/event_kinds.hpp"
#include "registry/node_events.hpp"
#include "registry/view_events.hpp"

namespace ringkv::registry {

// In the order of causes: nodes, what that makes of views, what that makes of partitions.
void MapEvents::note(EventLog& log, const MapChange& change) {
    if (!change.before.formed()) {
        const ClusterSettings& settings = change.after.settings;
        log.note(change.now, change.delta.epoch,
                 {kind::cluster_formed,
                  {},
                  {},
                  {},
                  "the cluster " + settings.cluster + " is formed: " + counted(change.after.nodes.size(), "node") +
                      ", " + counted(settings.partitions, "partition")});
        partitions_ = PartitionWatch(change.after);
        return;
    }
    note_settings(log, change);
    const std::map<NodeId, EventId> of_nodes = note_nodes(log, change);
    const std::map<PartitionId, EventId> of_views = note_views(log, change, hears_);
    partitions_.note(log, change, of_nodes, of_views);
}

}  // namespace ringkv::registry
