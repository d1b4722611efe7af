// Faults on a ProcessCluster, drawn from a seed: a round is a few of them at once, then everything is healed
// and every partition must be full again.
//
// What must not be lost is bounded by what durability: memory promises: a node that ends has lost its data. So
// within a round at most N-1 nodes are killed, paused or stopped if any is to be killed or stopped, none once
// links were cut, and one that nothing was done to must still be a member of every partition.
//
// Thread safety: the cluster's thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "tests/cluster/nemesis_links.hpp"

namespace ringkv::testing {

enum class Fault : unsigned char {
    kill_node,   // SIGKILL, started again later
    stop_node,   // SIGTERM, started again later
    pause_node,  // SIGSTOP for 0.1 to 5 leases
    kill_registry,
    stop_registry,
    pause_registry,
    cut_pair,      // two nodes, both ways
    cut_one_way,   // one node to another
    cut_registry,  // a node from the registry
    cut_clients,   // the clients from a node or the registry
    isolate,       // a node from all other nodes
    split,         // nodes, registry and clients into two sides
};
inline constexpr std::size_t kinds_of_faults = 12;
[[nodiscard]] std::string_view name_of(Fault fault);
[[nodiscard]] constexpr bool cuts_links(Fault fault) {
    return fault >= Fault::cut_pair;
}

class Nemesis {
  public:
    // The cluster is full and `nodes` are all its nodes. Without links none are cut.
    Nemesis(ProcessCluster& cluster, std::vector<std::string> nodes, unsigned replication, Links* links,
            std::uint64_t seed);

    // Throws std::runtime_error if a server ended by itself, or if the cluster does not heal.
    void round();

    [[nodiscard]] const std::map<Fault, unsigned>& fired() const { return fired_; }
    [[nodiscard]] unsigned rounds() const { return rounds_; }
    // From the end of the last fault until every partition was full again.
    [[nodiscard]] milliseconds longest_healing() const { return longest_healing_; }
    // "12.345 s: SIGKILL n3", ...; of the last few rounds. Times since `start`.
    [[nodiscard]] const std::vector<std::string>& events() const { return events_; }
    void count_time_from(std::chrono::steady_clock::time_point start) { start_ = start; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Active {
        Clock::time_point ends;
        std::function<void()> end;
    };

    bool inject(Fault fault);
    bool end_node(Fault fault);
    bool pause(Fault fault);
    bool end_registry(Fault fault);
    bool cut_links(Fault fault);
    using Parties = std::vector<std::string>;
    void cut(const Parties& from, const Parties& to);
    void cut_both(const Parties& one, const Parties& other);
    std::string isolate(const std::string& node, const Parties& others);
    std::string split(const Parties& nodes);
    void wait(milliseconds time);
    void end_due(Clock::time_point now);
    void heal();

    [[nodiscard]] bool may_end(const std::string& node, const std::optional<ClusterMap>& map) const;
    [[nodiscard]] std::optional<ClusterMap> registry_map();
    [[nodiscard]] bool full(const ClusterMap& map) const;
    [[nodiscard]] std::vector<std::string> running_nodes() const;
    void check_processes();

    [[nodiscard]] std::uint64_t below(std::uint64_t limit);
    [[nodiscard]] milliseconds any_time(milliseconds least, milliseconds most);
    template <class T>
    T& any_of(std::vector<T>& from) {
        return from[below(from.size())];
    }
    void note(const std::string& event);
    void hold(milliseconds time, std::function<void()> end);

    ProcessCluster& cluster_;
    const std::vector<std::string> nodes_;
    const unsigned replication_;
    Links* const links_;
    std::mt19937_64 random_;
    std::vector<Fault> deck_;  // every kind once; then it is shuffled anew
    std::vector<Active> active_;
    std::set<std::string> ended_;      // nodes that are not to run now
    std::set<std::string> disturbed_;  // nodes that something was done to since all was full
    bool links_disturbed_ = false;
    bool registry_ended_ = false;
    unsigned registry_paused_ = 0;
    // Of each node that was ended: what its process now must be numbered above, to count as started again.
    std::map<std::string, NodeId> old_identities_;
    ClusterMap last_full_;

    std::map<Fault, unsigned> fired_;
    unsigned rounds_ = 0;
    milliseconds longest_healing_{0};
    std::vector<std::string> events_;
    Clock::time_point start_ = Clock::now();
};

}  // namespace ringkv::testing
