// Where the effects of a shard's parts go, each kind through an outlet of its own with the few verbs that it needs. The
// shard empties them at the end of a turn (Shard::take_effects).
#pragma once

#include <algorithm>
#include <map>
#include <memory_resource>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/actor.hpp"
#include "node/shard_facts.hpp"

namespace ringkv {

// Messages, in the order in which they were given; then what was gathered of replication.
class MessageOutlet {
  public:
    explicit MessageOutlet(const ShardFacts& shard);

    // Of replication: those of a turn to one shard of a node are one message, if it takes ReplicationBatch.
    void send(NodeId node, Prepare&& message);
    void send(NodeId node, PrepareOk message);
    // The node speaks this minor version of the protocol.
    void heard(NodeId node, std::uint32_t minor) {
        if (shard_.map.find(node) != nullptr) peers_[node].minor = minor;
    }

    // To that node's shard for the partition; dropped if the map does not know the node.
    void send(NodeId node, PartitionId partition, Message message);
    // To one of that node's shards; dropped likewise.
    void send(NodeId node, ShardIndex shard, Message message);
    void send(const std::string& endpoint, Message message) {
        sends_.push_back({Address::to(endpoint), {}, std::move(message)});
    }
    // What is a part of something in it is copied: that may change before the turn ends.
    void answer(const Address& to, Message message);

    // Of the answers, roughly, since take().
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::vector<Outgoing> take();

  private:
    // Where one of a node's shards is, and what goes there at the end of the turn.
    struct PeerShard {
        Endpoint endpoint;
        ReplicationBatch batch;
        std::size_t bytes = 0;  // of the batch, roughly
    };
    struct Peer {
        std::uint32_t minor = 0;
        std::vector<PeerShard> shards;  // as the map of `from` has them; of no node that it does not know
        std::pair<Generation, Epoch> from;
    };

    void keep(ByteString& value);
    [[nodiscard]] Peer& peer(NodeId node);
    [[nodiscard]] static PeerShard* shard_of(Peer& peer, PartitionId partition);
    // The batch is larger than one message should be.
    void close(NodeId node, PeerShard& shard);
    // The message is moved from.
    template <class M>
    void gather(NodeId node, M& message, std::vector<M> ReplicationBatch::*into, std::size_t bytes);

    const ShardFacts& shard_;
    std::vector<Outgoing> sends_;
    absl::flat_hash_map<NodeId, Peer> peers_;
    std::vector<std::pair<NodeId, PartitionId>> gathered_;  // in this turn: a partition of each shard with a batch
    std::size_t bytes_ = 0;
    // The values of this turn's answers, or of the one that was taken: small ones take no memory of their own.
    std::vector<std::byte> first_values_;
    std::pmr::monotonic_buffer_resource values_;
};

// Records for the batch of this turn, what is known of the batches before it, and what waits for them.
class StorageOutlet {
  public:
    struct Acknowledgement {
        NodeId to;
        PrepareOk message;
        std::uint64_t place = 0;  // among all that ever waited
    };
    struct Stored {
        std::vector<PartitionId> partitions;            // that are to be looked at, in order
        std::vector<Acknowledgement> acknowledgements;  // that may leave
    };

    // `durability: memory` keeps no records: what a replica holds is stored as soon as it is there, in batch none.
    explicit StorageOutlet(bool keeps) : keeps_(keeps) {}
    [[nodiscard]] bool keeps() const { return keeps_; }

    // -> the number of the batch that will have the record. The partition is looked at when it is stored.
    BatchNumber store(PartitionId partition, StorageRecord record);
    // Likewise, but the partition is not looked at, unless await() asks for it: that would cost as much as the entry.
    BatchNumber store(AppendRecord record);
    // Likewise, of the whole shard.
    BatchNumber store(StorageRecord record);
    // The partition is looked at when that batch is stored. Of one that is: nothing.
    void await(PartitionId partition, BatchNumber batch);
    // It leaves when that batch is stored, and the partition is not looked at for it. Precondition: it is not yet.
    void send_when_stored(BatchNumber batch, NodeId to, const PrepareOk& message);
    // What waits to leave of this partition does not.
    void withdraw(PartitionId partition) {
        withdrawn_[partition] = acknowledged_;
        withdrawn_with_ = newest();
    }
    // Those that wait, and will leave.
    [[nodiscard]] std::vector<Acknowledgement> acknowledgements() const;
    // Is that batch stored as durably as configured? So is batch none.
    [[nodiscard]] bool stored(BatchNumber batch) const { return batch <= stored_; }
    // Up to here they are.
    [[nodiscard]] BatchNumber stored() const { return stored_; }
    // The newest that has a record by now, and how many are not stored yet.
    [[nodiscard]] BatchNumber newest() const { return batch_.empty() ? building_.previous() : building_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    // The newest batch that is not stored yet and has something of this partition; none if all of it is.
    [[nodiscard]] BatchNumber unstored(PartitionId partition) const;

    // Another node has shown that what was stored here is not there any more (D3): why, for people. The process ends.
    void lost(std::string why) {
        if (!lost_) lost_ = std::move(why);
    }
    [[nodiscard]] const std::optional<std::string>& lost() const { return lost_; }

    // The shard's: when the oldest batch up to this one that is not stored yet was taken; Time::max(): there is none.
    [[nodiscard]] Time oldest_taken(BatchNumber number) const;
    // The shard's: the partitions that have something in batches up to this one that are not stored yet, in order.
    [[nodiscard]] std::vector<PartitionId> unstored(BatchNumber number) const;
    // The shard's: batches up to this one are stored.
    [[nodiscard]] Stored durable(BatchNumber number);
    // The shard's: the batch of this turn and its number; no records, no number.
    void take(Time now, Effects& effects);

  private:
    [[nodiscard]] bool withdrawn(const Acknowledgement& acknowledgement) const;

    const bool keeps_;
    BatchNumber stored_;
    BatchNumber building_{1};  // the number that the batch of this turn will have
    StorageBatch batch_;
    struct Waiting {
        std::vector<PartitionId> partitions;  // with something in it, some more than once
        std::vector<PartitionId> awaited;     // likewise: that are to be looked at
        std::vector<Acknowledgement> acknowledgements;
        Time taken = Time::max();
    };
    std::map<BatchNumber, Waiting> waiting_;  // not stored
    std::uint64_t acknowledged_ = 0;          // the place of the newest
    // Of these partitions, those up to that place do not leave. It says nothing of batches above that one.
    absl::flat_hash_map<PartitionId, std::uint64_t> withdrawn_;
    BatchNumber withdrawn_with_;
    std::optional<std::string> lost_;
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
    // A stale read came: its age counts from what the primaries tell by their beacons (P7).
    void stale_read(Time arrived) { stale_read_at_ = arrived; }

    [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }
    [[nodiscard]] std::set<NodeId> take_at_once() { return std::exchange(at_once_, {}); }
    // When the newest came.
    [[nodiscard]] std::optional<Time> stale_read_at() const { return stale_read_at_; }

  private:
    bool changed_ = false;
    std::set<NodeId> at_once_;
    std::optional<Time> stale_read_at_;
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
