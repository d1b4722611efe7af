#include "registry/registry_actor.hpp"

#include "common/check.hpp"
#include "common/message_groups.hpp"
#include "common/placement/planning.hpp"
#include "common/proposal_pace.hpp"
#include "registry/administration.hpp"
#include "registry/event_kinds.hpp"
#include "registry/join_rules.hpp"
#include "ringkv/version.hpp"

namespace ringkv {

namespace {

// Beyond it a turn's messages are dropped: senders repeat what matters, and memory stays bounded.
constexpr std::size_t messages_a_turn = 20000;

const std::string lost_data_advice =
    "if the registry's data was lost, stop this registry and start one on the newest copy of the old data_dir, or make "
    "it anew with `ringkv-registry rebuild` (the nodes serve meanwhile, without joins and fail-over; see \"The "
    "registry's data is lost\" in docs/operations.md); "
    "if the node is of another cluster, correct its `registry:` and start this registry again";

}  // namespace

RegistryActor::RegistryActor(RegistryOptions options, const Placement& placement, ClusterMap recovered, Uuid cluster,
                             std::vector<Event> events)
    : publication_(std::move(recovered), std::move(events)),
      formation_(options, placement, cluster, publication_),
      membership_(publication_),
      views_(publication_, membership_),
      rebalancer_(publication_, membership_, placement),
      unavailability_(publication_, membership_),
      overviews_(publication_, membership_, activity_),
      troubles_(publication_) {
    publication_.map_events().set_hears([this](NodeId node) {
        return membership_.heard_within(node, listened_at_, publication_.map().settings.lease.duration);
    });
    const ClusterMap& map = publication_.map();
    if (!map.formed()) return;
    RINGKV_CHECK(registry::check_settings(map.settings, options.settings).has_value(), "checked before the start");
    ClusterSettings settings = registry::resumed_settings(map.settings, std::move(options.settings));
    if (settings == map.settings) return;
    publication_.put(std::move(settings));
    publication_.log_when_durable(LogLevel::info, "the cluster's settings have changed");
}

Identity RegistryActor::identity() const {
    return {publication_.published().settings.id, {}, {}};
}

// Silence is counted from here at the earliest: no node could be heard while the registry was down.
void RegistryActor::begin(Time now) {
    if (std::exchange(begun_, true)) return excuse_stall(now);
    listened_at_ = now;
    membership_.begin(now);
    publication_.note(now, {.kind = registry::kind::registry_started,
                            .text = "the registry has started, release " + std::string(version())});
}

// A machine that stood still, or had no processor for us: what was sent meanwhile is read only now.
void RegistryActor::excuse_stall(Time now) {
    const Duration stall = now - std::exchange(listened_at_, now);
    if (stall < proposal_repeat) return;
    views_.excuse(stall);
    membership_.excuse(stall);
    rebalancer_.excuse(stall);
}

void RegistryActor::receive(Time now, const Origin& from, Message message) {
    begin(now);
    if (++received_ > messages_a_turn) {
        ++publication_.counters().messages_dropped;
        publication_.log_seldom(now, LogLevel::warning, "too many messages at once: some are dropped");
        return;
    }
    std::visit(
        [&]<class M>(const M& content) {
            if constexpr (RegistryRequest<M> || OperatorOfRegistry<M> || OneOf<M, MapRequest>)
                handle(now, from, content);
            else if constexpr (ClientRequest<M> || ClientAnswer<M> || MapAnswer<M> || RegistryAnswer<M> ||
                               PeerMessage<M> || OperatorAnswer<M> || OperatorOfNode<M> || OneOf<M, MapDelta>)
                refuse_misplaced(now, from, name_of(message));
            else
                static_assert(OneOf<M, FrameRefused>, "say what the registry does with this message");  // no answer
        },
        message);
}

void RegistryActor::tick(Time now) {
    begin(now);
    if (!publication_.map().formed()) {
        if (no_formation_.empty() && formation_.tick(now)) membership_.begin(now);
    } else if (standing_aside_.empty()) {
        membership_.tick(now);
        if (views_.tick(now)) membership_.forget_unreferenced();
        rebalancer_.tick(now);
    } else {
        publication_.log_seldom(now, LogLevel::error, standing_aside_);
    }
    publication_.tick(now);
    unavailability_.tick(now);
    conditions_.tick(now, publication_.published(), publication_.changes());
}

registry::Figures RegistryActor::figures(Time now) const {
    const ClusterMap& map = publication_.map();
    registry::Figures figures;
    figures.counters = publication_.counters();
    figures.census = registry::census_of(map);
    figures.epoch = publication_.published().epoch.value();
    figures.formed = map.formed();
    figures.repair_frozen = map.formed() && repair_frozen(map);
    figures.stands_still = publication_.stands_still(now);
    figures.standing_aside = standing_aside_;
    figures.unavailable = unavailability_.sum();
    return figures;
}

registry::Overview RegistryActor::overview(Time now) {
    registry::Overview overview = overviews_.make(now);
    overview.standing_aside = standing_aside_;
    return overview;
}

void RegistryActor::durable(Time, BatchNumber number) {
    publication_.durable(number);
}

Effects RegistryActor::take_effects() {
    received_ = 0;
    return publication_.take_effects();
}

std::optional<std::string> RegistryActor::cluster_objection(Uuid theirs) const {
    const Uuid ours = publication_.map().settings.id;
    if (theirs.none() || theirs == ours) return std::nullopt;
    if (ours.none())
        return "this registry has no state, but the sender belongs to cluster " + theirs.to_string() + "; " +
               lost_data_advice;
    return "this registry is of cluster " + ours.to_string() + ", the sender of cluster " + theirs.to_string() +
           "; check which registry it is pointed to";
}

std::optional<std::string> RegistryActor::node_objection(Uuid theirs) {
    auto text = cluster_objection(theirs);
    // A cluster exists whose views are not known here: to make new ones would fork its data (R2).
    if (text && !publication_.map().formed()) no_formation_ = *text;
    return text;
}

void RegistryActor::refuse(Time now, const Origin& from, ErrorCode code, const std::string& text) {
    ++publication_.counters().messages_refused;
    publication_.log_seldom(now, LogLevel::warning, text);
    publication_.send(from, FrameRefused{code, text});
}

void RegistryActor::stand_aside(Time now, const std::string& why) {
    standing_aside_ =
        why +
        ": the registry's state is older than the cluster's, as after restoring an old backup; it takes "
        "no joins and no view changes; stop it and start it on the newest copy of its data_dir, or make that anew with "
        "`ringkv-registry rebuild` (see \"The registry's data is lost\" in docs/operations.md)";
    publication_.log_seldom(now, LogLevel::error, standing_aside_);
    publication_.note(now, {.kind = registry::kind::registry_stands_aside, .text = standing_aside_});
}

void RegistryActor::handle(Time now, const Origin& from, const Join& join) {
    const auto refuse_join = [&](bool retry, const std::string& text) {
        publication_.refuse_join(now, from, join, retry, text);
    };
    for (Uuid theirs : {from.cluster, join.cluster})
        if (const auto text = node_objection(theirs)) return refuse_join(false, *text);
    if (!standing_aside_.empty()) return refuse_join(true, standing_aside_);
    if (const auto text = registry::objection_to(join)) return refuse_join(false, *text);
    const ClusterMap& map = publication_.map();
    if (!map.formed()) {
        if (!no_formation_.empty()) return refuse_join(true, "no cluster is formed here: " + no_formation_);
        return formation_.join(now, from, join);
    }
    if (!join.cluster.none() && join.id >= publication_.unused_id()) {
        stand_aside(now, join.name + " has the id " + std::to_string(join.id.value()) + ", which is not given yet");
        return refuse_join(true, standing_aside_);
    }
    if (!membership_.has_heard_around(now)) return;  // it will be repeated
    membership_.join(now, from, join);
}

void RegistryActor::handle(Time now, const Origin& from, const Heartbeat& heartbeat) {
    ++publication_.counters().heartbeats;
    const ClusterMap& map = publication_.published();
    if (const auto text = node_objection(from.cluster)) return refuse(now, from, ErrorCode::wrong_cluster, *text);
    const bool ahead = std::tie(heartbeat.generation, heartbeat.epoch) > std::tie(map.generation, map.epoch);
    if (ahead && !from.cluster.none())
        stand_aside(now, "node " + std::to_string(heartbeat.node.value()) + " knows epoch " +
                             std::to_string(heartbeat.epoch.value()) + ", the registry only " +
                             std::to_string(map.epoch.value()));
    if (!standing_aside_.empty()) {  // it is heard, but nothing changes by it
        publication_.send(from, HeartbeatAnswer{map.generation, map.epoch, true});
        return;
    }
    if (!membership_.heartbeat(now, from, heartbeat)) return;
    conditions_.heartbeat(now, heartbeat);
    if (heartbeat.activity)
        activity_.add(now, publication_.map().find(heartbeat.node)->name, heartbeat.node, heartbeat.start,
                      *heartbeat.activity);
}

std::optional<std::string> RegistryActor::propose_objection(const Origin& from, const Propose& propose) const {
    const ClusterMap& map = publication_.map();
    if (!map.formed()) return "no cluster is formed yet";
    const NodeInfo* node = map.find(propose.node);
    if (node == nullptr || node->state == NodeState::gone || node->start != from.start || from.node != propose.node)
        return "node " + std::to_string(propose.node.value()) + " in that start is not known here: it must join first";
    if (propose.proposals.size() > map.partitions.size()) return "there are more proposals than partitions";
    for (const Proposal& proposal : propose.proposals)
        if (proposal.partition.value() >= map.partitions.size())
            return "there is no partition " + std::to_string(proposal.partition.value());
    return std::nullopt;
}

void RegistryActor::handle(Time now, const Origin& from, const Propose& propose) {
    if (const auto text = node_objection(from.cluster)) return refuse(now, from, ErrorCode::wrong_cluster, *text);
    if (const auto text = propose_objection(from, propose)) return refuse(now, from, ErrorCode::refused, *text);
    if (standing_aside_.empty() && views_.is_ahead(propose))
        stand_aside(now, "node " + std::to_string(propose.node.value()) + " knows a view that the registry does not");
    if (!standing_aside_.empty()) return refuse(now, from, ErrorCode::refused, standing_aside_);
    if (!membership_.has_heard_around(now) || !membership_.has_heard(propose.node)) return;  // it will be repeated
    views_.propose(now, from, propose);
}

void RegistryActor::handle(Time now, const Origin& from, const MapRequest& request) {
    if (const auto text = cluster_objection(from.cluster)) return refuse(now, from, ErrorCode::wrong_cluster, *text);
    const ClusterMap& map = publication_.published();
    if (std::tie(map.generation, map.epoch) > std::tie(request.generation, request.epoch))
        publication_.send_snapshot(from);
    else
        publication_.send(from, CurrentEpoch{map.generation, map.epoch});
}

void RegistryActor::handle(Time now, const Origin& from, const Administer& request) {
    const auto answer = [&](ErrorCode code, const std::string& text) {
        publication_.send(from, AdministerAnswer{request.request, code, text, publication_.map().epoch});
    };
    if (const auto text = cluster_objection(from.cluster)) return answer(ErrorCode::wrong_cluster, *text);
    if (!publication_.map().formed()) return answer(ErrorCode::unavailable, "no cluster is formed yet");
    if (!standing_aside_.empty()) return answer(ErrorCode::refused, standing_aside_);
    if (!membership_.has_heard_around(now)) return;                // it will be repeated
    if (publication_.owes(from.address, request.request)) return;  // it is taken in, and answered when it is stored
    if (publication_.stands_still(now) || publication_.crowded())
        return answer(ErrorCode::unavailable,
                      "nothing was changed: the registry's disk does not store anything at present; its log says why "
                      "(if the disk is full, make room); then do it again");
    registry::administer(now, publication_, membership_, from, request);
}

void RegistryActor::handle(Time now, const Origin& from, const EventsRequest& request) {
    if (const auto text = cluster_objection(from.cluster)) return refuse(now, from, ErrorCode::wrong_cluster, *text);
    publication_.send_events(from, request);
}

void RegistryActor::handle(Time now, const Origin& from, const Trouble& trouble) {
    if (cluster_objection(from.cluster) || from.node != trouble.node) return;
    troubles_.told(now, trouble);
}

void RegistryActor::handle(Time now, const Origin& from, const ConditionRequest& request) {
    if (const auto text = cluster_objection(from.cluster)) return refuse(now, from, ErrorCode::wrong_cluster, *text);
    ConditionAnswer answer = conditions_.answer(now, request.request, publication_.published());
    answer.troubles = troubles_.lasting(now);
    publication_.send(from, std::move(answer));
}

void RegistryActor::refuse_misplaced(Time now, const Origin& from, std::string_view name) {
    refuse(now, from, ErrorCode::refused,
           "the registry does not take " + std::string(name) +
               ": it is not on the way of data; reads and writes go to the nodes");
}

}  // namespace ringkv
