#include "client/edge/status.hpp"

#include <algorithm>
#include <map>

#include "client/move_status.hpp"
#include "common/placement/planning.hpp"

namespace ringkv {

namespace {

ReplicaStatus replica(const ClusterMap& map, NodeId id, std::string_view role) {
    const NodeInfo* node = map.find(id);
    if (node == nullptr) return {"node " + std::to_string(id.value()), "", std::string(role), "gone"};
    return {node->name, node->rack, std::string(role), std::string(to_string(node->state))};
}

// No member can ever come back: each was in memory only, and its name has a newer identity (or none).
bool lost(const ClusterMap& map, const View& view) {
    return std::ranges::all_of(view.members, [&](NodeId id) {
        const NodeInfo* node = map.find(id);
        return node == nullptr || node->state == NodeState::gone;
    });
}

// The newest identity of each name, unless that is gone.
std::map<std::string, const NodeInfo*> current_nodes(const ClusterMap& map) {
    std::map<std::string, const NodeInfo*> nodes;
    for (const auto& [id, node] : map.nodes) nodes[node.name] = &node;  // ids grow: the last one is the newest
    std::erase_if(nodes, [](const auto& each) { return each.second->state == NodeState::gone; });
    return nodes;
}

NodeStatus node_status(const ClusterMap& map, const NodeInfo& node) {
    NodeStatus status;
    status.name = node.name;
    status.rack = node.rack;
    status.state = to_string(node.state);
    status.address = node.endpoints.empty() ? "" : node.endpoints.front();
    status.durability = to_string(node.durability);
    status.weight = node.weight;
    status.shards = static_cast<std::uint32_t>(node.endpoints.size());
    status.duty = duty_of(map, node);
    return status;
}

}  // namespace

PartitionStatus status_of(const ClusterMap& map, PartitionId partition, const View& view) {
    PartitionStatus status;
    status.partition = partition.value();
    status.view = view.id.to_string();
    if (!view.primary.none()) {
        status.members.push_back(replica(map, view.primary, "primary"));
        status.primary = status.members.front().name;
    }
    for (const NodeId id : view.backups()) status.members.push_back(replica(map, id, "backup"));
    const PartitionState& state = map.at(partition);
    for (const bool learns : {true, false})
        for (const NodeId id : state.target)
            if (!view.has(id) && state.has_learner(id) == learns)
                status.members.push_back(replica(map, id, learns ? "learner" : "planned"));
    status.available = serves(map.find(view.primary));
    status.full = status.available && live_copies(map, view) >= map.settings.replication;
    status.lost = lost(map, view);
    return status;
}

ClusterStatus status_of(const ClusterMap& map) {
    ClusterStatus status;
    status.cluster = map.settings.cluster;
    status.cluster_id = map.settings.id.to_string();
    status.generation = map.generation.value();
    status.epoch = map.epoch.value();
    status.replication = map.settings.replication;
    status.total = static_cast<std::uint32_t>(map.partitions.size());

    std::map<NodeId, NodeStatus> nodes;
    for (const auto& [name, node] : current_nodes(map)) nodes.emplace(node->id, node_status(map, *node));
    for (std::uint32_t p = 0; p < status.total; ++p) {
        const PartitionState& state = map.partitions[p];
        PartitionStatus partition = status_of(map, PartitionId(p), state.view);
        for (const NodeId id : state.view.members)
            if (const auto node = nodes.find(id); node != nodes.end()) ++node->second.copies;
        if (const auto node = nodes.find(state.view.primary); node != nodes.end()) ++node->second.primaries;
        const MoveCounts moves = moves_in(state);
        status.learners += moves.active;
        status.pending += moves.pending;
        status.lost += partition.lost ? 1 : 0;
        status.full += partition.full ? 1 : 0;
        status.unavailable += partition.available ? 0 : 1;
        status.under_replicated += partition.available && !partition.full ? 1 : 0;
        status.partitions.push_back(std::move(partition));
    }
    if (repair_frozen(map)) status.frozen = frozen_text(map);
    for (auto& [id, node] : nodes) status.nodes.push_back(std::move(node));
    std::ranges::sort(status.nodes, {}, &NodeStatus::name);
    status.health = status.unavailable > 0 ? "unavailable" : status.full < status.total ? "degraded" : "ok";
    return status;
}

}  // namespace ringkv
