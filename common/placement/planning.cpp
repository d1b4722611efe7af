#include "common/placement/planning.hpp"

#include <algorithm>

namespace ringkv {

std::vector<Candidate> candidates_of(const ClusterMap& map) {
    std::vector<Candidate> candidates;
    for (const auto& [id, node] : map.nodes)
        if (node.may_hold()) candidates.push_back({id, node.name, node.rack, node.weight});
    return candidates;
}

Holders holders_of(const ClusterMap& map) {
    Holders holders;
    holders.reserve(map.partitions.size());
    for (const PartitionState& partition : map.partitions) {
        holders.push_back(partition.target);
        for (NodeId member : partition.view.members)
            if (!partition.targets(member)) holders.back().push_back(member);
    }
    return holders;
}

namespace {

std::size_t nodes_that_may_hold(const ClusterMap& map) {
    return static_cast<std::size_t>(
        std::count_if(map.nodes.begin(), map.nodes.end(), [](const auto& item) { return item.second.may_hold(); }));
}

}  // namespace

std::size_t wanted_copies(const ClusterMap& map) {
    return std::min<std::size_t>(map.settings.replication, nodes_that_may_hold(map));
}

bool serves(const NodeInfo* node) {
    return node != nullptr && (node->state == NodeState::up || node->state == NodeState::stopping);
}

std::uint32_t live_copies(const ClusterMap& map, const View& view) {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(view.members, [&](NodeId id) { return serves(map.find(id)); }));
}

MoveCounts moves_in(const PartitionState& partition) {
    MoveCounts counts;
    for (const NodeId id : partition.target) {
        if (partition.view.has(id)) continue;
        ++(partition.has_learner(id) ? counts.active : counts.pending);
    }
    return counts;
}

namespace {

struct Presence {
    std::size_t all = 0;
    std::size_t absent = 0;
};

Presence presence_in(const ClusterMap& map) {
    Presence nodes;
    for (const auto& [id, node] : map.nodes) {
        if (node.state == NodeState::gone) continue;
        ++nodes.all;
        if (node.state == NodeState::down) ++nodes.absent;
    }
    return nodes;
}

}  // namespace

bool more_than_half_absent(const ClusterMap& map) {
    const Presence nodes = presence_in(map);
    return nodes.absent * 2 > nodes.all;
}

bool repair_frozen(const ClusterMap& map) {
    return more_than_half_absent(map) && !map.settings.repair_regardless;
}

std::string frozen_text(const ClusterMap& map) {
    const Presence nodes = presence_in(map);
    return std::to_string(nodes.absent) + " of " + std::to_string(nodes.all) + (nodes.all == 1 ? " node" : " nodes") +
           (nodes.absent == 1 ? " is" : " are") +
           " down, more than half: no copies are made and none deleted until they are "
           "back; if they will not be, `kvctl repair resume`";
}

std::string duty_of(const ClusterMap& map, const NodeInfo& node) {
    switch (node.duty) {
        case NodeDuty::leave: return "leaving";
        case NodeDuty::drain: return partitions_at(map, node.id) == 0 ? "drained" : "draining";
        case NodeDuty::hold: break;
    }
    return node.evicted ? "absent" : "";
}

std::size_t partitions_at(const ClusterMap& map, NodeId node) {
    return static_cast<std::size_t>(std::count_if(
        map.partitions.begin(), map.partitions.end(),
        [node](const PartitionState& partition) { return partition.view.has(node) || partition.targets(node); }));
}

std::optional<std::string> objection_to_drain(const ClusterMap& map, const NodeInfo& node) {
    if (!node.may_hold()) return std::nullopt;  // it gives them away already
    const std::size_t left = nodes_that_may_hold(map) - 1;
    const std::size_t wanted = map.settings.replication;
    if (left >= wanted) return std::nullopt;
    return "without " + node.name + " only " + std::to_string(left) + (left == 1 ? " node is" : " nodes are") +
           " left for " + std::to_string(wanted) + " copies of each partition: start another node first, then repeat";
}

std::string no_such_node(std::string_view name) {
    return "there is no node " + std::string(name) + "; `kvctl nodes` lists them";
}

}  // namespace ringkv
