#include "node/shard.hpp"

#include <algorithm>

#include "common/check.hpp"
#include "common/look_ahead.hpp"
#include "node/peer_checks.hpp"

namespace ringkv {

namespace {
constexpr Duration tick_interval = std::chrono::milliseconds(10);
constexpr std::size_t most_ticks = 256;       // of replicas, in a turn
constexpr std::size_t most_reclaimed = 4096;  // keys of partitions that were deleted, in a tick
// Of a checkpoint in a tick: about 50 MiB a second, in steps that cost a turn some microseconds. Where batches wait for
// the disk already it waits as well.
constexpr std::size_t checkpoint_steps = 16;
constexpr std::size_t checkpoint_step_bytes = std::size_t{32} << 10U;
constexpr std::size_t most_waiting_batches = 4;
constexpr Duration stop_deadline = std::chrono::seconds(10);
// After the last view has been left, clients with an old map are still told where to go.
constexpr Duration farewell = std::chrono::milliseconds(300);
}  // namespace

Shard::Shard(NodeDescription self, ShardIndex index, Limits limits, Engine& engine, const CommitRule& commit_rule,
             const SuccessionRule& succession_rule, EncodeEntry encode)
    : self_(std::move(self)),
      index_(index),
      facts_{limits, commit_rule, succession_rule, {}, self_.start, false, {}, {}, {}, 0},
      storage_(self_.durability != Durability::memory),
      suffixes_(limits.log),
      messages_(facts_),
      refused_(events_),
      slow_(limits.slow_request, events_, counters_),
      admission_(limits.inflight),
      numbers_(self_.start),
      entries_(encode),
      engine_(engine),
      memory_(engine, suffixes_, messages_, facts_.limits),
      ports_{facts_,     engine_, storage_,   suffixes_, messages_, proposals_, leases_,   events_,
             admission_, memory_, transfers_, numbers_,  entries_,  refused_,   counters_, slow_},
      registry_(self_, index == 0, facts_, facts_.registry, messages_, events_),
      beacons_(facts_, leases_, messages_) {
    RINGKV_CHECK(!self_.registries.empty() && index < self_.endpoints.size(), "a node's description is incomplete");
}

void Shard::restore(const StorageRecord& record) {
    restored_ = true;
    std::visit(
        [&](const auto& item) {
            if constexpr (requires { item.partition; }) {
                constexpr bool checkpoint = std::is_same_v<std::decay_t<decltype(item)>, CheckpointRecord>;
                Replica* replica = find(item.partition);
                // What begins in the middle begins with a checkpoint, and what is there does not need one.
                if (replica == nullptr ? begins_late_ && !checkpoint : checkpoint && !replica->log().half_restored())
                    return;
                if (replica == nullptr) replica = &make(item.partition);
                replica->restore(record);
                if constexpr (std::is_same_v<std::decay_t<decltype(item)>, ContentsRecord>)
                    if (replica->log().half_restored()) counts_on_ = std::max(counts_on_, item.flushed);
                touch(item.partition);  // the turn's end counts its sessions
            } else if constexpr (std::is_same_v<std::decay_t<decltype(item)>, FenceRecord>) {
                facts_.fence = item.fence;
            } else if constexpr (std::is_same_v<std::decay_t<decltype(item)>, ClusterRecord>) {
                remembered_ = item;
            }
        },
        record);
}

void Shard::begin_checkpoint() {
    checkpoint_next_ = 0;
    if (facts_.fence != Fence{}) storage_.store(FenceRecord{facts_.fence});
    if (!remembered_.nodes.empty()) storage_.store(remembered_);
}

// Not whether they are up, and in which start: that changes often, and is of no use then.
void Shard::remember_cluster() {
    if (!storage_.keeps()) return;
    const ClusterMap& map = facts_.map;
    ClusterRecord now{map.generation, map.epoch, map.settings, {}};
    now.nodes.reserve(map.nodes.size());
    for (const auto& [id, node] : map.nodes) {
        NodeInfo& kept = now.nodes.emplace_back(node);
        if (kept.state != NodeState::gone) kept.state = NodeState::up;
        kept.start = StartNumber();
        kept.evicted = false;
    }
    if (now.generation == remembered_.generation && now.settings == remembered_.settings &&
        now.nodes == remembered_.nodes)
        return;
    storage_.store(now);
    remembered_ = std::move(now);
}

bool Shard::wholly_restored() const {
    return std::none_of(replicas_.begin(), replicas_.end(),
                        [](const auto& replica) { return replica && replica->log().half_restored(); });
}

Identity Shard::identity() const {
    return {facts_.map.settings.id, facts_.me, self_.start};
}

Replica& Shard::ensure(PartitionId partition) {
    if (Replica* replica = find(partition)) return *replica;
    Replica& replica = make(partition);
    replica.store_beginning();
    return replica;
}

Replica& Shard::make(PartitionId partition) {
    if (partition.value() >= replicas_.size()) {
        replicas_.resize(partition.value() + 1);
        is_touched_.resize(partition.value() + 1);
    }
    auto& replica = replicas_[partition.value()];
    replica = std::make_unique<Replica>(partition, ports_, Time{});
    ticks_.wake(partition, Time{});
    ++facts_.replicas;
    return *replica;
}

bool Shard::ours(PartitionId partition) const {
    return partition.value() < facts_.map.partitions.size() && partition.value() % self_.endpoints.size() == index_;
}

void Shard::touch(PartitionId partition) {
    if (partition.value() >= is_touched_.size() || is_touched_[partition.value()]) return;
    is_touched_[partition.value()] = true;
    touched_.push_back(partition);
}

// ---------------------------------------------------------------- the map

void Shard::take_map(Time now, ClusterMap map) {
    if (!map.newer_than(facts_.map)) return;
    if (!map.formed()) return;
    refused_.coming({}, "ClusterMap");
    if (map.generation < facts_.fence.generation)
        return refused_.add(now, {}, "a map that is older than the rebuild that this node has reported to");
    if (const auto objection = objection_to(map, facts_.map)) return refused_.add(now, {}, *objection);
    facts_.map = std::move(map);
    all_claims_change_ = true;
    map_moved();
    remember_cluster();
    wake_replicas(now);
    learn_all(now);
}

void Shard::take_delta(Time now, const MapDelta& delta) {
    if (delta.generation < facts_.fence.generation) return;
    const bool moves = moves_shards(delta);
    refused_.coming({}, "MapDelta");
    if (const auto objection = objection_to(delta, facts_.map)) {
        refused_.add(now, {}, *objection);
        return registry_.gap();  // the whole map may say something else
    }
    switch (facts_.map.apply(delta)) {
        case ClusterMap::Applied::old: return;
        case ClusterMap::Applied::gap: registry_.gap(); return;
        case ClusterMap::Applied::yes: break;
    }
    all_claims_change_ = all_claims_change_ || moves;
    const bool was_member = !facts_.me.none();
    map_moved();
    if (!delta.nodes.empty()) wake_replicas(now);
    if (!delta.nodes.empty() || !delta.forgotten.empty() || delta.settings) remember_cluster();
    // Before the map has named this start of ours, a view that has us was passed over, if nothing of it is stored here.
    if (!was_member && !facts_.me.none()) return learn_all(now);
    for (const PartitionChange& change : delta.partitions)
        if (ours(change.partition)) learn(now, change.partition, change.state);
}

bool Shard::moves_shards(const MapDelta& delta) const {
    if (!delta.forgotten.empty()) return true;
    return std::any_of(delta.nodes.begin(), delta.nodes.end(), [this](const NodeInfo& node) {
        const NodeInfo* known = facts_.map.find(node.id);
        return known == nullptr || known->endpoints.size() != node.endpoints.size();
    });
}

// The map names the publisher, the registry that we speak with its host where that is left open.
void Shard::follow_publisher() {
    std::string publisher = registry_.publisher();
    if (publisher.empty() || publisher == subscribed_) return;
    subscribed_ = publisher;
    subscribe_ = std::move(publisher);
}

void Shard::map_moved() {
    registry_.map_changed();
    follow_publisher();
    if (facts_.me.none()) {
        for (const auto& [id, node] : facts_.map.nodes)
            if (node.name == self_.name && node.storage == self_.storage && node.start == self_.start) facts_.me = id;
        if (!facts_.me.none())
            events_.add(LogLevel::info, "joined",
                        {{"node", std::to_string(facts_.me.value())},
                         {"cluster", facts_.map.settings.id.to_string()},
                         {"epoch", std::to_string(facts_.map.epoch.value())}});
    }
    if (restored_ && started_at_) {
        // The promises of the start before this one may still run (L3).
        for (auto& replica : replicas_)
            if (replica) replica->promise_until(*started_at_ + facts_.lease().grace);
    }
}

void Shard::learn_all(Time now) {
    for (std::uint32_t p = index_; p < facts_.map.partitions.size();
         p += static_cast<std::uint32_t>(self_.endpoints.size()))
        learn(now, PartitionId(p), facts_.map.partitions[p]);
}

void Shard::learn(Time now, PartitionId partition, const PartitionState& state) {
    Replica* replica = find(partition);
    if (replica == nullptr) {
        if (!state.view.has(facts_.me) && !state.targets(facts_.me)) return;
        replica = &ensure(partition);
    }
    replica->learn(now, state);
    touch(partition);
}

// ---------------------------------------------------------------- the turn

void Shard::tick(Time now) {
    now_ = now;
    if (!started_at_) started_at_ = now;
    if (!facts_.me.none()) tick_replicas(now);
    if (now - ticked_at_ < tick_interval) return;
    ticked_at_ = now;
    (void)engine_.reclaim(most_reclaimed);
    tick_checkpoint();
    registry_.tick(now);
    follow_publisher();
    if (facts_.me.none()) return;
    transfers_.refill(now, facts_.map.settings.pace.max_bytes_per_second / self_.endpoints.size());
    tick_stop(now);
    const NodeInfo* self = facts_.map.find(facts_.me);
    if (self != nullptr && self->state == NodeState::gone && !finished_) {
        superseded_ = "the name " + self_.name + " is held by another process by now; this one ends";
        events_.add(LogLevel::error, *superseded_, {{"node", std::to_string(facts_.me.value())}});
        finished_ = true;
    }
}

// Many may be due at once: requests do not wait for all of them.
void Shard::tick_replicas(Time now) {
    ticks_.each_due(now, most_ticks, [&](PartitionId partition) {
        Replica* replica = find(partition);
        if (replica == nullptr) return;
        replica->tick(now);
        touch(partition);
    });
}

// What is true of a node concerns all of its partitions.
void Shard::wake_replicas(Time now) {
    for (std::uint32_t p = 0; p < replicas_.size(); ++p)
        if (replicas_[p]) ticks_.wake(PartitionId(p), now);
}

// A partition that is being copied to is waited for: it is no more than what has come of the copy.
void Shard::tick_checkpoint() {
    if (!checkpoint_next_ || storage_.waiting() > most_waiting_batches) return;
    for (std::size_t step = 0; step < checkpoint_steps && *checkpoint_next_ < replicas_.size();) {
        Replica* const replica = replicas_[*checkpoint_next_].get();
        if (replica != nullptr) touch(PartitionId(*checkpoint_next_));  // what an interrupted copy left may go
        if (replica != nullptr && (++step, !replica->checkpoint(checkpoint_step_bytes))) {
            if (!replica->log().in_checkpoint()) return;
            continue;
        }
        ++*checkpoint_next_;
    }
    if (*checkpoint_next_ < replicas_.size()) return;
    checkpoint_next_.reset();
    checkpoint_end_ = storage_.newest();
}

void Shard::durable(Time now, BatchNumber number) {
    now_ = now;
    if (const Duration took = now - storage_.oldest_taken(number); slow_.slow(took)) {
        for (PartitionId partition : storage_.unstored(number)) {
            if (Replica* replica = find(partition)) replica->disk_was_slow(now, number, took);
            storage_.await(partition, number);
        }
    }
    const StorageOutlet::Stored stored = storage_.durable(number);
    for (const StorageOutlet::Acknowledgement& it : stored.acknowledgements) messages_.send(it.to, it.message);
    const std::vector<PartitionId>& partitions = stored.partitions;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        look_ahead(i, partitions.size(), Replica::expect_entry_steps, [&](std::size_t index, std::size_t step) {
            if (const Replica* later = replica(partitions[index])) later->expect_entry(step);
        });
        if (Replica* replica = find(partitions[i])) replica->durable(now, number);
        touch(partitions[i]);
    }
}

