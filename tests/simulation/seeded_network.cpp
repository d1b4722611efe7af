#include "tests/simulation/seeded_network.hpp"

#include <algorithm>

#include "common/edge/codec/codec.hpp"

namespace ringkv::simulation {

namespace {
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
}  // namespace

SeededNetwork::SeededNetwork(const Plan& plan) : plan_(plan), random_(plan.random("network")) {
    fastest_ = random_.between(microseconds(50), milliseconds(1));
    slowest_ = fastest_ + random_.between(microseconds(10), milliseconds(4));
}

void SeededNetwork::heal(HostId from, HostId to) {
    const auto found = cuts_.find({from, to});
    if (found != cuts_.end() && --found->second <= 0) cuts_.erase(found);
}

void SeededNetwork::heal_all() {
    cuts_.clear();
    slow_.clear();
    narrow_.clear();
    queued_until_.clear();
    faulty_ = false;
}

void SeededNetwork::narrow(HostId host, std::optional<Width> width) {
    if (width)
        narrow_[host] = *width;
    else
        narrow_.erase(host);
}

std::optional<Duration> SeededNetwork::queued(const Flight& flight) {
    const auto found = narrow_.find(flight.from);
    if (found == narrow_.end()) return Duration::zero();
    const Width& width = found->second;
    const std::size_t bytes = encode({}, {}, {flight.message}).size();
    const Duration takes = seconds(1) * bytes / width.bytes_per_second;
    Time& until = queued_until_[{flight.from, flight.to}];
    const Duration waits = std::max(until, flight.at) - flight.at + takes;
    if (waits > seconds(1) * width.queue / width.bytes_per_second) return std::nullopt;
    until = flight.at + waits;
    return waits;
}

bool SeededNetwork::strikes(Fault fault, double at_most) {
    if (!faulty_ || !plan_.has(fault) || !random_.chance(at_most * plan_.strength_of(fault))) return false;
    count(fault);
    return true;
}

bool SeededNetwork::lost(const Flight& flight) {
    if (!cuts_.empty() && cuts_.contains({flight.from, flight.to})) return true;
    if (strikes(Fault::loss, 0.1)) return true;
    if (std::holds_alternative<ProposeAnswer>(flight.message)) return strikes(Fault::lost_answers, 0.7);
    if (std::holds_alternative<MapDelta>(flight.message)) return strikes(Fault::lost_publications, 0.5);
    return false;
}

void SeededNetwork::repeat(const Flight& flight, Fate& fate) {
    if (clients_.contains(flight.from) && std::holds_alternative<Write>(flight.message)) return;
    if (strikes(Fault::duplication, 0.1))
        fate.repeats.push_back(fate.delay + random_.between(microseconds(0), milliseconds(50)));
    if (strikes(Fault::redelivery, 0.03)) fate.repeats.push_back(random_.between(milliseconds(200), seconds(20)));
    if (std::holds_alternative<StartView>(flight.message) && strikes(Fault::repeated_start_view, 0.8))
        fate.repeats.push_back(random_.between(milliseconds(1), milliseconds(500)));
    if (std::holds_alternative<StateChunk>(flight.message) && strikes(Fault::repeated_state_chunk, 0.8))
        fate.repeats.push_back(random_.between(milliseconds(1), seconds(3)));
}

Fate SeededNetwork::fate(const Flight& flight) {
    if (on_flight_) on_flight_(flight);
    Fate fate;
    if (clients_.contains(flight.from) && strikes(Fault::full_queue, 0.3)) {
        fate.kind = Fate::Kind::refuse;
        return fate;
    }
    if (lost(flight)) {
        fate.kind = Fate::Kind::drop;
        return fate;
    }
    const std::optional<Duration> waits = queued(flight);
    if (!waits) {
        fate.kind = Fate::Kind::refuse;
        return fate;
    }
    if (strikes(Fault::damaged, 0.05)) fate.kind = Fate::Kind::damage;
    fate.delay = random_.between(fastest_, slowest_) + *waits;
    if (!slow_.empty()) {
        for (const HostId end : {flight.from, flight.to})
            if (const auto found = slow_.find(end); found != slow_.end()) fate.delay += found->second;
    }
    if (!faulty_) return fate;
    if (strikes(Fault::delay, 0.1))
        fate.delay += random_.between(milliseconds(1), milliseconds(random_.chance(0.1) ? 3000 : 300));
    if (strikes(Fault::reordering, 0.3)) {
        fate.in_order = false;
        fate.delay += random_.between(microseconds(0), milliseconds(20));
    }
    if (fate.kind == Fate::Kind::deliver) repeat(flight, fate);
    return fate;
}

}  // namespace ringkv::simulation
