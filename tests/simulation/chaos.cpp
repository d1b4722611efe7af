#include "tests/simulation/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ringkv::simulation {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// How often each kind strikes at full strength, on average; the network's own kinds go by message, not by time.
Duration interval_of(Fault fault) {
    switch (fault) {
        case Fault::one_way_cut:
        case Fault::registry_cut:
        case Fault::client_cut:
        case Fault::slow_peer:
        case Fault::narrow_link:
        case Fault::slow_then_cut:
        case Fault::pause:
        case Fault::new_view_crash:
        case Fault::hasty_restart:
        case Fault::slow_sync:
        case Fault::stalled_sync:
        case Fault::crash_point: return seconds(3);
        case Fault::node_crash:
        case Fault::partition:
        case Fault::registry_restart:
        case Fault::client_crash:
        case Fault::power_loss:
        case Fault::torn_tail:
        case Fault::clock_rate: return seconds(5);
        case Fault::node_stop:
        case Fault::failed_disk:
        case Fault::wiped_disk: return seconds(8);
        case Fault::crash_of_all:
        case Fault::join:
        case Fault::replacement:
        case Fault::drain:
        case Fault::removal:
        case Fault::registry_rebuild:
        case Fault::partition_reset:
        case Fault::registry_loss: return seconds(15);
        default: return Duration::zero();
    }
}

}  // namespace

Chaos::Chaos(SimulatedCluster& cluster, SeededNetwork& network, Workload& workload, const Plan& plan)
    : cluster_(cluster),
      network_(network),
      workload_(workload),
      plan_(plan),
      world_(cluster.world()),
      registry_(cluster.host("registry")),
      disks_(plan.random("disks")) {
    for (std::size_t i = 0; i < fault_kinds; ++i) random_.push_back(plan.random(name_of(static_cast<Fault>(i))));
    if (plan.has(Fault::hasty_restart))
        network.on_flight([this](const Flight& flight) { look_for_changed_claims(flight); });
    for (std::uint32_t i = 1; i <= plan.nodes; ++i) {
        const std::string name = fmt::format("n{}", i);
        make_node(name, name, i % plan.racks);
    }
    if (plan.has(Fault::slow_sync)) {
        world_.disk(registry_).set_sync(Disk::Sync::on_demand);
        count(Fault::slow_sync);
    }
}

HostId Chaos::make_node(const std::string& name, const std::string& host, std::uint32_t rack) {
    NodePlan node;
    node.name = name;
    node.host = host;
    node.rack = fmt::format("rack{}", rack);
    node.durability = plan_.durability;
    node.limits.inflight = plan_.inflight;
    node.limits.sessions = plan_.sessions;
    node.limits.memory = plan_.memory;
    node.limits.log = std::uint64_t{plan_.partitions} * 24 * 256;  // so small that some fall behind by more
    node.limits.slow_request = std::chrono::milliseconds(50);      // which only the log tells of
    if (plan_.random("minor of " + host).chance(plan_.older)) node.minor = 0;
    node.shards = static_cast<std::uint32_t>(plan_.random("shards of " + host).between(1, plan_.shards));
    const HostId id = cluster_.add_node(node);
    racks_[id] = rack;
    if (keeps_disks() && (plan_.has(Fault::slow_sync) || plan_.has(Fault::stalled_sync)))
        for (const HostId shard : cluster_.process_of(id)) world_.disk(shard).set_sync(Disk::Sync::on_demand);
    return id;
}

void Chaos::start_all() {
    cluster_.start(registry_);
    for (const HostId node : cluster_.nodes()) cluster_.start(node);
    if (plan_.has(Fault::clock_rate)) (void)change_clocks();
}

void Chaos::begin() {
    active_ = true;
    network_.set_faulty(true);
    for (std::size_t i = 0; i < fault_kinds; ++i)
        if (plan_.faults.test(i)) arm(static_cast<Fault>(i));
}

void Chaos::arm(Fault fault) {
    const Duration interval = interval_of(fault);
    if (interval == Duration::zero()) return;
    const double mean = static_cast<double>(interval.count()) / plan_.strength_of(fault);
    const double wait = -mean * std::log(1 - random(fault).unit());
    at(Duration(static_cast<Duration::rep>(wait)), [this, fault] {
        if (!active_) return;
        if (strike(fault)) count(fault);
        arm(fault);
    });
}

void Chaos::at(Duration delay, Action action) {
    agenda_.emplace(std::pair(world_.now() + delay, next_action_++), std::move(action));
}

Time Chaos::due() const {
    return agenda_.empty() ? Time::max() : agenda_.begin()->first.first;
}

void Chaos::tick() {
    while (!agenda_.empty() && agenda_.begin()->first.first <= world_.now()) {
        const Action action = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        action();
    }
}

FaultCounts Chaos::fired() const {
    FaultCounts all = fired_;
    for (std::size_t i = 0; i < fault_kinds; ++i) all[i] += network_.fired()[i];
    return all;
}

