#include "node/shard.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

namespace {
constexpr Duration tick_interval = std::chrono::milliseconds(10);
constexpr Duration stop_deadline = std::chrono::seconds(10);
// After the last view has been left, clients with an old map are still told where to go.
constexpr Duration farewell = std::chrono::milliseconds(300);
}  // namespace

Shard::Shard(NodeDescription self, ShardIndex index, Limits limits, Engine& engine, const CommitRule& commit_rule,
             const SuccessionRule& succession_rule)
    : self_(std::move(self)),
      index_(index),
      context_(engine, commit_rule, succession_rule, limits),
      registry_(self_, index == 0, context_),
      beacons_(context_) {
    RINGKV_CHECK(!self_.registries.empty() && index < self_.endpoints.size(), "a node's description is incomplete");
    context_.start = self_.start;
}

void Shard::restore(const StorageRecord& record) {
    restored_ = true;
    std::visit(
        [&](const auto& item) {
            if constexpr (requires { item.partition; }) ensure(item.partition).restore(record);
        },
        record);
}

Identity Shard::identity() const {
    return {context_.map.settings.id, context_.me, self_.start};
}

const Replica* Shard::replica(PartitionId partition) const {
    return partition.value() < replicas_.size() ? replicas_[partition.value()].get() : nullptr;
}

Replica* Shard::find(PartitionId partition) {
    return partition.value() < replicas_.size() ? replicas_[partition.value()].get() : nullptr;
}

Replica& Shard::ensure(PartitionId partition) {
    if (partition.value() >= replicas_.size()) {
        replicas_.resize(partition.value() + 1);
        is_touched_.resize(partition.value() + 1);
    }
    auto& replica = replicas_[partition.value()];
    if (!replica) replica = std::make_unique<Replica>(partition, context_, Time{});
    return *replica;
}

bool Shard::ours(PartitionId partition) const {
    return partition.value() < context_.map.partitions.size() && partition.value() % self_.endpoints.size() == index_;
}

void Shard::touch(PartitionId partition) {
    if (partition.value() >= is_touched_.size() || is_touched_[partition.value()]) return;
    is_touched_[partition.value()] = true;
    touched_.push_back(partition);
}

// ---------------------------------------------------------------- what comes in

bool Shard::admitted(const Origin& from) {
    const Uuid& cluster = context_.map.settings.id;
    if (from.cluster.none() || cluster.none() || from.cluster == cluster) return true;
    if (from.address.kind == Address::Kind::connection)
        context_.reply(from.address,
                       FrameRefused{ErrorCode::wrong_cluster, "this node belongs to cluster " + cluster.to_string() +
                                                                  ", the sender to " + from.cluster.to_string()});
    return false;
}

void Shard::receive(Time now, const Origin& from, Message message) {
    now_ = now;
    if (!admitted(from)) return;
    if (auto* write = std::get_if<Write>(&message)) {
        const auto [id, partition] = std::pair(write->request, write->partition);
        request(from, id, partition, Request{now, from.address, std::move(*write)});
    } else if (auto* get = std::get_if<Get>(&message)) {
        const auto [id, partition] = std::pair(get->request, get->partition);
        request(from, id, partition, Request{now, from.address, std::move(*get)});
    } else if (auto* scan = std::get_if<Scan>(&message)) {
        const auto [id, partition] = std::pair(scan->request, scan->partition);
        request(from, id, partition, Request{now, from.address, std::move(*scan)});
    } else if (const auto* wanted = std::get_if<MapRequest>(&message)) {
        // R3: clients may start while the registry is down.
        const bool newer =
            std::tie(context_.map.generation, context_.map.epoch) > std::tie(wanted->generation, wanted->epoch);
        if (newer)
            context_.reply(from.address, MapSnapshot{context_.map});
        else
            context_.reply(from.address, CurrentEpoch{context_.map.generation, context_.map.epoch});
    } else if (const auto* holdings = std::get_if<HoldingsRequest>(&message)) {
        tell_holdings(from, holdings->request);
    } else if (from.address.kind == Address::Kind::endpoint && from.node.none()) {
        // Only from where we asked or subscribed. Another node that has not joined yet has no id either.
        if (registry_.is_registry(from.address.endpoint) || from.address.endpoint == subscribed_)
            from_registry(now, message);
    } else if (!from.node.none() && from.cluster == context_.map.settings.id) {
        from_peer(now, from, message);
    } else if (from.node.none() && from.address.kind == Address::Kind::connection &&
               !std::holds_alternative<FrameRefused>(message)) {
        context_.reply(from.address,
                       FrameRefused{ErrorCode::refused, std::string(name_of(message)) +
                                                            " is not a message that a node takes from a client"});
    }
}

