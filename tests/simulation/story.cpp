#include "tests/simulation/story.hpp"

#include <fmt/format.h>

#include "tests/world/describe.hpp"

namespace ringkv::simulation {

namespace {

std::string at(Time time) {
    return fmt::format("{:10.3f} ms  ", std::chrono::duration<double, std::milli>(time - Time{}).count());
}

// Lease keeping and heartbeats are most of what is sent, and seldom what one looks for.
bool is_routine(const Message& message) {
    return std::holds_alternative<Beacon>(message) || std::holds_alternative<BeaconAnswer>(message) ||
           std::holds_alternative<Heartbeat>(message) || std::holds_alternative<HeartbeatAnswer>(message) ||
           std::holds_alternative<CurrentEpoch>(message);
}

std::string_view verb(TraceEvent::Kind kind) {
    switch (kind) {
        case TraceEvent::Kind::sent: return "sends";
        case TraceEvent::Kind::delivered: return "arrives";
        case TraceEvent::Kind::lost: return "is lost";
        case TraceEvent::Kind::held: return "is held";
        case TraceEvent::Kind::refused: return "refuses";
        case TraceEvent::Kind::logged: return "says";
    }
    return "?";
}

}  // namespace

void tell_story(SimulatedCluster& cluster, const Teller& teller) {
    World& world = cluster.world();
    world.on_trace([&cluster, &world, teller](const TraceEvent& event) {
        const auto name = [&](HostId host) { return host.none() ? std::string("nobody") : world.name(host); };
        if (event.kind == TraceEvent::Kind::logged) {
            std::string line = at(event.at) + name(event.from) + " says: " + event.line->text;
            for (const auto& [key, value] : event.line->fields) line += fmt::format(" {}={}", key, value);
            return teller(line);
        }
        if (event.kind == TraceEvent::Kind::refused)
            return teller(at(event.at) + name(event.to) + " refuses a frame: " + event.text);
        if (is_routine(*event.message)) return;
        const auto node = [&cluster](NodeId id) { return cluster.name_of(id); };
        teller(fmt::format("{}{} -> {} {}: {}{}", at(event.at), name(event.from), name(event.to), verb(event.kind),
                           describe(*event.message, node), event.text.empty() ? "" : " (" + event.text + ")"));
    });
}

void tell_news(SimulatedCluster& cluster, const Teller& teller, const std::string& news) {
    teller(at(cluster.world().now()) + "** " + news);
}

}  // namespace ringkv::simulation
