// What a shard does with each message, by sender: clients and operators, the registry, other nodes.
#include "common/look_ahead.hpp"
#include "common/message_groups.hpp"
#include "node/figures_answer.hpp"
#include "node/peer_checks.hpp"
#include "node/shard.hpp"

namespace ringkv {

void Shard::expect(const Message& message, std::size_t step) const {
    const auto ask = [&](PartitionId partition) {
        if (const Replica* later = replica(partition)) later->expect_request(message, step);
    };
    if (const auto* get = std::get_if<Get>(&message))
        ask(get->partition);
    else if (const auto* write = std::get_if<Write>(&message))
        ask(write->partition);
}

void Shard::receive(Time now, const Origin& from, Message message) {
    now_ = now;
    if (!admitted(from)) return;
    std::visit(
        [&]<class M>(M& content) {
            if constexpr (ClientRequest<M>) {
                request(from, now, content);
            } else if constexpr (OperatorOfNode<M> || OneOf<M, MapRequest>) {
                on(from, content);
            } else if constexpr (RegistryAnswer<M> || MapAnswer<M> || OneOf<M, MapDelta, FrameRefused>) {
                if (of_registry(from)) {
                    // One that is being rebuilt decides nothing: it is as out of reach as before.
                    if (!OneOf<M, RebuildRequest>) registry_.heard(now);
                    from_registry(now, content);
                } else if (!OneOf<M, FrameRefused>) {
                    refuse_misplaced(from, name_of(message));
                }
            } else if constexpr (PeerMessage<M>) {
                // A BeaconAnswer counts by its nonce. All else that is meant for another identity, an earlier one at
                // this address perhaps, is not for us: ours has promised nothing (Words).
                if (!of_peer(from))
                    refuse_misplaced(from, name_of(message));
                else if (from.to == facts_.me || OneOf<M, BeaconAnswer>) {
                    messages_.heard(from.node, from.minor);
                    of_a_peer(now, from, content);
                }
            } else {
                static_assert(ClientAnswer<M> || RegistryRequest<M> || OperatorAnswer<M> || OperatorOfRegistry<M>,
                              "say what a node does with this message");
                refuse_misplaced(from, name_of(message));
            }
        },
        message);
}

bool Shard::admitted(const Origin& from) {
    const Uuid& cluster = facts_.map.settings.id;
    if (from.cluster.none() || cluster.none() || from.cluster == cluster) return true;
    if (from.address.kind == Address::Kind::connection)
        messages_.answer(from.address,
                         FrameRefused{ErrorCode::wrong_cluster, "this node belongs to cluster " + cluster.to_string() +
                                                                    ", the sender to " + from.cluster.to_string()});
    return false;
}

void Shard::refuse_misplaced(const Origin& from, std::string_view name) {
    if (!from.node.none() || from.address.kind != Address::Kind::connection) return;
    messages_.answer(
        from.address,
        FrameRefused{ErrorCode::refused, std::string(name) + " is not a message that a node takes from a client"});
}

// ---------------------------------------------------------------- clients and operators

template <class M>
void Shard::request(const Origin& from, Time now, M& request) {
    const PartitionId partition = request.partition;
    counters_.arrivals.count(request);
    if (!ours(partition)) {
        NotPrimary answer{request.request, partition, {}, {}, false};
        if (partition.value() < facts_.map.partitions.size()) {
            answer.view = facts_.map.at(partition).view;
            if (const NodeInfo* node = facts_.map.find(answer.view.primary)) answer.primary = *node;
        }
        messages_.answer(from.address, std::move(answer));
        counters_.count(kind_of<M>(), RequestOutcome::redirected);
        return;
    }
    if constexpr (std::is_same_v<M, Scan>)
        hot_spots_.count(now, partition, {});
    else
        hot_spots_.count(now, partition, request.key);
    const Time began = from.arrived == Time{} ? now : from.arrived;
    ensure(partition).request(Request{now, from.address, std::move(request), began});
    touch(partition);
}

// R3: clients may start while the registry is down.
void Shard::on(const Origin& from, const MapRequest& wanted) {
    const ClusterMap& map = facts_.map;
    if (std::tie(map.generation, map.epoch) > std::tie(wanted.generation, wanted.epoch)) {
        if (got_map_.insert(from.address.connection).second) messages_.answer(from.address, MapSnapshot{map});
    } else {
        messages_.answer(from.address, CurrentEpoch{map.generation, map.epoch});
    }
}

void Shard::on(const Origin& from, const HoldingsRequest& wanted) {
    if (!got_holdings_.insert(from.address.connection).second) return;  // it asks again
    const MemoryUse use = memory_.use();
    HoldingsAnswer answer{
        wanted.request, {}, MemoryReport{use.data, use.log, use.sessions, use.requests, facts_.limits.memory}};
    for (std::uint32_t p = 0; p < replicas_.size(); ++p) {
        if (!replicas_[p] || replicas_[p]->log().last().none()) continue;
        const Engine::Size size = engine_.size(PartitionId(p));
        answer.holdings.push_back({PartitionId(p), size.keys, size.bytes});
    }
    messages_.answer(from.address, std::move(answer));
}

void Shard::on(const Origin& from, const FiguresRequest& wanted) {
    if (!got_figures_.insert(from.address.connection).second) return;  // it asks again
    hot_spots_.forget(now_);
    messages_.answer(from.address, figures_answer(wanted.request, counters_, hot_spots_));
}

// ---------------------------------------------------------------- the registry

// Only from where we asked or subscribed. Another node that has not joined yet has no id either.
bool Shard::of_registry(const Origin& from) const {
    return from.address.kind == Address::Kind::endpoint && from.node.none() &&
           (registry_.is_registry(from.address.endpoint) || from.address.endpoint == subscribed_);
}

void Shard::from_registry(Time now, const CurrentEpoch& current) {
    registry_.epoch_seen(now, current.generation, current.epoch);
}

void Shard::from_registry(Time now, const HeartbeatAnswer& answer) {
    if (!answer.known) registry_.not_known();
    registry_.epoch_seen(now, answer.generation, answer.epoch);
}

void Shard::from_registry(Time now, const ProposeAnswer& answer) {
    refused_.coming({}, "ProposeAnswer");
    registry_.answered(answer);
    for (const ProposalOutcome& outcome : answer.outcomes) {
        // Only the view: the answer may be older than the map by now, and the target is the map's.
        Replica* replica = ours(outcome.partition) ? find(outcome.partition) : nullptr;
        if (replica == nullptr) continue;
        if (const auto objection = objection_to(outcome.state.view)) {
            refused_.add(now, outcome.partition, *objection);
            continue;
        }
        replica->learn_view(now, outcome.state.view);
        touch(outcome.partition);
    }
}

void Shard::from_registry(Time now, const JoinAnswer& answer) {
    registry_.joined();
    take_map(now, answer.map);
}

void Shard::from_registry(Time, const JoinWaiting& waiting) {
    registry_.waits(waiting);
}

void Shard::from_registry(Time now, const JoinRefused& refusal) {
    registry_.refused(refusal, now);
}

// Heartbeats are refused ten times a second: it is said once, and again when it changes or lasts.
void Shard::from_registry(Time now, const FrameRefused& refused) {
    if (refused.text == refused_text_ && now - refused_at_ < std::chrono::minutes(1)) return;
    refused_text_ = refused.text;
    refused_at_ = now;
    events_.add(LogLevel::error, "the registry refused a message: " + refused.text);
}

// R4: what an older generation decides is void from here on, and is not learned any more.
void Shard::from_registry(Time now, const RebuildRequest& request) {
    refused_.coming({}, "RebuildRequest");
    if (const auto objection = objection_to(request)) return refused_.add(now, {}, *objection);
    if (request.fence.generation > newest_generation()) {
        facts_.fence = request.fence;
        fence_batch_ = storage_.store(FenceRecord{request.fence});
        events_.add(LogLevel::warning, "the registry's state is being rebuilt: what this node knows is told",
                    {{"generation", std::to_string(request.fence.generation.value())}});
    }
    wants_report_ = request;
}

// After a start the map is not there yet, and what is stored may be of a later generation than the fence: of a node
// that joined after that rebuild.
Generation Shard::newest_generation() const {
    Generation newest = std::max({facts_.fence.generation, facts_.map.generation, remembered_.generation});
    for (const auto& replica : replicas_)
        if (replica) newest = std::max(newest, replica->view().id.generation);
    return newest;
}

void Shard::report_to_rebuild() {
    if (!wants_report_ || !storage_.stored(fence_batch_)) return;
    const RebuildRequest request = *std::exchange(wants_report_, std::nullopt);
    RebuildReport report;
    report.fence = facts_.fence;
    report.storage = self_.storage;
    report.cluster = facts_.map.formed() ? facts_.map.settings.id : self_.cluster;
    report.shard = index_;
    report.shards = static_cast<std::uint32_t>(self_.endpoints.size());
    if (report.fence != request.fence) {  // its generation must be above what is known here
        report.fence.generation = newest_generation();
        return registry_.report(std::move(report));
    }
    for (std::uint32_t p = 0; p < replicas_.size(); ++p)
        if (replicas_[p] && !replicas_[p]->view().id.number.none())
            report.views.push_back({PartitionId(p), replicas_[p]->view(), replicas_[p]->proposed()});
    if (std::tie(facts_.map.generation, facts_.map.epoch) > std::tie(request.generation, request.epoch)) {
        report.map = facts_.map;
    } else if (!facts_.map.formed()) {
        report.map = {remembered_.generation, remembered_.epoch, remembered_.settings, {}, {}};
        for (const NodeInfo& node : remembered_.nodes) report.map.nodes[node.id] = node;
    }
    registry_.report(std::move(report));
}

// ---------------------------------------------------------------- other nodes

bool Shard::of_peer(const Origin& from) const {
    return !from.node.none() && from.node != facts_.me && facts_.map.formed() && from.cluster == facts_.map.settings.id;
}

template <class M>
bool Shard::refuse(Time now, const Origin& from, const M& message) {
    refused_.coming(from.node, name_of<M>());
    PartitionId partition;
    if constexpr (ReplicaMessage<M>) {
        partition = message.partition;
        if (!ours(partition)) return true;  // of a map that we do not have yet, perhaps, or of another shard
    }
    const View* senders = nullptr;  // the view that it is said in is its sender's own
    if constexpr (OneOf<M, StartView, StateChunk>) senders = &message.view;
    if constexpr (OneOf<M, Prepare>) senders = message.announce ? &*message.announce : nullptr;
    auto objection = objection_to(message, static_cast<std::uint32_t>(facts_.map.partitions.size()));
    if (!objection && senders != nullptr && senders->primary != from.node) objection = "its sender is not the primary";
    if (objection) refused_.add(now, partition, *objection);
    return objection.has_value();
}

template <class M>
void Shard::of_a_peer(Time now, const Origin& from, const M& message) {
    if (!refuse(now, from, message)) from_peer(now, from, message);
}

// Each by itself: what is wrong with one says nothing of the others.
void Shard::of_a_peer(Time now, const Origin& from, const ReplicationBatch& batch) {
    const std::size_t prepares = batch.prepares.size();
    const std::size_t size = prepares + batch.acknowledgements.size();
    const auto expect = [&](std::size_t index, std::size_t step) {
        const PartitionId partition =
            index < prepares ? batch.prepares[index].partition : batch.acknowledgements[index - prepares].partition;
        if (const Replica* later = find(partition)) later->expect_entry(step);
    };
    for (std::size_t i = 0; i < size; ++i) {
        look_ahead(i, size, Replica::expect_entry_steps, expect);
        if (i < prepares)
            of_a_peer(now, from, batch.prepares[i]);
        else
            of_a_peer(now, from, batch.acknowledgements[i - prepares]);
    }
}

void Shard::from_peer(Time now, const Origin& from, const Beacon& beacon) {
    if (disk_stalls_) return;
    const bool behind = beacons_.receive(
        now, from, beacon,
        [&](const Claim& claim) {
            Replica* replica = ours(claim.partition) ? find(claim.partition) : nullptr;
            // A primary whose name has a newer identity cannot be reached by clients, nor change a view.
            const NodeInfo* node = facts_.map.find(from.node);
            const bool gone = node != nullptr && node->state == NodeState::gone;
            return !gone && replica != nullptr && replica->grant(now, from.node, claim.view);
        },
        [&](PartitionId partition) {
            const Replica* replica = ours(partition) ? find(partition) : nullptr;
            return replica == nullptr ? ViewId{} : replica->view().id;
        },
        [&](PartitionId partition, Time at, OpNumber commit) {
            if (Replica* replica = ours(partition) ? find(partition) : nullptr) replica->told_commit(at, commit);
        });
    if (behind) registry_.map_is_behind();
}

void Shard::from_peer(Time now, const Origin& from, const BeaconAnswer& answer) {
    const bool behind = beacons_.receive(
        from, answer,
        [&](const Claim& claim, Time sent) {
            if (Replica* replica = find(claim.partition)) replica->lease_granted(now, from.node, sent);
        },
        [&](const Claim& claim) {
            if (Replica* replica = find(claim.partition)) replica->lags(from.node);
            touch(claim.partition);
        });
    if (behind) registry_.map_is_behind();
}

// For a replica. What asks something of a replica that is not there yet makes it; answers do not.
template <class M>
void Shard::from_peer(Time now, const Origin& from, const M& message) {
    constexpr bool makes_it = OneOf<M, Prepare, StartView, StateChunk>;
    Replica* replica = makes_it ? &ensure(message.partition) : find(message.partition);
    if (replica == nullptr) return;
    replica->receive(now, from.node, message);
    touch(message.partition);
}

}  // namespace ringkv