void Shard::tell_holdings(const Origin& from, RequestId request) {
    HoldingsAnswer answer{request, {}};
    for (std::uint32_t p = 0; p < replicas_.size(); ++p) {
        if (!replicas_[p] || replicas_[p]->log().last().none()) continue;
        const Engine::Size size = context_.engine.size(PartitionId(p));
        answer.holdings.push_back({PartitionId(p), size.keys, size.bytes});
    }
    context_.reply(from.address, std::move(answer));
}

void Shard::request(const Origin& from, RequestId id, PartitionId partition, Request request) {
    if (!ours(partition)) {
        NotPrimary answer{id, partition, {}, {}, false};
        if (partition.value() < context_.map.partitions.size()) {
            answer.view = context_.map.at(partition).view;
            if (const NodeInfo* node = context_.map.find(answer.view.primary)) answer.primary = *node;
        }
        context_.reply(from.address, std::move(answer));
        return;
    }
    ensure(partition).request(std::move(request));
    touch(partition);
}

void Shard::from_registry(Time now, const Message& message) {
    registry_.heard(now);
    if (const auto* snapshot = std::get_if<MapSnapshot>(&message)) {
        take_map(now, snapshot->map);
    } else if (const auto* delta = std::get_if<MapDelta>(&message)) {
        take_delta(now, *delta);
    } else if (const auto* beacon = std::get_if<CurrentEpoch>(&message)) {
        registry_.epoch_seen(now, beacon->generation, beacon->epoch);
    } else if (const auto* alive = std::get_if<HeartbeatAnswer>(&message)) {
        if (!alive->known) registry_.not_known();
        registry_.epoch_seen(now, alive->generation, alive->epoch);
    } else if (const auto* answer = std::get_if<ProposeAnswer>(&message)) {
        registry_.answered(*answer);
        for (const ProposalOutcome& outcome : answer->outcomes)
            // Only the view: the answer may be older than the map by now, and the target is the map's.
            if (Replica* replica = ours(outcome.partition) ? find(outcome.partition) : nullptr) {
                replica->learn_view(now, outcome.state.view);
                touch(outcome.partition);
            }
    } else if (const auto* joined = std::get_if<JoinAnswer>(&message)) {
        registry_.joined();
        take_map(now, joined->map);
    } else if (const auto* waiting = std::get_if<JoinWaiting>(&message)) {
        registry_.waits(*waiting);
    } else if (const auto* refusal = std::get_if<JoinRefused>(&message)) {
        registry_.refused(*refusal, now);
    } else if (const auto* refused = std::get_if<FrameRefused>(&message)) {
        // Heartbeats are refused ten times a second: say it once, and again when it changes or lasts.
        if (refused->text == refused_text_ && now - refused_at_ < std::chrono::minutes(1)) return;
        refused_text_ = refused->text;
        refused_at_ = now;
        context_.log(LogLevel::error, "the registry refused a message: " + refused->text, {});
    }
}

template <class M>
void Shard::to_replica(Time now, NodeId from, const M& message, bool create) {
    if (!ours(message.partition)) return;
    Replica* replica = create ? &ensure(message.partition) : find(message.partition);
    if (replica == nullptr) return;
    replica->receive(now, from, message);
    touch(message.partition);
}

