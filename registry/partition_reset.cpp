#include "registry/partition_reset.hpp"

#include <algorithm>
#include <set>

#include "common/protocol_version.hpp"
#include "registry/map_change.hpp"

namespace ringkv::registry {

namespace {

// More than any partition writes in a view, and than it writes between one reset and the next.
constexpr std::uint64_t ops_of_a_view = std::uint64_t{1} << 32U;
constexpr std::uint64_t ops_of_a_beginning = std::uint64_t{1} << 44U;

std::string text_of(PartitionId partition) {
    return "partition " + std::to_string(partition.value());
}

// The request came before, and its answer was lost: the view that follows on the one that the operator saw began anew.
bool is_done(const View& view, const PartitionToReset& wanted) {
    return !view.begins.none() && view.since == wanted.view.next();
}

// Is it stopped for good, as far as a registry can know? A node that is only silent may serve, and has what was
// acknowledged. For how long it must be silent to count as absent is `repair_after`; an operator may say so earlier.
bool is_lost(const NodeInfo* node) {
    if (node == nullptr || node->state == NodeState::gone) return true;
    return node->state == NodeState::down && (node->evicted || node->duty == NodeDuty::leave);
}

std::optional<std::string> objection_to_members(const ClusterMap& map, const PartitionToReset& wanted) {
    for (const NodeId member : map.at(wanted.partition).view.members) {
        const NodeInfo* node = map.find(member);
        if (is_lost(node)) continue;
        const std::string text = text_of(wanted.partition) + " has not lost its members: " + node->name + " is ";
        if (node->state != NodeState::down) return text + std::string(to_string(node->state));
        return text +
               "down, and may be back: start it, or wait until it has been down for repair_after, or say that "
               "it will not be back (kvctl node remove " +
               node->name + ")";
    }
    return std::nullopt;
}

// A node that would pass over `begins`, and hand the view on without it.
std::optional<std::string> objection_to_releases(const ClusterMap& map, const Membership& membership) {
    for (const auto& [id, node] : map.nodes) {
        if (node.state == NodeState::down || node.state == NodeState::gone) continue;
        const auto minor = membership.minor_version(id);
        if (!minor) return node.name + " has not been heard of since the registry's start: ask again in a moment";
        if (*minor < minor_with_reset)
            return node.name +
                   " is of a release that does not know how a partition begins anew: start all nodes with "
                   "this one first";
    }
    return std::nullopt;
}

// Where it begins: a node that should have it, and is up.
std::optional<NodeId> beginner(const ClusterMap& map, PartitionId partition) {
    const std::vector<NodeId>& target = map.at(partition).target;
    const auto found = std::ranges::find_if(target, [&](NodeId node) { return map.is_up(node); });
    return found == target.end() ? std::nullopt : std::optional(*found);
}

std::optional<std::string> objection_to(const ClusterMap& map, const PartitionToReset& wanted) {
    if (wanted.partition.value() >= map.partitions.size())
        return "there is no " + text_of(wanted.partition) + "; the cluster has " +
               std::to_string(map.partitions.size());
    const View& view = map.at(wanted.partition).view;
    if (is_done(view, wanted)) return std::nullopt;
    if (view.id != wanted.view)
        return text_of(wanted.partition) + " has changed since it was looked at: its view is " + view.id.to_string() +
               ", and was " + wanted.view.to_string() + "; look again (kvctl check)";
    if (auto objection = objection_to_members(map, wanted)) return objection;
    if (!beginner(map, wanted.partition))
        return "no node that " + text_of(wanted.partition) +
               " is planned on is up: start one, or have the partition planned anew first (kvctl node remove)";
    return std::nullopt;
}

// Above every op that a node may hold: no log of before may pass for this one (V3), and no version comes twice.
OpNumber beginning(const View& before, Duration since_1970) {
    using std::chrono::microseconds;
    const auto clock = static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(since_1970).count());
    const std::uint64_t after_last = before.begins.none() ? 0 : before.begins.value() + ops_of_a_beginning;
    return OpNumber(std::max({clock, before.id.next().number.value() * ops_of_a_view, after_last}));
}

void reset(Publication& publication, PartitionId partition, Duration since_1970) {
    PartitionState state = publication.map().at(partition);
    const NodeId primary = *beginner(publication.map(), partition);
    const ViewId id = state.view.id.next();
    state.view = {id, id, primary, {primary}, false, beginning(state.view, since_1970)};
    std::erase(state.learners, primary);
    publication.put(partition, std::move(state));
}

}  // namespace

ResetVerdict reset_partitions(Publication& publication, Membership& membership, Duration since_1970,
                              const std::vector<PartitionToReset>& wanted) {
    const ClusterMap& map = publication.map();
    if (wanted.empty()) return {{}, "no partition is named", {}};
    std::set<PartitionId> fresh;
    for (const PartitionToReset& each : wanted) {
        if (auto objection = objection_to(map, each)) return {{}, std::move(objection), {}};
        if (!is_done(map.at(each.partition).view, each)) fresh.insert(each.partition);
    }
    if (fresh.empty()) return {{}, {}, "they were begun anew before"};
    if (auto objection = objection_to_releases(map, membership)) return {{}, std::move(objection), {}};
    for (const PartitionId partition : fresh) reset(publication, partition, since_1970);
    if (ClusterSettings settings = map.settings; !settings.partitions_reset) {
        settings.partitions_reset = true;
        publication.put(std::move(settings));
    }
    membership.forget_unreferenced();
    return {{fresh.begin(), fresh.end()}, {}, counted(fresh.size(), "partition") + " begun anew, empty"};
}

}  // namespace ringkv::registry
