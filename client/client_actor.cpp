#include "client/client_actor.hpp"

#include <algorithm>
#include <utility>

#include "client/outcomes.hpp"
#include "common/partitioning.hpp"

namespace ringkv {

namespace {

// Beyond any configuration of a node; what the nodes allow, they say themselves.
constexpr std::size_t absurd_size = std::size_t{1} << 30U;

std::optional<Error> invalid(const Operation& operation) {
    const auto check_key = [](const std::string& key) -> std::optional<Error> {
        if (key.empty()) return Error(ErrorCode::invalid_argument, "a key has at least 1 byte");
        if (key.size() > absurd_size) return Error(ErrorCode::invalid_argument, "the key is larger than 1 GiB");
        return std::nullopt;
    };
    if (const auto* get = std::get_if<GetOperation>(&operation)) return check_key(get->key);
    if (const auto* write = std::get_if<WriteOperation>(&operation)) {
        if (write->value && write->value->size() > absurd_size)
            return Error(ErrorCode::invalid_argument, "the value is larger than 1 GiB");
        return check_key(write->key);
    }
    return std::nullopt;
}

}  // namespace

ClientActor::ClientActor(ClientOptions options, std::uint64_t seed)
    : retry_(options.retry),
      id_(options.id),
      tracker_(options.in_flight),
      finder_(std::move(options.registries)),
      random_(seed) {}

OperationId ClientActor::submit(Time now, Operation operation, Time deadline) {
    const auto ends_at_once = [this](Error error) {
        const OperationId id = tracker_.skip();
        completions_.push_back({id, std::move(error)});
        return id;
    };
    if (closed_) return ends_at_once(Error(ErrorCode::closed, "the client is closed"));
    if (std::optional<Error> error = invalid(operation)) return ends_at_once(std::move(*error));
    PendingRequest* request = tracker_.open(std::move(operation), deadline);
    if (request == nullptr)
        return ends_at_once(Error(ErrorCode::unavailable, "too many requests outstanding (" +
                                                              std::to_string(tracker_.size()) +
                                                              "): wait for some of them, then try again"));
    const OperationId id = request->id;
    request->patience = retry_.patience;
    if (std::holds_alternative<FetchMapOperation>(request->operation)) {
        keep_asking(now, *request);
        return id;
    }
    if (const auto* write = std::get_if<WriteOperation>(&request->operation)) {
        request->sequence = sequences_.take();
        if (!order_.enter(request->slot(), write->key)) {
            request->phase = PendingRequest::Phase::ordered;
            return id;
        }
    }
    dispatch(now, *request);
    dispatch_ready(now);
    return id;
}

std::vector<Completion> ClientActor::take_completions() {
    return std::exchange(completions_, {});
}

void ClientActor::close(Time) {
    closed_ = true;
    tracker_.for_each([this](PendingRequest& request) { finish(request, closed_meanwhile(request)); });
    ready_.clear();
}

void ClientActor::tick(Time now) {
    for (const std::uint32_t slot : tracker_.due(now))
        if (tracker_.is_due(slot, now)) wake(now, tracker_.at(slot));
    dispatch_ready(now);
    if (closed_) return;
    knock(now);
    ask_for_map(now);
}

Effects ClientActor::take_effects() {
    return std::exchange(effects_, {});
}

// ---------------------------------------------------------------- attempts

void ClientActor::dispatch(Time now, PendingRequest& request) {
    if (now >= request.deadline) return expire(request);
    if (!cache_.formed()) {
        request.phase = PendingRequest::Phase::mapless;
        return tracker_.wake_at(request, request.deadline);
    }
    if (const auto* scan = std::get_if<ScanOperation>(&request.operation)) {
        if (scan->partition.value() >= cache_.partitions())
            return finish(request, Error(ErrorCode::invalid_argument,
                                         "there is no partition " + std::to_string(scan->partition.value())));
        request.partition = scan->partition;
    } else {
        const auto* write = std::get_if<WriteOperation>(&request.operation);
        const std::string& key = write != nullptr ? write->key : std::get<GetOperation>(request.operation).key;
        request.partition = partition_of(key, cache_.partitions());
    }
    const Route& route = cache_.route(request.partition);
    if (!route.none()) return contacts_.reached(route.endpoint) ? send(now, request, route) : hold(now, request, route);
    request.refusal =
        "no node that could serve it is there (view " + cache_.view(request.partition).id.to_string() + ")";
    finder_.want(now);
    back_off(now, request);
}

void ClientActor::dispatch_ready(Time now) {
    while (!ready_.empty()) {
        const std::uint32_t slot = ready_.back();
        ready_.pop_back();
        PendingRequest& request = tracker_.at(slot);
        if (request.phase == PendingRequest::Phase::ordered) dispatch(now, request);
    }
}

void ClientActor::send(Time now, PendingRequest& request, const Route& route) {
    if (request.attempts == 0) request.known = cache_.known(request.partition);
    tracker_.attempt(request, now, route);
    tracker_.wake_at(request, now + request.patience);
    effects_.sends.push_back({Address::to(route.endpoint), route.node, message_for(request)});
}

// Nothing is sent to an endpoint that was not heard: it would be lost, and a write be in doubt for nothing.
void ClientActor::hold(Time now, PendingRequest& request, const Route& route) {
    request.phase = PendingRequest::Phase::reaching;
    request.target = route;
    contacts_.reach(now, request.deadline, route.endpoint);
    tracker_.wake_at(request, request.deadline);
}

void ClientActor::heard(Time now, const std::string& endpoint) {
    if (!contacts_.heard(now, endpoint)) return;
    tracker_.for_each([&](PendingRequest& request) {
        if (request.phase == PendingRequest::Phase::reaching && request.target.endpoint == endpoint)
            dispatch(now, request);
    });
}

void ClientActor::knock(Time now) {
    for (const Contacts::Knock& knock : contacts_.knocks(now)) {
        // "Nothing newer" may go unsaid; a whole map never does.
        const bool patient = knock.count < 3;
        ask_map_of(knock.endpoint, patient ? MapRequest{cache_.map().generation, cache_.map().epoch} : MapRequest{});
        if (!patient) finder_.want(now);
    }
}

Message ClientActor::message_for(const PendingRequest& request) const {
    if (const auto* write = std::get_if<WriteOperation>(&request.operation))
        return Write{.request = request.latest,
                     .partition = request.partition,
                     .client = id_,
                     .sequence = request.sequence,
                     .lowest = sequences_.lowest(),
                     .known = request.known,
                     .key = write->key,
                     .value = write->value,
                     .expected = write->expected,
                     .ack = Ack::all};
    if (const auto* get = std::get_if<GetOperation>(&request.operation))
        return Get{.request = request.latest, .partition = request.partition, .key = get->key};
    const auto& scan = std::get<ScanOperation>(request.operation);
    return Scan{.request = request.latest,
                .partition = request.partition,
                .prefix = scan.prefix,
                .after = scan.after,
                .limit = scan.limit,
                .keys_only = scan.keys_only};
}

void ClientActor::back_off(Time now, PendingRequest& request) {
    request.pause = std::clamp(request.pause * 2, retry_.pause, retry_.longest_pause);
    request.phase = PendingRequest::Phase::backing_off;
    tracker_.wake_at(request, now + jittered(request.pause));
}

void ClientActor::wake(Time now, PendingRequest& request) {
    if (now >= request.deadline) return expire(request);
    switch (request.phase) {
        case PendingRequest::Phase::asking: return keep_asking(now, request);
        case PendingRequest::Phase::backing_off: return dispatch(now, request);
        case PendingRequest::Phase::under_way:
            // Silence: the primary may be dead, so look for a newer map until the next attempt is due.
            request.patience = std::min(request.patience * 2, retry_.longest_patience);
            finder_.want_until(now, now + request.patience);
            contacts_.silent_since(request.sent, request.target.endpoint);
            return dispatch(now, request);
        case PendingRequest::Phase::reaching:  // the map names another node by now
            return dispatch(now, request);
        case PendingRequest::Phase::ordered:
        case PendingRequest::Phase::mapless: return tracker_.wake_at(request, request.deadline);
        case PendingRequest::Phase::free: return;
    }
}

void ClientActor::expire(PendingRequest& request) {
    const bool asking = request.phase == PendingRequest::Phase::asking;
    const bool mapless = request.phase == PendingRequest::Phase::mapless;
    finish(request, asking || mapless ? no_map() : deadline_passed(request));
}

void ClientActor::finish(PendingRequest& request, Result<Outcome> outcome) {
    if (request.is_write()) {
        sequences_.finish(request.sequence);
        if (const auto next = order_.leave(request.slot())) ready_.push_back(*next);
    }
    completions_.push_back({request.id, std::move(outcome)});
    tracker_.close(request);
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
