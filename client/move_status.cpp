#include "client/move_status.hpp"

#include <algorithm>
#include <map>

#include "common/placement/planning.hpp"

namespace ringkv {

namespace {

std::chrono::milliseconds in_milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

std::string count_of(std::size_t count, std::string_view thing) {
    return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

// Partitions that wait for a node that is down: as the primary that would give them, or as the one that gets them.
std::map<std::string, std::size_t> held_up_by(const ClusterMap& map, const std::vector<std::uint32_t>& partitions) {
    std::map<std::string, std::size_t> counts;
    const auto blame = [&](NodeId id) {
        const NodeInfo* node = map.find(id);
        if (!serves(node)) ++counts[node == nullptr ? "node " + std::to_string(id.value()) : node->name];
    };
    for (const std::uint32_t p : partitions) {
        const PartitionState& partition = map.partitions[p];
        if (!serves(map.find(partition.view.primary))) {
            blame(partition.view.primary);
            continue;
        }
        for (const NodeId id : partition.target)
            if (!partition.view.has(id)) blame(id);
    }
    return counts;
}

std::string reason_to_wait(const ClusterMap& map, const NodeInfo& node, const NodeMoves& moves) {
    if (moves.active > 0 || (moves.gives.empty() && moves.awaits.empty())) return "";
    if (repair_frozen(map)) return frozen_text(map);
    std::vector<std::uint32_t> partitions = moves.gives;
    partitions.insert(partitions.end(), moves.awaits.begin(), moves.awaits.end());
    std::string text;
    for (const auto& [name, count] : held_up_by(map, partitions))
        text += (text.empty() ? "" : ", ") + name + " (" + count_of(count, "partition") + ")";
    if (!text.empty())
        return "these nodes are down: " + text + "; start them, or wait until their copies are made elsewhere";
    const auto stays = [&](std::uint32_t p) { return map.partitions[p].targets(node.id); };
    if (!node.may_hold() && std::ranges::any_of(moves.gives, stays) && candidates_of(map).empty())
        return "no other node may hold copies: start one";
    return "";
}

}  // namespace

NodeMoves node_moves(const ClusterMap& map, std::string_view name) {
    NodeMoves moves;
    moves.name = name;
    const NodeInfo* node = map.find(name);
    if (node == nullptr || node->state == NodeState::gone) {
        moves.state = to_string(NodeState::gone);
        return moves;
    }
    moves.state = to_string(node->state);
    moves.duty = duty_of(map, *node);
    for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
        const PartitionState& partition = map.partitions[p];
        const bool has = partition.view.has(node->id);
        const bool should = partition.targets(node->id) && node->may_hold();
        if (should && !has) {
            moves.awaits.push_back(p);
            moves.active += partition.has_learner(node->id) ? 1 : 0;
        } else if (!should && (has || partition.targets(node->id))) {
            moves.gives.push_back(p);
            moves.active += moves_in(partition).active;
        }
    }
    moves.waits = reason_to_wait(map, *node, moves);
    return moves;
}

RepairStatus repair_status(const ClusterMap& map) {
    RepairStatus status;
    status.frozen = repair_frozen(map);
    status.regardless = map.settings.repair_regardless;
    if (status.frozen) status.reason = frozen_text(map);
    status.repair_after = in_milliseconds(map.settings.pace.repair_after);
    for (const auto& [id, node] : map.nodes) {
        if (node.state == NodeState::gone) continue;
        ++status.nodes;
        if (node.state == NodeState::down)
            status.absent.push_back(
                {node.name, node.rack, static_cast<std::uint32_t>(partitions_at(map, id)), node.evicted});
    }
    std::ranges::sort(status.absent, {}, &AbsentNode::name);
    for (const PartitionState& partition : map.partitions) {
        const MoveCounts moves = moves_in(partition);
        status.active += moves.active;
        status.pending += moves.pending;
        if (!serves(map.find(partition.view.primary)))
            ++status.unavailable;
        else if (live_copies(map, partition.view) < map.settings.replication)
            ++status.under_replicated;
    }
    return status;
}

Settings settings_of(const ClusterMap& map) {
    const Pace& pace = map.settings.pace;
    return {in_milliseconds(pace.repair_after), pace.max_bytes_per_second, pace.max_moves_per_node,
            pace.max_moves_per_second};
}

}  // namespace ringkv
