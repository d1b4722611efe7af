#include "registry/rebalancer.hpp"

#include <algorithm>
#include <set>

#include "common/check.hpp"
#include "common/placement/planning.hpp"

namespace ringkv::registry {

namespace {

// A node that began no copy for a while may begin so much the sooner then, so that short waits do not add up.
constexpr Duration catches_up = std::chrono::milliseconds(50);
// Looking through all partitions takes a millisecond or so.
constexpr Duration between_looks = std::chrono::milliseconds(20);
// Which nodes are there is counted, where nothing has changed.
constexpr Duration between_counts = std::chrono::milliseconds(10);

// How many copies each node takes part in making.
class Workload {
  public:
    explicit Workload(std::uint32_t most) : most_(most) {}

    void add(NodeId sender, NodeId learner) {
        ++moves_[sender];
        ++moves_[learner];
    }
    [[nodiscard]] bool has_room(NodeId node) const {
        const auto found = moves_.find(node);
        return found == moves_.end() || found->second < most_;
    }

  private:
    std::uint32_t most_;
    std::map<NodeId, std::uint32_t> moves_;
};

// A copy that is planned and not begun.
struct Wanted {
    std::size_t copies;  // that are up
    PartitionId partition;
    NodeId learner;

    friend auto operator<=>(const Wanted&, const Wanted&) = default;
};

}  // namespace

Rebalancer::Rebalancer(Publication& publication, Membership& membership, const Placement& placement)
    : publication_(publication), membership_(membership), placement_(placement) {}

void Rebalancer::excuse(Duration stall) {
    for (auto& [node, since] : down_since_) since += stall;
}

void Rebalancer::tick(Time now) {
    if (!membership_.has_heard_around(now)) return;
    if (publication_.changes() == seen_changes_ && now - looked_at_ < between_counts) return;
    looked_at_ = now;
    say_whether_frozen();
    note_absence(now);
    if (publication_.changes() == seen_changes_ && !(look_again_ && now >= *look_again_)) return;
    retire_leavers();
    if (!frozen_) plan();
    schedule(now);
    seen_changes_ = publication_.changes();
}

void Rebalancer::say_whether_frozen() {
    const ClusterMap& map = publication_.map();
    if (map.settings.repair_regardless && !more_than_half_absent(map)) {
        ClusterSettings settings = map.settings;
        settings.repair_regardless = false;  // it was said of that absence
        publication_.put(std::move(settings));
    }
    const bool frozen = repair_frozen(map);
    if (frozen == frozen_) return;
    frozen_ = frozen;
    if (frozen)
        publication_.log(LogLevel::warning,
                         "more than half of the nodes are down: no copies are made until they are back, or until "
                         "`kvctl repair resume`");
    else
        publication_.log(LogLevel::info, "copies are made again");
}

void Rebalancer::note_absence(Time now) {
    const ClusterMap& map = publication_.map();
    std::vector<NodeInfo> changed;
    for (const auto& [id, node] : map.nodes) {
        if (node.state != NodeState::down) {
            down_since_.erase(id);
            if (node.up() && node.evicted) changed.push_back(node);
            continue;
        }
        const Time since = down_since_.try_emplace(id, now).first->second;
        if (!node.evicted && !frozen_ && now - since >= map.settings.pace.repair_after) changed.push_back(node);
    }
    for (NodeInfo& node : changed) {
        node.evicted = !node.evicted;
        publication_.log_when_durable(LogLevel::info,
                                      node.evicted ? node.name + " is evicted: its copies are made elsewhere"
                                                   : node.name + " is back, and may hold copies again",
                                      {{"node", node.name}});
        publication_.put(std::move(node));
    }
}

void Rebalancer::retire_leavers() {
    const ClusterMap& map = publication_.map();
    std::vector<NodeId> empty;
    for (const auto& [id, node] : map.nodes)
        if (node.duty == NodeDuty::leave && node.state == NodeState::down && partitions_at(map, id) == 0)
            empty.push_back(id);
    for (NodeId id : empty) membership_.retire(id);
}

void Rebalancer::plan() {
    const ClusterMap& map = publication_.map();
    std::vector<Candidate> candidates = candidates_of(map);
    if (candidates.empty() || candidates == planned_for_) return;
    const Holders targets =
        placement_.place(candidates, holders_of(map), map.settings.partitions, map.settings.replication);
    RINGKV_CHECK(targets.size() == map.partitions.size(), "a placement is of every partition");
    std::size_t copies = 0;
    std::size_t partitions = 0;
    for (std::uint32_t p = 0; p < targets.size(); ++p) {
        PartitionState state = map.partitions[p];
        if (state.target == targets[p]) continue;
        for (NodeId node : targets[p])
            if (!state.view.has(node) && !state.targets(node)) ++copies;
        ++partitions;
        state.target = targets[p];
        publication_.put(PartitionId(p), std::move(state));
    }
    planned_for_ = std::move(candidates);
    if (partitions == 0) return;
    publication_.log_when_durable(LogLevel::info, "a new placement",
                                  {{"nodes", std::to_string(planned_for_.size())},
                                   {"partitions", std::to_string(partitions)},
                                   {"copies_to_make", std::to_string(copies)}});
}

bool Rebalancer::begins(Time now, NodeId sender, NodeId learner) {
    const Duration interval = Duration(std::chrono::seconds(1)) / publication_.map().settings.pace.max_moves_per_second;
    const auto due = [&](NodeId node) -> Time& { return due_.try_emplace(node, now - catches_up).first->second; };
    Time& sends = due(sender);
    Time& receives = due(learner);
    if (const Time both = std::max(sends, receives); both > now) {
        look_again(now, both);
        return false;
    }
    for (Time* next : {&sends, &receives}) *next = std::max(*next, now - catches_up) + interval;
    return true;
}

void Rebalancer::look_again(Time now, Time at) {
    at = std::max(at, now + between_looks);
    look_again_ = look_again_ ? std::min(*look_again_, at) : at;
}

void Rebalancer::schedule(Time now) {
    const ClusterMap& map = publication_.map();
    const LeaseSettings& lease = map.settings.lease;
    look_again_.reset();
    std::erase_if(due_, [now](const auto& item) { return item.second <= now - catches_up; });
    const std::size_t enough = wanted_copies(map);
    Workload workload(map.settings.pace.max_moves_per_node);
    std::vector<Wanted> wanted;
    std::map<PartitionId, std::vector<NodeId>> learners;  // those that change
    for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
        const PartitionState& state = map.partitions[p];
        std::vector<NodeId> going_on;
        const bool primary_up = map.is_up(state.view.primary);
        for (NodeId node : state.learners)
            if (primary_up && state.targets(node) && !state.view.has(node) && map.is_up(node)) going_on.push_back(node);
        for (NodeId node : going_on) workload.add(state.view.primary, node);
        if (going_on != state.learners) learners[PartitionId(p)] = going_on;
        if (frozen_ || !primary_up) continue;
        for (NodeId node : state.target) {
            if (state.view.has(node) || state.has_learner(node) || !map.is_up(node)) continue;
            if (!membership_.live(node, now, lease.duration)) {  // just removed from the view, perhaps
                look_again(now, now + lease.beacon);
                continue;
            }
            const auto copies = std::count_if(state.view.members.begin(), state.view.members.end(),
                                              [&](NodeId member) { return map.is_up(member); });
            wanted.push_back({static_cast<std::size_t>(copies), PartitionId(p), node});
        }
    }
    std::sort(wanted.begin(), wanted.end());
    for (const auto& [copies, partition, learner] : wanted) {
        const PartitionState& state = map.at(partition);
        if (!workload.has_room(learner) || !workload.has_room(state.view.primary)) continue;
        // A learner does not wait where a copy is missing that no other learner is being given yet.
        const auto changed = learners.find(partition);
        const std::size_t coming = changed == learners.end() ? state.learners.size() : changed->second.size();
        if (copies + coming >= enough && !begins(now, state.view.primary, learner)) continue;
        workload.add(state.view.primary, learner);
        learners.try_emplace(partition, state.learners).first->second.push_back(learner);
        ++publication_.counters().moves_begun;
    }
    for (auto& [partition, nodes] : learners) {
        PartitionState state = map.at(partition);
        state.learners = std::move(nodes);
        publication_.put(partition, std::move(state));
    }
}

}  // namespace ringkv::registry