std::vector<Beacons::Link> Shard::links_for(PartitionId partition, const Primary& primary) const {
    std::vector<Beacons::Link> links;
    for (NodeId node : primary.lease_peers())
        if (const NodeInfo* info = facts_.map.find(node)) links.emplace_back(node, info->shard_of(partition));
    return links;
}

void Shard::collect_claims(PartitionId partition) {
    const Replica* replica = find(partition);
    const Primary* primary = replica == nullptr ? nullptr : replica->primary();
    if (primary == nullptr)
        beacons_.set_claims(partition, {}, {});
    else
        beacons_.set_claims(partition, primary->view().id, links_for(partition, *primary));
}

// A primary changes what it claims only in a turn that touches its partition (check_invariants).
void Shard::collect_claims() {
    const bool some = leases_.take_changed();
    if (std::exchange(all_claims_change_, false)) {
        for (std::uint32_t p = 0; p < replicas_.size(); ++p) collect_claims(PartitionId(p));
    } else if (some) {
        for (PartitionId partition : touched_) collect_claims(partition);
    }
}

Effects Shard::take_effects() {
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        look_ahead(i, touched_.size(), Replica::expect_flush_steps, [&](std::size_t index, std::size_t step) {
            if (const Replica* later = find(touched_[index])) later->expect_flush(step);
        });
        const PartitionId partition = touched_[i];
        is_touched_[partition.value()] = false;
        if (Replica* replica = find(partition)) {
            replica->flush(now_);
            ticks_.wake(partition, replica->next_tick(now_));
        }
    }
    if (!facts_.me.none()) collect_claims();
    touched_.clear();
    got_map_.clear();
    got_holdings_.clear();
    got_figures_.clear();
    if (!facts_.me.none()) {
        if (!disk_stalls_)
            beacons_.send(now_, leases_.take_at_once(), [this](PartitionId partition) {
                const Replica* claimed = find(partition);
                return claimed == nullptr ? std::nullopt : claimed->sole_commit(now_);
            });
        registry_.flush(now_, proposals_);
    }
    report_to_rebuild();
    Effects effects;
    storage_.take(now_, effects);
    effects.sends = messages_.take();
    effects.log = events_.take();
    effects.subscribe = std::exchange(subscribe_, std::nullopt);
    return effects;
}

