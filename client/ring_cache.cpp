#include "client/ring_cache.hpp"

#include <algorithm>

#include "common/partitioning.hpp"

namespace ringkv {

namespace {

bool well_formed(const ClusterMap& map) {
    return !map.settings.id.none() && valid_partition_count(map.settings.partitions) &&
           map.partitions.size() == map.settings.partitions;
}

}  // namespace

ClusterMap RingCache::merged() const {
    ClusterMap merged = map_;
    for (const auto& [partition, told] : told_) {
        merged.partitions[partition.value()].view = told.view;
        if (told.primary) merged.nodes[told.primary->id] = *told.primary;
    }
    return merged;
}

RingCache::Learned RingCache::apply(const ClusterMap& map) {
    if (!well_formed(map)) return Learned::nothing;
    if (formed()) {
        const bool same = map.settings.id == cluster() && map.partitions.size() == map_.partitions.size();
        if (!same || !map.newer_than(map_)) return Learned::nothing;
    }
    map_ = map;
    known_.resize(map_.partitions.size());
    routes_.resize(map_.partitions.size(), &no_route);
    for (std::uint32_t p = 0; p < partitions(); ++p) refresh(PartitionId(p));
    return Learned::more;
}

RingCache::Learned RingCache::apply(const MapDelta& delta) {
    if (!formed()) return Learned::gap;
    if (delta.settings) {
        const bool same = delta.settings->id == cluster() && delta.settings->partitions == map_.settings.partitions;
        if (!same) return Learned::nothing;
    }
    switch (map_.apply(delta)) {
        case ClusterMap::Applied::old: return Learned::nothing;
        case ClusterMap::Applied::gap: return Learned::gap;
        case ClusterMap::Applied::yes: break;
    }
    if (delta.nodes.empty() && delta.forgotten.empty()) {
        for (const PartitionChange& change : delta.partitions) refresh(change.partition);
    } else {
        for (std::uint32_t p = 0; p < partitions(); ++p) refresh(PartitionId(p));
    }
    return Learned::more;
}

bool RingCache::mend(const NotPrimary& answer) {
    const ViewId newest = view(answer.partition).id;
    if (answer.view.primary.none() || answer.view.id < newest) return false;
    Told told{.view = answer.view, .primary = answer.primary};
    const bool named = told.primary && told.primary->id == told.view.primary && !told.primary->endpoints.empty();
    if (!named) told.primary.reset();
    if (answer.view.id == newest) {
        // Of the view that is known, only a later start of its primary is news: it may listen elsewhere.
        const NodeInfo* mine = primary_of(answer.partition);
        if (!named || (mine != nullptr && mine->start >= told.primary->start)) return false;
    }
    told_[answer.partition] = std::move(told);
    refresh(answer.partition);
    return true;
}

const View& RingCache::view(PartitionId partition) const {
    const auto told = told_.find(partition);
    return told != told_.end() ? told->second.view : map_.at(partition).view;
}

void RingCache::saw_commit(PartitionId partition, OpNumber commit) {
    OpNumber& known = known_[partition.value()];
    known = std::max(known, commit);
}

const NodeInfo* RingCache::primary_of(PartitionId partition) const {
    const NodeInfo* published = map_.find(view(partition).primary);
    const auto told = told_.find(partition);
    if (told == told_.end() || !told->second.primary) return published;
    const NodeInfo& newer = *told->second.primary;
    return published != nullptr && published->start >= newer.start ? published : &newer;
}

RingCache::Nodes RingCache::replicas_of(PartitionId partition) const {
    Nodes nodes;
    for (const NodeId member : view(partition).members) {
        const NodeInfo* node = member == view(partition).primary ? primary_of(partition) : map_.find(member);
        if (node != nullptr && node->state != NodeState::gone && !node->endpoints.empty()) nodes.push_back(node);
    }
    return nodes;
}

const Route& RingCache::replica(PartitionId partition, const std::string& rack, std::uint64_t spread, std::size_t nth) {
    Nodes nodes = replicas_of(partition);
    if (nodes.empty()) return no_route;
    std::rotate(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(spread % nodes.size()), nodes.end());
    std::ranges::stable_sort(
        nodes, {}, [&](const NodeInfo* node) { return std::pair(node->state == NodeState::down, node->rack != rack); });
    return route_to(*nodes[nth % nodes.size()], partition);
}

void RingCache::refresh(PartitionId partition) {
    if (const auto told = told_.find(partition); told != told_.end()) {
        const View& published = map_.at(partition).view;
        const NodeInfo* known = map_.find(published.primary);
        const bool later_start =
            told->second.primary && (known == nullptr || known->start < told->second.primary->start);
        if (told->second.view.id < published.id || (told->second.view.id == published.id && !later_start))
            told_.erase(told);
    }
    // A node that is down in the map is tried all the same: perhaps only the registry cannot reach it.
    const NodeInfo* primary = primary_of(partition);
    const bool none = primary == nullptr || primary->state == NodeState::gone || primary->endpoints.empty();
    routes_[partition.value()] = none ? &no_route : &route_to(*primary, partition);
}

const Route& RingCache::route_to(const NodeInfo& node, PartitionId partition) {
    const std::string& endpoint = node.endpoint_of(partition);
    const auto number = static_cast<std::uint32_t>(all_routes_.size());
    return all_routes_.try_emplace({node.id, endpoint}, Route{node.id, endpoint, number}).first->second;
}

}  // namespace ringkv
