// A whole RingKV cluster in a World: one registry, nodes, clients; with the names that stories use.
//
// A World's host has one actor, so a node is one host for each of its shards: "n1", and "n1/1", "n1/2", ... They are
// one process: they start, crash, pause and lose power together, and share clock rate, identity and start number. A
// node is named by the host of its shard 0, which speaks for it; a parameter `node` is that host, `shard` is any host
// of a node, and `host` any host at all.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client/client_actor.hpp"
#include "common/placement/placement.hpp"
#include "node/log_shortening.hpp"
#include "node/memory_engine.hpp"
#include "node/shard.hpp"
#include "registry/rebuild_actor.hpp"
#include "registry/registry_actor.hpp"
#include "tests/world/flushed_engine.hpp"
#include "tests/world/world.hpp"

namespace ringkv::simulation {

struct NodePlan {
    std::string name;
    std::string rack;
    std::string host;  // what the host is called, if not as the node: another node of that name, for instance
    double weight = 1.0;
    std::uint32_t shards = 1;
    std::uint32_t minor = protocol_minor;  // HostOptions::minor
    Limits limits;
    // memory: each start is a new identity. Otherwise a start goes on with what is on the disk.
    Durability durability = Durability::memory;
};

// Tells of every entry that a node applies, in the order in which it does.
using OnApply = std::function<void(HostId, PartitionId, const Entry&)>;

struct Finished {
    Completion completion;
    Time at;  // true time
};

// Its members are those that should be.
[[nodiscard]] bool is_whole(const PartitionState& partition);

class SimulatedCluster {
  public:
    // What the registry is configured with. Network and placement must outlive the cluster.
    SimulatedCluster(Network& network, RegistryOptions options, const Placement& placement,
                     Duration tick = std::chrono::milliseconds(5));

    [[nodiscard]] World& world() { return world_; }
    // Of nodes with a disk, before they are started: their engines keep the keys there as well; and logs are made
    // shorter that have so many records, 0: none.
    void use_engines_on_disk() { engines_on_disk_ = true; }
    void use_checkpoints(std::size_t records) { checkpoint_ = records; }

    // Hosts, not started. Of a node: that of its shard 0.
    HostId add_registry();
    HostId add_node(const NodePlan& plan);
    // `sources` are hosts whose endpoints it is given; the registry's if empty.
    HostId add_client(const std::string& name, const std::vector<HostId>& sources = {}, ClientOptions options = {});

    // None: there is no such host.
    [[nodiscard]] HostId host(std::string_view name) const;
    [[nodiscard]] const std::vector<HostId>& nodes() const { return nodes_; }
    [[nodiscard]] bool is_client(HostId host) const { return finished_.contains(host); }
    [[nodiscard]] bool is_node(HostId host) const { return plans_.contains(host); }
    // The node that a shard is of; any other host is itself.
    [[nodiscard]] HostId node_of(HostId shard) const;
    // All hosts of that host's process: a node's shards, from 0 on; any other host is alone.
    [[nodiscard]] const std::vector<HostId>& process_of(HostId host) const;
    // The node's shard that owns the partition.
    [[nodiscard]] HostId shard_of(HostId node, PartitionId partition) const;

    // As those of World, for the whole process of a host.
    void start(HostId host);
    void crash(HostId host);
    void lose_power(HostId host, std::size_t spared = 0);
    void pause(HostId host);
    void resume(HostId host);
    void set_clock_rate(HostId host, double rate);
    // SIGTERM, of a node that runs.
    void stop(HostId node);
    // Down: every shard has ended.
    [[nodiscard]] HostState state(HostId host) const;
    // Some shards have ended, and the others are about to.
    [[nodiscard]] bool is_ending(HostId node) const;

    // Of hosts that are not down.
    [[nodiscard]] RegistryActor& registry();
    [[nodiscard]] Shard& shard(HostId shard);
    [[nodiscard]] ClientActor& client(HostId client);

    // The registry, which is down, has a blank disk from now on, and starts as `ringkv-registry rebuild` until one of
    // these has made a map. `given_up`: identities that are gone for good.
    void rebuild_registry(std::function<bool(NodeId)> given_up);
    // Its newest process is a rebuild; registry() is not there.
    [[nodiscard]] bool rebuilds() const { return rebuilds_; }
    // Its rebuild has ended, and nothing was started since.
    [[nodiscard]] bool is_rebuilt();