void Shard::disk_stalls(bool stalls) {
    if (std::exchange(disk_stalls_, stalls) == stalls) return;
    registry_.trouble(TroubleKind::disk_stalled, index_, stalls);
    if (stalls)
        events_.add(LogLevel::error, "the disk has stored nothing for too long: other nodes take over", {});
    else
        events_.add(LogLevel::warning, "the disk stores again", {});
}

// ---------------------------------------------------------------- the end

void Shard::stop(Time now) {
    if (facts_.stopping) return;
    facts_.stopping = true;
    stop_by_ = now + stop_deadline;
    registry_.say_at_once();
    wake_replicas(now);
    if (facts_.me.none()) finished_ = true;
}

void Shard::tick_stop(Time now) {
    if (!stop_by_ || finished_) return;
    std::size_t member_of = 0;
    std::size_t only_copies = 0;
    std::size_t answered_early = 0;
    for (const auto& replica : replicas_) {
        if (!replica || !replica->view().has(facts_.me)) continue;
        ++member_of;
        if (const Primary* primary = replica->primary()) answered_early += primary->uncommitted().answered_early();
        const std::vector<NodeId>& members = replica->view().members;
        const bool elsewhere = std::any_of(members.begin(), members.end(),
                                           [this](NodeId node) { return node != facts_.me && facts_.well(node); });
        if (!elsewhere) ++only_copies;
    }
    const bool others = std::any_of(facts_.map.nodes.begin(), facts_.map.nodes.end(),
                                    [this](const auto& item) { return item.first != facts_.me && item.second.up(); });
    if (member_of != 0 && others && now < *stop_by_) return;
    if (member_of == 0 && others) {
        if (!left_at_) left_at_ = now;
        if (now - *left_at_ < farewell) return;
    }
    if (only_copies != 0 && self_.durability == Durability::memory)
        events_.add(LogLevel::warning,
                    "stops, and with it the last copies of partitions that no other node has: they were in memory only",
                    {{"partitions", std::to_string(only_copies)}});
    if (answered_early != 0)
        events_.add(LogLevel::warning, "stops before all members have what was acknowledged by this node alone",
                    {{"writes", std::to_string(answered_early)}});
    finished_ = true;
}

