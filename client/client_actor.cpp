#include "client/client_actor.hpp"

#include <algorithm>
#include <utility>

#include "client/outcomes.hpp"
#include "common/message_groups.hpp"
#include "common/partitioning.hpp"
#include "common/protocol_version.hpp"

namespace ringkv {

namespace {

// Beyond any configuration of a node; what the nodes allow, they say themselves.
constexpr std::size_t absurd_size = std::size_t{1} << 30U;

// How long a newer map is looked for, when an endpoint was found silent; then it is seen whether it is still.
constexpr Duration look_again = std::chrono::seconds(1);
// How long a stale read waits to be heard by a replica before it looks whether another one talks.
constexpr Duration replica_patience = std::chrono::milliseconds(20);
// Of a message, beside its key and its value: more or less.
constexpr std::size_t message_size = 64;

// nullptr: it is not about one key.
const std::string* key_of(const Operation& operation) {
    if (const auto* write = std::get_if<WriteOperation>(&operation)) return &write->key;
    if (const auto* get = std::get_if<GetOperation>(&operation)) return &get->key;
    return nullptr;
}

// nullptr: it is none.
const StaleRead* stale_read(const Operation& operation) {
    if (const auto* get = std::get_if<GetOperation>(&operation)) return get->stale ? &*get->stale : nullptr;
    if (const auto* scan = std::get_if<ScanOperation>(&operation)) return scan->stale ? &*scan->stale : nullptr;
    return nullptr;
}

std::optional<Error> invalid(const Operation& operation) {
    if (const StaleRead* stale = stale_read(operation);
        stale != nullptr && stale->max_age.value_or(Duration(0)) < Duration(0))
        return Error(ErrorCode::invalid_argument, "a read cannot be younger than now: its greatest age is negative");
    const std::string* key = key_of(operation);
    if (key == nullptr) return std::nullopt;
    if (key->empty()) return Error(ErrorCode::invalid_argument, "a key has at least 1 byte");
    const auto* write = std::get_if<WriteOperation>(&operation);
    if (write != nullptr && write->expected && write->ack == Ack::primary)
        return Error(ErrorCode::invalid_argument, "a conditional write is acknowledged by all members");
    if (key->size() > absurd_size) return Error(ErrorCode::invalid_argument, "the key is larger than 1 GiB");
    if (write != nullptr && write->value && write->value->size() > absurd_size)
        return Error(ErrorCode::invalid_argument, "the value is larger than 1 GiB");
    return std::nullopt;
}

// Bytes that an attempt brings to the wire, both ways.
std::size_t size_of(const PendingRequest& request) {
    if (const auto* write = std::get_if<WriteOperation>(request.operation))
        return message_size + write->key.size() + (write->value ? write->value->size() : 0);
    return message_size + request.contact->expected_answer();
}

}  // namespace

ClientActor::ClientActor(ClientOptions options, std::uint64_t seed)
    : retry_(options.retry),
      slow_(options.on_slow ? options.slow : Duration{}),
      on_slow_(std::move(options.on_slow)),
      id_(options.id),
      rack_(std::move(options.rack)),
      tracker_(options.in_flight, seed),
      finder_(std::move(options.registries)),
      contacts_(options.contact),
      random_(seed) {}

OperationId ClientActor::submit(Time now, Operation&& operation, Time deadline) {
    if (std::optional<Error> error = refuse_at_once(operation)) return end_at_once(std::move(*error), nullptr);
    PendingRequest& request = tracker_.open(deadline, nullptr);
    request.kept = std::move(operation);
    request.operation = &request.kept;
    return begin(now, request);
}

OperationId ClientActor::submit(Time now, const Operation* operation, Time deadline, void* context) {
    if (std::optional<Error> error = refuse_at_once(*operation)) return end_at_once(std::move(*error), context);
    PendingRequest& request = tracker_.open(deadline, context);
    request.operation = operation;
    return begin(now, request);
}

// None: the tracker has room for it.
std::optional<Error> ClientActor::refuse_at_once(const Operation& operation) const {
    if (closed_) return Error(ErrorCode::closed, "the client is closed");
    if (std::optional<Error> error = invalid(operation)) return error;
    if (!tracker_.full()) return std::nullopt;
    return Error(ErrorCode::unavailable, "too many requests outstanding (" + std::to_string(tracker_.size()) +
                                             "): wait for some of them, then try again");
}

OperationId ClientActor::begin(Time now, PendingRequest& request) {
    now_ = now;
    request.began = now;
    const OperationId id = request.id;
    if (const std::string* key = key_of(*request.operation)) request.hash = hash_of(*key);
    request.stale = stale_read(*request.operation) != nullptr;
    if (std::holds_alternative<FetchMapOperation>(*request.operation)) {
        keep_asking(now, request);
        return id;
    }
    if (const auto* write = std::get_if<WriteOperation>(request.operation)) {
        request.sequence =
            sequences_.take(request.slot, cache_.formed() ? std::optional(partition_of(request)) : std::nullopt);
        if (!order_.enter(request.slot, request.hash, write->ordered)) {
            request.phase = PendingRequest::Phase::ordered;
            return id;
        }
    }
    dispatch(now, request);
    dispatch_ready(now);
    return id;
}

OperationId ClientActor::end_at_once(Error error, void* context) {
    const OperationId id = tracker_.skip();
    complete(id, context, std::move(error));
    return id;
}

PartitionId ClientActor::partition_of(const PendingRequest& request) const {
    if (const auto* scan = std::get_if<ScanOperation>(request.operation)) return scan->partition;
    return partition_of_hash(request.hash, cache_.partitions());
}

void ClientActor::complete(OperationId id, void* context, Result<Outcome>&& outcome) {
    if (completions_.capacity() == 0) completions_.reserve(usual_completions_);
    completions_.emplace_back(id, context, std::move(outcome));
}

std::vector<Completion> ClientActor::take_completions() {
    if (!completions_.empty()) usual_completions_ = completions_.size();
    return std::exchange(completions_, {});
}

void ClientActor::close(Time now) {
    now_ = now;
    closed_ = true;
    tracker_.for_each([this](PendingRequest& request) { finish(request, closed_meanwhile(request)); });
    ready_.clear();
    roomy_.clear();
}

void ClientActor::tick(Time now) {
    now_ = now;
    for (Contact* contact : contacts_.expire(now)) roomy_.push_back(contact);
    for (const std::uint32_t slot : tracker_.due(now))
        if (tracker_.is_due(slot, now)) wake(now, tracker_.at(slot));
    dispatch_ready(now);
    if (closed_) return;
    knock(now);
    ask_for_map(now);
}

Effects ClientActor::take_effects() {
    if (!effects_.sends.empty()) usual_sends_ = effects_.sends.size();
    write_messages();
    return std::exchange(effects_, {});
}

// ---------------------------------------------------------------- attempts

void ClientActor::dispatch(Time now, PendingRequest& request) {
    withdraw(request);
    if (now >= request.deadline) return expire(request);
    if (!cache_.formed()) {
        request.phase = PendingRequest::Phase::mapless;
        return tracker_.wake_at(request, request.deadline);
    }
    request.partition = partition_of(request);
    if (request.partition.value() >= cache_.partitions())
        return finish(request, Error(ErrorCode::invalid_argument,
                                     "there is no partition " + std::to_string(request.partition.value())));
    if (request.is_write() && !sequences_.may_be_sent(request.slot)) {
        request.phase = PendingRequest::Phase::crowded;
        return tracker_.wake_at(request, request.deadline);
    }
    const Route& route = route_of(now, request);
    if (!route.none()) return stand_in_line(now, request, route);
    request.refusal =
        "no node that could serve it is there (view " + cache_.view(request.partition).id.to_string() + ")";
    finder_.want(now);
    back_off(now, request, retry_.longest_pause);
}

void ClientActor::dispatch_ready(Time now) {
    while (!ready_.empty() || !roomy_.empty()) {
        if (!ready_.empty()) {
            PendingRequest& request = tracker_.at(ready_.back());
            ready_.pop_back();
            if (request.phase == PendingRequest::Phase::ordered || request.phase == PendingRequest::Phase::crowded)
                dispatch(now, request);
        } else {
            Contact& contact = *roomy_.back();
            roomy_.pop_back();
            serve_line(now, contact);
        }
    }
}

// Nothing is sent to an endpoint that was not heard: it would be lost, and a write be in doubt for nothing. Nor is more
// sent to one than it has room for.
void ClientActor::stand_in_line(Time now, PendingRequest& request, const Route& route) {
    Contact& contact = contacts_.at(route);
    request.target = &route;
    request.contact = &contact;
    if (contact.reached(now) && contact.line.empty() && contact.fits(size_of(request))) return send(now, request);
    request.phase = PendingRequest::Phase::in_line;
    contact.line.emplace(request.id, request.slot);
    tracker_.wake_at(request, request.stale ? now + replica_patience : request.deadline);
    if (contact.reached(now))
        roomy_.push_back(&contact);
    else
        contacts_.reach(now, request.deadline, contact);
}

void ClientActor::serve_line(Time now, Contact& contact) {
    while (contact.reached(now) && !contact.line.empty()) {
        PendingRequest& request = tracker_.at(contact.line.begin()->second);
        if (now >= request.deadline || moved(request)) {
            dispatch(now, request);
            continue;
        }
        if (!contact.fits(size_of(request))) return;
        contact.line.erase(contact.line.begin());
        send(now, request);
    }
}

void ClientActor::send(Time now, PendingRequest& request) {
    if (request.attempts == 0) request.known = cache_.known(request.partition);
    tracker_.attempt(request, now);
    request.held = size_of(request);
    request.contact->hold(request.held);
    tracker_.wake_at(request, request.contact->silent_at(now));
    if (effects_.sends.capacity() == 0) effects_.sends.reserve(usual_sends_);
    // An older node is asked for what it knows: nothing less sure.
    const bool sure = request.contact->minor() < minor_with_less_sure_answers;
    unwritten_.push_back({effects_.sends.size(), request.latest, sure});
    Outgoing& sent = effects_.sends.emplace_back();
    sent.address = Address::to(request.contact->endpoint());
    sent.to = request.target->node;
}

// Out of the line. An attempt without an answer stays in its endpoint's hands, and takes room there.
void ClientActor::withdraw(PendingRequest& request) {
    if (request.phase == PendingRequest::Phase::in_line) request.contact->line.erase(request.id);
    if (request.held == 0) return;
    if (!request.contact->talks()) return give_back(request);
    const Time lost = request.contact->lost_at(request.sent, request.attempts);
    contacts_.abandon(request.latest, *request.contact, std::exchange(request.held, 0), lost);
}

// The latest attempt takes no room at its endpoint any more.
void ClientActor::give_back(PendingRequest& request) {
    if (request.held == 0) return;
    request.contact->release(std::exchange(request.held, 0));
    if (!request.contact->line.empty()) roomy_.push_back(request.contact);
}

// An attempt has no answer yet. Slowness is not answered with more load: it is made again only elsewhere, at another
// process, or when it is lost.
void ClientActor::look_after(Time now, PendingRequest& request) {
    Contact& contact = *request.contact;
    if (moved(request)) return dispatch(now, request);
    const Time silent = contact.silent_at(request.sent);
    const Time lost = contact.lost_at(request.sent, request.attempts);
    // First of the two: a node that answers knocks alone falls silent again and again, and the attempt may be lost.
    if (contact.talks() && now >= lost) {
        give_back(request);
        ++request.passed_on;
        return dispatch(now, request);
    }
    if (contact.talks() && now >= silent) fell_silent(now, contact);
    if (!contact.talks()) {
        // The primary may be dead: look for a newer map as well.
        contacts_.reach(now, request.deadline, contact);
        finder_.want_until(now, now + look_again);
        if (request.stale) return dispatch(now, request);
        return tracker_.wake_at(request, now + look_again);
    }
    tracker_.wake_at(request, std::min(silent, lost));
}

void ClientActor::fell_silent(Time now, Contact& contact) {
    contact.fall_silent();
    contacts_.forget(contact);
    Time latest = now;
    for (const auto& [id, slot] : contact.line) latest = std::max(latest, tracker_.at(slot).deadline);
    contacts_.reach(now, latest, contact);
}

void ClientActor::heard(Time now, const Origin& from) {
    const Contact::Heard what = contacts_.heard(now, from);
    if (what == Contact::Heard::on) return;
    Contact& contact = contacts_.at(from);
    roomy_.push_back(&contact);
    if (what == Contact::Heard::restarted) contacts_.forget(contact);
    tracker_.for_each([&](PendingRequest& request) {
        if (request.contact != &contact || request.phase != PendingRequest::Phase::under_way) return;
        if (what == Contact::Heard::begins) return tracker_.wake_at(request, contact.silent_at(request.sent));
        give_back(request);  // that process is gone
        dispatch(now, request);
    });
}

// What cannot leave now was not appended anywhere, and is kept here.
void ClientActor::unsent(Time now, const Outgoing& message) {
    std::visit(
        [&]<class M>(const M& content) {
            if constexpr (ClientRequest<M>) {
                PendingRequest* request = tracker_.find(content.request);
                if (request == nullptr) return;
                tracker_.refused(*request, content.request);
                give_back(*request);
                request->refusal = "the connection takes nothing now";
                finder_.want(now);
                back_off(now, *request, retry_.longest_pause);
            }
        },
        message.message);
}

void ClientActor::knock(Time now) {
    for (const Contacts::Knock& knock : contacts_.knocks(now)) {
        // "Nothing newer" may go unsaid; a whole map never does, but is a burden to one that is only slow.
        const bool patient = knock.count % 16 != 3;
        ask_map_of(knock.endpoint, patient ? MapRequest{cache_.map().generation, cache_.map().epoch} : MapRequest{});
        if (!patient) finder_.want(now);
    }
}

void ClientActor::back_off(Time now, PendingRequest& request, Duration longest) {
    request.pause = std::clamp(request.pause * 2, retry_.pause, longest);
    request.phase = PendingRequest::Phase::backing_off;
    tracker_.wake_at(request, now + jittered(request.pause));
}

void ClientActor::wake(Time now, PendingRequest& request) {
    if (now >= request.deadline) return expire(request);
    switch (request.phase) {
        case PendingRequest::Phase::asking: return keep_asking(now, request);
        case PendingRequest::Phase::backing_off: return dispatch(now, request);
        case PendingRequest::Phase::under_way: return look_after(now, request);
        case PendingRequest::Phase::in_line:  // the map names another node by now
            return dispatch(now, request);
        case PendingRequest::Phase::ordered:
        case PendingRequest::Phase::crowded:
        case PendingRequest::Phase::mapless: return tracker_.wake_at(request, request.deadline);
        case PendingRequest::Phase::free: return;
    }
}

void ClientActor::expire(PendingRequest& request) {
    const bool asking = request.phase == PendingRequest::Phase::asking;
    const bool mapless = request.phase == PendingRequest::Phase::mapless;
    finish(request, asking || mapless ? no_map() : deadline_passed(request));
}

void ClientActor::finish(PendingRequest& request, Result<Outcome>&& outcome) {
    if (slow_ > Duration{} && now_ - request.began >= slow_) tell_slow(request);
    withdraw(request);
    if (request.is_write()) {
        freed_.clear();
        sequences_.finish(request.slot, freed_);
        for (const std::uint32_t slot : freed_)  // others wait for their turn at their key first
            if (tracker_.at(slot).phase == PendingRequest::Phase::crowded) ready_.push_back(slot);
        order_.leave(request.slot, ready_);
    }
    complete(request.id, request.context, std::move(outcome));
    tracker_.close(request);
}

void ClientActor::tell_slow(const PendingRequest& request) const {
    const Duration took = now_ - request.began;
    const bool tried = request.attempts > 0;
    on_slow_({.operation = *request.operation,
              .took = took,
              .before = tried ? request.sent - request.began : took,
              .attempt = request.latest,
              .attempts = request.attempts,
              .sequence = request.sequence,
              .endpoint = tried ? request.target->endpoint : std::string(),
              .refusal = request.refusal});
}

Duration ClientActor::jittered(Duration duration) {
    // splitmix64; half of the duration is fixed, so that a pause is a pause.
    random_ += 0x9E3779B97F4A7C15U;
    std::uint64_t bits = random_;
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
    bits ^= bits >> 31U;
    const Duration half = duration / 2;
    return half + Duration(static_cast<Duration::rep>(bits % static_cast<std::uint64_t>(half.count() + 1)));
}

}  // namespace ringkv
