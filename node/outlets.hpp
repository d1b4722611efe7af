// Where the effects of a shard's parts go, each kind through an outlet of its own with the few verbs that it needs. The
// shard empties them at the end of a turn (Shard::take_effects).
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/actor.hpp"
#include "node/shard_facts.hpp"

namespace ringkv {

// Messages, in the order in which they were given.
class MessageOutlet {
  public:
    explicit MessageOutlet(const ShardFacts& shard) : shard_(shard) {}

    // To that node's shard for the partition; dropped if the map does not know the node.
    void send(NodeId node, PartitionId partition, Message message);
    // To one of that node's shards; dropped likewise.
    void send(NodeId node, ShardIndex shard, Message message);
    void send(const std::string& endpoint, Message message) {
        sends_.push_back({Address::to(endpoint), {}, std::move(message)});
    }
    void answer(const Address& to, Message message) { sends_.push_back({to, {}, std::move(message)}); }

    [[nodiscard]] std::vector<Outgoing> take() { return std::exchange(sends_, {}); }

  private:
    // Of that node's shards; of no node that the map does not know.
    [[nodiscard]] const std::vector<Endpoint>* endpoints_of(NodeId node);

    const ShardFacts& shard_;
    std::vector<Outgoing> sends_;
    // As the map of this epoch has them.
    absl::flat_hash_map<NodeId, std::vector<Endpoint>> endpoints_;
    std::pair<Generation, Epoch> endpoints_from_;
};

// Records for the batch of this turn, and what is known of the batches before it.
class StorageOutlet {
  public:
    // `durability: memory` keeps no records: what a replica holds is stored as soon as it is there, in batch none.
    explicit StorageOutlet(bool keeps) : keeps_(keeps) {}
    [[nodiscard]] bool keeps() const { return keeps_; }

    // -> the number of the batch that will have the record.
    BatchNumber store(PartitionId partition, StorageRecord record);
    // Is that batch stored as durably as configured? So is batch none.
    [[nodiscard]] bool stored(BatchNumber batch) const { return batch <= stored_; }
    // Up to here they are.
    [[nodiscard]] BatchNumber stored() const { return stored_; }
    // The newest batch that is not stored yet and has something of this partition; none if all of it is.
    [[nodiscard]] BatchNumber unstored(PartitionId partition) const;

    // The shard's: batches up to this one are stored. -> the partitions that have something in them.
    [[nodiscard]] std::set<PartitionId> durable(BatchNumber number);
    // The shard's: the batch of this turn and its number; no records, no number.
    void take(Effects& effects);

  private:
    const bool keeps_;
    BatchNumber stored_;
    BatchNumber building_{1};  // the number that the batch of this turn will have
    StorageBatch batch_;
    std::map<BatchNumber, std::set<PartitionId>> waiting_;  // partitions with something in a batch that is not stored
};

// Proposals to the registry (V1). The same one may be given again in each turn: it is sent again only once in a while.
class ProposalOutlet {
  public:
    void propose(Proposal proposal) { proposals_.insert_or_assign(proposal.partition, std::move(proposal)); }

    // RegistryLink's: those that were not sent yet.
    [[nodiscard]] std::map<PartitionId, Proposal>& pending() { return proposals_; }

  private:
    std::map<PartitionId, Proposal> proposals_;
};

// What the shard's primaries want of the lease traffic (node/beacons.hpp).
class LeaseOutlet {
  public:
    // A primary asks other nodes for leases than before, or has another view.
    void claims_changed() { changed_ = true; }
    // A beacon to this node at once: a request, or a learner, waits for its lease, or for a round of beacons
    // (ReadMode::confirmed).
    void ask_at_once(NodeId node) { at_once_.insert(node); }

    [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }
    [[nodiscard]] std::set<NodeId> take_at_once() { return std::exchange(at_once_, {}); }

  private:
    bool changed_ = false;
    std::set<NodeId> at_once_;
};

// Log lines for the operator.
class EventLog {
  public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    void add(LogLevel level, std::string text, Fields fields = {}) {
        lines_.push_back({level, std::move(text), std::move(fields)});
    }

    [[nodiscard]] std::vector<LogLine> take() { return std::exchange(lines_, {}); }

  private:
    std::vector<LogLine> lines_;
};

// Fields of log lines.
std::pair<std::string, std::string> field(PartitionId partition);
std::pair<std::string, std::string> field(const View& view);

}  // namespace ringkv
