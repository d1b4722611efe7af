// The machines of a story, and what they know.
#include <fmt/format.h>

#include <algorithm>

#include "tests/scenarios/runner/runner.hpp"
#include "tests/world/describe.hpp"

namespace ringkv::scenarios {

using simulation::HostId;
using simulation::HostState;

namespace {

std::string word_for(Primary::Phase phase) {
    switch (phase) {
        case Primary::Phase::waiting: return "waits for its promises";
        case Primary::Phase::starting: return "starts the view";
        case Primary::Phase::serving: return "serves";
        case Primary::Phase::transferring_leadership: return "transfers leadership";
    }
    return "?";
}

Durability durability_of(const std::string& word) {
    if (word == "memory") return Durability::memory;
    if (word == "os") return Durability::os;
    if (word == "fsync") return Durability::fsync;
    throw BadCommand("'" + word + "' is no durability");
}

}  // namespace

// `cluster nodes=3 racks=3 partitions=1 replication=3 shards=1 [stopped] ...`: a registry and nodes n1, n2, ...;
// started and formed, unless `stopped`. What is done to a node is done to all its shards: n1, n1/1, ... Partition p is
// for the nodes from number p on, in turns; p0's primary is n1.
void Runner::cluster(Arguments& arguments) {
    if (cluster_) throw BadCommand("there is a cluster already");
    const std::uint64_t nodes = arguments.option("nodes", 3);
    const std::uint64_t racks = arguments.option("racks", nodes);
    RegistryOptions options;
    options.settings.cluster = "story";
    options.settings.partitions = static_cast<std::uint32_t>(arguments.option("partitions", 1));
    options.settings.replication = static_cast<std::uint32_t>(arguments.option("replication", 3));
    options.settings.session_expiry = arguments.option("session_expiry", options.settings.session_expiry);
    options.settings.pace.repair_after = arguments.option("repair_after", options.settings.pace.repair_after);
    if (arguments.take("confirmed")) options.settings.reads = ReadMode::confirmed;
    options.form_with = static_cast<std::uint32_t>(arguments.option("form_with", nodes));
    Limits limits;
    limits.key = arguments.option("max_key", limits.key);
    limits.value = arguments.option("max_value", limits.value);
    limits.inflight = arguments.option("max_inflight", limits.inflight);
    limits.log = arguments.option("max_log", limits.log);
    const Durability durability = durability_of(arguments.option("durability").value_or("memory"));
    const auto shards = static_cast<std::uint32_t>(arguments.option("shards", 1));
    const auto minor = static_cast<std::uint32_t>(arguments.option("minor", protocol_minor));
    cluster_ = std::make_unique<simulation::SimulatedCluster>(network_, options, placement_);
    world().on_trace([this](const simulation::TraceEvent& event) { on_trace(event); });
    cluster_->add_registry();
    for (std::uint64_t i = 1; i <= nodes; ++i) {
        simulation::NodePlan plan;
        plan.name = fmt::format("n{}", i);
        plan.rack = fmt::format("rack-{}", (i - 1) % racks + 1);
        plan.limits = limits;
        plan.durability = durability;
        plan.shards = shards;
        plan.minor = minor;
        cluster_->add_node(plan);
    }
    if (arguments.take("stopped")) return;
    cluster_->start(host("registry"));
    for (const HostId node : cluster_->nodes()) cluster_->start(node);
    const bool formed = world().advance_until([this] { return cluster_->settled(); }, std::chrono::seconds(10));
    // Long enough for first views to be served, whatever the settings.
    world().advance(std::chrono::seconds(2));
    if (!formed) say("NOT formed");
    Arguments none({});
    views(none);
}

// `node n4 rack=rack-1 [name=n1]`: one more, started.
void Runner::node(Arguments& arguments) {
    simulation::NodePlan plan;
    plan.host = arguments.next("a host");
    plan.name = arguments.option("name").value_or(plan.host);
    plan.rack = arguments.option("rack").value_or("rack-1");
    plan.durability = durability_of(arguments.option("durability").value_or("memory"));
    the_cluster().start(the_cluster().add_node(plan));
}

// `client c1 [rack=rack-2] [via n1 n2]`
void Runner::client(Arguments& arguments) {
    const std::string name = arguments.next("a name");
    const std::string rack = arguments.option("rack").value_or("");
    std::vector<HostId> sources;
    if (arguments.take("via")) {
        for (const std::string& source : arguments.rest()) sources.push_back(host(source));
    }
    ClientOptions options;
    options.rack = rack;
    the_cluster().start(the_cluster().add_client(name, sources, options));
    world().advance(std::chrono::milliseconds(50));  // it learns the map
}

// ---------------------------------------------------------------- processes

void Runner::start(Arguments& arguments) {
    for (const std::string& name : arguments.rest()) {
        const HostId which = host(name);
        if (the_cluster().state(which) != HostState::down) throw BadCommand(name + " is not down");
        the_cluster().start(which);
    }
}

void Runner::crash(Arguments& arguments) {
    for (const std::string& name : arguments.rest()) the_cluster().crash(host(name));
}

// `lose-power n1 n2`: their machines do, so what their disks have not synced is gone.
void Runner::lose_power(Arguments& arguments) {
    for (const std::string& name : arguments.rest()) the_cluster().lose_power(host(name));
}

void Runner::restart(Arguments& arguments) {
    for (const std::string& name : arguments.rest()) {
        the_cluster().crash(host(name));
        the_cluster().start(host(name));
    }
}

void Runner::pause(Arguments& arguments) {
    const HostId which = host(arguments);
    if (the_cluster().state(which) != HostState::running) throw BadCommand("it does not run");
    the_cluster().pause(which);
}

void Runner::resume(Arguments& arguments) {
    const HostId which = host(arguments);
    if (the_cluster().state(which) != HostState::paused) throw BadCommand("it is not paused");
    the_cluster().resume(which);
}

// SIGTERM.
void Runner::stop(Arguments& arguments) {
    const HostId which = host(arguments);
    if (the_cluster().state(which) != HostState::running) throw BadCommand("it does not run");
    if (!the_cluster().is_node(which)) throw BadCommand("only nodes are stopped");
    the_cluster().stop(which);
}

void Runner::wipe(Arguments& arguments) {
    const HostId which = host(arguments);
    if (the_cluster().state(which) != HostState::down) throw BadCommand("stop it first");
    for (const HostId each : the_cluster().process_of(which)) world().disk(each).wipe();
}

// `rebuild [without n3 ...]`: the registry, which is down, has lost its data and is started as `ringkv-registry
// rebuild`; it ends when it has made a new state, and can be started then.
void Runner::rebuild(Arguments& arguments) {
    if (the_cluster().state(host("registry")) != HostState::down) throw BadCommand("stop the registry first");
    std::set<std::string> without;
    if (arguments.take("without"))
        for (const std::string& name : arguments.rest()) without.insert(name);
    the_cluster().rebuild_registry([this, without](NodeId id) { return without.contains(the_cluster().name_of(id)); });
}

void Runner::rate(Arguments& arguments) {
    const HostId which = host(arguments);
    the_cluster().set_clock_rate(which, std::stod(arguments.next("a rate")));
}

// `disk n1 on-demand | at-once | broken`: of all its shards.
void Runner::disk(Arguments& arguments) {
    const HostId which = host(arguments);
    const std::string mode = arguments.next("on-demand, at-once or broken");
    for (const HostId each : the_cluster().process_of(which)) {
        simulation::Disk& disk = world().disk(each);
        if (mode == "broken")
            disk.set_broken(true);
        else if (mode == "on-demand")
            disk.set_sync(simulation::Disk::Sync::on_demand);
        else if (mode == "at-once")
            disk.set_sync(simulation::Disk::Sync::at_once);
        else
            throw BadCommand("a disk is on-demand, at-once or broken");
    }
}

void Runner::sync(Arguments& arguments) {
    const HostId which = host(arguments);
    for (const HostId each : the_cluster().process_of(which)) world().sync(each);
    world().advance({});
}

// ---------------------------------------------------------------- what they know

void Runner::show_view(PartitionId partition) {
    const PartitionState& state = the_cluster().map().at(partition);
    std::string text = fmt::format("p{} {}", partition.value(), simulation::describe(state.view, names()));
    if (state.target != state.view.members) text += " target=" + simulation::describe(state.target, names());
    say(text);
}

// As the registry has published them.
void Runner::views(Arguments& /*arguments*/) {
    if (!the_cluster().map().formed()) say("not formed");
    for (std::uint32_t p = 0; p < the_cluster().map().partitions.size(); ++p) show_view(PartitionId(p));
}

void Runner::view(Arguments& arguments) {
    show_view(partition(arguments.next("a partition")));
}

// As the registry sees them.
void Runner::nodes(Arguments& /*arguments*/) {
    for (const auto& [id, node] : the_cluster().map().nodes) {
        say(fmt::format("{} {} {}", the_cluster().name_of(id), node.rack, to_string(node.state)));
    }
}

// Of the shard that owns the partition.
void Runner::show_state(HostId node, PartitionId partition) {
    const HostId host = the_cluster().shard_of(the_cluster().node_of(node), partition);
    const std::string name = world().name(host);
    if (world().state(host) == HostState::down) {
        say(name + " is down");
        return;
    }
    const Shard& shard = the_cluster().shard(host);
    if (!shard.joined()) {
        say(fmt::format("{} has not joined{}", name, shard.refusal() ? ": " + *shard.refusal() : ""));
        return;
    }
    const Replica* replica = shard.replica(partition);
    if (replica == nullptr) {
        say(fmt::format("{} has nothing of p{}", name, partition.value()));
        return;
    }
    const NodeId me = shard.identity().node;
    const View& view = replica->view();
    std::string role = "outsider";
    if (replica->primary() != nullptr)
        role = "primary, " + word_for(replica->primary()->phase());
    else if (view.primary == me)
        role = "primary of an earlier start";
    else if (view.has(me))
        role = "backup";
    else if (replica->state().targets(me))
        role = "learner";
    const PartitionLog& log = replica->log();
    say(fmt::format("{} p{} {} log={} last={} commit={} ({}{})", name, partition.value(), view.id.to_string(),
                    log.log_view().none() ? "none" : log.log_view().to_string(), log.last().value(),
                    log.commit().value(), role, log.incomplete() ? ", incomplete" : ""));
}

// `state [n1...] [of p0]`: what replicas have.
void Runner::state(Arguments& arguments) {
    const PartitionId which = partition(arguments.after("of").value_or("p0"));
    const std::vector<std::string> wanted = arguments.rest();
    if (wanted.empty()) {
        for (const HostId node : the_cluster().nodes()) show_state(node, which);
    }
    for (const std::string& name : wanted) show_state(host(name), which);
}

// `operator drain|undrain|remove NAME`, `operator reset p0...`
void Runner::ask_as_operator(Arguments& arguments) {
    static const std::map<std::string, AdminAction> actions = {
        {"drain", AdminAction::drain}, {"undrain", AdminAction::undrain}, {"remove", AdminAction::remove}};
    const std::string word = arguments.next("drain, undrain, remove or reset");
    if (word == "reset") {
        Administer request;
        request.action = AdminAction::reset_partitions;
        for (const std::string& name : arguments.rest())
            request.to_reset.push_back({partition(name), cluster_->map().at(partition(name)).view.id});
        cluster_->administer(std::move(request));
        return;
    }
    const auto action = actions.find(word);
    if (action == actions.end()) throw BadCommand("an operator drains, undrains, removes or resets");
    cluster_->administer(action->second, arguments.next("a node's name"));
}

}  // namespace ringkv::scenarios
