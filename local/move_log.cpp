#include "local/move_log.hpp"

#include <algorithm>
#include <cstdio>

namespace ringkv {

std::string MoveSummary::to_string() const {
    const auto count = [](std::uint64_t number, const char* thing) {
        return std::to_string(number) + " " + thing + (number == 1 ? "" : "s");
    };
    return std::string(copied ? "copied " : "moved ") + count(keys, "key") + ", " + count(bytes, "byte") + ", in " +
           count(partitions, "partition") + " from " + from + " to " + to;
}

void print_moves(const MoveSummary& moved) {
    std::fprintf(stderr, "%s\n", moved.to_string().c_str());
}

namespace local {

namespace {

bool has(const std::vector<NodeId>& nodes, NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

// Growing comes before shrinking: when a node becomes a member, the node that makes room for it is one still.
void MoveLog::gained(const ClusterMap& map, PartitionId partition, NodeId node) {
    const PartitionState& state = map.at(partition);
    std::set<NodeId>& counted = replaced_[partition];
    NodeId from = state.view.primary;
    bool copied = true;
    for (NodeId member : members_[partition.value()]) {
        if (state.targets(member) || counted.contains(member)) continue;
        from = member;
        copied = false;
        counted.insert(member);
        break;
    }
    const NodeInfo* giver = map.find(from);
    const NodeInfo* taker = map.find(node);
    if (giver == nullptr || taker == nullptr) return;
    MoveSummary& sum = under_way_[{from, node, copied}];
    sum.from = giver->name;
    sum.to = taker->name;
    sum.copied = copied;
    const Size size = measure_(state.view.primary, partition);
    ++sum.partitions;
    sum.keys += size.keys;
    sum.bytes += size.bytes;
}

std::set<NodeId> MoveLog::still_waiting(const ClusterMap& map) const {
    std::set<NodeId> waiting;
    for (const PartitionState& state : map.partitions)
        for (NodeId node : state.target)
            if (!state.view.has(node)) waiting.insert(node);
    return waiting;
}

std::vector<MoveSummary> MoveLog::look(const ClusterMap& map) {
    if (!map.formed()) return {};
    const bool first = members_.empty();
    members_.resize(map.partitions.size());
    for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
        const std::vector<NodeId>& now = map.partitions[p].view.members;
        if (members_[p] == now) continue;
        if (!first)
            for (NodeId node : now)
                if (!has(members_[p], node)) gained(map, PartitionId(p), node);
        members_[p] = now;
        if (const auto counted = replaced_.find(PartitionId(p)); counted != replaced_.end())
            std::erase_if(counted->second, [&](NodeId node) { return !has(now, node); });
    }
    std::vector<MoveSummary> done;
    if (under_way_.empty()) return done;
    const std::set<NodeId> waiting = still_waiting(map);
    for (auto pair = under_way_.begin(); pair != under_way_.end();) {
        if (waiting.contains(std::get<1>(pair->first))) {
            ++pair;
            continue;
        }
        done.push_back(std::move(pair->second));
        pair = under_way_.erase(pair);
    }
    return done;
}

}  // namespace local
}  // namespace ringkv
