#include "registry/conditions.hpp"

#include <algorithm>
#include <set>

#include "ringkv/version.hpp"

namespace ringkv::registry {

namespace {
constexpr Duration between_looks = std::chrono::seconds(1);
constexpr Duration half_of_the_watch = std::chrono::minutes(5);
// A heartbeat may wait on its way: less is not enough to tell how fast a clock runs.
constexpr Duration least_watched = std::chrono::seconds(30);
constexpr std::size_t most_moves = 100;
}  // namespace

void Conditions::heartbeat(Time now, const Heartbeat& heartbeat) {
    Node& node = nodes_[heartbeat.node];
    if (node.start != heartbeat.start) node = Node();
    node.start = heartbeat.start;
    node.generation = heartbeat.generation;
    node.epoch = heartbeat.epoch;
    if (!heartbeat.activity) return;
    node.version = heartbeat.activity->version;
    if (heartbeat.activity->clock > Duration{}) read_clock(now, node, heartbeat.activity->clock);
}

void Conditions::read_clock(Time now, Node& node, Duration clock) {
    const Reading reading{now, clock};
    // Started anew, with the machine: it shows less than it did.
    const bool anew = node.newest.ours == Time{} || clock < node.newest.theirs;
    if (anew) node.first = node.next_first = reading;
    if (now - node.next_first.ours >= half_of_the_watch) node.first = std::exchange(node.next_first, reading);
    node.newest = reading;
}

void Conditions::tick(Time now, const ClusterMap& map, std::uint64_t changes) {
    if (now - looked_at_ < between_looks) return;
    looked_at_ = now;
    settled_ = std::exchange(newest_, {map.generation, map.epoch});
    if (std::exchange(seen_changes_, changes) == changes) return;
    std::erase_if(nodes_, [&map](const auto& item) { return map.find(item.first) == nullptr; });
    std::set<std::pair<PartitionId, NodeId>> under_way;
    for (std::uint32_t p = 0; p < map.partitions.size(); ++p)
        for (const NodeId node : map.partitions[p].learners) under_way.emplace(PartitionId(p), node);
    std::erase_if(copies_, [&](const auto& item) { return !under_way.contains(item.first); });
    for (const auto& copy : under_way) copies_.try_emplace(copy, now);
}

ConditionAnswer Conditions::answer(Time now, RequestId request, const ClusterMap& map) const {
    ConditionAnswer answer{.request = request,
                           .generation = settled_.first,
                           .epoch = settled_.second,
                           .nodes = {},
                           .troubles = {},
                           .moves = {},
                           .version = std::string(version())};
    for (const auto& [id, node] : nodes_) {
        const NodeInfo* const info = map.find(id);
        if (info == nullptr || info->start != node.start) continue;
        NodeCondition condition{id, node.generation, node.epoch, node.version, {}, {}};
        if (const Duration watched = node.newest.ours - node.first.ours; watched >= least_watched) {
            condition.watched = watched;
            condition.clock = node.newest.theirs - node.first.theirs;
        }
        answer.nodes.push_back(std::move(condition));
    }
    for (const auto& [copy, since] : copies_) answer.moves.push_back({copy.first, copy.second, now - since});
    std::ranges::stable_sort(answer.moves, std::greater(), &MoveCondition::lasts);
    if (answer.moves.size() > most_moves) answer.moves.resize(most_moves);
    return answer;
}

}  // namespace ringkv::registry
