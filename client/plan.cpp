#include "client/plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "client/move_status.hpp"
#include "common/placement/placement.hpp"
#include "common/placement/planning.hpp"

namespace ringkv {

namespace {

Error invalid(std::string text) {
    return {ErrorCode::invalid_argument, std::move(text)};
}

// nullptr: no node of the cluster has the name.
NodeInfo* find(ClusterMap& map, const std::string& name) {
    const NodeInfo* found = map.find(name);
    return found == nullptr || found->state == NodeState::gone ? nullptr : &map.nodes.at(found->id);
}

Result<void> add(ClusterMap& map, const PlannedNode& planned) {
    if (find(map, planned.name) != nullptr) return invalid("there is a node " + planned.name + " already");
    if (!(planned.weight > 0)) return invalid("the weight of " + planned.name + " must be above 0");
    NodeInfo node;
    node.id = map.nodes.empty() ? NodeId(1) : map.nodes.rbegin()->first.next();
    node.name = planned.name;
    node.rack = planned.rack;
    node.weight = planned.weight;
    map.nodes[node.id] = std::move(node);
    return {};
}

void lose(NodeInfo& node) {
    node.state = NodeState::down;
    node.evicted = true;
}

Result<void> lose_rack(ClusterMap& map, const std::string& rack) {
    bool found = false;
    for (auto& [id, node] : map.nodes) {
        if (node.rack != rack || node.state == NodeState::gone) continue;
        found = true;
        lose(node);
    }
    if (!found) return invalid("there is no rack " + rack + "; `kvctl nodes` lists them");
    return {};
}

// The map as it would be; nothing is planned in it yet. The text: why the registry would refuse it.
Result<std::optional<std::string>> change(ClusterMap& map, const PlanRequest& request) {
    for (const PlannedNode& planned : request.add)
        if (auto added = add(map, planned); !added) return added.error();
    for (const std::string& name : request.undrain) {
        NodeInfo* node = find(map, name);
        if (node == nullptr) return invalid(no_such_node(name));
        node->duty = NodeDuty::hold;
    }
    for (const std::string& rack : request.lose_racks)
        if (auto lost = lose_rack(map, rack); !lost) return lost.error();
    for (const std::string& name : request.lose) {
        NodeInfo* node = find(map, name);
        if (node == nullptr) return invalid(no_such_node(name));
        lose(*node);
    }
    std::optional<std::string> objection;
    for (const std::string& name : request.remove) {
        NodeInfo* node = find(map, name);
        if (node == nullptr) return invalid(no_such_node(name));
        // What a dead node had is made elsewhere in any case, as far as there is room.
        if (node->state != NodeState::down && !objection) objection = objection_to_drain(map, *node);
        if (node->duty == NodeDuty::hold) node->duty = NodeDuty::drain;
    }
    return objection;
}

Holders members_of(const ClusterMap& map) {
    Holders members;
    for (const PartitionState& partition : map.partitions) members.push_back(partition.view.members);
    return members;
}

struct Rearrangement {
    Holders before, after;
};

void count_moves(Plan& plan, const Rearrangement& change, const Holdings& holdings, std::map<NodeId, NodePlan>& nodes) {
    const auto primary_at = [&](const std::vector<NodeId>& holders, std::uint32_t NodePlan::*count) {
        if (holders.empty()) return;
        if (const auto node = nodes.find(holders.front()); node != nodes.end()) ++(node->second.*count);
    };
    for (std::size_t p = 0; p < change.after.size(); ++p) {
        const std::vector<NodeId>& before = change.before[p];
        const std::vector<NodeId>& after = change.after[p];
        const std::uint64_t bytes = p < holdings.partitions.size() ? holdings.partitions[p].bytes : 0;
        for (const NodeId id : before)
            if (const auto node = nodes.find(id); node != nodes.end()) ++node->second.copies_now;
        for (const NodeId id : after) {
            const auto node = nodes.find(id);
            if (node != nodes.end()) ++node->second.copies_then;
            if (std::ranges::find(before, id) != before.end()) continue;
            ++plan.moves;
            plan.bytes += bytes;
            if (node == nodes.end()) continue;
            ++node->second.receives;
            node->second.bytes_received += bytes;
        }
        primary_at(before, &NodePlan::primaries_now);
        primary_at(after, &NodePlan::primaries_then);
    }
}

// Of the nodes that may hold copies.
std::size_t racks_of(const std::vector<Candidate>& candidates) {
    std::set<std::string> racks;
    for (const Candidate& candidate : candidates) racks.insert(candidate.rack);
    return racks.size();
}

void assess_availability(Plan& plan, const ClusterMap& map) {
    for (const PartitionState& partition : map.partitions) {
        const std::uint32_t live = live_copies(map, partition.view);
        if (live >= map.settings.replication) continue;
        ++(live == 0 ? plan.unavailable : plan.under_replicated);
        const auto in_memory = [&](NodeId id) {
            const NodeInfo* node = map.find(id);
            return node == nullptr || node->state == NodeState::gone || node->durability == Durability::memory;
        };
        if (live == 0 && std::ranges::all_of(partition.view.members, in_memory)) ++plan.lost;
    }
}

void warn(Plan& plan, const ClusterMap& before, const ClusterMap& after, const std::vector<Candidate>& candidates) {
    const std::size_t wanted = after.settings.replication;
    plan.all_copies = candidates.size() >= wanted;
    if (repair_frozen(after)) plan.warnings.push_back(frozen_text(after));
    if (!plan.all_copies)
        plan.warnings.push_back(std::to_string(candidates.size()) +
                                (candidates.size() == 1 ? " node is" : " nodes are") + " left for " +
                                std::to_string(wanted) + " copies of each partition: fewer copies until nodes come");
    const std::size_t racks = racks_of(candidates);
    if (racks < wanted && racks < racks_of(candidates_of(before)))
        plan.warnings.push_back(std::to_string(racks) + (racks == 1 ? " rack is" : " racks are") + " left for " +
                                std::to_string(wanted) + " copies: some of a partition's copies share a rack");
}

bool empty(const PlanRequest& request) {
    return request.add.empty() && request.remove.empty() && request.undrain.empty() && request.lose.empty() &&
           request.lose_racks.empty();
}

// Copies that are planned already and not made, against the fewest that lead from here to a good placement.
Rearrangement planned_already(const ClusterMap& map) {
    Rearrangement change{members_of(map), {}};
    for (const PartitionState& partition : map.partitions) change.after.push_back(partition.target);
    return change;
}

}  // namespace

Holdings holdings_of(const ClusterMap& map, const std::vector<NodeHoldings>& answers) {
    Holdings holdings;
    holdings.partitions.resize(map.partitions.size());
    std::set<NodeId> answered;
    std::vector<bool> by_primary(map.partitions.size());
    for (const NodeHoldings& answer : answers) {
        answered.insert(answer.node);
        const NodeInfo* node = map.find(answer.node);
        if (answer.memory && node != nullptr)
            holdings.memory.push_back({node->name, answer.memory->data, answer.memory->log, answer.memory->sessions,
                                       answer.memory->requests, answer.memory->limit});
        for (const Holding& holding : answer.holdings) {
            const std::uint32_t p = holding.partition.value();
            // What a node has of a partition that is not its own any more may be old.
            if (p >= map.partitions.size() || !map.partitions[p].view.has(answer.node) || by_primary[p]) continue;
            by_primary[p] = map.partitions[p].view.primary == answer.node;
            PartitionSize& size = holdings.partitions[p];
            if (by_primary[p] || holding.bytes >= size.bytes) size = {holding.keys, holding.bytes};
        }
    }
    for (const auto& [id, node] : map.nodes)
        if (node.state != NodeState::gone && !answered.contains(id)) holdings.silent.push_back(node.name);
    std::ranges::sort(holdings.silent);
    std::ranges::sort(holdings.memory, {}, &NodeMemory::name);
    return holdings;
}

Result<Plan> plan_of(const ClusterMap& map, const PlanRequest& request, const Holdings& holdings) {
    ClusterMap after = map;
    const auto objection = change(after, request);
    if (!objection) return objection.error();
    Plan plan;
    plan.silent = holdings.silent;
    if (*objection) {
        plan.refused = true;
        plan.reason = **objection;
        plan.all_copies = false;
        return plan;
    }
    const std::vector<Candidate> candidates = candidates_of(after);
    const ClusterSettings& settings = map.settings;
    Rearrangement change;
    if (empty(request)) {
        change = planned_already(map);
    } else {
        change.before = holders_of(map);
        change.after = candidates.empty()
                           ? Holders(map.partitions.size())
                           : RingPlacement(settings.vnodes)
                                 .place(candidates, change.before, settings.partitions, settings.replication);
    }
    if (!candidates.empty())
        plan.least_moves = least_moves(candidates, change.before, settings.partitions, settings.replication);
    std::map<NodeId, NodePlan> nodes;
    for (const auto& [id, node] : after.nodes)
        if (node.state != NodeState::gone) nodes[id] = {.name = node.name, .rack = node.rack};
    count_moves(plan, change, holdings, nodes);
    for (auto& [id, node] : nodes) plan.nodes.push_back(std::move(node));
    std::ranges::sort(plan.nodes, {}, &NodePlan::name);
    assess_availability(plan, after);
    warn(plan, map, after, candidates);
    return plan;
}

}  // namespace ringkv