void Shard::check_claims(PartitionId partition, const Primary* primary) const {
    const std::vector<Beacons::Link>& asked = beacons_.links_of(partition);
    if (primary == nullptr) {
        RINGKV_CHECK(asked.empty(), "leases are asked for without a primary");
        return;
    }
    for (const Beacons::Link& link : asked)
        RINGKV_CHECK(beacons_.claimed(link, partition) == primary->view().id, "another view is claimed than ours");
    // A learner that fell behind is asked on until the view or the target changes.
    for (const Beacons::Link& link : links_for(partition, *primary))
        RINGKV_CHECK(std::find(asked.begin(), asked.end(), link) != asked.end(), "a lease is needed and not asked for");
}

void Shard::check_acknowledgement(const StorageOutlet::Acknowledgement& waiting) const {
    const PrepareOk& message = waiting.message;
    const Replica* replica = replicas_.at(message.partition.value()).get();
    RINGKV_CHECK(replica != nullptr && replica->primary() == nullptr, "an acknowledgement of a primary waits");
    const View& view = replica->view();
    RINGKV_CHECK(waiting.to == view.primary && message.view >= view.since, "a PrepareOk is owed to an earlier term");
    RINGKV_CHECK(message.op <= replica->log().last() && !replica->log().incomplete(),
                 "a PrepareOk is owed for a log that is not held any more");
}

void Shard::check_invariants() const {
    beacons_.check_invariants();
    std::uint64_t sessions = 0;
    std::uint64_t uncommitted = 0;
    for (std::uint32_t p = 0; p < replicas_.size(); ++p) {
        if (!replicas_[p]) continue;
        replicas_[p]->check_invariants();
        const Primary* primary = replicas_[p]->primary();
        check_claims(PartitionId(p), primary);
        const PartitionLog& log = replicas_[p]->log();
        sessions += log.sessions().bytes();
        if (primary != nullptr) uncommitted += log.suffix().bytes_between(log.commit(), log.last());
    }
    for (const StorageOutlet::Acknowledgement& it : storage_.acknowledgements()) check_acknowledgement(it);
    RINGKV_CHECK(memory_.use().sessions == sessions, "the memory of sessions is miscounted");
    RINGKV_CHECK(memory_.uncommitted() == uncommitted, "the memory of uncommitted writes is miscounted");
}

}  // namespace ringkv
