// Faults that are aimed: at a replica in the one state in which they matter, or at a moment that others have prepared.
// Blind ones meet these too, but in one run of hundreds.
#include <algorithm>

#include "tests/simulation/chaos.hpp"

namespace ringkv::simulation {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;
}  // namespace

// ---------------------------------------------------------------- the moment

void Chaos::await(Awaited what, Duration at_most) {
    awaited_[what] = world_.now() + at_most;
}

void Chaos::look_for(Awaited what, HostId host) {
    const auto awaited = awaited_.find(what);
    if (!active_ || awaited == awaited_.end() || awaited->second < world_.now()) return;
    const HostId node = cluster_.node_of(host);
    if (!cluster_.is_node(node) || world_.state(host) != HostState::running) return;
    for (std::uint32_t p = 0; p < plan_.partitions; ++p) {
        const Replica* replica = cluster_.shard(host).replica(PartitionId(p));
        if (replica == nullptr || !is_awaited(what, host, *replica)) continue;
        awaited_.erase(awaited);
        switch (what) {
            case Awaited::new_primary_to_crash: return crash_in_new_view(host);
            case Awaited::proposer: return crash_proposer(host, PartitionId(p), *replica);
            case Awaited::smaller_view: return lose_smaller_view(host, PartitionId(p), replica->view());
            case Awaited::new_primary:
            case Awaited::learner: return stall_until_power_goes(host);
        }
    }
}

bool Chaos::is_awaited(Awaited what, HostId shard, const Replica& replica) {
    const View& view = replica.view();
    const Primary* primary = replica.primary();
    const NodeId me = cluster_.shard(shard).identity().node;
    switch (what) {
        case Awaited::new_primary_to_crash:
        case Awaited::new_primary: return primary != nullptr && primary->phase() == Primary::Phase::waiting;
        case Awaited::learner: return replica.state().has_learner(me) && !view.has(me);
        case Awaited::smaller_view:
            return primary != nullptr && view.id != view.since && !replica.view_is_stored() &&
                   view.members.size() < replica.state().target.size();
        case Awaited::proposer:  // that is alone: else another member knows what it knows
            return primary != nullptr && view.members.size() == 1 && !primary->proposed().empty();
    }
    return false;
}

// ---------------------------------------------------------------- the faults

// Between learning of a view and serving in it.
void Chaos::crash_in_new_view(HostId shard) {
    at(random(Fault::new_view_crash).between(Duration(0), milliseconds(900)), [this, node = cluster_.node_of(shard)] {
        if (!active_ || cluster_.state(node) == HostState::down || !may_lose(node)) return;
        count(Fault::new_view_crash);
        tell(Fault::new_view_crash, node);
        crash(node, random(Fault::new_view_crash).between(milliseconds(100), seconds(4)));
    });
}

// The registry makes nodes members that a primary has proposed, and no other node hears of that. The new members go on
// alone, and are down when the old primary tells a rebuild what it knows (R4).
void Chaos::crash_proposer(HostId shard, PartitionId partition, const Replica& replica) {
    Random& draw = random(Fault::registry_rebuild);
    const HostId node = cluster_.node_of(shard);
    if (!may_lose(node)) return;
    std::set<HostId> newcomers;
    for (const NodeId proposed : replica.primary()->proposed())
        if (const HostId holder = cluster_.holder_of(proposed, partition); !holder.none())
            newcomers.insert(cluster_.node_of(holder));
    const Duration rebuild_after = draw.between(milliseconds(1500), milliseconds(4500));
    for (const HostId other : cluster_.nodes())
        if (!newcomers.contains(other)) cut(Fault::registry_rebuild, {{registry_, other}}, rebuild_after);
    at(draw.between(milliseconds(1), milliseconds(100)), [this, node] {
        if (active_ && cluster_.state(node) != HostState::down)
            crash(node, random(Fault::registry_rebuild).between(seconds(2), seconds(5)));
    });
    at(rebuild_after, [this, newcomers] {
        if (!active_ || !begin_rebuild()) return;
        count(Fault::registry_rebuild);
        for (const HostId other : newcomers)
            if (cluster_.state(other) != HostState::down && may_lose(other))
                crash(other, random(Fault::registry_rebuild).between(seconds(3), seconds(9)));
    });
}

