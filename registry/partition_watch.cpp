#include "registry/partition_watch.hpp"

#include <algorithm>

#include "common/placement/planning.hpp"
#include "registry/event_kinds.hpp"

namespace ringkv::registry {

namespace {

// Events after which copies are to be where they are not.
constexpr EventLog::Kinds reasons_to_move = {kind::node_joined,   kind::node_returned,  kind::node_evicted,
                                             kind::node_draining, kind::node_undrained, kind::node_leaving};

bool same_nodes(std::vector<NodeId> one, std::vector<NodeId> other) {
    std::ranges::sort(one);
    std::ranges::sort(other);
    return one == other;
}

bool is_gone(const ClusterMap& map, NodeId id) {
    const NodeInfo* node = map.find(id);
    return node == nullptr || node->state == NodeState::gone;
}

// The member that the partition lost, or that does not serve any more; so that one node's death is not counted with
// another's. "": there is none.
std::string lost_member(const MapChange& change, PartitionId partition) {
    const View& after = change.after.at(partition).view;
    for (NodeId member : change.before.at(partition).view.members)
        if (!after.has(member) || !serves(change.after.find(member))) return change.name(member);
    return {};
}

}  // namespace

PartitionWatch::PartitionWatch(const ClusterMap& map) {
    look_through(map);
    moving_ = under_way_ > 0;
    frozen_ = map.formed() && repair_frozen(map);
    for (const auto& [id, node] : map.nodes)
        if (node.duty != NodeDuty::hold && partitions_at(map, id) > 0) emptying_.insert(id);
}

PartitionWatch::State PartitionWatch::state_of(const ClusterMap& map, const PartitionState& partition) {
    State state;
    if (!serves(map.find(partition.view.primary)))
        state.condition = Condition::unavailable;
    else if (live_copies(map, partition.view) < map.settings.replication)
        state.condition = Condition::under_replicated;
    for (NodeId node : partition.target) {
        if (partition.view.has(node)) continue;
        if (partition.has_learner(node))
            ++state.under_way;
        else if (map.is_up(node))
            ++state.to_come;
    }
    return state;
}

void PartitionWatch::count(const State& state, bool added) {
    const auto change = [added](std::size_t& sum, std::size_t by) { sum = added ? sum + by : sum - by; };
    change(conditions_.at(static_cast<std::size_t>(state.condition)), 1);
    change(under_way_, state.under_way);
    change(to_come_, state.to_come);
}

void PartitionWatch::look_through(const ClusterMap& map) {
    states_.clear();
    conditions_ = {};
    under_way_ = to_come_ = 0;
    for (const PartitionState& partition : map.partitions) count(states_.emplace_back(state_of(map, partition)), true);
}

std::size_t PartitionWatch::worse_than_full() const {
    return states_.size() - conditions_[static_cast<std::size_t>(Condition::full)];
}

void PartitionWatch::note(EventLog& log, const MapChange& change, const std::map<NodeId, EventId>& of_nodes,
                          const std::map<PartitionId, EventId>& of_views) {
    const std::size_t unavailable_before = conditions_[static_cast<std::size_t>(Condition::unavailable)];
    const std::size_t ill_before = worse_than_full();
    Worse worse;
    const auto look = [&](PartitionId partition) {
        State& state = states_.at(partition.value());
        const PartitionState& now = change.after.at(partition);
        const State before = std::exchange(state, state_of(change.after, now));
        if (state == before) return;
        count(before, false);
        count(state, true);
        if (state.condition <= before.condition) return;
        EventId cause;
        if (const auto view = of_views.find(partition); view != of_views.end()) cause = view->second;
        for (NodeId member : now.view.members)
            if (const auto node = of_nodes.find(member); cause.none() && node != of_nodes.end()) cause = node->second;
        worse[{state.condition, cause}].push_back(partition);
    };
    if (!change.delta.nodes.empty() || change.delta.settings)
        for (std::uint32_t p = 0; p < states_.size(); ++p) look(PartitionId(p));
    else
        for (const PartitionChange& changed : change.delta.partitions) look(changed.partition);
    note_conditions(log, change, worse, unavailable_before, ill_before);
    note_lost(log, change, of_nodes);
    note_frozen(log, change);
    note_plan(log, change);
    note_moves(log, change);
    note_drained(log, change);
}

void PartitionWatch::note_conditions(EventLog& log, const MapChange& change, const Worse& worse,
                                     std::size_t unavailable_before, std::size_t ill_before) const {
    std::string node;
    const auto say = [&](std::string_view what, std::optional<PartitionId> partition, EventId cause, std::string text) {
        log.note(change.now, change.delta.epoch, {what, node, partition, cause, std::move(text)});
    };
    for (const auto& [which, partitions] : worse) {
        node = lost_member(change, partitions.front());
        const bool one = partitions.size() == 1;
        const bool unserved = which.first == Condition::unavailable;
        std::string text = counted(partitions.size(), "partition");
        if (unserved) {
            text += one ? " is not served, its primary is down" : " are not served, their primary is down";
        } else {
            text += one ? " has" : " have";
            text += " fewer than " + std::to_string(change.after.settings.replication) + " copies";
        }
        text += ": " + examples_of(partitions);
        say(unserved ? kind::unavailable : kind::under_replicated, only(partitions), which.second, std::move(text));
    }
    node.clear();
    if (unavailable_before > 0 && conditions_[static_cast<std::size_t>(Condition::unavailable)] == 0)
        say(kind::available, {}, log.newest_of_any({kind::unavailable}), "all partitions are served again");
    if (ill_before > 0 && worse_than_full() == 0)
        say(kind::fully_replicated, {}, log.newest_of_any({kind::under_replicated, kind::unavailable}),
            "all " + counted(states_.size(), "partition") + " have all their copies again");
}

void PartitionWatch::note_lost(EventLog& log, const MapChange& change,
                               const std::map<NodeId, EventId>& of_nodes) const {
    for (const NodeInfo& node : change.delta.nodes) {
        if (node.state != NodeState::gone || is_gone(change.before, node.id)) continue;
        std::vector<PartitionId> lost;
        for (std::uint32_t p = 0; p < states_.size(); ++p) {
            const View& view = change.after.partitions[p].view;
            if (view.has(node.id) &&
                std::ranges::all_of(view.members, [&](NodeId member) { return is_gone(change.after, member); }))
                lost.emplace_back(p);
        }
        if (lost.empty()) continue;
        const auto cause = of_nodes.find(node.id);
        log.note(change.now, change.delta.epoch,
                 {kind::copies_lost, node.name, only(lost),
                  cause != of_nodes.end() ? cause->second : log.newest_of({kind::node_joined}, node.name),
                  counted(lost.size(), "partition") +
                      " lost the last copy, which was in the memory of a node that has ended, and stay unavailable: " +
                      examples_of(lost)});
    }
}

// Where the registry planned anew; a new identity in the place of an old one is no new plan.
void PartitionWatch::note_plan(EventLog& log, const MapChange& change) const {
    std::size_t partitions = 0;
    std::size_t copies = 0;
    for (const auto& changed : change.delta.partitions) {
        const PartitionState& before = change.before.at(changed.partition);
        const PartitionState& after = changed.state;
        if (same_nodes(before.target, after.target)) continue;
        const auto made = std::ranges::count_if(after.target, [&](NodeId node) {
            return !before.targets(node) && !after.view.has(node) && change.before.find(node) != nullptr;
        });
        if (made == 0 && std::ranges::any_of(after.target, [&](NodeId node) { return !change.before.find(node); }))
            continue;
        ++partitions;
        copies += static_cast<std::size_t>(made);
    }
    if (partitions == 0) return;
    log.note(change.now, change.delta.epoch,
             {kind::placement_changed,
              {},
              {},
              log.newest_of_any(reasons_to_move),
              "the registry planned anew: " + counted(partitions, "partition") + (partitions == 1 ? " has" : " have") +
                  " other holders, " + (copies == 1 ? "1 copy is" : std::to_string(copies) + " copies are") +
                  " to be made"});
}

void PartitionWatch::note_moves(EventLog& log, const MapChange& change) {
    const auto say = [&](std::string_view what, EventId cause, std::string text) {
        log.note(change.now, change.delta.epoch, {what, {}, {}, cause, std::move(text)});
    };
    if (!moving_ && under_way_ > 0) {
        moving_ = true;
        say(kind::moves_began, std::max(log.newest_of_any(reasons_to_move), log.newest_of({kind::placement_changed})),
            "copies are made: " + std::to_string(under_way_) + " under way, " + std::to_string(to_come_) + " to come");
    } else if (moving_ && under_way_ == 0 && to_come_ == 0) {
        moving_ = false;
        std::size_t waiting = 0;
        for (const PartitionState& partition : change.after.partitions) waiting += moves_in(partition).pending;
        say(kind::moves_ended, log.newest_of({kind::moves_began}),
            waiting == 0 ? "all copies are made"
                         : "no more copies are made: " + std::to_string(waiting) + " wait for nodes that are down");
    }
}

void PartitionWatch::note_drained(EventLog& log, const MapChange& change) {
    for (const NodeInfo& node : change.delta.nodes) {
        const bool empties = node.duty != NodeDuty::hold && node.state != NodeState::gone;
        const NodeInfo* before = change.before.find(node.id);
        if (empties && (before == nullptr || before->duty != node.duty)) emptying_.insert(node.id);
        if (!empties) emptying_.erase(node.id);
    }
    std::erase_if(emptying_, [&](NodeId id) {
        const NodeInfo* node = change.after.find(id);
        if (node == nullptr) return true;
        if (partitions_at(change.after, id) > 0) return false;
        log.note(change.now, change.delta.epoch,
                 {kind::node_drained,
                  node->name,
                  {},
                  log.newest_of({kind::node_draining, kind::node_leaving}, node->name),
                  node->name + " holds nothing any more: it may be stopped"});
        return true;
    });
}

void PartitionWatch::note_frozen(EventLog& log, const MapChange& change) {
    const bool frozen = repair_frozen(change.after);
    if (frozen == std::exchange(frozen_, frozen)) return;
    if (frozen) {
        log.note(change.now, change.delta.epoch,
                 {kind::repair_frozen,
                  {},
                  {},
                  log.newest_of_any({kind::node_down}),
                  "more than half of the nodes are down: no copies are made and none deleted until they are back, or "
                  "until `kvctl repair resume`"});
        return;
    }
    log.note(change.now, change.delta.epoch,
             {kind::repair_resumed,
              {},
              {},
              log.newest_of({kind::repair_frozen}),
              change.after.settings.repair_regardless
                  ? "copies are made again, although most nodes are down, as an operator asked"
                  : "copies are made again"});
}

}  // namespace ringkv::registry
