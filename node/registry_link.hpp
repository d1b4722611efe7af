// A shard's side of the conversation with the registry: joining, heartbeats, the map, proposals. All of
// it is repeated until answered, so that the registry may be late, away, or restarted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/outlets.hpp"

namespace ringkv {

// What this node says of itself; the same for all its shards.
struct NodeDescription {
    std::string name;
    std::string rack;
    double weight = 1.0;
    std::vector<std::string> registries;  // "tcp://host:port"
    std::vector<std::string> endpoints;   // one a shard, as others reach them
    Uuid storage;
    StartNumber start;
    Durability durability = Durability::memory;
    NodeId id;     // from an earlier start; none = blank
    Uuid cluster;  // likewise
};

class RegistryLink {
  public:
    // `speaks`: joins and sends heartbeats for the node; one of its shards does, the others listen.
    // `reach` is what it keeps for the shard. All must outlive it.
    RegistryLink(const NodeDescription& self, bool speaks, const ShardFacts& shard, RegistryReach& reach,
                 MessageOutlet& messages, EventLog& events);

    void tick(Time now);
    // Proposals go out: at once, or with those that follow in the next few milliseconds.
    void flush(Time now, ProposalOutlet& outlet);

    // The next heartbeat does not wait for its interval.
    void say_at_once() { heartbeat_at_ = Time{}; }
    // What the node has done; the next heartbeat says it.
    void tell(NodeActivity activity) { activity_ = std::move(activity); }
    // A shard of this node does not turn: no heartbeat is sent; none: all do.
    void stuck_sibling(std::optional<ShardIndex> shard);
    // A part of this node is in trouble, or is not any more: the registry is told, again each second while it lasts.
    void trouble(TroubleKind kind, ShardIndex shard, bool lasts);
    void report(RebuildReport report) { ask(std::move(report)); }
    // Any message that came from a registry.
    void heard(Time now);
    // The map is at this epoch elsewhere.
    void epoch_seen(Time now, Generation generation, Epoch epoch);
    // The map was replaced or moved on.
    void map_changed() { map_behind_ = false; }
    // A node has a view that our map does not have.
    void map_is_behind() { map_behind_ = true; }
    // Deltas are missing.
    void gap() {
        map_wanted_at_ = Time{};
        map_behind_ = true;
    }
    void answered(const ProposeAnswer& answer);
    void waits(const JoinWaiting& waiting);
    [[nodiscard]] bool is_registry(const std::string& endpoint) const;
    void not_known() { joined_ = false; }
    void refused(const JoinRefused& refusal, Time now);
    void joined() { joined_ = true; }

    // Set if the registry refused us for good.
    [[nodiscard]] const std::optional<std::string>& refusal() const { return refusal_; }
    // Because what this node has stored is an older copy (D3).
    [[nodiscard]] bool older_data() const { return older_data_; }
    // PUB endpoint to follow, if the map names one: a wildcard host stands for the registry's.
    [[nodiscard]] std::string publisher() const;

  private:
    struct Asked {
        Proposal proposal;
        Time sent_at{};
    };

    void ask(Message message);
    void join(Time now);
    [[nodiscard]] std::optional<NodeActivity> activity_of(Time now);
    void warn_of_silence(Time now);
    void tell_troubles(Time now);

    const NodeDescription& self_;
    const bool speaks_;
    bool joined_ = false;
    bool ever_heard_ = false;
    bool map_behind_ = false;
    std::optional<ShardIndex> stuck_;
    std::map<std::pair<TroubleKind, ShardIndex>, Time> troubles_;  // that last: when each was told of last
    std::uint32_t present_ = 0;                                    // in the newest JoinWaiting
    const ShardFacts& shard_;
    RegistryReach& reach_;
    MessageOutlet& messages_;
    EventLog& events_;
    std::size_t registry_ = 0;  // which of self_.registries
    std::optional<std::string> refusal_;
    bool older_data_ = false;
    std::optional<Time> refused_since_;
    Time heard_at_{};
    Time turned_at_{};
    Time began_at_{};
    Time warned_at_{};
    Time joined_at_{};          // the newest Join
    std::uint64_t ticket_ = 0;  // that the registry gave us for the next one
    Time heartbeat_at_{};
    std::optional<NodeActivity> activity_;  // to be told
    Time map_wanted_at_{};
    Time map_asked_at_{};
    Time proposed_at_{};
    RequestId last_request_;
    std::map<PartitionId, Asked> asked_;
};

}  // namespace ringkv
