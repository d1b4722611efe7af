// Time, faults of the network, and bytes that no program of ours sends.
#include <fmt/format.h>

#include <algorithm>

#include "common/edge/codec/codec.hpp"
#include "tests/scenarios/runner/runner.hpp"
#include "tests/world/describe.hpp"

namespace ringkv::scenarios {

using simulation::HostId;
using simulation::HostState;
using simulation::Rule;

// ---------------------------------------------------------------- time

void Runner::advance(Arguments& arguments) {
    world().advance(duration_of(arguments.next("a duration")));
}

// `settle [30s] [took=BOUND]`: until every partition is served by all of its target, and every operation begun has
// ended.
void Runner::settle(Arguments& arguments) {
    const std::optional<Bound> bound = arguments.bound();
    const Duration limit = arguments.empty() ? std::chrono::seconds(30) : duration_of(arguments.next("a duration"));
    const Time began = world().now();
    const bool settled = world().advance_until([this] { return the_cluster().settled() && all_served(); }, limit);
    if (!settled) {
        say("not settled within " + text_of(limit));
        return;
    }
    say("settled" + took(bound, world().now() - began));
}

// `wait view v2 of p0 [within 5s] [took=BOUND]`, `wait served`, `wait down n1`
void Runner::wait(Arguments& arguments) {
    const std::optional<Bound> bound = arguments.bound();
    const std::string limit_word = arguments.after("within").value_or("30s");
    const Duration limit = duration_of(limit_word);
    const Time began = world().now();
    const std::string what = arguments.next("view, served or down");
    bool reached = false;
    if (what == "view") {
        const std::string view = arguments.next("a view");
        const PartitionId which = partition(arguments.after("of").value_or("p0"));
        reached =
            world().advance_until([&] { return the_cluster().map().at(which).view.id.to_string() == view; }, limit);
    } else if (what == "served") {
        reached = world().advance_until([this] { return all_served(); }, limit);
    } else if (what == "down") {
        const HostId which = host(arguments);
        reached = world().advance_until([&] { return the_cluster().state(which) == HostState::down; }, limit);
    } else {
        throw BadCommand("wait for what?");
    }
    say((reached ? "reached" : "NOT reached") + took(bound, world().now() - began));
}

// ---------------------------------------------------------------- faults

void Runner::cut(Arguments& arguments) {
    const HostId one = host(arguments);
    const HostId other = host(arguments);
    cut_links(one, other, !arguments.take("one-way"));
}

// None: every host.
std::vector<HostId> Runner::process_of(HostId host) {
    return host.none() ? std::vector<HostId>{host} : the_cluster().process_of(host);
}

void Runner::cut_links(HostId one, HostId other, bool both_ways) {
    for (const HostId from : process_of(one))
        for (const HostId to : process_of(other)) {
            network_.cut(from, to);
            if (both_ways) network_.cut(to, from);
        }
}

// From every other host, or from these.
void Runner::isolate(Arguments& arguments) {
    const HostId one = host(arguments);
    std::vector<HostId> others;
    for (const std::string& name : arguments.rest()) others.push_back(host(name));
    if (others.empty()) others.emplace_back();
    for (const HostId other : others) cut_links(one, other, true);
}

void Runner::heal(Arguments& arguments) {
    if (arguments.empty()) {
        network_.heal();
        return;
    }
    const HostId one = host(arguments);
    const HostId other = arguments.empty() ? HostId{} : host(arguments);
    for (const HostId from : process_of(one))
        for (const HostId to : process_of(other)) {
            network_.join(from, to);
            network_.join(to, from);
        }
}

// "TYPE [from A] [to B] [for COUNT]"; TYPE `any` is every message.
Rule Runner::rule_of(Arguments& arguments, Rule::Action action) {
    Rule rule;
    rule.action = action;
    if (const auto from = arguments.after("from")) rule.from = host(*from);
    if (const auto to = arguments.after("to")) rule.to = host(*to);
    if (const auto count = arguments.after("for")) rule.count = number_of(*count);
    rule.type = arguments.next("a type of message");
    if (rule.type == "any") rule.type.clear();
    return rule;
}

void Runner::add_rule(Arguments& arguments, Rule::Action action, Duration delay) {
    Rule rule = rule_of(arguments, action);
    rule.delay = delay;
    network_.add(std::move(rule));
}

void Runner::drop(Arguments& arguments) {
    add_rule(arguments, Rule::Action::drop, {});
}
void Runner::hold(Arguments& arguments) {
    add_rule(arguments, Rule::Action::hold, {});
}
void Runner::duplicate(Arguments& arguments) {
    add_rule(arguments, Rule::Action::duplicate, {});
}

void Runner::delay(Arguments& arguments) {
    const Duration by = duration_of(arguments.after("by").value_or("50ms"));
    add_rule(arguments, Rule::Action::delay, by);
}

// Ends `drop`, `hold`, ... with the same words.
void Runner::allow(Arguments& arguments) {
    Rule rule = rule_of(arguments, Rule::Action::drop);
    for (const auto action : {Rule::Action::drop, Rule::Action::hold, Rule::Action::duplicate, Rule::Action::delay}) {
        rule.action = action;
        network_.remove(rule);
    }
}

// What was held goes; rules that hold stay.
void Runner::release(Arguments& arguments) {
    Rule rule = arguments.empty() ? Rule{} : rule_of(arguments, Rule::Action::hold);
    const std::size_t released =
        world().release([&](const simulation::Flight& flight) { return rule.matches(flight); });
    say(fmt::format("released {}", released));
}

// `send c1 to n1 garbage BYTES | other-cluster | other-version`: and what comes back shows in a trace of FrameRefused.
void Runner::send(Arguments& arguments) {
    const HostId from = host(arguments);
    const std::string to = arguments.after("to").value_or("registry");
    (void)host(to);
    const std::string what = arguments.next("garbage, other-cluster, other-version or truncated");
    Identity stranger;
    std::string frame;
    if (what == "garbage") {
        frame = arguments.next("bytes");
    } else if (what == "other-cluster") {
        stranger.cluster.bytes.fill(0xee);
        frame = encode(stranger, {}, {Get{RequestId(1), PartitionId(0), "k"}, MapRequest{}});
    } else if (what == "other-version") {
        frame = encode(stranger, {}, {MapRequest{}});
        const std::size_t major = frame.find(static_cast<char>(protocol_major), 1);
        if (major == std::string::npos) throw BadCommand("where is the major version?");
        frame[major] = static_cast<char>(protocol_major + 1);
    } else if (what == "truncated") {
        frame = encode(stranger, {}, {Get{RequestId(1), PartitionId(0), std::string(100, 'k')}});
        frame.resize(frame.size() / 2);
    } else {
        throw BadCommand("send what?");
    }
    world().send_raw(from, simulation::SimulatedCluster::endpoint_of(to), frame);
}

}  // namespace ringkv::scenarios
