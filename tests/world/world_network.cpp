// The way of a message: coalesced and encoded as the transport does it, carried by the network's
// leave, decoded where it arrives.
#include <algorithm>

#include "common/check.hpp"
#include "common/edge/codec/codec.hpp"
#include "common/partitioning.hpp"
#include "tests/world/world.hpp"

namespace ringkv::simulation {

namespace {

// A frame is closed when it is larger than this, as the transport does it.
constexpr std::size_t coalesce_bytes = std::size_t{1} << 20U;

bool plain(const Fate& fate) {
    return fate.kind == Fate::Kind::deliver && fate.repeats.empty();
}

}  // namespace

// ---------------------------------------------------------------- sending

bool World::send(HostId from, const Identity& sender, const std::vector<Outgoing>& messages,
                 std::vector<Outgoing>* unsent) {
    // One frame for each (address, to), in the order in which the first of each was sent.
    std::map<std::pair<Address, NodeId>, std::size_t> index;
    std::vector<std::vector<const Outgoing*>> groups;
    for (const Outgoing& outgoing : messages) {
        const auto [found, added] = index.try_emplace({outgoing.address, outgoing.to}, groups.size());
        if (added) groups.emplace_back();
        groups[found->second].push_back(&outgoing);
    }
    for (const auto& group : groups) {
        const Outgoing* const first = group.front();
        const std::vector<Packet> targets = routes(from, first->address);
        if (targets.empty() && first->address.kind != Address::Kind::subscribers) {
            for (const Outgoing* outgoing : group) {
                trace_message(TraceEvent::Kind::lost, from, {}, outgoing->message, "nobody is there");
            }
        }
        for (const Packet& target : targets) send_along(target, sender, group, unsent);
        if (dies_here(from)) return false;
    }
    return true;
}

// The hosts that an address leads to now: a packet without its frame for each.
std::vector<World::Packet> World::routes(HostId from, const Address& address) const {
    const Host& sender = at(from);
    Packet packet;
    packet.from = from;
    packet.from_life = sender.life;
    switch (address.kind) {
        case Address::Kind::none: return {};
        case Address::Kind::endpoint: {
            const auto found = listeners_.find(address.endpoint);
            if (found == listeners_.end()) return {};
            packet.to = found->second;
            return {packet};
        }
        case Address::Kind::connection: {
            if (address.connection == 0 || address.connection > sender.peers.size()) return {};
            const Peer& peer = sender.peers[address.connection - 1];
            packet.way = Way::answer;
            packet.to = peer.host;
            packet.to_life = peer.life;
            return {packet};
        }
        case Address::Kind::subscribers: {
            std::vector<Packet> all;
            packet.way = Way::publication;
            for (std::size_t i = 0; i < hosts_.size(); ++i) {
                if (!sender.options.publish || hosts_[i].subscription != sender.options.publish) continue;
                packet.to = HostId(static_cast<std::uint32_t>(i + 1));
                packet.to_life = hosts_[i].life;
                all.push_back(packet);
            }
            return all;
        }
    }
    return {};
}

// Neighbours with the same fate travel in one frame, as they would over the real transport.
void World::send_along(const Packet& route, const Identity& sender, const std::vector<const Outgoing*>& messages,
                       std::vector<Outgoing>* unsent) {
    const NodeId to = messages.front()->to;
    std::optional<FrameWriter> open;
    Fate open_fate;
    const auto close = [&] {
        if (!open) return;
        Packet packet = route;
        packet.frame = open->take();
        open.reset();
        dispatch(std::move(packet), open_fate.delay, open_fate.in_order);
    };
    for (const Outgoing* outgoing : messages) {
        const Message* const message = &outgoing->message;
        const Fate fate = network_.fate({now_, route.from, route.to, *message});
        if (fate.kind == Fate::Kind::drop) {
            trace_message(TraceEvent::Kind::lost, route.from, route.to, *message, "dropped");
            continue;
        }
        if (fate.kind == Fate::Kind::refuse) {
            trace_message(TraceEvent::Kind::lost, route.from, route.to, *message, "cannot leave");
            if (unsent != nullptr) unsent->push_back(*outgoing);
            continue;
        }
        if (fate.kind == Fate::Kind::damage) {
            trace_message(TraceEvent::Kind::lost, route.from, route.to, *message, "damaged");
            close();
            Packet packet = route;
            packet.frame = encode(sender, to, {*message});
            packet.frame.pop_back();
            dispatch(std::move(packet), fate.delay, fate.in_order);
            continue;
        }
        if (fate.kind == Fate::Kind::hold) {
            trace_message(TraceEvent::Kind::held, route.from, route.to, *message);
            Packet packet = route;
            packet.frame = encode(sender, to, {*message});
            held_.push_back({now_, std::move(packet), *message});
            continue;
        }
        trace_message(TraceEvent::Kind::sent, route.from, route.to, *message);
        const bool joins = open && plain(fate) && open_fate.delay == fate.delay &&
                           open_fate.in_order == fate.in_order && open->size() < coalesce_bytes;
        if (!joins) close();
        if (!open) {
            open.emplace(sender, to);
            open_fate = fate;
        }
        open->add(*message);
        if (plain(fate)) continue;
        close();
        for (const Duration delay : fate.repeats) {
            Packet again = route;
            again.frame = encode(sender, to, {*message});
            again.stray = true;
            dispatch(std::move(again), delay, false);
        }
    }
    close();
}

void World::dispatch(Packet packet, Duration delay, bool in_order) {
    if (rewrite_) packet.frame = rewrite_(packet.from, std::move(packet.frame));
    Time arrival = now_ + delay;
    if (in_order) {
        Time& last = last_arrival_[{packet.from, packet.to}];
        arrival = last = std::max(arrival, last);
    }
    const HostId to = packet.to;
    digest_ = digest_ * 0x9E3779B97F4A7C15U + hash_of(packet.frame) + (std::uint64_t{packet.from.value()} << 32U) +
              to.value() + static_cast<std::uint64_t>(arrival.time_since_epoch().count());
    const std::size_t number = next_packet_++;
    packets_.emplace(number, std::move(packet));
    schedule({arrival, 0, Event::Kind::arrival, to, 0, number});
}

std::size_t World::release(const std::function<bool(const Flight&)>& chosen, Duration delay) {
    std::size_t released = 0;
    std::vector<Held> staying;
    for (Held& held : held_) {
        if (chosen({held.at, held.packet.from, held.packet.to, held.message})) {
            ++released;
            dispatch(std::move(held.packet), delay, true);
        } else {
            staying.push_back(std::move(held));
        }
    }
    held_ = std::move(staying);
    return released;
}

void World::send_raw(HostId from, const std::string& endpoint, const std::string& frame) {
    for (Packet& packet : routes(from, Address::to(endpoint))) {
        packet.frame = frame;
        dispatch(std::move(packet), std::chrono::milliseconds(1), true);
    }
}

// ---------------------------------------------------------------- receiving

void World::arrive(Packet packet) {
    Host& receiver = at(packet.to);
    const bool there = receiver.state != HostState::down && (packet.to_life == 0 || packet.to_life == receiver.life);
    if (!there) {
        if (!trace_) return;
        const auto envelope = decode(packet.frame);
        if (!envelope) return;
        for (const Message& message : envelope->messages) {
            trace_message(TraceEvent::Kind::lost, packet.from, packet.to, message, "nobody is there");
        }
        return;
    }
    const HostId to = packet.to;
    receiver.inbox.push_back(std::move(packet));
    schedule_turn(to);
}

namespace {
template <class M>
void forget_beginnings(M& message) {
    if constexpr (requires { message.view.begins; }) message.view.begins = {};
    if constexpr (requires { message.map.partitions; })
        for (PartitionState& state : message.map.partitions) state.view.begins = {};
    if constexpr (requires { message.outcomes.front().state; })
        for (auto& outcome : message.outcomes) outcome.state.view.begins = {};
    if constexpr (std::is_same_v<M, MapDelta>)
        for (PartitionChange& change : message.partitions) change.state.view.begins = {};
    if constexpr (std::is_same_v<M, Prepare>)
        if (message.announce) message.announce->begins = {};
}

// What an older release passes over.
void forget_what_is_newer(Message& message) {
    std::visit([](auto& content) { forget_beginnings(content); }, message);
    if (auto* const get = std::get_if<Get>(&message)) get->stale.reset();
    if (auto* const scan = std::get_if<Scan>(&message)) scan->stale.reset();
    if (auto* const beacon = std::get_if<Beacon>(&message)) beacon->commits.clear();
}
}  // namespace

// The messages are parts of the frame, as over the real transport.
void World::receive(HostId host, Packet packet) {
    Envelope envelope;
    FrameReader reader;
    Result<void> good = reader.begin(packet.frame, {}, envelope);
    if (good) good = reader.read(packet.frame.size(), envelope);
    if (!good) {
        refuse(host, packet, good.error());
        return;
    }
    Host& it = at(host);
    const Origin origin{return_address(it, packet),
                        envelope.sender.cluster,
                        envelope.sender.node,
                        envelope.sender.start,
                        envelope.to,
                        std::min({envelope.minor, it.options.minor, at(packet.from).options.minor})};
    for (Message& message : envelope.messages) {
        // A learner of that release does not say so, and a primary of it does not read it.
        if (auto* const answer = std::get_if<StartViewOk>(&message); answer != nullptr && origin.minor == 0)
            answer->takes_entries = false;
        if (origin.minor < minor_with_less_sure_answers) forget_what_is_newer(message);
        trace_message(TraceEvent::Kind::delivered, packet.from, packet.to, message);
        it.actor->receive(local_time(host), origin, std::move(message));
    }
    envelope.messages.clear();
    std::fill(packet.frame.begin(), packet.frame.end(), '\xdd');  // what was kept of it shows
    for (const Unreadable& message : envelope.unreadable) {
        trace({TraceEvent::Kind::refused, now_, packet.from, host, nullptr, nullptr, message.text});
        if (packet.way == Way::request && it.actor)
            send(host, it.actor->identity(), {Outgoing{origin.address, {}, message.refusal}}, nullptr);
    }
}

Address World::return_address(Host& receiver, const Packet& packet) const {
    const HostOptions& sender = at(packet.from).options;
    switch (packet.way) {
        case Way::answer: return Address::to(sender.listen.value_or(""));
        case Way::publication: return Address::to(sender.publish.value_or(""));
        case Way::request: break;
    }
    const Peer peer{packet.from, packet.from_life};
    const auto [found, added] = receiver.connections.try_emplace(peer, receiver.peers.size() + 1);
    if (added) receiver.peers.push_back(peer);
    return Address::back(found->second);
}

// Bytes that are no message: their sender is told, as the transport does it, which knows nothing of the actor; if it
// asked us, for an answer to an answer could go on for ever.
void World::refuse(HostId host, const Packet& packet, const Error& error) {
    trace({TraceEvent::Kind::refused, now_, packet.from, host, nullptr, nullptr, error.message()});
    if (packet.way != Way::request) return;
    const Address back = return_address(at(host), packet);
    send(host, Identity{}, {Outgoing{back, {}, FrameRefused{error.code(), error.message()}}}, nullptr);
}

// ---------------------------------------------------------------- tracing

void World::trace(const TraceEvent& event) const {
    if (trace_) trace_(event);
}

void World::trace_message(TraceEvent::Kind kind, HostId from, HostId to, const Message& message,
                          std::string why) const {
    if (trace_) trace_({kind, now_, from, to, &message, nullptr, std::move(why)});
}

}  // namespace ringkv::simulation