// Backups go; views will soon be without them.
bool Chaos::make_view_smaller(bool to_one) {
    Random& draw = random(Fault::registry_rebuild);
    if (!cluster_.map().formed()) return false;
    const PartitionId partition(static_cast<std::uint32_t>(draw.below(plan_.partitions)));
    std::vector<NodeId> backups = cluster_.map().at(partition).view.backups();
    if (!to_one && !backups.empty()) backups = {draw.pick(backups)};
    bool any = false;
    for (const NodeId backup : backups) {
        const HostId holder = cluster_.holder_of(backup, partition);
        const HostId node = holder.none() ? HostId() : cluster_.node_of(holder);
        if (node.none() || cluster_.state(node) != HostState::running || !may_lose(node)) continue;
        crash(node, draw.between(seconds(2), seconds(5)));
        any = true;
    }
    return any;
}

// No node has stored that the view is without others when all lose their power, and its primary the disk, if it is not
// alone; the registry's data is lost as well. So a rebuild knows of the larger view alone (P3, R4).
void Chaos::lose_smaller_view(HostId shard, PartitionId partition, const View& view) {
    const HostId primary = cluster_.node_of(shard);
    const bool alone = view.members.size() == 1;
    if (!alone && !may_lose_storage(primary)) return;
    std::vector<HostId> keep;  // the members that keep their disks
    for (const NodeId member : view.members)
        if (const HostId holder = cluster_.holder_of(member, partition); !holder.none() && (alone || holder != shard))
            keep.push_back(cluster_.node_of(holder));
    for (const HostId node : cluster_.nodes())
        for (const HostId each : cluster_.process_of(node)) stalls_[each] = seconds(5);
    at(random(Fault::registry_rebuild).between(milliseconds(5), milliseconds(400)), [this, primary, alone, keep] {
        stalls_.clear();
        if (!active_ || !begin_rebuild()) return;
        count(Fault::registry_rebuild);
        Random& draw = random(Fault::registry_rebuild);
        const bool wiped = !alone && may_lose_storage(primary);
        for (const HostId node : cluster_.nodes()) {
            if (cluster_.state(node) == HostState::down) continue;
            cluster_.lose_power(node);
            if (wiped && node == primary) cluster_.lose_storage(node);
            restart_later(node, draw.between(milliseconds(100), seconds(2)));
        }
        for (const HostId node : keep)  // and what had left the view goes on alone
            at(draw.between(seconds(2), seconds(6)), [this, node] {
                if (active_ && cluster_.state(node) == HostState::running && may_lose(node))
                    crash(node, random(Fault::registry_rebuild).between(seconds(2), seconds(5)));
            });
    });
}

bool Chaos::stall_sync() {
    if (!keeps_disks()) return false;
    Random& draw = random(Fault::stalled_sync);
    const double which = draw.unit();
    if (which < 0.4)
        await(Awaited::learner);
    else if (which < 0.8)
        await(Awaited::new_primary);
    else if (const HostId node = running_node(draw); !node.none())
        stall_until_power_goes(node);
    return false;  // counted when it happens
}

// What it writes from now on is never stored, whatever it makes of it meanwhile.
void Chaos::stall_until_power_goes(HostId shard) {
    Random& draw = random(Fault::stalled_sync);
    const HostId node = cluster_.node_of(shard);
    const Duration lasts = draw.between(milliseconds(20), milliseconds(1500));
    for (const HostId each : cluster_.process_of(node)) stalls_[each] = lasts * 2;
    if (news_) news_("its disk stalls: " + world_.name(node));
    at(lasts, [this, node] {
        for (const HostId each : cluster_.process_of(node)) stalls_.erase(each);
        if (!active_ || cluster_.state(node) == HostState::down) return;
        count(Fault::stalled_sync);
        tell(Fault::stalled_sync, node);
        cluster_.lose_power(node);
        restart_later(node, random(Fault::stalled_sync).between(milliseconds(5), milliseconds(500)));
    });
}

