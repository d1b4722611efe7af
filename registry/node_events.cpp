#include "registry/node_events.hpp"

#include <algorithm>

#include "registry/event_kinds.hpp"

namespace ringkv::registry {

namespace {

std::string seconds(Duration duration) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() / 100;
    return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + " s";
}

// Notes what became of one node.
class OfNode {
  public:
    OfNode(EventLog& log, const MapChange& change, const NodeInfo& node) : log_(log), change_(change), node_(node) {}

    // It has left: its copies had moved away before.
    EventId removed() {
        return say(kind::node_removed, last({kind::node_drained, kind::node_leaving}),
                   node_.name + " has left the cluster, and is forgotten");
    }
    // -> the event of its state; none: that is as it was.
    EventId note() {
        const NodeInfo* before = change_.before.find(node_.id);
        if (before == nullptr) return joined();
        EventId state;
        if (before->state != node_.state || before->start != node_.start) state = changed_state(*before);
        if (before->duty != node_.duty) changed_duty();
        if (!before->evicted && node_.evicted)
            say(kind::node_evicted, last({kind::node_down}),
                node_.name + " has been down for " + seconds(change_.after.settings.pace.repair_after) +
                    " (repair_after): its copies are made elsewhere");
        return state;
    }

  private:
    EventId say(std::string_view what, EventId cause, std::string text) {
        return log_.note(change_.now, change_.delta.epoch, {what, node_.name, {}, cause, std::move(text)});
    }
    [[nodiscard]] EventId last(EventLog::Kinds kinds) const { return log_.newest_of(kinds, node_.name); }
    // The newest of these, if the node was not well again since.
    [[nodiscard]] EventId last_trouble(EventLog::Kinds kinds) const {
        const EventId well = last({kind::node_joined, kind::node_returned});
        const EventId trouble = last(kinds);
        return trouble > well ? trouble : EventId();
    }

    EventId joined() {
        const std::string where = " (rack " + node_.rack + ", " + node_.endpoints.front() + ")";
        const bool replaces = std::any_of(
            change_.before.nodes.begin(), change_.before.nodes.end(),
            [&](const auto& it) { return it.second.name == node_.name && it.second.state != NodeState::gone; });
        if (!replaces) return say(kind::node_joined, {}, node_.name + " has joined" + where);
        return say(kind::node_joined, last({kind::node_down, kind::node_stopping, kind::node_suspected}),
                   node_.name + " has joined anew" + where + ": its storage is empty, and what it had is gone");
    }

    EventId changed_state(const NodeInfo& before) {
        switch (node_.state) {
            case NodeState::up: {
                const bool started = before.start != node_.start;
                return say(kind::node_returned,
                           last_trouble({kind::node_down, kind::node_stopping, kind::node_suspected}),
                           node_.name + (started ? " has started again, and is back" : " is back"));
            }
            case NodeState::stopping:
                return say(kind::node_stopping, {}, node_.name + " was asked to stop, and hands over");
            case NodeState::down:
                return say(
                    kind::node_down,
                    last_trouble({kind::node_stopping, kind::node_suspected, kind::shard_stuck, kind::disk_stalled}),
                    node_.name + (before.state == NodeState::stopping
                                      ? " has stopped"
                                      : " is called down: nothing has been heard of it for too long"));
            case NodeState::gone: break;
        }
        // Or its name has a newer identity, which has joined.
        return node_.duty == NodeDuty::leave ? removed() : EventId();
    }

    void changed_duty() {
        switch (node_.duty) {
            case NodeDuty::hold:
                say(kind::node_undrained, last({kind::node_draining, kind::node_leaving}),
                    node_.name + " may hold copies again, as an operator asked");
                return;
            case NodeDuty::drain:
                say(kind::node_draining, {}, node_.name + " is drained, as an operator asked: its copies move away");
                return;
            case NodeDuty::leave:
                say(kind::node_leaving, {},
                    node_.name +
                        " is to leave, as an operator asked: its copies move away, and it is forgotten once "
                        "it is down");
                return;
        }
    }

    EventLog& log_;
    const MapChange& change_;
    const NodeInfo& node_;
};

// "", or "; NAME from BEFORE to AFTER".
template <class T, class Text>
std::string difference(const char* name, const T& before, const T& after, const Text& text) {
    if (before == after) return {};
    return std::string("; ") + name + " from " + text(before) + " to " + text(after);
}

}  // namespace

std::map<NodeId, EventId> note_nodes(EventLog& log, const MapChange& change) {
    std::map<NodeId, EventId> noted;
    for (const NodeInfo& node : change.delta.nodes)
        if (const EventId event = OfNode(log, change, node).note(); !event.none()) noted[node.id] = event;
    for (NodeId id : change.delta.forgotten) {
        const NodeInfo& node = change.before.nodes.at(id);
        if (node.state != NodeState::gone && node.duty == NodeDuty::leave)
            noted[id] = OfNode(log, change, node).removed();
    }
    // What had the name before ends with the join of what has it now.
    for (const NodeInfo& node : change.delta.nodes)
        if (node.state == NodeState::gone) noted.try_emplace(node.id, log.newest_of({kind::node_joined}, node.name));
    return noted;
}

void note_settings(EventLog& log, const MapChange& change) {
    if (!change.delta.settings) return;
    const ClusterSettings& before = change.before.settings;
    ClusterSettings after = *change.delta.settings;
    const auto number = [](auto value) { return std::to_string(value); };
    std::string text = difference("repair_after", before.pace.repair_after, after.pace.repair_after, seconds);
    text += difference("rebalance.max_bytes_per_second", before.pace.max_bytes_per_second,
                       after.pace.max_bytes_per_second, number);
    text += difference("rebalance.max_moves_per_node", before.pace.max_moves_per_node, after.pace.max_moves_per_node,
                       number);
    text += difference("rebalance.max_moves_per_second", before.pace.max_moves_per_second,
                       after.pace.max_moves_per_second, number);
    after.pace = before.pace;
    // The registry's own, of which nothing is told here.
    after.configured_pace = before.configured_pace;
    after.repair_regardless = before.repair_regardless;
    after.last_forgotten = before.last_forgotten;
    if (after != before) text += "; what registry.yaml says of lease, reads, session_expiry or publish";
    if (text.empty()) return;
    log.note(change.now, change.delta.epoch,
             {kind::settings_changed, {}, {}, {}, "settings have changed: " + text.substr(2)});
}

}  // namespace ringkv::registry
