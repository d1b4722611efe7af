#include "common/rebalancing.hpp"

#include <algorithm>

namespace ringkv {

std::vector<Candidate> candidates_of(const ClusterMap& map) {
    std::vector<Candidate> candidates;
    for (const auto& [id, node] : map.nodes)
        if (node.may_hold()) candidates.push_back({id, node.name, node.rack, node.weight});
    return candidates;
}

std::vector<std::vector<NodeId>> holders_of(const ClusterMap& map) {
    std::vector<std::vector<NodeId>> holders;
    holders.reserve(map.partitions.size());
    for (const PartitionState& partition : map.partitions) {
        holders.push_back(partition.target);
        for (NodeId member : partition.view.members)
            if (!partition.targets(member)) holders.back().push_back(member);
    }
    return holders;
}

bool more_than_half_absent(const ClusterMap& map) {
    std::size_t all = 0;
    std::size_t absent = 0;
    for (const auto& [id, node] : map.nodes) {
        if (node.state == NodeState::gone) continue;
        ++all;
        if (node.state == NodeState::down) ++absent;
    }
    return absent * 2 > all;
}

std::size_t partitions_at(const ClusterMap& map, NodeId node) {
    return static_cast<std::size_t>(std::count_if(
        map.partitions.begin(), map.partitions.end(),
        [node](const PartitionState& partition) { return partition.view.has(node) || partition.targets(node); }));
}

std::optional<std::string> objection_to_drain(const ClusterMap& map, std::string_view name) {
    const NodeInfo* node = map.find(name);
    if (node == nullptr) return "there is no node " + std::string(name) + "; `kvctl nodes` lists them";
    if (!node->may_hold()) return std::nullopt;  // it gives them away already
    const std::size_t left = candidates_of(map).size() - 1;
    const std::size_t wanted = map.settings.replication;
    if (left >= wanted) return std::nullopt;
    return "without " + std::string(name) + " only " + std::to_string(left) + (left == 1 ? " node is" : " nodes are") +
           " left for " + std::to_string(wanted) + " copies of each partition: start another node first, then repeat";
}

}  // namespace ringkv
