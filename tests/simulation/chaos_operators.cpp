// Disasters that no cluster mends by itself, and what operators do then.
#include <algorithm>

#include "tests/simulation/chaos.hpp"

namespace ringkv::simulation {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;
}  // namespace

// While it takes, all else goes on: nodes die, restart and are cut off, and the rebuild itself does.
bool Chaos::rebuild_registry() {
    if (plan_.older > 0) return false;  // those cannot tell what they know
    const double which = random(Fault::registry_rebuild).unit();
    if (!keeps_disks() || which < 0.4) return begin_rebuild();
    const Awaited what = which < 0.75 ? Awaited::proposer : Awaited::smaller_view;
    if (!make_view_smaller(what == Awaited::proposer)) return begin_rebuild();
    await(what, seconds(what == Awaited::proposer ? 8 : 3));
    return false;  // counted when it happens
}

bool Chaos::begin_rebuild() {
    if (lost_registry_ || cluster_.rebuilds() || cluster_.state(registry_) == HostState::down ||
        !cluster_.map().formed())
        return false;
    for (std::uint32_t p = 0; p < cluster_.map().partitions.size(); ++p)
        if (!is_kept(PartitionId(p), NodeId())) return false;
    Random& draw = random(Fault::registry_rebuild);
    tell(Fault::registry_rebuild, registry_);
    world_.crash(registry_);
    rebuilt_ = true;
    at(draw.between(milliseconds(0), seconds(3)), [this] {
        if (!active_ || lost_registry_ || cluster_.rebuilds()) return;  // all is healed, or it came back meanwhile
        if (cluster_.state(registry_) != HostState::down) cluster_.crash(registry_);
        cluster_.rebuild_registry([this](NodeId id) {
            const HostId holder = cluster_.holder_of(id, PartitionId(0));
            return holder.none() || retired_.contains(cluster_.node_of(holder));
        });
        start_rebuilt_registry();
    });
    return true;
}

// Whenever the rebuild has ended, for good or because its process has died, the operator starts the next process.
void Chaos::start_rebuilt_registry() {
    if (cluster_.is_rebuilt()) {
        if (news_) news_("the registry is rebuilt");
        cluster_.start(registry_);
    }
    if (!cluster_.rebuilds()) return;
    at(milliseconds(200), [this] { start_rebuilt_registry(); });
}

// ---------------------------------------------------------------- partitions that have lost all members

// No member of its newest view will be back with what it had.
bool Chaos::is_lost(PartitionId partition) const {
    const std::vector<NodeId>& members = cluster_.map().at(partition).view.members;
    return std::none_of(members.begin(), members.end(), [&](NodeId member) {
        const HostId holder = cluster_.holder_of(member, partition);
        return !holder.none() && !retired_.contains(cluster_.node_of(holder));
    });
}

// Of the machines that have the partition nothing is left: V8, and what other partitions had there goes as well.
void Chaos::lose_all_members(PartitionId partition) {
    Random& draw = random(Fault::partition_reset);
    for (const NodeId member : std::vector<NodeId>(cluster_.map().at(partition).view.members)) {
        const HostId holder = cluster_.holder_of(member, partition);
        if (holder.none()) continue;
        const HostId node = cluster_.node_of(holder);
        if (cluster_.state(node) != HostState::down) cluster_.crash(node);
        cluster_.lose_storage(node);
        restart_later(node, draw.between(milliseconds(100), seconds(3)));
    }
}

// An operator says so of each of them once, and of those alone: a member that comes back would go on.
bool Chaos::reset_partitions() {
    if (plan_.older > 0) return false;  // those pass over it, and the registry refuses it while one is there
    if (lost_registry_ || cluster_.rebuilds() || !cluster_.map().formed()) return false;
    Random& draw = random(Fault::partition_reset);
    const PartitionId one(static_cast<std::uint32_t>(draw.below(plan_.partitions)));
    // A blank registry and as many blank nodes as form a cluster: that is another disaster, which has a fault already.
    // And where all that had heard of a rebuild is gone, another one could take its generation once more.
    if (!plan_.has(Fault::registry_loss) && !rebuilt_ && draw.chance(0.5)) {
        tell(Fault::partition_reset);
        lose_all_members(one);
    }
    at(draw.between(milliseconds(500), seconds(4)), [this] {
        if (!active_ || lost_registry_ || cluster_.rebuilds()) return;
        Administer request;
        request.action = AdminAction::reset_partitions;
        for (std::uint32_t p = 0; p < plan_.partitions; ++p)
            if (is_lost(PartitionId(p)))
                request.to_reset.push_back({PartitionId(p), cluster_.map().partitions[p].view.id});
        if (request.to_reset.empty()) return;
        count(Fault::partition_reset);
        if (news_) news_("an operator has partitions begun anew");
        cluster_.administer(request);
        // The answer was lost: it is asked again, whatever has become of the partitions by then.
        if (random(Fault::partition_reset).chance(0.3))
            at(random(Fault::partition_reset).between(milliseconds(100), seconds(10)), [this, request] {
                if (active_ && !cluster_.rebuilds()) cluster_.administer(request);
            });
    });
    return false;  // counted when it happens
}

}  // namespace ringkv::simulation
