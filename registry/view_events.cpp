#include "registry/view_events.hpp"

#include <algorithm>
#include <compare>

#include "registry/event_kinds.hpp"

namespace ringkv::registry {

namespace {

// An event of before counts as the cause of what follows within that time.
constexpr Duration consequences = std::chrono::seconds(10);
constexpr std::size_t examples = 3;

enum class Why : std::uint8_t {
    failed,       // the others go on without a node that does not answer
    stopped,      // or that stops
    restarted,    // the primary took over again
    transferred,  // the leadership, to the node that should have it
    moved,        // a copy was made, or given away
    begun_anew,   // empty: an operator wanted it, for no member was left
};

struct Reason {
    Why why = Why::moved;
    NodeId node{};  // of which the first three speak

    friend auto operator<=>(const Reason&, const Reason&) = default;
};

struct Changed {
    std::vector<PartitionId> partitions;
    std::size_t primaries = 0;  // of those that have another
};

// The others go on without it.
Reason failed(const MapChange& change, NodeId node) {
    const NodeInfo* known = change.after.find(node);
    return {known != nullptr && known->state == NodeState::stopping ? Why::stopped : Why::failed, node};
}

Reason reason_of(const MapChange& change, const PartitionState& before, const View& after) {
    if (after.begins != before.view.begins) return {Why::begun_anew};
    if (before.view.primary != after.primary && !after.leadership_transferred)
        return failed(change, before.view.primary);
    for (NodeId member : before.view.members) {
        if (after.has(member)) continue;
        const NodeInfo* node = change.after.find(member);
        const bool serves = node != nullptr && (node->state == NodeState::up || node->state == NodeState::stopping);
        if (before.targets(member) || !serves) return failed(change, member);
    }
    if (before.view.primary != after.primary) {
        const Reason stops = failed(change, before.view.primary);
        return stops.why == Why::stopped ? stops : Reason{Why::transferred};
    }
    if (after.since == after.id) return {Why::restarted, after.primary};
    return {Why::moved};
}

// The primary first.
std::string members_text(const MapChange& change, const View& view) {
    std::string text = change.name(view.primary);
    for (NodeId member : view.backups()) text += " " + change.name(member);
    return text;
}

class ViewNotes {
  public:
    ViewNotes(EventLog& log, const MapChange& change, const std::function<bool(NodeId)>& hears)
        : log_(log), change_(change), hears_(hears) {}

    EventId note(const Reason& reason, const Changed& changed) {
        const bool of_a_node = reason.why <= Why::restarted;
        return log_.note(change_.now, change_.delta.epoch,
                         {reason.why == Why::begun_anew ? kind::partitions_reset : kind::views_changed,
                          of_a_node ? change_.name(reason.node) : std::string(), only(changed.partitions),
                          cause_of(reason), text_of(reason, changed)});
    }

  private:
    EventId cause_of(const Reason& reason) {
        const std::string name = change_.name(reason.node);
        switch (reason.why) {
            case Why::failed: return cause_of_failure(reason.node, name);
            case Why::stopped: return log_.newest_of({kind::node_stopping}, name);
            case Why::restarted: return log_.newest_of({kind::node_returned}, name);
            case Why::begun_anew: return log_.newest_of_any({kind::copies_lost, kind::unavailable});
            case Why::transferred:
            case Why::moved: break;
        }
        return log_.newest_of({kind::moves_began, kind::placement_changed});
    }

    EventId cause_of_failure(NodeId id, const std::string& name) {
        const NodeInfo* node = change_.after.find(id);
        if (node == nullptr || node->state == NodeState::down || node->state == NodeState::gone)
            return log_.newest_of(
                {kind::node_down, kind::node_suspected, kind::node_stopping, kind::node_joined, kind::node_returned},
                name);
        const EventId known = log_.newest_of({kind::node_suspected, kind::node_returned}, name);
        if (log_.within(known, change_.now, consequences)) return known;
        return log_.note(change_.now, change_.delta.epoch,
                         {kind::node_suspected,
                          name,
                          {},
                          last_fault(name),
                          "other nodes get no answer of " + name +
                              (hears_(id) ? ", which the registry hears: a link between them is cut, or it is too slow"
                                          : ", nor does the registry")});
    }

    // A part of it that was stuck just now.
    [[nodiscard]] EventId last_fault(const std::string& name) const {
        const EventId fault = log_.newest_of({kind::shard_stuck, kind::disk_stalled}, name);
        return log_.within(fault, change_.now, consequences) ? fault : EventId();
    }

    [[nodiscard]] std::string text_of(const Reason& reason, const Changed& changed) const {
        const std::size_t count = changed.partitions.size();
        const std::string some = counted(count, "partition");
        const std::string name = change_.name(reason.node);
        const auto verb = [count](const char* one, const char* many) { return std::string(count == 1 ? one : many); };
        std::string text;
        switch (reason.why) {
            case Why::failed:
                text = some + verb(" goes", " go") + " on without " + name + ", which does not answer";
                break;
            case Why::stopped: text = some + verb(" goes", " go") + " on without " + name + ", which stops"; break;
            case Why::restarted: text = name + " leads " + some + " again after its restart"; break;
            case Why::transferred:
                text = "the leadership of " + some + " was transferred to the node that should have it";
                break;
            case Why::moved: text = some + verb(" has", " have") + " other members, as planned"; break;
            case Why::begun_anew:
                text = some + verb(" begins", " begin") + " anew, empty: an operator wants it, for no member is left";
                break;
        }
        if (changed.primaries > 0 && reason.why != Why::transferred && reason.why != Why::begun_anew)
            text += "; " + std::to_string(changed.primaries) + verb(" has", " of them have") + " another primary";
        return text + ": " + examples_text(changed.partitions);
    }

    [[nodiscard]] std::string examples_text(const std::vector<PartitionId>& partitions) const {
        std::string text;
        for (std::size_t i = 0; i < std::min(examples, partitions.size()); ++i) {
            const PartitionId partition = partitions[i];
            text += (i == 0 ? "partition " : "; partition ") + std::to_string(partition.value()) + " now " +
                    members_text(change_, change_.after.at(partition).view) + ", before " +
                    members_text(change_, change_.before.at(partition).view);
        }
        if (partitions.size() > examples) text += "; and " + counted(partitions.size() - examples, "other");
        return text;
    }

    EventLog& log_;
    const MapChange& change_;
    const std::function<bool(NodeId)>& hears_;
};

}  // namespace

std::map<PartitionId, EventId> note_views(EventLog& log, const MapChange& change,
                                          const std::function<bool(NodeId)>& hears) {
    std::map<Reason, Changed> reasons;
    for (const auto& [partition, after] : change.delta.partitions) {
        const PartitionState& before = change.before.at(partition);
        if (before.view.id == after.view.id) continue;
        Changed& changed = reasons[reason_of(change, before, after.view)];
        changed.partitions.push_back(partition);
        if (before.view.primary != after.view.primary) ++changed.primaries;
    }
    std::map<PartitionId, EventId> noted;
    for (const auto& [reason, changed] : reasons) {
        const EventId event = ViewNotes(log, change, hears).note(reason, changed);
        for (PartitionId partition : changed.partitions) noted[partition] = event;
    }
    return noted;
}

}  // namespace ringkv::registry
