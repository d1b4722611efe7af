// A whole RingKV cluster in a World: one registry, node shards, clients; with the names that stories use.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client/client_actor.hpp"
#include "common/placement/placement.hpp"
#include "node/memory_engine.hpp"
#include "node/shard.hpp"
#include "registry/registry_actor.hpp"
#include "tests/world/world.hpp"

namespace ringkv::simulation {

struct NodePlan {
    std::string name;
    std::string rack;
    std::string host;  // what the host is called, if not as the node: another node of that name, for instance
    double weight = 1.0;
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

    // Hosts, not started.
    HostId add_registry();
    HostId add_node(const NodePlan& plan);
    // `sources` are hosts whose endpoints it is given; the registry's if empty.
    HostId add_client(const std::string& name, const std::vector<HostId>& sources = {});

    // None: there is no such host.
    [[nodiscard]] HostId host(std::string_view name) const;
    [[nodiscard]] const std::vector<HostId>& nodes() const { return nodes_; }
    [[nodiscard]] bool is_client(HostId host) const { return finished_.contains(host); }

    // Of hosts that are not down.
    [[nodiscard]] RegistryActor& registry();
    [[nodiscard]] Shard& shard(HostId node);
    [[nodiscard]] ClientActor& client(HostId client);

    // Where the registry will be, and its PUB endpoint.
    [[nodiscard]] const std::string& registry_endpoint() const { return registry_endpoint_; }
    [[nodiscard]] static std::string endpoint_of(std::string_view host);

    // For checks: what nodes apply, from their next start on; every host's turns; what clients finish.
    void on_apply(OnApply hook) { applied_ = std::move(hook); }
    void on_turn(std::function<void(HostId)> hook) { turned_ = std::move(hook); }
    void on_finished(std::function<void(HostId, const Finished&)> hook) { finished_hook_ = std::move(hook); }

    // Who a node's host is (or was, before it went down). None: it has not joined since its storage was made.
    [[nodiscard]] Identity identity_of(HostId node) const;
    // Of a node that is down: a blank disk from now on, and so a new identity.
    void lose_storage(HostId node);
    // The host of that identity, if its process, or the disk that it goes on with, is still there.
    [[nodiscard]] HostId holder_of(NodeId node) const;
    [[nodiscard]] const Engine& engine(HostId node) const { return *engines_.at(node); }
    [[nodiscard]] bool is_durable(HostId node) const { return durable_.contains(node); }

    // What the registry has published, or did before it went down.
    [[nodiscard]] const ClusterMap& map() const { return map_; }
    // "n1"; "n1#4" if it is not the name's first identity.
    [[nodiscard]] std::string name_of(NodeId node) const;

    // Precondition: the client runs.
    OperationId submit(HostId client, Operation operation, Duration deadline);
    // The outcome, once there is one.
    [[nodiscard]] const Finished* finished(HostId client, OperationId operation) const;

    // What an operator asks of the registry, if it runs; nobody waits for the answer.
    void administer(AdminAction action, const std::string& node);

    // Is every partition served by all of its target, by the preferred primary?
    [[nodiscard]] bool settled() const;

  private:
    void after_turn(HostId host);
    void collect(HostId host);
    void learn_names();
    [[nodiscard]] std::unique_ptr<Actor> boot_registry(const Boot& boot);
    [[nodiscard]] std::unique_ptr<Actor> boot_node(const Boot& boot, HostId host, const NodePlan& plan);

    RegistryOptions options_;
    const Placement& placement_;
    std::string registry_endpoint_;
    EveryMember commit_rule_;
    PreferenceOrder succession_rule_;
    std::map<HostId, std::unique_ptr<Engine>> engines_;  // of the shards' present processes
    World world_;
    std::map<std::string, HostId, std::less<>> hosts_;
    HostId registry_;
    std::vector<HostId> nodes_;
    std::map<HostId, Identity> identities_;  // the newest of each node
    std::map<HostId, StartNumber> storage_;  // the start that initialised what its disk holds
    std::set<HostId> durable_;               // nodes that go on with their disk
    OnApply applied_;
    std::function<void(HostId)> turned_;
    std::function<void(HostId, const Finished&)> finished_hook_;
    std::map<HostId, std::map<OperationId, Finished>> finished_;
    std::map<NodeId, std::string> names_;
    std::uint64_t next_client_ = 1;
    ClusterMap map_;
};

}  // namespace ringkv::simulation
