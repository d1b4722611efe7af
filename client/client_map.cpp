// ClientActor: how it learns the cluster map. PUB/SUB is a hint; whatever it loses, a question gets back.
#include <algorithm>

#include "client/client_actor.hpp"
#include "common/published_endpoint.hpp"

namespace ringkv {

namespace {

// Later than that without an answer of a registry, nodes are asked as well.
constexpr Duration registry_patience = std::chrono::milliseconds(200);
// How long an attempt may be under way before a newer map sends it elsewhere: the old primary may be about to answer.
constexpr Duration answer_in_flight = std::chrono::milliseconds(50);

}  // namespace

void ClientActor::ask_for_map(Time now) {
    const MapRequest question{cache_.map().generation, cache_.map().epoch};
    for (const std::string& endpoint : finder_.ask(now, cache_.map())) ask_map_of(endpoint, question);
}

void ClientActor::ask_map_of(const std::string& endpoint, const MapRequest& question) {
    effects_.sends.push_back({Address::to(endpoint), NodeId{}, question});
}

// A FetchMapOperation's question: to the registries first, which know best; then to nodes too. Without
// a map ask_for_map() is asking already, and the first answer is as good as any.
void ClientActor::keep_asking(Time now, PendingRequest& request) {
    request.phase = PendingRequest::Phase::asking;
    tracker_.wake_at(request, now + registry_patience);
    if (!cache_.formed()) return;
    // The first question may be answered with "nothing newer"; after silence anything will do.
    const MapRequest question =
        request.attempts == 0 ? MapRequest{cache_.map().generation, cache_.map().epoch} : MapRequest{};
    for (const std::string& endpoint : finder_.registries()) ask_map_of(endpoint, question);
    if (request.attempts++ == 0) return;
    for (const std::string& endpoint : finder_.some_nodes(cache_.map(), 2)) ask_map_of(endpoint, question);
}

void ClientActor::on(Time now, const Origin& from, MapSnapshot& answer) {
    const ClusterMap& map = answer.map;
    if (!map.formed()) {
        heard_unformed_ = true;
        return;
    }
    if (from.cluster != map.settings.id || (cache_.formed() && !ours(from))) return;
    if (cache_.apply(map) == RingCache::Learned::more) {
        follow_publisher(from.address.endpoint);
        map_changed(now);
    }
    if (cache_.formed()) map_confirmed(from.address.endpoint);
}

void ClientActor::on(Time now, const Origin& from, MapDelta& delta) {
    if (!ours(from)) return;
    switch (cache_.apply(delta)) {
        case RingCache::Learned::more: return map_changed(now);
        case RingCache::Learned::gap: return finder_.want(now);
        case RingCache::Learned::nothing: return;
    }
}

void ClientActor::on(Time now, const Origin& from, CurrentEpoch& beacon) {
    if (!cache_.formed()) {
        heard_unformed_ = true;
        return;
    }
    if (!ours(from)) return;
    if (std::tie(beacon.generation, beacon.epoch) > std::tie(cache_.map().generation, cache_.map().epoch))
        finder_.want(now);
    else if (from.address.endpoint != publisher_)  // an answer to a question of ours
        map_confirmed(from.address.endpoint);
}

// Requests that waited for a map go on; those sent to a node that is not the primary any more are sent anew.
void ClientActor::map_changed(Time now) {
    sequences_.place([this](std::uint32_t slot) { return partition_of(tracker_.at(slot)); });
    tracker_.for_each([&](PendingRequest& request) {
        if (request.phase == PendingRequest::Phase::mapless) return dispatch(now, request);
        const bool under_way = request.phase == PendingRequest::Phase::under_way;
        if (!under_way && request.phase != PendingRequest::Phase::backing_off &&
            request.phase != PendingRequest::Phase::in_line)
            return;
        if (!moved(request)) return;
        tracker_.wake_at(request, under_way ? std::max(now, request.sent + answer_in_flight) : now);
    });
}

void ClientActor::map_confirmed(const std::string& by) {
    MapOutcome map;
    tracker_.for_each([&](PendingRequest& request) {
        if (request.phase != PendingRequest::Phase::asking) return;
        if (!finder_.is_registry(by) && request.attempts < 2) return;
        if (!map) map = std::make_shared<const ClusterMap>(cache_.merged());
        finish(request, Outcome(map));
    });
}

void ClientActor::follow_publisher(const std::string& map_source) {
    if (cache_.map().settings.publish.empty()) return;
    if (!publisher_.empty() && !finder_.is_registry(map_source)) return;
    std::string publisher = reachable_endpoint(cache_.map().settings.publish, map_source);
    if (publisher == publisher_) return;
    publisher_ = publisher;
    effects_.subscribe = std::move(publisher);
}

Error ClientActor::no_map() const {
    const std::string asked = finder_.registries_text();
    if (cache_.formed())
        return {ErrorCode::unavailable, "no registry and no node answered in time (asked " + asked +
                                            " and nodes of the map); is this machine cut off?"};
    if (map_refused_) return {map_refused_->code, "refused by " + asked + ": " + map_refused_->text};
    if (heard_unformed_)
        return {ErrorCode::unavailable,
                asked + " answered, but the cluster is not formed yet; start the nodes it waits for (form_with)"};
    return {ErrorCode::unavailable,
            "no answer from " + asked + " in time; is a registry or a node of the cluster running there?"};
}

}  // namespace ringkv
