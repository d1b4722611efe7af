// The nodes of the cluster: joins after formation, heartbeats, node states, identities that are replaced and,
// once nothing refers to them any more, forgotten (docs/glossary.md, "identity").
#pragma once

#include <map>
#include <set>

#include "registry/publication.hpp"

namespace ringkv::registry {

class Membership {
  public:
    explicit Membership(Publication& publication);

    // Every node of the map counts as heard of now: at formation, and when a registry begins its work.
    void begin(Time now);
    // Precondition: objection_to(join) is none; the cluster is formed, and the join's own or new to clusters.
    void join(Time now, const Origin& from, const Join& join);
    // -> is it of a node of the cluster, in its newest start?
    bool heartbeat(Time now, const Origin& from, const Heartbeat& heartbeat);
    // The registry did not listen for so long: no node counts as silent for that time.
    void excuse(Duration stall);
    // Nodes that went silent are down from now on.
    void tick(Time now);
    // A node that was asked to leave, is down and holds nothing, has left.
    void retire(NodeId node);
    // Forgets identities that are gone and that no view and no target names.
    void forget_unreferenced();

    // Has every node of the map said since the start which epoch it knows, or had a grace for it? Until then nothing is
    // decided: this registry may be an old backup (R2).
    [[nodiscard]] bool has_heard_around(Time now) const;
    [[nodiscard]] bool has_heard(NodeId node) const { return !unheard_.contains(node); }
    [[nodiscard]] bool heard_within(NodeId node, Time now, Duration within) const;
    // When it was heard of last; nullopt: it is no node that may be.
    [[nodiscard]] std::optional<Time> heard(NodeId node) const;
    // Of the protocol; none: it was not heard of since the registry's start.
    [[nodiscard]] std::optional<std::uint32_t> minor_version(NodeId node) const;
    // Does the node take part, and was it heard of within the time?
    [[nodiscard]] bool live(NodeId node, Time now, Duration within) const;

  private:
    void join_again(Time now, const Origin& from, const Join& join, const NodeInfo& known);
    void join_with_new_storage(Time now, const Origin& from, const Join& join, const NodeInfo& holder);
    NodeInfo add(Time now, const Origin& from, const Join& join);
    // Another node's claim on what the join names, in one sentence.
    [[nodiscard]] std::optional<std::string> conflict(const Join& join) const;
    // That identity has just become gone: the last member of some?
    void warn_of_lost_partitions(NodeId ended);
    void replace_in_targets(NodeId old_id, NodeId new_id);
    void set_state(NodeInfo node, NodeState state);
    // Did the joiner answer to what we said just now? If not it is asked to.
    [[nodiscard]] bool is_fresh(const Origin& from, const Join& join);

    Publication& publication_;
    std::map<NodeId, Time> heard_;
    std::map<NodeId, StartNumber> spoken_;    // the start that a heartbeat came from
    std::map<NodeId, std::uint32_t> minors_;  // the protocol's, that they speak
    std::set<NodeId> unheard_;                // since the start, of those that were there before it
    Time began_{};
    Time looked_at_{};
    std::map<Uuid, std::uint64_t> tickets_;  // by storage
    std::uint64_t last_ticket_ = 0;
};

}  // namespace ringkv::registry
