// ClientActor: where an attempt goes, and what it asks for. Any replica may answer a stale read; all else the primary.
#include "client/client_actor.hpp"
#include "common/protocol_version.hpp"

namespace ringkv {

namespace {

// How long a replica that does not talk yet is knocked at, for reads to come.
constexpr Duration knock_for = std::chrono::seconds(1);

std::optional<ByteString> part_of(const std::optional<std::string>& value) {
    if (!value) return {};
    return ByteString::part(*value);
}

}  // namespace

const Route& ClientActor::route_of(Time now, PendingRequest& request) {
    return request.stale ? replica_for(now, request) : cache_.route(request.partition);
}

bool ClientActor::moved(const PendingRequest& request) const {
    if (request.stale) return false;  // any replica will do
    const Route& route = cache_.route(request.partition);
    return !route.none() && &route != request.target;
}

// The first that talks and takes such reads. Those before it are knocked at, for the next ones. An older primary takes
// them as well: as reads that are linearizable.
const Route& ClientActor::replica_for(Time now, PendingRequest& request) {
    const std::size_t count = cache_.replicas(request.partition);
    const auto nth = [&](std::size_t n) -> const Route& {
        return cache_.replica(request.partition, rack_, request.id.value(), request.passed_on + n);
    };
    for (std::uint32_t n = 0; n < count; ++n) {
        const Route& route = nth(n);
        const Contact& contact = contacts_.at(route);
        if (!contact.reached(now)) {
            contacts_.reach(now, now + knock_for, contact);
            continue;
        }
        const bool takes =
            contact.minor() >= minor_with_less_sure_answers || &route == &cache_.route(request.partition);
        if (!takes) continue;
        request.passed_on += n;
        return route;
    }
    return nth(0);
}

// Another one may answer at once; when each has refused, after a pause.
void ClientActor::ask_next_replica(Time now, PendingRequest& request, Duration longest) {
    ++request.passed_on;
    if (++request.refusals < cache_.replicas(request.partition)) return dispatch(now, request);
    request.refusals = 0;
    back_off(now, request, longest);
}

// Only when they leave: an operation that has ended by then may be gone, with its key and its value.
void ClientActor::write_messages() {
    bool all = true;
    for (const Unwritten& attempt : unwritten_) {
        Outgoing& sent = effects_.sends[attempt.place];
        if (const PendingRequest* request = tracker_.find(attempt.id)) {
            write_message(*request, attempt, sent.message);
        } else {
            sent.address = {};
            all = false;
        }
    }
    unwritten_.clear();
    const auto goes_nowhere = [](const Outgoing& sent) { return sent.address.kind == Address::Kind::none; };
    if (!all) std::erase_if(effects_.sends, goes_nowhere);
}

// Keys and values stay where the operation has them.
void ClientActor::write_message(const PendingRequest& request, const Unwritten& attempt, Message& message) const {
    if (const auto* write = std::get_if<WriteOperation>(request.operation)) {
        message.emplace<Write>(Write{.request = attempt.id,
                                     .partition = request.partition,
                                     .client = id_,
                                     .sequence = request.sequence,
                                     .lowest = sequences_.lowest(request.partition),
                                     .known = request.known,
                                     .key = ByteString::part(write->key),
                                     .value = part_of(write->value),
                                     .expected = write->expected,
                                     .ack = attempt.sure ? Ack::all : write->ack});
    } else if (const auto* get = std::get_if<GetOperation>(request.operation)) {
        message.emplace<Get>(Get{.request = attempt.id,
                                 .partition = request.partition,
                                 .key = ByteString::part(get->key),
                                 .stale = attempt.sure ? std::nullopt : get->stale});
    } else {
        const auto& scan = std::get<ScanOperation>(*request.operation);
        message.emplace<Scan>(Scan{.request = attempt.id,
                                   .partition = request.partition,
                                   .prefix = scan.prefix,
                                   .after = scan.after,
                                   .limit = scan.limit,
                                   .keys_only = scan.keys_only,
                                   .stale = attempt.sure ? std::nullopt : scan.stale});
    }
}

}  // namespace ringkv
