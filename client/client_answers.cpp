// ClientActor: what it makes of the answers to its attempts. An answer counts only for an attempt that
// is unanswered, of its own kind and partition, from the cluster of the map; anything else is dropped.
#include <algorithm>

#include "client/client_actor.hpp"
#include "client/outcomes.hpp"
#include "common/message_groups.hpp"
#include "common/protocol_version.hpp"
#include "common/refusal_reason.hpp"

namespace ringkv {

namespace {

// Keys in order, all of them after where the scan stood, all with the prefix; and progress, if there is more.
bool answers(const ScanOperation& scan, const ScanAnswer& answer) {
    if (answer.more && answer.records.empty()) return false;
    if (scan.limit > 0 && answer.records.size() > scan.limit) return false;
    const std::string* before = scan.after ? &*scan.after : nullptr;
    for (const KeyRecord& record : answer.records) {
        if (!record.key.starts_with(scan.prefix)) return false;
        if (before != nullptr && record.key <= *before) return false;
        before = &record.key;
    }
    return true;
}

bool asks_for_less(const PendingRequest& request) {
    const auto* write = std::get_if<WriteOperation>(request.operation);
    return write != nullptr && write->ack != Ack::all;
}

std::size_t size_of(const ScanAnswer& answer) {
    std::size_t bytes = 0;
    for (const KeyRecord& record : answer.records) bytes += record.key.size() + record.value.size();
    return bytes;
}

}  // namespace

void ClientActor::receive(Time now, const Origin& from, Message message) {
    now_ = now;
    if (closed_) return;
    std::visit(
        [&]<class M>(M& content) {
            if constexpr (ClientAnswer<M> || MapAnswer<M> || OneOf<M, FrameRefused, MapDelta>)
                on(now, from, content);
            else  // not for a client
                static_assert(ClientRequest<M> || RegistryRequest<M> || RegistryAnswer<M> || PeerMessage<M> ||
                                  OperatorAnswer<M> || OperatorOfRegistry<M> || OperatorOfNode<M> ||
                                  OneOf<M, MapRequest>,
                              "say what a client does with this message");
        },
        message);
    // Nodes name themselves; so a publication, or another cluster's answer, does not count.
    if (ours(from) && !from.node.none()) heard(now, from);
    dispatch_ready(now);
}

// The request whose attempt it was, if that waits for an answer. What the attempt took of its endpoint's window is
// free.
PendingRequest* ClientActor::answered(Time now, const Origin& from, RequestId attempt) {
    if (!ours(from)) return nullptr;
    if (Contact* contact = contacts_.answered(attempt)) roomy_.push_back(contact);
    PendingRequest* request = tracker_.find(attempt);
    if (request == nullptr) return nullptr;
    contacts_.at(from).took(now - *request->unanswered_since(attempt));
    if (attempt == request->latest) give_back(*request);
    return request;
}

void ClientActor::on(Time now, const Origin& from, WriteAnswer& answer) {
    PendingRequest* request = answered(now, from, answer.request);
    if (request == nullptr || !request->is_write()) return;
    if (answer.status > WriteStatus::not_found) return;
    cache_.saw_commit(request->partition, answer.commit);
    finish(*request, Outcome(WriteOutcome{answer.status, answer.version}));
}

void ClientActor::on(Time now, const Origin& from, GetAnswer& answer) {
    PendingRequest* request = answered(now, from, answer.request);
    if (request == nullptr || !std::holds_alternative<GetOperation>(*request->operation)) return;
    contacts_.at(from).brought(answer.value ? answer.value->size() : 0);
    cache_.saw_commit(request->partition, answer.commit);
    GetOutcome outcome{{}, answer.version, answer.age.value_or(Duration{})};
    if (answer.value) outcome.value.emplace(answer.value->view());
    finish(*request, Outcome(std::move(outcome)));
}

void ClientActor::on(Time now, const Origin& from, ScanAnswer& answer) {
    PendingRequest* request = answered(now, from, answer.request);
    if (request == nullptr) return;
    const auto* scan = std::get_if<ScanOperation>(request->operation);
    if (scan == nullptr || !answers(*scan, answer)) return;
    contacts_.at(from).brought(size_of(answer));
    cache_.saw_commit(request->partition, answer.commit);
    finish(*request, Outcome(ScanOutcome{std::move(answer.records), answer.more, answer.age.value_or(Duration{})}));
}

void ClientActor::on(Time now, const Origin& from, NotPrimary& answer) {
    PendingRequest* request = answered(now, from, answer.request);
    if (request == nullptr || request->partition != answer.partition) return;
    if (answer.maybe_appended)
        tracker_.answered(*request, answer.request);
    else
        tracker_.refused(*request, answer.request);
    request->refusal = "not the primary (view " + answer.view.id.to_string() + ")";
    const bool mended = cache_.mend(answer);
    const bool latest = answer.request == request->latest && request->phase == PendingRequest::Phase::under_way;
    if (!latest) return;  // a later attempt is on its way
    if (request->stale) return ask_next_replica(now, *request, retry_.longest_pause);

    const Route& route = cache_.route(request->partition);
    const bool redirected = !route.none() && (mended || &route != request->target);
    if (!redirected) {
        finder_.want(now);
        return back_off(now, *request, retry_.longest_pause);
    }
    if (request->redirects++ < retry_.redirects) return dispatch(now, *request);
    // Two nodes that point at each other must not spin.
    request->phase = PendingRequest::Phase::backing_off;
    tracker_.wake_at(*request, now + retry_.redirect_pause);
}

void ClientActor::on(Time now, const Origin& from, RequestRefused& answer) {
    PendingRequest* request = answered(now, from, answer.request);
    if (request == nullptr) return;
    tracker_.refused(*request, answer.request);
    cache_.saw_commit(request->partition, answer.commit);
    request->refusal = name_of(answer.reason);
    if (!answer.text.empty()) request->refusal += " (" + answer.text + ")";
    const bool older = from.minor < minor_with_less_sure_answers;
    switch (answer.reason) {
        case RefusalReason::bad_key:
        case RefusalReason::bad_value:
            return finish(*request, refused_for_good(*request, ErrorCode::invalid_argument, request->refusal));
        case RefusalReason::not_built:
            // It has gone back to an older release since it was heard last: from now on it is asked for what it knows.
            if (older && asks_for_less(*request)) break;
            return finish(*request, refused_for_good(*request, ErrorCode::invalid_argument, request->refusal));
        case RefusalReason::session_expired:
        case RefusalReason::overloaded:
        case RefusalReason::busy:
        case RefusalReason::too_old: break;
    }
    const bool latest = answer.request == request->latest && request->phase == PendingRequest::Phase::under_way;
    if (!latest) return;
    if (answer.reason == RefusalReason::session_expired && request->is_write())
        return session_expired(now, *request, answer);
    const bool overloaded = answer.reason == RefusalReason::overloaded;
    const Duration longest = overloaded ? retry_.longest_overload_pause : retry_.longest_pause;
    if (request->stale) return ask_next_replica(now, *request, longest);
    // It would find no more room before what was taken is answered.
    if (overloaded) request->pause = std::max(request->pause, request->contact->answer_time());
    back_off(now, *request, longest);
}

// The partition has dropped records of sessions above `known`, so it cannot tell whether this sequence
// was carried out. We can, if no attempt of it was ever appended: then it is safe to name a higher commit
// point (C2). Otherwise the outcome cannot be known any more.
void ClientActor::session_expired(Time now, PendingRequest& request, const RequestRefused& answer) {
    if (!request.refused_everywhere())
        return finish(request, refused_for_good(request, ErrorCode::unavailable, request.refusal));
    const bool raised = answer.commit > request.known;
    if (raised) request.known = answer.commit;
    if (raised && request.redirects++ < retry_.redirects) return dispatch(now, request);
    back_off(now, request, retry_.longest_pause);
}

// A frame was refused. Which attempts were in it is not said, and what an earlier frame brought there, to this process
// or to one before it, may be done: it proves nothing of any attempt (C3).
void ClientActor::on(Time, const Origin& from, FrameRefused& answer) {
    const std::string& endpoint = from.address.endpoint;
    if (!cache_.formed() && finder_.is_registry(endpoint)) map_refused_ = answer;
    // A node with a blank disk that has not joined yet belongs to no cluster: it soon will, or the view changes.
    const bool blank = answer.code == ErrorCode::wrong_cluster && from.cluster.none();
    const bool final = answer.code == ErrorCode::wrong_cluster || answer.code == ErrorCode::version_mismatch;
    const bool damaged = answer.code == ErrorCode::malformed;
    if (blank || ours(from) || (!final && !damaged)) return;
    tracker_.for_each([&](PendingRequest& request) {
        const bool under_way = request.phase == PendingRequest::Phase::under_way;
        if (!under_way && request.phase != PendingRequest::Phase::in_line) return;
        if (request.target->endpoint != endpoint) return;
        // Of the next frame it may make sense: what was in this one counts as lost, in time.
        request.refusal = answer.text;
        if (final) finish(request, refused_for_good(request, answer.code, answer.text));
    });
}

}  // namespace ringkv
