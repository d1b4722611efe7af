// What the parts of a shard may read of it and of the cluster, and none of them may change.
#pragma once

#include <cstdint>

#include "common/cluster_map.hpp"
#include "common/fence.hpp"
#include "node/rules.hpp"

namespace ringkv {

struct Limits {
    std::uint64_t key = std::uint64_t{4} << 10U;         // bytes
    std::uint64_t value = std::uint64_t{1} << 20U;       // bytes
    std::uint64_t inflight = 65536;                      // requests that a shard holds at once
    std::uint64_t memory = 0;                            // bytes of all that a shard holds; 0 = no limit
    std::uint64_t sessions = std::uint64_t{256} << 20U;  // bytes that the session tables of a shard take, roughly
    std::uint64_t log = std::uint64_t{32} << 20U;  // bytes of entries kept in memory for replicas that fell behind
    Duration slow_request{};                       // a request that takes longer is logged; 0 = none is
};

// Has the registry been heard of within a grace? RegistryLink keeps it.
struct RegistryReach {
    bool in_reach = false;
    Time since{};  // without a break
};

struct ShardFacts {
    const Limits limits;
    const CommitRule& commit_rule;
    const SuccessionRule& succession_rule;

    NodeId me;  // none until this node has joined
    StartNumber start;
    bool stopping = false;
    ClusterMap map;
    RegistryReach registry;
    Fence fence;               // maps and views of an older generation are not taken
    std::size_t replicas = 0;  // that the shard has, in whatever role

    [[nodiscard]] const LeaseSettings& lease() const { return map.settings.lease; }
    // Up, and not known to be going: worth a state transfer, or the leadership.
    [[nodiscard]] bool well(NodeId node) const { return map.is_up(node); }
    // Gone for good, or asked to stop: it need not be waited for.
    [[nodiscard]] bool leaving(NodeId node) const {
        const NodeInfo* info = map.find(node);
        return info == nullptr || info->state == NodeState::gone || info->state == NodeState::stopping;
    }
};

}  // namespace ringkv