// ---------------------------------------------------------------- healing

void Chaos::heal() {
    if (news_) news_("all is healed");
    active_ = false;
    doomed_ = HostId();
    awaited_.clear();
    network_.heal_all();
    bring_registry_back();
    std::vector<HostId> hosts = cluster_.nodes();
    hosts.push_back(registry_);
    hosts.insert(hosts.end(), workload_.clients().begin(), workload_.clients().end());
    for (const HostId host : hosts) {
        set_broken(host, false);
        if (plan_.beyond_clock_bound) cluster_.set_clock_rate(host, 1.0);
        cluster_.resume(host);
        if (cluster_.is_ending(host)) restart_when_ended(host, Duration::zero());
        if (cluster_.state(host) == HostState::down && !retired_.contains(host)) cluster_.start(host);
    }
}

void Chaos::set_broken(HostId host, bool broken) {
    for (const HostId each : cluster_.process_of(host)) world_.disk(each).set_broken(broken);
}

void Chaos::restart_later(HostId host, Duration delay) {
    at(delay, [this, host] {
        if (cluster_.state(host) != HostState::down || retired_.contains(host)) return;
        // No node starts while the registry's storage is away: a start could be taken for a new cluster's.
        if (lost_registry_ && host != registry_) return restart_later(host, milliseconds(500));
        if (news_) news_("starts again: " + world_.name(host));
        cluster_.start(host);
    });
}

void Chaos::restart_when_ended(HostId node, Duration after) {
    if (cluster_.state(node) == HostState::down) return restart_later(node, after);
    at(milliseconds(500), [this, node, after] { restart_when_ended(node, after); });
}

void Chaos::crash(HostId host, Duration down_for) {
    cluster_.crash(host);
    restart_later(host, down_for);
}

// ---------------------------------------------------------------- hooks

void Chaos::turned(HostId host) {
    for (const Awaited what :
         {Awaited::new_primary_to_crash, Awaited::new_primary, Awaited::proposer, Awaited::smaller_view})
        look_for(what, host);
    sync_later(host);
    look_for(Awaited::learner, host);  // its stall holds up what comes after the record of its view
}

// A sync makes durable what was written when it began.
void Chaos::sync_later(HostId host) {
    const Disk& disk = world_.disk(host);
    const auto durable = disk.durable();
    if (syncing_[host] || !durable || *durable >= disk.written() || world_.state(host) == HostState::down) return;
    syncing_[host] = true;
    const bool stalls = active_ && disks_.chance(0.01 * plan_.strength_of(Fault::slow_sync));
    Duration takes = stalls ? disks_.between(milliseconds(100), seconds(3))
                            : disks_.between(microseconds(100), milliseconds(active_ ? 20 : 2));
    if (const auto stall = stalls_.extract(host); active_ && stall) takes = stall.mapped();
    const StartNumber start = world_.life(host);
    at(takes, [this, host, start, up_to = disk.written()] {
        syncing_[host] = false;
        if (world_.state(host) == HostState::down || world_.life(host) != start) return;
        world_.sync(host, up_to);
    });
}

bool Chaos::dies_here(HostId host) {
    const HostId first = cluster_.node_of(host);
    if (first != doomed_ || --points_left_ > 0) return false;
    doomed_ = HostId();
    if (!active_ || (first != registry_ && !may_lose(first))) return false;
    count(Fault::crash_point);
    tell(Fault::crash_point, host);
    restart_later(first, random(Fault::crash_point).between(milliseconds(50), seconds(4)));
    return true;
}

bool Chaos::may_lose(HostId node) const {
    return cluster_.is_durable(node) || may_lose_storage(node);
}

// Every partition keeps a member of its newest view that has its storage.
bool Chaos::may_lose_storage(HostId node) const {
    const NodeId id = cluster_.identity_of(node).node;
    const auto& partitions = cluster_.map().partitions;
    for (std::uint32_t p = 0; p < partitions.size(); ++p)
        if (partitions[p].view.has(id) && !is_kept(PartitionId(p), id)) return false;
    return true;
}

// A member that runs and has nothing of it has not heard yet that it is one: no rebuild can learn the view from it.
bool Chaos::is_kept(PartitionId partition, NodeId but_for) const {
    const std::vector<NodeId>& members = cluster_.map().at(partition).view.members;
    return std::any_of(members.begin(), members.end(), [&](NodeId member) {
        const HostId holder = cluster_.holder_of(member, partition);
        if (member == but_for || holder.none() || retired_.contains(cluster_.node_of(holder))) return false;
        return cluster_.state(cluster_.node_of(holder)) == HostState::down ||
               cluster_.replica_of(holder, partition) != nullptr;
    });
}

HostId Chaos::running_node(Random& random) const {
    std::vector<HostId> running;
    for (const HostId node : cluster_.nodes())
        if (cluster_.state(node) == HostState::running) running.push_back(node);
    return running.empty() ? HostId() : random.pick(running);
}

}  // namespace ringkv::simulation
