// A node's actor: one event loop's worth of partitions (those with partition mod shards == index). Shards
// of a node share nothing but the description of the node; shard 0 joins and sends heartbeats for all.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "node/beacons.hpp"
#include "node/hot_spots.hpp"
#include "node/registry_link.hpp"
#include "node/replica.hpp"
#include "node/shard_figures.hpp"
#include "node/tick_queue.hpp"

namespace ringkv {

class Shard final : public Actor {
  public:
    // `engine` and the rules must outlive the shard. `encode`: so that an entry is encoded once, not for each message
    // and record that it is in; null: where nothing is encoded.
    Shard(NodeDescription self, ShardIndex index, Limits limits, Engine& engine, const CommitRule& commit_rule,
          const SuccessionRule& succession_rule, EncodeEntry encode = nullptr);

    // After a restart over old storage, before anything else: what was stored, in order.
    void restore(const StorageRecord& record);
    // Before that: the oldest of it was dropped. What is held of a partition counts from its first checkpoint on.
    void restore_from_checkpoints() { begins_late_ = true; }
    // After that: is everything there that a partition needs?
    [[nodiscard]] bool wholly_restored() const;
    // What is restored is right only with an engine that has this flush or a later one; none: with any.
    [[nodiscard]] FlushNumber counts_on() const { return counts_on_; }

    // Stores all that is held once more, little by little, so that what was stored before this call is not needed any
    // more once checkpoint_stored().
    void begin_checkpoint();
    [[nodiscard]] bool checkpoint_stored() const { return !checkpoint_next_ && storage_.stored(checkpoint_end_); }

    void receive(Time now, const Origin& from, Message message) override;
    void expect(const Message& message, std::size_t step) const override;
    void tick(Time now) override;
    void durable(Time now, BatchNumber number) override;
    [[nodiscard]] Effects take_effects() override;
    [[nodiscard]] std::size_t bytes_to_send() const override { return messages_.bytes(); }
    [[nodiscard]] Identity identity() const override;
    [[nodiscard]] bool finished() const override { return finished_ || storage_.lost(); }

    // Of the shard that speaks for the node: another one that does not turn, if there is one. Meanwhile it sends no
    // heartbeat, so that the node counts as down: its partitions get other members, those of the stuck shard too.
    void stuck_sibling(std::optional<ShardIndex> shard) { registry_.stuck_sibling(shard); }
    // Of the shard that speaks for the node: what all its shards have done, for the next heartbeat to tell.
    void tell(NodeActivity activity) { registry_.tell(std::move(activity)); }
    // Graceful end (V7): leadership is transferred, and the others go on without us; then finished().
    void stop(Time now);
    // The disk has owed what it was given for too long, or does so no more: no beacon is sent nor answered, so that
    // others take over (D1).
    void disk_stalls(bool stalls);
    // A member of the cluster: the map names us.
    [[nodiscard]] bool joined() const { return !facts_.me.none(); }
    // Why the registry does not take this node, that another process has its name, or that its storage has lost what it
    // was given, if so.
    [[nodiscard]] const std::optional<std::string>& refusal() const {
        if (storage_.lost()) return storage_.lost();
        return superseded_ || joined() ? superseded_ : registry_.refusal();
    }
    // With a refusal: what is stored here lacks what this node has acknowledged (D3), and is to be used no more.
    [[nodiscard]] bool has_older_data() const { return storage_.lost() || (!joined() && registry_.older_data()); }
    // For tests and status.
    [[nodiscard]] const Replica* replica(PartitionId partition) const {
        return partition.value() < replicas_.size() ? replicas_[partition.value()].get() : nullptr;
    }
    [[nodiscard]] const ClusterMap& map() const { return facts_.map; }
    [[nodiscard]] const Fence& fence() const { return facts_.fence; }
    // Messages of other nodes and of the registry that no honest one sends, so far: they were refused.
    [[nodiscard]] std::uint64_t refused() const { return refused_.count(); }
    [[nodiscard]] MemoryUse memory() const { return memory_.use(); }
    // What requests came to this shard alone, and its memory; without what the transport knows.
    [[nodiscard]] NodeActivity activity() const;
    // Looks at each replica (node/shard_figures.cpp).
    [[nodiscard]] ShardFigures figures(Time now) const;
    // At the end of a turn: those of each replica and of the lease traffic; each primary's view, and no other, is
    // claimed of all whose leases it needs; the account of memory has the sessions of all, and what primaries have not
    // committed.
    void check_invariants() const;