    // Where the registry will be, and its PUB endpoint.
    [[nodiscard]] const std::string& registry_endpoint() const { return registry_endpoint_; }
    [[nodiscard]] static std::string endpoint_of(std::string_view host, ShardIndex shard = 0);

    // For checks: what nodes apply, from their next start on; every host's turns; what clients finish.
    void on_apply(OnApply hook) { applied_ = std::move(hook); }
    void on_turn(std::function<void(HostId)> hook) { turned_ = std::move(hook); }
    // World::on_point; the whole process crashes.
    void on_point(std::function<bool(HostId)> hook);
    void on_finished(std::function<void(HostId, const Finished&)> hook) { finished_hook_ = std::move(hook); }

    // Which identity a node has (or had, before it went down). None: it has not joined since its storage was made.
    [[nodiscard]] Identity identity_of(HostId node) const;
    // Of a node that is down: blank disks from now on, and so a new identity.
    void lose_storage(HostId node);
    // The shard of that identity that owns the partition, if its process, or the disk that it goes on with, is still
    // there.
    [[nodiscard]] HostId holder_of(NodeId identity, PartitionId partition) const;
    // Its replica. nullptr: its process is down, or it has nothing of the partition.
    [[nodiscard]] const Replica* replica_of(HostId shard, PartitionId partition);
    [[nodiscard]] const Engine& engine(HostId shard) const { return *engines_.at(shard); }
    [[nodiscard]] bool is_durable(HostId node) const { return durable_.contains(node); }

    // What the registry has published, or did before it went down.
    [[nodiscard]] const ClusterMap& map() const { return map_; }
    // "n1"; "n1#4" if it is not the name's first identity.
    [[nodiscard]] std::string name_of(NodeId node) const;

    // Precondition: the client runs.
    OperationId submit(HostId client, Operation operation, Duration deadline);
    // The outcome, once there is one.
    [[nodiscard]] const Finished* finished(HostId client, OperationId operation) const;

    // What an operator asks of the registry, if it runs; the answer is not waited for.
    void administer(AdminAction action, const std::string& node);
    void administer(Administer request);

    // Is every partition served by all of its target, by the preferred primary?
    [[nodiscard]] bool settled() const;

  private:
    void after_turn(HostId host);
    void collect(HostId host);
    void learn_names();
    void open_storage(HostId node);
    [[nodiscard]] std::unique_ptr<Engine> make_engine(const Boot& boot, HostId shard);
    void keep_log_short(HostId shard);
    [[nodiscard]] std::unique_ptr<Actor> boot_registry(const Boot& boot);
    [[nodiscard]] std::unique_ptr<Actor> boot_shard(const Boot& boot, HostId node, ShardIndex index);

    RegistryOptions options_;
    const Placement& placement_;
    std::string registry_endpoint_;
    EveryMember commit_rule_;
    PreferenceOrder succession_rule_;
    std::map<HostId, EngineDisk> engine_disks_;          // of shards
    std::map<HostId, std::unique_ptr<Engine>> engines_;  // of the shards' present processes
    std::map<HostId, LogShortening> shortenings_;        // likewise
    bool engines_on_disk_ = false;
    std::size_t checkpoint_ = 0;
    World world_;
    std::map<std::string, HostId, std::less<>> hosts_;
    HostId registry_;
    std::function<bool(NodeId)> given_up_;  // set: the registry is to be rebuilt, or just was
    bool rebuilds_ = false;                 // its newest process is that
    std::vector<HostId> nodes_;
    std::map<HostId, NodePlan> plans_;                 // by node
    std::map<HostId, std::vector<HostId>> processes_;  // by first host
    std::map<HostId, HostId> node_of_;                 // by shard
    std::map<HostId, Identity> identities_;            // the newest of each node
    std::map<HostId, StartNumber> storage_;            // by node: the start that initialised what its disks hold
    std::set<HostId> durable_;                         // nodes that go on with their disk
    OnApply applied_;
    std::function<void(HostId)> turned_;
    std::function<void(HostId, const Finished&)> finished_hook_;
    std::map<HostId, std::map<OperationId, Finished>> finished_;
    std::map<NodeId, std::string> names_;
    std::uint64_t next_client_ = 1;
    ClusterMap map_;
};

}  // namespace ringkv::simulation
