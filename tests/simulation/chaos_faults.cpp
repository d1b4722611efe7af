// The faults themselves: what they strike, how hard, and for how long.
#include <fmt/format.h>

#include <algorithm>

#include "common/placement/planning.hpp"
#include "tests/simulation/chaos.hpp"

namespace ringkv::simulation {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr std::uint32_t most_joined = 3;
}  // namespace

bool Chaos::strike(Fault fault) {
    switch (fault) {
        case Fault::one_way_cut:
        case Fault::partition:
        case Fault::registry_cut:
        case Fault::client_cut:
        case Fault::slow_peer:
        case Fault::narrow_link: return cut_links(fault);
        case Fault::slow_then_cut: return slow_then_cut();
        case Fault::node_crash: return crash_node(fault);
        case Fault::crash_of_all: return crash_all();
        case Fault::crash_point: return crash_at_point();
        case Fault::new_view_crash: await(Awaited::new_primary_to_crash); return false;  // counted later
        case Fault::node_stop: return stop_node();
        case Fault::pause: return pause_somebody();
        case Fault::clock_rate: return change_clocks();
        case Fault::hasty_restart: return restart_hastily();
        case Fault::registry_restart: return restart_registry();
        case Fault::client_crash: return crash_client();
        case Fault::join: return add_node();
        case Fault::replacement: return replace_node();
        case Fault::drain: return drain_node();
        case Fault::removal: return remove_node();
        case Fault::power_loss:
        case Fault::torn_tail: return lose_power(fault);
        case Fault::stalled_sync: return stall_sync();
        case Fault::failed_disk: return break_disk();
        case Fault::wiped_disk: return wipe_disk();
        case Fault::registry_loss: return lose_registry();
        case Fault::registry_rebuild: return rebuild_registry();
        case Fault::partition_reset: return reset_partitions();
        default: return false;  // message by message
    }
}

// ---------------------------------------------------------------- the network

