// Runs one story: its commands against a simulated cluster. Each command is a method of one of the
// three parts below; what it prints is compared with what the story expects.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/placement_in_turns.hpp"
#include "tests/scenarios/runner/arguments.hpp"
#include "tests/scenarios/runner/story.hpp"
#include "tests/world/cluster.hpp"
#include "tests/world/describe.hpp"
#include "tests/world/scripted_network.hpp"

namespace ringkv::scenarios {

class Runner {
  public:
    Runner();

    // -> what the block's commands print; "ok\n" if that is nothing.
    std::string run(const Block& block);
    // A command could not be carried out (the story itself is wrong), or took longer or shorter than its `took=` says.
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    using Command = void (Runner::*)(Arguments&);

    struct Started {
        simulation::HostId client;
        OperationId operation;
        Time at;
        std::string what;
        std::optional<Bound> bound;
        std::optional<Bound> age;  // of what a stale read brings
    };

    // cluster_commands.cpp: the machines, and what they know.
    void cluster(Arguments& arguments);
    void node(Arguments& arguments);
    void client(Arguments& arguments);
    void start(Arguments& arguments);
    void crash(Arguments& arguments);
    void lose_power(Arguments& arguments);
    void restart(Arguments& arguments);
    void pause(Arguments& arguments);
    void resume(Arguments& arguments);
    void stop(Arguments& arguments);
    void wipe(Arguments& arguments);
    void rebuild(Arguments& arguments);
    void rate(Arguments& arguments);
    void disk(Arguments& arguments);
    void sync(Arguments& arguments);
    void views(Arguments& arguments);
    void view(Arguments& arguments);
    void nodes(Arguments& arguments);
    void state(Arguments& arguments);

    // network_commands.cpp: time, faults, traces.
    void advance(Arguments& arguments);
    void settle(Arguments& arguments);
    void wait(Arguments& arguments);
    void cut(Arguments& arguments);
    void isolate(Arguments& arguments);
    void heal(Arguments& arguments);
    void drop(Arguments& arguments);
    void hold(Arguments& arguments);
    void duplicate(Arguments& arguments);
    void delay(Arguments& arguments);
    void allow(Arguments& arguments);
    void release(Arguments& arguments);
    void send(Arguments& arguments);
    void trace(Arguments& arguments);

    // client_commands.cpp: what users do.
    void put(Arguments& arguments);
    void get(Arguments& arguments);
    void erase(Arguments& arguments);
    void cas(Arguments& arguments);
    void scan(Arguments& arguments);
    void begin(Arguments& arguments);
    void await(Arguments& arguments);
    void pending(Arguments& arguments);
    void fill(Arguments& arguments);
    void verify(Arguments& arguments);
    void locate(Arguments& arguments);
    void ask_as_operator(Arguments& arguments);

    void run_command(const std::string& line);
    void say(const std::string& line) { output_ += line + "\n"; }
    void cut_links(simulation::HostId one, simulation::HostId other, bool both_ways);
    [[nodiscard]] std::vector<simulation::HostId> process_of(simulation::HostId host);
    // What is printed of a time: nothing where there is no bound.
    [[nodiscard]] std::string took(const std::optional<Bound>& bound, Duration duration);
    [[nodiscard]] std::string within(const std::string& what, const std::optional<Bound>& bound, Duration duration);
    void add_rule(Arguments& arguments, simulation::Rule::Action action, Duration delay);
    simulation::Rule rule_of(Arguments& arguments, simulation::Rule::Action action);
    void on_trace(const simulation::TraceEvent& event);
    void show_view(PartitionId partition);
    void show_state(simulation::HostId node, PartitionId partition);
    void show_outcome(const Started& started);
    void finish(const Started& started);
    Started submit(Arguments& arguments, const std::string& verb);

    [[nodiscard]] simulation::SimulatedCluster& the_cluster();
    [[nodiscard]] simulation::World& world() { return the_cluster().world(); }
    simulation::HostId host(Arguments& arguments);
    [[nodiscard]] simulation::HostId host(const std::string& name);
    [[nodiscard]] PartitionId partition(const std::string& word);
    [[nodiscard]] bool all_served();
    [[nodiscard]] simulation::NameOfNode names();

    static const std::map<std::string, Command, std::less<>> commands;

    simulation::ScriptedNetwork network_;
    test::PlacementInTurns placement_;
    std::unique_ptr<simulation::SimulatedCluster> cluster_;
    std::string output_;
    bool failed_ = false;
    std::vector<std::string> traced_;  // types of messages, "log", or "all"
    std::map<std::string, Started> started_;
    Duration deadline_ = std::chrono::seconds(5);
};

}  // namespace ringkv::scenarios
