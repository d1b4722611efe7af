// What a replica has of its shard: who we are, the map, the engine, and where effects go.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/actor.hpp"
#include "node/engine.hpp"
#include "node/rules.hpp"

namespace ringkv {

struct Limits {
    std::uint64_t key = std::uint64_t{4} << 10U;    // bytes
    std::uint64_t value = std::uint64_t{1} << 20U;  // bytes
    std::uint64_t inflight = 65536;                 // requests a shard holds at once
    std::uint64_t memory = 0;                       // bytes of keys and values; 0 = no limit
};

// Bytes that may be sent now, of so many a second; for full copies (M2).
class Throttle {
  public:
    void refill(Time now, std::uint64_t bytes_per_second);
    [[nodiscard]] bool open() const { return available_ > 0; }
    void spend(std::uint64_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }

  private:
    Time last_{};
    std::int64_t available_ = 0;
};

class ReplicaContext {
  public:
    ReplicaContext(Engine& storage_engine, const CommitRule& commit, const SuccessionRule& succession, Limits bounds)
        : engine(storage_engine), commit_rule(commit), succession_rule(succession), limits(bounds) {}

    Engine& engine;
    const CommitRule& commit_rule;
    const SuccessionRule& succession_rule;
    const Limits limits;

    NodeId me;  // none until joined
    StartNumber start;
    bool stopping = false;
    ClusterMap map;
    bool registry_in_reach = false;  // heard from it within a grace
    Time in_reach_since{};           // without a break
    BatchNumber durable;             // newest batch that is stored as configured
    std::uint64_t held = 0;          // requests that wait, over all partitions
    std::uint32_t copies = 0;        // full copies being sent
    Time deleted_at{};               // when a copy was deleted last
    Throttle throttle;
    bool claims_changed = false;  // some partition's primary asks for other leases than before
    std::set<NodeId> beacon_to;  // at once: somebody waits for their lease, or for a beacon round (ReadMode::confirmed)
    bool map_behind = false;     // somebody spoke of a view or an epoch that our map does not have

    [[nodiscard]] const LeaseSettings& lease() const { return map.settings.lease; }
    // up, and not known to be going: worth a learner, a hand-over.
    [[nodiscard]] bool well(NodeId node) const;
    // Gone for good, or asked to stop: it need not be waited for.
    [[nodiscard]] bool leaving(NodeId node) const;

    // To that node's shard for the partition; dropped if the map does not know the node.
    void send(NodeId node, PartitionId partition, Message message);
    void reply(const Address& to, Message message);
    // Puts the record into the batch of this turn. -> that batch's number.
    BatchNumber store(PartitionId partition, StorageRecord record);
    // The newest batch that is not stored yet and has something of this partition; none if all of it is.
    [[nodiscard]] BatchNumber unstored(PartitionId partition) const;
    // A number that this node has not given before, in no earlier start either.
    [[nodiscard]] std::uint64_t unique_number() { return (start.value() << 32U) + next_number_++; }
    // Asks the registry; repeated calls with the same proposal are sent again only once in a while.
    void propose(Proposal proposal);
    void log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields);

    // What the shard takes at the end of a turn.
    BatchNumber building{1};  // the number that the batch being built will have
    Effects effects;
    std::map<PartitionId, Proposal> proposals;             // that the registry has not been sent yet
    std::map<BatchNumber, std::set<PartitionId>> waiting;  // whom to tell when a batch is durable

  private:
    std::uint64_t next_number_ = 1;
};

// Field helpers for log lines.
std::pair<std::string, std::string> field(PartitionId partition);
std::pair<std::string, std::string> field(const View& view);

}  // namespace ringkv
