// Injects the faults of a run's plan, each kind from a stream of its own, and heals them all in the end.
//
// It never destroys what the protocol does not promise to survive: the last storage-holding member of a
// partition's newest published view stays. (A view may shrink in the same instant; Oracle::is_lost counts that.)
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/plan.hpp"
#include "tests/simulation/seeded_network.hpp"
#include "tests/simulation/workload.hpp"
#include "tests/world/cluster.hpp"

namespace ringkv::simulation {

class Chaos {
  public:
    Chaos(SimulatedCluster& cluster, SeededNetwork& network, Workload& workload, const Plan& plan);

    // Starts registry and nodes.
    void start_all();
    // From now on faults happen.
    void begin();
    // No more faults; what is down, cut, slow or paused comes back, and stays.
    void heal();

    // The next instant at which something is due.
    [[nodiscard]] Time due() const;
    void tick();

    // Is told of each fault that strikes, and of what comes back.
    void on_news(std::function<void(const std::string&)> hook) { news_ = std::move(hook); }

    // Hooks.
    void turned(HostId host);
    [[nodiscard]] bool dies_here(HostId host);

    [[nodiscard]] FaultCounts fired() const;

  private:
    using Action = std::function<void()>;

    void at(Duration delay, Action action);
    void arm(Fault fault);
    [[nodiscard]] Random& random(Fault fault) { return random_[index_of(fault)]; }
    void count(Fault fault) { ++fired_[index_of(fault)]; }
    void tell(Fault fault, HostId host = {}) {
        if (news_) news_(std::string(name_of(fault)) + (host.none() ? "" : ": " + world_.name(host)));
    }

    // chaos_faults.cpp. Each: does it strike now? (There may be nothing to strike.)
    [[nodiscard]] bool strike(Fault fault);
    [[nodiscard]] bool cut_links(Fault fault);
    void slow(HostId node, Duration by, Duration lasts);
    void narrow(HostId node, SeededNetwork::Width width, Duration lasts);
    void cut(Fault fault, const std::vector<std::pair<HostId, HostId>>& links, Duration lasts);
    [[nodiscard]] bool crash_node(Fault fault);
    [[nodiscard]] bool crash_all();
    [[nodiscard]] bool crash_at_point();
    [[nodiscard]] bool stop_node();
    [[nodiscard]] bool pause_somebody();
    [[nodiscard]] bool change_clocks();
    [[nodiscard]] bool restart_registry();
    [[nodiscard]] bool crash_client();
    [[nodiscard]] bool add_node();
    [[nodiscard]] bool replace_node();
    [[nodiscard]] bool drain_node();
    void undrain(const std::string& name);
    [[nodiscard]] bool remove_node();
    void await_removal(HostId node, const std::string& name);
    void repeat_removal(NodeId id, const std::string& name);
    [[nodiscard]] bool lose_power(Fault fault);
    [[nodiscard]] bool break_disk();
    [[nodiscard]] bool wipe_disk();
    [[nodiscard]] bool lose_registry();
    void bring_registry_back();

    // chaos_operators.cpp
    [[nodiscard]] bool rebuild_registry();
    [[nodiscard]] bool begin_rebuild();
    void start_rebuilt_registry();
    [[nodiscard]] bool is_lost(PartitionId partition) const;
    void lose_all_members(PartitionId partition);
    [[nodiscard]] bool reset_partitions();

    // chaos_aimed.cpp: faults that wait for their moment.
    enum class Awaited : std::uint8_t { new_primary_to_crash, new_primary, learner, proposer, smaller_view };
    [[nodiscard]] bool stall_sync();
    [[nodiscard]] bool restart_hastily();
    void restart_hastily(HostId primary, HostId backup, Duration after);
    void look_for_changed_claims(const Flight& flight);
    [[nodiscard]] bool slow_then_cut();
    [[nodiscard]] HostId some_primary(Random& random) const;  // of a running node; none: there is none
    void await(Awaited what, Duration at_most = std::chrono::hours(1));
    void look_for(Awaited what, HostId shard);
    [[nodiscard]] bool is_awaited(Awaited what, HostId shard, const Replica& replica);
    void crash_in_new_view(HostId shard);
    void crash_proposer(HostId shard, PartitionId partition, const Replica& replica);
    [[nodiscard]] bool make_view_smaller(bool to_one);
    void lose_smaller_view(HostId shard, PartitionId partition, const View& view);
    void stall_until_power_goes(HostId shard);

    [[nodiscard]] std::string node_on(HostId host) const;
    [[nodiscard]] HostId running_node(Random& random) const;  // none: no node runs
    [[nodiscard]] bool may_lose(HostId node) const;           // its process, with what only that holds
    [[nodiscard]] bool may_lose_storage(HostId node) const;
    [[nodiscard]] bool is_kept(PartitionId partition, NodeId but_for) const;  // by a member that is not that one
    void restart_later(HostId host, Duration delay);
    void restart_when_ended(HostId node, Duration after);
    void crash(HostId host, Duration down_for);
    void set_broken(HostId host, bool broken);
    [[nodiscard]] bool keeps_disks() const { return plan_.durability != Durability::memory; }
    void sync_later(HostId host);
    HostId make_node(const std::string& name, const std::string& host, std::uint32_t rack);

    SimulatedCluster& cluster_;
    SeededNetwork& network_;
    Workload& workload_;
    const Plan& plan_;
    World& world_;
    HostId registry_;
    std::map<std::pair<Time, std::uint64_t>, Action> agenda_;
    std::uint64_t next_action_ = 0;
    std::vector<Random> random_;  // by fault
    Random disks_;
    FaultCounts fired_{};
    std::function<void(const std::string&)> news_;
    bool active_ = false;

    std::map<HostId, std::uint32_t> racks_;
    std::set<HostId> retired_;           // replaced by another machine
    std::map<HostId, bool> syncing_;     // by shard
    std::map<HostId, Duration> stalls_;  // by shard: how long the next sync takes
    HostId doomed_;                      // dies at a point
    std::uint64_t points_left_ = 0;
    std::map<Awaited, Time> awaited_;  // until when
    std::uint32_t joined_ = 0;
    std::optional<std::vector<std::string>> lost_registry_;  // the newest content of its disk, while it is away
    std::vector<std::string> backup_;                        // an earlier one
    bool rebuilt_ = false;  // since that backup was made, and before: it is of another generation
};

}  // namespace ringkv::simulation
