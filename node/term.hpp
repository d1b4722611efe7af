// What the parts of a primary share for one term: the partition's state as the registry said it last, the other
// replicas, and which of them have been proposed as members.
#pragma once

#include <set>
#include <vector>

#include "common/cluster_map.hpp"
#include "node/peers.hpp"

namespace ringkv {

struct Term {
    PartitionState state;
    Peers peers;  // members, those proposed, and learners
    // Proposed as members on the view of now: required until a higher view is learned (V6).
    std::set<NodeId> proposed;

    [[nodiscard]] const View& view() const { return state.view; }
    // A member, or proposed as one: its log is never replaced by a state transfer.
    [[nodiscard]] bool counts(NodeId node) const { return state.view.has(node) || proposed.contains(node); }
    // The nodes whose PrepareOk and lease are needed (V6), without the primary: `is` is asked of each, until it says
    // no.
    // -> it said yes of all.
    template <class Is>
    [[nodiscard]] bool all_required(const Is& is) const {
        for (const NodeId node : state.view.members)
            if (node != state.view.primary && !is(node)) return false;
        for (const NodeId node : proposed)
            if (!state.view.has(node) && !is(node)) return false;
        return true;
    }
    // No other node is needed.
    [[nodiscard]] bool alone() const {
        return all_required([](NodeId) { return false; });
    }
    // The nodes to ask for leases: those required, and learners that have our log.
    [[nodiscard]] std::vector<NodeId> lease_peers() const;
    [[nodiscard]] Peer* find(NodeId node) { return peers.find(node); }
    [[nodiscard]] const Peer* find(NodeId node) const { return peers.find(node); }
};

}  // namespace ringkv
