// The registry and the nodes of a cluster in one process, and what it takes to add a node and to do without one.
//
// Thread safety: none; the cluster's thread owns it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/placement/placement.hpp"
#include "local/move_log.hpp"
#include "local/network.hpp"
#include "local/operator.hpp"
#include "node/memory_engine.hpp"
#include "node/shard.hpp"
#include "registry/registry_actor.hpp"

namespace ringkv::local {

// Of something that is waited for: nullopt = not yet.
using Progress = std::optional<Result<void>>;

extern const std::string registry_endpoint;

class Members {
  public:
    Members(const LocalClusterOptions& options, Network& network);

    // What the registry has published.
    [[nodiscard]] const ClusterMap& map() const { return registry_.map(); }
    [[nodiscard]] Operator& desk();

    [[nodiscard]] bool none() const { return nodes_.empty(); }
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] Size size_of(NodeId node, PartitionId partition) const;

    // Joining.
    Result<void> start(const std::string& name, const std::string& rack, double weight);
    [[nodiscard]] Progress has_joined(Time now, const std::string& name) const;
    // Was it asked of that name, of an earlier node perhaps, to give its copies away?
    [[nodiscard]] bool is_drained(const std::string& name) const;

    // Leaving. After begin_removal() either of the next two, until it has happened; then has_stopped().
    Result<void> begin_removal(const std::string& name);
    void cancel_removal(const std::string& name);
    // Stops it once it holds nothing and is to hold nothing.
    [[nodiscard]] Progress stop_when_empty(Time now, const std::string& name);
    // Stops it once every other node holds what it should, and so all that this one has.
    [[nodiscard]] Progress stop_when_spared(Time now, const std::string& name);
    [[nodiscard]] Progress has_stopped(const std::string& name) const;
    // At once.
    Result<void> kill(const std::string& name);

    // Partitions of which that is not so yet.
    [[nodiscard]] std::size_t unsettled(Settled what) const;

    // Nodes that have stopped go; the registry is told that they do not come back.
    void after_round(Time now);

  private:
    struct Node {
        MemoryEngine engine;
        EveryMember commit_rule;
        PreferenceOrder succession_rule;
        std::unique_ptr<Shard> shard;
        HostId host = 0;
        bool leaving = false;   // a call removes it
        bool stopping = false;  // it was told to stop
    };

    [[nodiscard]] Node* find(const std::string& name) const;
    [[nodiscard]] Result<Node*> must_find(const std::string& name) const;
    [[nodiscard]] bool stays(NodeId id) const;
    [[nodiscard]] bool is_spared(NodeId id) const;
    void stop(Time now, Node& node);
    void take_out(const std::string& name);
    void tell_registry();

    Network& network_;
    RingPlacement placement_;
    RegistryActor registry_;
    Operator operator_;
    HostId operator_host_ = 0;
    std::map<std::string, std::unique_ptr<Node>> nodes_;
    std::map<NodeId, std::string> departed_;  // that the registry has not forgotten yet
    bool asked_ = false;                      // and it was told of one of them, and has not answered
    std::uint64_t starts_ = 0;
    std::optional<Time> formed_at_;
};

}  // namespace ringkv::local
