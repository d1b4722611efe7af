#include "client/load.hpp"

#include <algorithm>
#include <set>

#include "common/utc.hpp"

namespace ringkv {

namespace {

void add(std::vector<std::uint64_t>& sums, const std::vector<std::uint64_t>& counts) {
    if (sums.size() < counts.size()) sums.resize(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) sums[i] += counts[i];
}

void add(NodeLoad& node, const FiguresAnswer& shard) {
    node.puts += shard.puts;
    node.erases += shard.erases;
    node.gets += shard.gets;
    node.scans += shard.scans;
    node.refused += shard.write.refused + shard.get.refused + shard.scan.refused;
    node.written_bytes += shard.written_bytes;
    node.read_bytes += shard.read_bytes;
    add(node.write_durations, shard.write.durations);
    add(node.get_durations, shard.get.durations);
}

}  // namespace

Load load_of(const ClusterMap& map, const std::vector<NodeFigures>& answers) {
    Load load;
    std::set<NodeId> answered;
    double samples = 0;
    for (const NodeFigures& answer : answers)
        for (const FiguresAnswer& shard : answer.shards) samples += static_cast<double>(shard.samples);
    const auto share = [samples](std::uint64_t part) {
        return samples == 0 ? 0 : std::min(static_cast<double>(part) / samples, 1.0);
    };
    for (const NodeFigures& answer : answers) {
        const NodeInfo* info = map.find(answer.node);
        if (info == nullptr) continue;
        answered.insert(answer.node);
        NodeLoad node;
        node.name = info->name;
        node.start = info->start.value();
        for (const FiguresAnswer& shard : answer.shards) {
            add(node, shard);
            for (const HotPartition& hot : shard.partitions)
                load.partitions.push_back({hot.partition.value(), node.name, share(hot.samples)});
            for (const HotKey& hot : shard.keys)
                load.keys.push_back({hot.key, hot.partition.value(), node.name, share(hot.samples)});
        }
        load.nodes.push_back(std::move(node));
    }
    for (const auto& [id, node] : map.nodes)
        if (node.state != NodeState::gone && !answered.contains(id)) load.silent.push_back(node.name);
    std::ranges::sort(load.silent);
    std::ranges::sort(load.nodes, {}, &NodeLoad::name);
    std::ranges::stable_sort(load.partitions, std::ranges::greater(), &HotPartitionLoad::share);
    std::ranges::stable_sort(load.keys, std::ranges::greater(), &HotKeyLoad::share);
    return load;
}

EventList events_of(const EventsAnswer& answer) {
    EventList list;
    list.more = answer.more;
    list.newest = answer.newest.value();
    for (const Event& event : answer.events) {
        ClusterEvent told;
        told.id = event.id.value();
        told.time = utc_text(event.time);
        told.epoch = event.epoch.value();
        told.kind = event.kind;
        told.node = event.node;
        if (event.partition) told.partition = event.partition->value();
        told.cause = event.cause.value();
        told.text = event.text;
        told.count = event.count;
        list.events.push_back(std::move(told));
    }
    return list;
}

Condition condition_of(const ClusterMap& map, const ConditionAnswer& answer) {
    const auto milliseconds = [](Duration time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time); };
    const auto name_of_node = [&map](NodeId id) {
        const NodeInfo* const node = map.find(id);
        return node == nullptr ? std::to_string(id.value()) : node->name;
    };
    Condition condition;
    condition.registry_version = answer.version;
    for (const NodeCondition& told : answer.nodes) {
        NodeVitals node;
        node.name = name_of_node(told.node);
        node.version = told.version;
        if (told.generation == answer.generation && told.epoch < answer.epoch)
            node.behind = answer.epoch.value() - told.epoch.value();
        if (told.watched > Duration{}) {
            node.clock_rate = std::chrono::duration<double>(told.clock) / std::chrono::duration<double>(told.watched);
            node.clock_watched = milliseconds(told.watched);
        }
        condition.nodes.push_back(std::move(node));
    }
    std::ranges::sort(condition.nodes, {}, &NodeVitals::name);
    for (const LastingTrouble& told : answer.troubles)
        condition.troubles.push_back({name_of_node(told.node),
                                      told.kind == TroubleKind::disk_stalled ? "disk_stalled" : "shard_stuck",
                                      told.shard, milliseconds(told.lasts)});
    for (const MoveCondition& told : answer.moves)
        condition.copies.push_back({told.partition.value(), name_of_node(told.to), milliseconds(told.lasts)});
    return condition;
}

}  // namespace ringkv
