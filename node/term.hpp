// What the parts of a primary share for one term: the partition's state as the registry said it last, the other
// replicas, and which of them have been proposed as members.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "common/cluster_map.hpp"
#include "node/progress.hpp"

namespace ringkv {

// The lease (L2) and the newest confirmation (L5): both are send times of ours, the lease's plus its duration.
struct HeldLease {
    Time until{};
    Time confirmed{};
    Time heard_at{};  // the newest answered beacon; at first, when we began to wait for one
};

struct Peer {
    Progress progress;
    HeldLease lease{};
};

struct Term {
    PartitionState state;
    std::map<NodeId, Peer> peers;  // members, those proposed, and learners
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
    [[nodiscard]] Peer* find(NodeId node) {
        const auto found = peers.find(node);
        return found == peers.end() ? nullptr : &found->second;
    }
    [[nodiscard]] const Peer* find(NodeId node) const { return const_cast<Term*>(this)->find(node); }
};

}  // namespace ringkv