bool Chaos::cut_links(Fault fault) {
    Random& draw = random(fault);
    std::vector<HostId> servers = cluster_.nodes();
    const HostId node = draw.pick(servers);
    const Duration lasts = draw.chance(0.5) ? draw.between(milliseconds(50), milliseconds(1000))
                                            : draw.between(milliseconds(500), seconds(6));
    if (fault == Fault::slow_peer) {
        tell(fault, node);
        slow(node, draw.between(milliseconds(5), milliseconds(250)), lasts);
        return true;
    }
    if (fault == Fault::narrow_link) {
        tell(fault, node);
        const std::uint64_t width = draw.between(1'500, 10'000);
        narrow(node, {width, width * draw.between(200, 4'000) / 1'000}, lasts);  // full in 0.2 to 4 s
        return true;
    }
    std::vector<std::pair<HostId, HostId>> links;
    const auto both = [&](HostId a, HostId b) { links.insert(links.end(), {{a, b}, {b, a}}); };
    servers.push_back(registry_);
    switch (fault) {
        case Fault::registry_cut:
            both(node, registry_);
            if (draw.chance(0.3)) links.erase(links.begin() + static_cast<std::ptrdiff_t>(draw.below(2)));
            break;
        case Fault::client_cut: both(draw.pick(workload_.clients()), node); break;
        case Fault::one_way_cut: {
            // From one to one other, or to every other.
            const bool all = draw.chance(0.4);
            const bool outwards = draw.chance(0.5);
            const HostId only = draw.pick(servers);
            for (const HostId other : servers)
                if (other != node && (all || other == only))
                    links.push_back(outwards ? std::pair(node, other) : std::pair(other, node));
            break;
        }
        default: {
            std::vector<HostId> everybody = servers;
            everybody.insert(everybody.end(), workload_.clients().begin(), workload_.clients().end());
            draw.shuffle(everybody);
            const std::size_t split = 1 + draw.below(everybody.size() - 1);
            for (std::size_t i = 0; i < split; ++i)
                for (std::size_t j = split; j < everybody.size(); ++j) both(everybody[i], everybody[j]);
        }
    }
    if (lost_registry_)  // a node that shows that its state is old must reach it
        std::erase_if(links, [this](const auto& link) { return link.first == registry_ || link.second == registry_; });
    cut(fault, links, lasts);
    return !links.empty();
}

void Chaos::slow(HostId node, Duration by, Duration lasts) {
    for (const HostId shard : cluster_.process_of(node)) network_.slow(shard, by);
    at(lasts, [this, node] {
        for (const HostId shard : cluster_.process_of(node)) network_.slow(shard, Duration(0));
    });
}

void Chaos::narrow(HostId node, SeededNetwork::Width width, Duration lasts) {
    for (const HostId shard : cluster_.process_of(node)) network_.narrow(shard, width);
    at(lasts, [this, node] {
        for (const HostId shard : cluster_.process_of(node)) network_.narrow(shard, {});
    });
}

void Chaos::cut(Fault fault, const std::vector<std::pair<HostId, HostId>>& links, Duration lasts) {
    const auto each_host = [this](const auto& link, const auto& change) {
        for (const HostId from : cluster_.process_of(link.first))
            for (const HostId to : cluster_.process_of(link.second)) change(from, to);
    };
    for (const auto& link : links) {
        each_host(link, [this](HostId from, HostId to) { network_.cut(from, to); });
        if (news_)
            news_(fmt::format("{}: {} -> {} for {} ms", name_of(fault), world_.name(link.first),
                              world_.name(link.second), lasts / milliseconds(1)));
    }
    at(lasts, [this, links, each_host] {
        if (!active_) return;  // all healed already
        for (const auto& link : links) each_host(link, [this](HostId from, HostId to) { network_.heal(from, to); });
    });
}

// ---------------------------------------------------------------- processes

bool Chaos::crash_node(Fault fault) {
    Random& draw = random(fault);
    const HostId node = running_node(draw);
    if (node.none() || !may_lose(node)) return false;
    tell(fault, node);
    crash(node, draw.chance(0.7) ? draw.between(milliseconds(10), seconds(3)) : draw.between(seconds(3), seconds(15)));
    return true;
}

bool Chaos::crash_all() {
    if (!keeps_disks()) return false;  // then nothing would be left to find
    Random& draw = random(Fault::crash_of_all);
    std::vector<HostId> all = cluster_.nodes();
    all.push_back(registry_);
    const bool power = draw.chance(0.5);
    tell(Fault::crash_of_all);
    for (const HostId host : all) {
        if (cluster_.state(host) == HostState::down) continue;
        if (power)
            cluster_.lose_power(host);
        else
            cluster_.crash(host);
        restart_later(host, draw.between(milliseconds(10), seconds(3)));
    }
    return true;
}

bool Chaos::crash_at_point() {
    Random& draw = random(Fault::crash_point);
    doomed_ = draw.chance(0.2) ? registry_ : running_node(draw);
    points_left_ = draw.between(1, 40);
    return false;  // counted when it happens
}

bool Chaos::stop_node() {
    const HostId node = running_node(random(Fault::node_stop));
    if (node.none() || !may_lose(node)) return false;
    tell(Fault::node_stop, node);
    cluster_.stop(node);
    // It ends in its own time, and is started again some time after that.
    restart_when_ended(node, random(Fault::node_stop).between(milliseconds(500), seconds(4)));
    return true;
}

bool Chaos::pause_somebody() {
    Random& draw = random(Fault::pause);
    const HostId host = draw.chance(0.15) ? registry_ : running_node(draw);
    if (host.none() || cluster_.state(host) != HostState::running) return false;
    tell(Fault::pause, host);
    cluster_.pause(host);
    const Duration lasts =
        draw.chance(0.8) ? draw.between(milliseconds(40), milliseconds(2000)) : draw.between(seconds(2), seconds(6));
    at(lasts, [this, host, life = world_.life(host)] {
        if (world_.life(host) == life) cluster_.resume(host);
    });
    return true;
}

bool Chaos::change_clocks() {
    Random& draw = random(Fault::clock_rate);
    std::vector<HostId> all = cluster_.nodes();
    all.push_back(registry_);
    all.insert(all.end(), workload_.clients().begin(), workload_.clients().end());
    const double slowest = plan_.beyond_clock_bound ? 0.3 : 0.8;
    const double fastest = plan_.beyond_clock_bound ? 3.0 : 1.2;
    for (const HostId host : all) {
        const double where = draw.unit();
        const double rate = where < 0.3 ? slowest : where < 0.6 ? fastest : slowest + (fastest - slowest) * draw.unit();
        if (news_) news_(fmt::format("clock-rate: {} {:.2f}", world_.name(host), rate));
        cluster_.set_clock_rate(host, rate);
    }
    return true;
}

bool Chaos::restart_registry() {
    if (lost_registry_ || world_.state(registry_) == HostState::down) return false;
    Random& draw = random(Fault::registry_restart);
    tell(Fault::registry_restart, registry_);
    crash(registry_,
          draw.chance(0.7) ? draw.between(milliseconds(10), seconds(2)) : draw.between(seconds(2), seconds(8)));
    return true;
}

bool Chaos::crash_client() {
    Random& draw = random(Fault::client_crash);
    const HostId client = draw.pick(workload_.clients());
    if (world_.state(client) != HostState::running) return false;
    tell(Fault::client_crash, client);
    workload_.crashed(client);
    crash(client, draw.between(milliseconds(10), seconds(2)));
    return true;
}

// ---------------------------------------------------------------- membership

bool Chaos::add_node() {
    if (joined_ >= most_joined || lost_registry_) return false;
    Random& draw = random(Fault::join);
    const std::string name = fmt::format("x{}", ++joined_);
    if (news_) news_("join: " + name);
    cluster_.start(make_node(name, name, static_cast<std::uint32_t>(draw.below(plan_.racks))));
    return true;
}

// The name of the host's node: a replacement's host has it and a number.
std::string Chaos::node_on(HostId host) const {
    const std::string& name = world_.name(host);
    return name.substr(0, name.find('-'));
}

bool Chaos::replace_node() {
    Random& draw = random(Fault::replacement);
    const HostId node = running_node(draw);
    if (node.none() || !may_lose_storage(node) || lost_registry_) return false;
    tell(Fault::replacement, node);
    const std::string name = node_on(node);
    cluster_.crash(node);
    cluster_.lose_storage(node);
    retired_.insert(node);
    const HostId other = make_node(name, fmt::format("{}-{}", name, cluster_.nodes().size()), racks_[node]);
    restart_later(other, draw.between(milliseconds(100), seconds(5)));
    return true;
}

bool Chaos::drain_node() {
    Random& draw = random(Fault::drain);
    const HostId node = running_node(draw);
    if (node.none() || !cluster_.map().formed()) return false;
    const std::string name = node_on(node);
    tell(Fault::drain, node);
    cluster_.administer(AdminAction::drain, name);
    at(draw.between(milliseconds(100), seconds(12)), [this, name] { undrain(name); });
    return true;
}

// Until the registry has heard it.
void Chaos::undrain(const std::string& name) {
    const NodeInfo* node = cluster_.map().find(name);
    if (node == nullptr || node->duty != NodeDuty::drain) return;
    cluster_.administer(AdminAction::undrain, name);
    at(milliseconds(500), [this, name] { undrain(name); });
}

bool Chaos::remove_node() {
    Random& draw = random(Fault::removal);
    const HostId node = running_node(draw);
    if (node.none() || !cluster_.map().formed()) return false;
    const std::string name = node_on(node);
    tell(Fault::removal, node);
    cluster_.administer(AdminAction::remove, name);
    await_removal(node, name);
    return true;
}

// Until it has given its copies away; then its machine is switched off.
void Chaos::await_removal(HostId node, const std::string& name) {
    if (!active_ || retired_.contains(node)) return;
    const NodeId id = cluster_.identity_of(node).node;
    const NodeInfo* info = cluster_.map().find(id);
    const bool leaves = info != nullptr && info->duty == NodeDuty::leave;
    if (leaves && cluster_.state(node) == HostState::running && partitions_at(cluster_.map(), id) == 0) {
        cluster_.crash(node);
        retired_.insert(node);
        return repeat_removal(id, name);
    }
    at(milliseconds(500), [this, node, name] { await_removal(node, name); });
}

// A registry that is rebuilt may know nothing of it: of nodes that had heard it none may be left.
void Chaos::repeat_removal(NodeId id, const std::string& name) {
    const NodeInfo* node = cluster_.map().find(id);
    if (node != nullptr && node->state != NodeState::gone && node->duty != NodeDuty::leave)
        cluster_.administer(AdminAction::remove, name);
    at(milliseconds(500), [this, id, name] { repeat_removal(id, name); });
}

// ---------------------------------------------------------------- storage

bool Chaos::lose_power(Fault fault) {
    Random& draw = random(fault);
    const bool registry = !keeps_disks() || draw.chance(0.2);
    const HostId host = registry ? registry_ : running_node(draw);
    if (host.none() || cluster_.state(host) == HostState::down || (registry && lost_registry_)) return false;
    tell(fault, host);
    cluster_.lose_power(host, fault == Fault::torn_tail ? draw.below(8) : 0);
    restart_later(host, draw.between(milliseconds(10), seconds(4)));
    return true;
}

bool Chaos::break_disk() {
    Random& draw = random(Fault::failed_disk);
    const bool registry = !keeps_disks() || draw.chance(0.2);
    const HostId host = registry ? registry_ : running_node(draw);
    if (host.none() || cluster_.state(host) != HostState::running) return false;
    tell(Fault::failed_disk, host);
    set_broken(host, true);
    // Ends with its next write; until an operator looks after it.
    at(draw.between(milliseconds(500), seconds(5)), [this, host] {
        set_broken(host, false);
        if (cluster_.state(host) == HostState::down || cluster_.is_ending(host))
            restart_when_ended(host, Duration::zero());
    });
    return true;
}

bool Chaos::wipe_disk() {
    if (!keeps_disks()) return false;
    Random& draw = random(Fault::wiped_disk);
    const HostId node = running_node(draw);
    if (node.none() || !may_lose_storage(node)) return false;
    tell(Fault::wiped_disk, node);
    cluster_.crash(node);
    cluster_.lose_storage(node);
    restart_later(node, draw.between(milliseconds(100), seconds(4)));
    return true;
}

// Blank, or as it was some time ago; until an operator brings the newest back.
bool Chaos::lose_registry() {
    if (lost_registry_ || cluster_.rebuilds() || world_.state(registry_) != HostState::running ||
        !cluster_.map().formed())
        return false;
    // Enough blank nodes, with every node that knows of the cluster down, are a new cluster to a blank registry:
    // nothing could tell it otherwise.
    const auto blank = std::count_if(cluster_.nodes().begin(), cluster_.nodes().end(), [this](HostId node) {
        return cluster_.state(node) != HostState::down && cluster_.identity_of(node).node.none();
    });
    if (blank >= static_cast<std::ptrdiff_t>(plan_.form_with())) return false;
    Random& draw = random(Fault::registry_loss);
    tell(Fault::registry_loss, registry_);
    world_.crash(registry_);
    lost_registry_ = world_.disk(registry_).contents();
    // An old one gives itself away only to nodes that know more: they must be there.
    const bool all_there = std::all_of(cluster_.nodes().begin(), cluster_.nodes().end(), [this](HostId node) {
        return retired_.contains(node) || (cluster_.state(node) == HostState::running && !cluster_.is_ending(node) &&
                                           !cluster_.identity_of(node).node.none());
    });
    // The node that it hears first must know more: else it may decide, and then it is the newest.
    const Epoch epoch_then(backup_.size());  // each epoch is one record
    const auto knows_more = [&](HostId shard) { return cluster_.shard(shard).map().epoch > epoch_then; };
    const bool beyond = all_there && std::all_of(cluster_.nodes().begin(), cluster_.nodes().end(), [&](HostId node) {
                            const std::vector<HostId>& shards = cluster_.process_of(node);
                            return retired_.contains(node) || std::all_of(shards.begin(), shards.end(), knows_more);
                        });
    const bool old = draw.chance(0.5) && beyond && !rebuilt_;
    for (const HostId node : cluster_.nodes())
        for (const HostId shard : cluster_.process_of(node)) {
            network_.heal(shard, registry_);
            network_.heal(registry_, shard);
        }
    world_.disk(registry_).replace(old ? backup_ : std::vector<std::string>());
    backup_ = *lost_registry_;
    world_.start(registry_);
    at(draw.between(milliseconds(500), seconds(4)), [this] { bring_registry_back(); });
    return true;
}

void Chaos::bring_registry_back() {
    if (!lost_registry_) return;
    if (news_) news_("the registry's storage is back");
    world_.crash(registry_);
    world_.disk(registry_).replace(std::move(*lost_registry_));
    lost_registry_.reset();
    world_.start(registry_);
}

}  // namespace ringkv::simulation