// The registry gives the place of a primary that it does not hear of to any member that asks; a backup that has
// restarted may have promised that primary more than it remembers (L3).
bool Chaos::restart_hastily() {
    if (!keeps_disks() || lost_registry_ || !cluster_.map().formed()) return false;
    Random& draw = random(Fault::hasty_restart);
    const PartitionId partition(static_cast<std::uint32_t>(draw.below(plan_.partitions)));
    const View& view = cluster_.map().at(partition).view;
    const std::vector<NodeId> backups = view.backups();
    if (backups.empty()) return false;
    const HostId primary = cluster_.holder_of(view.primary, partition);
    const HostId backup = cluster_.holder_of(draw.pick(backups), partition);
    if (primary.none() || backup.none()) return false;
    restart_hastily(primary, backup, draw.between(milliseconds(500), milliseconds(2300)));
    return true;
}

void Chaos::restart_hastily(HostId primary, HostId backup, Duration after) {
    Random& draw = random(Fault::hasty_restart);
    cut(Fault::hasty_restart, {{cluster_.node_of(primary), registry_}, {registry_, cluster_.node_of(primary)}},
        after + draw.between(milliseconds(100), seconds(1)));
    at(after, [this, node = cluster_.node_of(backup)] {
        if (!active_ || cluster_.state(node) != HostState::running) return;
        tell(Fault::hasty_restart, node);
        crash(node, random(Fault::hasty_restart).between(milliseconds(1), milliseconds(200)));
    });
}

// What is claimed of a backup changes while it restarts: what it is told of then follows on a list that it does not
// have any more (L1). Aimed at one that is the only backup somewhere, for then no other member refuses the leases.
void Chaos::look_for_changed_claims(const Flight& flight) {
    const auto* beacon = std::get_if<Beacon>(&flight.message);
    if (beacon == nullptr || beacon->changes.empty()) return;
    if (!active_ || lost_registry_ || !keeps_disks() || !cluster_.map().formed()) return;
    const NodeId primary = cluster_.identity_of(cluster_.node_of(flight.from)).node;
    const NodeId backup = cluster_.identity_of(cluster_.node_of(flight.to)).node;
    for (std::uint32_t p = 0; p < plan_.partitions; ++p) {
        const View& view = cluster_.map().at(PartitionId(p)).view;
        if (view.primary != primary || view.members.size() != 2 || !view.has(backup)) continue;
        if (std::any_of(beacon->changes.begin(), beacon->changes.end(),
                        [&](const Claim& claim) { return claim.partition == PartitionId(p); }))
            continue;
        if (!random(Fault::hasty_restart).chance(0.2 * plan_.strength_of(Fault::hasty_restart))) return;
        count(Fault::hasty_restart);
        return restart_hastily(flight.from, flight.to, Duration::zero());
    }
}

HostId Chaos::some_primary(Random& random) const {
    if (!cluster_.map().formed()) return {};
    const PartitionId partition(static_cast<std::uint32_t>(random.below(plan_.partitions)));
    const HostId shard = cluster_.holder_of(cluster_.map().at(partition).view.primary, partition);
    const HostId node = shard.none() ? HostId() : cluster_.node_of(shard);
    return !node.none() && cluster_.state(node) == HostState::running ? node : HostId();
}

// What was granted to it arrives when it has long been replaced (L2).
bool Chaos::slow_then_cut() {
    if (lost_registry_) return false;
    Random& draw = random(Fault::slow_then_cut);
    const HostId primary = some_primary(draw);
    if (primary.none()) return false;
    tell(Fault::slow_then_cut, primary);
    const Duration by = draw.between(milliseconds(100), milliseconds(900));
    const Duration after = by * 2 + draw.between(Duration(0), milliseconds(500));
    slow(primary, by, after);
    at(after, [this, primary] {
        if (!active_ || lost_registry_) return;
        std::vector<std::pair<HostId, HostId>> links;
        std::vector<HostId> others = cluster_.nodes();
        others.push_back(registry_);
        for (const HostId other : others)
            if (other != primary) links.insert(links.end(), {{primary, other}, {other, primary}});
        cut(Fault::slow_then_cut, links, random(Fault::slow_then_cut).between(milliseconds(500), seconds(2)));
    });
    return true;
}

}  // namespace ringkv::simulation
