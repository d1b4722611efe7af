#include "tests/world/scripted_network.hpp"

namespace ringkv::simulation {

namespace {

bool covers(HostId pattern, HostId host) {
    return pattern.none() || pattern == host;
}

}  // namespace

bool Rule::matches(const Flight& flight) const {
    return count > 0 && covers(from, flight.from) && covers(to, flight.to) &&
           (type.empty() || type == name_of(flight.message));
}

Fate ScriptedNetwork::fate(const Flight& flight) {
    Fate fate;
    for (const auto& [from, to] : cuts_) {
        if (covers(from, flight.from) && covers(to, flight.to)) {
            fate.kind = Fate::Kind::drop;
            return fate;
        }
    }
    for (Rule& rule : rules_) {
        if (!rule.matches(flight)) continue;
        if (rule.count != std::numeric_limits<std::size_t>::max()) --rule.count;
        switch (rule.action) {
            case Rule::Action::drop: fate.kind = Fate::Kind::drop; break;
            case Rule::Action::hold: fate.kind = Fate::Kind::hold; break;
            case Rule::Action::damage: fate.kind = Fate::Kind::damage; break;
            case Rule::Action::refuse: fate.kind = Fate::Kind::refuse; break;
            case Rule::Action::duplicate: fate.repeats = {fate.delay * 2}; break;
            case Rule::Action::delay:
                fate.delay = rule.delay;
                fate.in_order = false;
                break;
        }
        return fate;
    }
    return fate;
}

void ScriptedNetwork::heal() {
    cuts_.clear();
    rules_.clear();
}

void ScriptedNetwork::remove(const Rule& like) {
    std::erase_if(rules_, [&](const Rule& rule) {
        return rule.action == like.action && rule.type == like.type && rule.from == like.from && rule.to == like.to;
    });
}

}  // namespace ringkv::simulation