void Shard::from_peer(Time now, const Origin& from, const Message& message) {
    // Meant for another identity: an earlier one at this address, perhaps. Ours has promised nothing (Words).
    if (from.to != context_.me && std::get_if<BeaconAnswer>(&message) == nullptr) return;
    if (const auto* beacon = std::get_if<Beacon>(&message)) {
        beacons_.receive(
            now, from, *beacon,
            [&](const Claim& claim) {
                Replica* replica = ours(claim.partition) ? find(claim.partition) : nullptr;
                // A primary whose name has a newer identity cannot be reached by clients, nor change a view.
                const NodeInfo* node = context_.map.find(from.node);
                const bool gone = node != nullptr && node->state == NodeState::gone;
                return !gone && replica != nullptr && replica->grant(now, from.node, claim.view);
            },
            [&](PartitionId partition) {
                const Replica* replica = ours(partition) ? find(partition) : nullptr;
                return replica == nullptr ? ViewId{} : replica->view().id;
            });
    } else if (const auto* answer = std::get_if<BeaconAnswer>(&message)) {
        beacons_.receive(
            from.node, *answer,
            [&](const Claim& claim, Time sent) {
                if (Replica* replica = find(claim.partition)) replica->lease_granted(now, from.node, sent);
            },
            [&](const Claim& claim) {
                if (Replica* replica = find(claim.partition)) replica->lags(from.node);
                touch(claim.partition);
            });
    } else if (const auto* prepare = std::get_if<Prepare>(&message)) {
        to_replica(now, from.node, *prepare, true);
    } else if (const auto* prepare_ok = std::get_if<PrepareOk>(&message)) {
        to_replica(now, from.node, *prepare_ok, false);
    } else if (const auto* start_view = std::get_if<StartView>(&message)) {
        to_replica(now, from.node, *start_view, true);
    } else if (const auto* start_view_ok = std::get_if<StartViewOk>(&message)) {
        to_replica(now, from.node, *start_view_ok, false);
    } else if (const auto* chunk = std::get_if<StateChunk>(&message)) {
        to_replica(now, from.node, *chunk, true);
    } else if (const auto* chunk_ok = std::get_if<StateChunkOk>(&message)) {
        to_replica(now, from.node, *chunk_ok, false);
    } else if (const auto* newer = std::get_if<NewerView>(&message)) {
        to_replica(now, from.node, *newer, false);
    }
}

// ---------------------------------------------------------------- the map

void Shard::take_map(Time now, ClusterMap map) {
    if (!map.newer_than(context_.map)) return;
    const bool whole = map.formed() && map.partitions.size() == map.settings.partitions;
    if (!whole || (!context_.map.settings.id.none() && map.settings.id != context_.map.settings.id)) return;
    context_.map = std::move(map);
    map_moved();
    for (std::uint32_t p = index_; p < context_.map.partitions.size();
         p += static_cast<std::uint32_t>(self_.endpoints.size()))
        learn(now, PartitionId(p), context_.map.partitions[p]);
}

void Shard::take_delta(Time now, const MapDelta& delta) {
    switch (context_.map.apply(delta)) {
        case ClusterMap::Applied::old: return;
        case ClusterMap::Applied::gap: registry_.gap(); return;
        case ClusterMap::Applied::yes: break;
    }
    map_moved();
    for (const PartitionChange& change : delta.partitions)
        if (ours(change.partition)) learn(now, change.partition, change.state);
}

void Shard::map_moved() {
    registry_.map_changed();
    context_.claims_changed = true;
    if (context_.me.none()) {
        for (const auto& [id, node] : context_.map.nodes)
            if (node.name == self_.name && node.storage == self_.storage && node.start == self_.start) context_.me = id;
        if (!context_.me.none())
            context_.log(LogLevel::info, "joined",
                         {{"node", std::to_string(context_.me.value())},
                          {"cluster", context_.map.settings.id.to_string()},
                          {"epoch", std::to_string(context_.map.epoch.value())}});
    }
    if (restored_ && started_at_) {
        // The promises of the start before this one may still run (L3).
        for (auto& replica : replicas_)
            if (replica) replica->promise_until(*started_at_ + context_.lease().grace);
    }
}

void Shard::learn(Time now, PartitionId partition, const PartitionState& state) {
    Replica* replica = find(partition);
    if (replica == nullptr) {
        if (!state.view.has(context_.me) && !state.targets(context_.me)) return;
        replica = &ensure(partition);
    }
    replica->learn(now, state);
    touch(partition);
}

// ---------------------------------------------------------------- the turn

void Shard::tick(Time now) {
    now_ = now;
    if (!started_at_) started_at_ = now;
    if (!context_.me.none()) tick_replicas(now);
    if (now - ticked_at_ < tick_interval) return;
    ticked_at_ = now;
    registry_.tick(now);
    if (context_.me.none()) return;
    context_.throttle.refill(now, context_.map.settings.pace.max_bytes_per_second / self_.endpoints.size());
    tick_stop(now);
    const NodeInfo* self = context_.map.find(context_.me);
    if (self != nullptr && self->state == NodeState::gone && !finished_) {
        superseded_ = "the name " + self_.name + " is held by another process by now; this one ends";
        context_.log(LogLevel::error, *superseded_, {{"node", std::to_string(context_.me.value())}});
        finished_ = true;
    }
}