  private:
    // shard_messages.cpp: what comes in, by sender
    [[nodiscard]] bool admitted(const Origin& from);
    template <class M>
    void request(const Origin& from, Time now, M& request);  // it is moved from
    void on(const Origin& from, const MapRequest& wanted);
    void on(const Origin& from, const HoldingsRequest& wanted);
    void on(const Origin& from, const FiguresRequest& wanted);
    void refuse_misplaced(const Origin& from, std::string_view name);
    [[nodiscard]] bool of_registry(const Origin& from) const;
    void from_registry(Time now, const MapSnapshot& snapshot) { take_map(now, snapshot.map); }
    void from_registry(Time now, const MapDelta& delta) { take_delta(now, delta); }
    void from_registry(Time now, const CurrentEpoch& current);
    void from_registry(Time now, const HeartbeatAnswer& answer);
    void from_registry(Time now, const ProposeAnswer& answer);
    void from_registry(Time now, const JoinAnswer& answer);
    void from_registry(Time now, const JoinWaiting& waiting);
    void from_registry(Time now, const JoinRefused& refusal);
    void from_registry(Time now, const FrameRefused& refused);
    void from_registry(Time now, const RebuildRequest& request);
    [[nodiscard]] bool of_peer(const Origin& from) const;
    template <class M>
    void of_a_peer(Time now, const Origin& from, const M& message);
    void of_a_peer(Time now, const Origin& from, const ReplicationBatch& batch);
    void from_peer(Time now, const Origin& from, const Beacon& beacon);
    void from_peer(Time now, const Origin& from, const BeaconAnswer& answer);
    template <class M>
    void from_peer(Time now, const Origin& from, const M& message);
    // Is it refused, being what no honest sender sends?
    template <class M>
    [[nodiscard]] bool refuse(Time now, const Origin& from, const M& message);

    // A start after this one can tell which cluster this is.
    void remember_cluster();
    // That anything here is of.
    [[nodiscard]] Generation newest_generation() const;
    // What the registry that is being rebuilt wants to know, once that may be said.
    void report_to_rebuild();

    // The map.
    void take_map(Time now, ClusterMap map);
    void take_delta(Time now, const MapDelta& delta);
    void map_moved();
    void follow_publisher();
    void learn(Time now, PartitionId partition, const PartitionState& state);
    void learn_all(Time now);

    [[nodiscard]] bool ours(PartitionId partition) const;
    [[nodiscard]] Replica* find(PartitionId partition) { return const_cast<Replica*>(replica(partition)); }
    Replica& ensure(PartitionId partition);
    Replica& make(PartitionId partition);
    void touch(PartitionId partition);
    // Does the change alter which shards the claims of a partition go to, whatever its view?
    [[nodiscard]] bool moves_shards(const MapDelta& delta) const;
    [[nodiscard]] std::vector<Beacons::Link> links_for(PartitionId partition, const Primary& primary) const;
    void collect_claims(PartitionId partition);
    void collect_claims();
    void check_claims(PartitionId partition, const Primary* primary) const;
    void check_acknowledgement(const StorageOutlet::Acknowledgement& waiting) const;
    void tick_replicas(Time now);
    void wake_replicas(Time now);
    void tick_stop(Time now);
    void tick_checkpoint();

    const NodeDescription self_;
    const ShardIndex index_;
    ShardFacts facts_;
    StorageOutlet storage_;
    SuffixBudget suffixes_;
    MessageOutlet messages_;
    ProposalOutlet proposals_;
    LeaseOutlet leases_;
    EventLog events_;
    RefusedMessages refused_;
    ShardCounters counters_;
    SlowLog slow_;
    HotSpots hot_spots_;
    Admission admission_;
    TransferPace transfers_;
    UniqueNumbers numbers_;
    EntryBlocks entries_;
    Engine& engine_;
    MemoryAccount memory_;
    const ReplicaPorts ports_;
    RegistryLink registry_;
    Beacons beacons_;
    std::vector<std::unique_ptr<Replica>> replicas_;  // by partition id; null = nothing here
    std::vector<PartitionId> touched_;                // in this turn: to be flushed
    std::vector<bool> is_touched_;
    // Connections that got the map, what is held, or figures, in this turn: once is enough, however often they asked.
    absl::flat_hash_set<std::uint64_t> got_map_;
    absl::flat_hash_set<std::uint64_t> got_holdings_;
    absl::flat_hash_set<std::uint64_t> got_figures_;
    bool all_claims_change_ = false;  // a map has come that may send each to another shard
    bool restored_ = false;
    bool begins_late_ = false;
    FlushNumber counts_on_;
    std::optional<std::uint32_t> checkpoint_next_;  // a checkpoint is under way: the partition that it has come to
    BatchNumber checkpoint_end_;                    // the last batch of the newest one
    std::optional<RebuildRequest> wants_report_;    // the newest, until it is answered
    BatchNumber fence_batch_;
    ClusterRecord remembered_;  // the newest that is stored
    std::optional<Time> started_at_;
    Time ticked_at_{};
    TickQueue ticks_;
    Time now_{};
    std::optional<Time> stop_by_;
    std::optional<Time> left_at_;  // stopping, and no view has us any more
    bool finished_ = false;
    bool disk_stalls_ = false;
    std::optional<std::string> superseded_;
    std::string refused_text_;  // the newest refusal that was logged
    Time refused_at_{};
    std::string subscribed_;
    std::optional<std::string> subscribe_;  // to say in the next effects
};

}  // namespace ringkv
