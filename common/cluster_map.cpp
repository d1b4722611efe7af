#include "common/cluster_map.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

std::string_view to_string(NodeState state) {
    switch (state) {
        case NodeState::up: return "up";
        case NodeState::down: return "down";
        case NodeState::stopping: return "stopping";
        case NodeState::gone: return "gone";
    }
    return "unknown";
}

std::string_view to_string(NodeDuty duty) {
    switch (duty) {
        case NodeDuty::hold: return "hold";
        case NodeDuty::drain: return "drain";
        case NodeDuty::leave: return "leave";
    }
    return "unknown";
}

std::string_view to_string(Durability durability) {
    switch (durability) {
        case Durability::memory: return "memory";
        case Durability::os: return "os";
        case Durability::fsync: return "fsync";
    }
    return "unknown";
}

const std::string& NodeInfo::endpoint_of(PartitionId partition) const {
    static const std::string nowhere;
    return endpoints.empty() ? nowhere : endpoints[shard_of(partition)];
}

namespace {
bool contains(const std::vector<NodeId>& nodes, NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}
}  // namespace

bool View::has(NodeId node) const {
    return contains(members, node);
}

std::vector<NodeId> View::backups() const {
    std::vector<NodeId> others;
    std::copy_if(members.begin(), members.end(), std::back_inserter(others),
                 [this](NodeId node) { return node != primary; });
    return others;
}

bool PartitionState::targets(NodeId node) const {
    return contains(target, node);
}

bool PartitionState::has_learner(NodeId node) const {
    return contains(learners, node);
}

Result<void> LeaseSettings::validate() const {
    using std::chrono::milliseconds;
    if (beacon < milliseconds(1)) return Error(ErrorCode::configuration, "lease.beacon must be at least 1 ms");
    if (duration < 2 * beacon)
        return Error(ErrorCode::configuration, "lease.duration must be at least twice lease.beacon");
    if (grace < duration * 3 / 2 + milliseconds(50))
        return Error(ErrorCode::configuration,
                     "lease.grace must be at least 1.5 x lease.duration + 50 ms (clock rates may differ by 20 %)");
    return {};
}

ClusterMap::Applied ClusterMap::apply(const MapDelta& delta) {
    if (std::tie(delta.generation, delta.epoch) <= std::tie(generation, epoch)) return Applied::old;
    // One that was rebuilt begins at the epoch at which the lost one ended.
    const bool whole = delta.settings && delta.partitions.size() == delta.settings->partitions;
    const bool first = epoch.none() && (delta.epoch == Epoch(1) || whole);
    if (!first && (delta.generation != generation || delta.epoch != epoch.next())) return Applied::gap;
    const std::size_t count = delta.settings ? delta.settings->partitions : partitions.size();
    for (const PartitionChange& change : delta.partitions)
        if (change.partition.value() >= count) return Applied::gap;  // not a delta of this map: ask for a snapshot
    if (delta.settings) {
        settings = *delta.settings;
        partitions.resize(settings.partitions);
    }
    for (const NodeInfo& node : delta.nodes) nodes[node.id] = node;
    for (NodeId id : delta.forgotten) nodes.erase(id);
    for (const PartitionChange& change : delta.partitions) partitions[change.partition.value()] = change.state;
    generation = delta.generation;
    epoch = delta.epoch;
    return Applied::yes;
}

bool ClusterMap::is_up(NodeId id) const {
    const NodeInfo* node = find(id);
    return node != nullptr && node->up();
}

const NodeInfo* ClusterMap::find(NodeId id) const {
    const auto found = nodes.find(id);
    return found == nodes.end() ? nullptr : &found->second;
}

const NodeInfo* ClusterMap::find(std::string_view name) const {
    const NodeInfo* newest = nullptr;
    for (const auto& [id, node] : nodes)
        if (node.name == name) newest = &node;  // ids grow: the last one is the newest
    return newest;
}

const PartitionState& ClusterMap::at(PartitionId partition) const {
    RINGKV_CHECK(partition.value() < partitions.size(), "no such partition");
    return partitions[partition.value()];
}

}  // namespace ringkv