// Each once in an interval: in a turn as many as time has passed since the last one, so that requests do not wait for
// all of them.
void Shard::tick_replicas(Time now) {
    const auto all = static_cast<std::int64_t>(replicas_.size());
    const Duration passed = std::min(now - replicas_ticked_at_, tick_interval);
    const std::int64_t due = all * passed / tick_interval;
    if (due == 0) return;
    replicas_ticked_at_ = due == all ? now : replicas_ticked_at_ + tick_interval * due / all;
    for (std::int64_t i = 0; i < due; ++i) {
        next_ticked_ = (next_ticked_ + 1) % replicas_.size();
        const PartitionId partition(static_cast<std::uint32_t>(next_ticked_));
        Replica* replica = find(partition);
        if (replica == nullptr) continue;
        replica->tick(now);
        if (replica->primary() != nullptr) touch(partition);
    }
}

void Shard::durable(Time now, BatchNumber number) {
    now_ = now;
    context_.durable = number;
    std::set<PartitionId> partitions;
    while (!context_.waiting.empty() && context_.waiting.begin()->first <= number) {
        partitions.merge(context_.waiting.begin()->second);
        context_.waiting.erase(context_.waiting.begin());
    }
    for (PartitionId partition : partitions) {
        if (Replica* replica = find(partition)) replica->durable(now, number);
        touch(partition);
    }
}

void Shard::collect_claims() {
    std::map<Beacons::Link, std::vector<Claim>> claims;
    for (std::uint32_t p = 0; p < replicas_.size(); ++p) {
        const Primary* primary = replicas_[p] ? replicas_[p]->primary() : nullptr;
        if (primary == nullptr) continue;
        for (NodeId node : primary->lease_peers())
            if (const NodeInfo* info = context_.map.find(node))
                claims[{node, info->shard_of(PartitionId(p))}].push_back({PartitionId(p), primary->view().id});
    }
    beacons_.set_claims(std::move(claims));
}

Effects Shard::take_effects() {
    for (PartitionId partition : touched_) {
        is_touched_[partition.value()] = false;
        if (Replica* replica = find(partition)) replica->flush(now_);
    }
    touched_.clear();
    if (!context_.me.none()) {
        if (std::exchange(context_.claims_changed, false)) collect_claims();
        beacons_.send(now_, std::exchange(context_.beacon_to, {}));
        registry_.flush(now_);
    }
    Effects effects = std::exchange(context_.effects, Effects{});
    if (!effects.batch.empty()) {
        effects.number = context_.building;
        context_.building = context_.building.next();
    }
    if (const std::string publisher = registry_.publisher(); publisher != subscribed_ && !publisher.empty()) {
        subscribed_ = publisher;
        effects.subscribe = publisher;
    }
    return effects;
}

// ---------------------------------------------------------------- the end

void Shard::stop(Time now) {
    if (context_.stopping) return;
    context_.stopping = true;
    stop_by_ = now + stop_deadline;
    registry_.say_at_once();
    if (context_.me.none()) finished_ = true;
}

void Shard::tick_stop(Time now) {
    if (!stop_by_ || finished_) return;
    std::size_t member_of = 0;
    std::size_t only_copies = 0;
    for (const auto& replica : replicas_) {
        if (!replica || !replica->view().has(context_.me)) continue;
        ++member_of;
        const std::vector<NodeId>& members = replica->view().members;
        const bool elsewhere = std::any_of(members.begin(), members.end(),
                                           [this](NodeId node) { return node != context_.me && context_.well(node); });
        if (!elsewhere) ++only_copies;
    }
    const bool others = std::any_of(context_.map.nodes.begin(), context_.map.nodes.end(),
                                    [this](const auto& item) { return item.first != context_.me && item.second.up(); });
    if (member_of != 0 && others && now < *stop_by_) return;
    if (member_of == 0 && others) {
        if (!left_at_) left_at_ = now;
        if (now - *left_at_ < farewell) return;
    }
    if (only_copies != 0 && self_.durability == Durability::memory)
        context_.log(
            LogLevel::warning,
            "stops, and with it the last copies of partitions that nobody else stays for: they were in memory only",
            {{"partitions", std::to_string(only_copies)}});
    finished_ = true;
}

}  // namespace ringkv
