#include "local/network.hpp"

#include <utility>

namespace ringkv::local {

HostId Network::add(HostPlan plan, Actor& actor) {
    const HostId id = ++last_;
    if (!plan.listen.empty()) listeners_[plan.listen] = id;
    hosts_.emplace(id, Host{std::move(plan), &actor, {}, true, {}});
    return id;
}

void Network::remove(HostId host) {
    std::erase_if(listeners_, [host](const auto& listener) { return listener.second == host; });
    hosts_.erase(host);
}

void Network::touch(HostId host) {
    if (const auto found = hosts_.find(host); found != hosts_.end()) found->second.touched = true;
}

bool Network::round(Time now, bool everybody) {
    for (auto& [id, host] : hosts_)
        if (everybody || host.touched || !host.inbox.empty()) turn(id, host, now);
    for (const auto& [id, host] : hosts_)
        if (host.touched || !host.inbox.empty()) return true;
    return false;
}

void Network::turn(HostId id, Host& host, Time now) {
    host.touched = false;
    for (Parcel& parcel : std::exchange(host.inbox, {})) {
        host.actor->receive(now, parcel.from, std::move(parcel.message));
    }
    host.actor->tick(now);
    for (;;) {
        Effects effects = host.actor->take_effects();
        if (effects.subscribe) host.subscription = std::move(*effects.subscribe);
        for (const LogLine& line : effects.log) log_(host.plan.name, line);
        send(id, host, effects.sends);
        if (effects.batch.empty()) return;
        host.actor->durable(now, effects.number);
    }
}

void Network::send(HostId from, Host& sender, std::vector<Outgoing>& messages) {
    if (messages.empty()) return;
    const Identity identity = sender.actor->identity();
    for (Outgoing& outgoing : messages) {
        Origin origin{{}, identity.cluster, identity.node, identity.start, outgoing.to};
        auto receiver = hosts_.end();
        switch (outgoing.address.kind) {
            case Address::Kind::none: break;
            case Address::Kind::endpoint:
                if (const auto found = listeners_.find(outgoing.address.endpoint); found != listeners_.end())
                    receiver = hosts_.find(found->second);
                origin.address = Address::back(from);
                break;
            case Address::Kind::connection:
                receiver = hosts_.find(outgoing.address.connection);
                origin.address = Address::to(sender.plan.listen);
                break;
            case Address::Kind::subscribers:
                origin.address = Address::to(sender.plan.publish);
                for (auto& [id, host] : hosts_)
                    if (!sender.plan.publish.empty() && host.subscription == sender.plan.publish)
                        host.inbox.push_back({origin, outgoing.message});
                break;
        }
        if (receiver != hosts_.end()) receiver->second.inbox.push_back({origin, std::move(outgoing.message)});
    }
}

}  // namespace ringkv::local
