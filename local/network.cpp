#include "local/network.hpp"

#include <utility>

#include "common/check.hpp"
#include "common/protocol_version.hpp"

namespace ringkv::local {

HostId Network::add(HostPlan plan, Actor& actor) {
    const HostId id = ++last_;
    if (!plan.listen.empty()) listeners_[plan.listen] = id;
    hosts_.emplace(id, Host{std::move(plan), &actor, {}, true, {}, {}, {}});
    return id;
}

void Network::remove(HostId host) {
    std::erase_if(listeners_, [host](const auto& listener) { return listener.second == host; });
    hosts_.erase(host);
}

void Network::touch(HostId host) {
    if (const auto found = hosts_.find(host); found != hosts_.end()) found->second.touched = true;
}

bool Network::round(Time now, bool every_host) {
    for (auto& [id, host] : hosts_)
        if (every_host || host.touched || !host.inbox.empty()) turn(id, host, now);
    for (const auto& [id, host] : hosts_)
        if (host.touched || !host.inbox.empty()) return true;
    return false;
}

class Network::HostDriver final : public VolatileDriver {
  public:
    HostDriver(Network& network, HostId id, Host& host, Time now)
        : VolatileDriver(now, host.stored), network_(network), id_(id), host_(host) {}

    [[nodiscard]] Result<std::vector<Outgoing>> send(const Identity& sender, std::vector<Outgoing> messages) override {
        network_.send(id_, host_, sender, messages);
        return std::vector<Outgoing>();
    }
    void subscribe(const std::string& endpoint) override { host_.subscription = endpoint; }
    void log(const LogLine& line) override { network_.log_(host_.plan.name, line); }

  private:
    Network& network_;
    HostId id_;
    Host& host_;
};

void Network::turn(HostId id, Host& host, Time now) {
    host.touched = false;
    HostDriver driver(*this, id, host, now);
    const auto end = take_turn(*host.actor, driver, host.told_durable, [&]() -> Result<void> {
        for (Parcel& parcel : std::exchange(host.inbox, {}))
            host.actor->receive(now, parcel.from, std::move(parcel.message));
        return {};
    });
    RINGKV_CHECK(end, "memory does not fail");
    host.touched = host.touched || *end == TurnEnd::more;
}

void Network::send(HostId from, Host& sender, const Identity& identity, std::vector<Outgoing>& messages) {
    for (Outgoing& outgoing : messages) {
        Origin origin{{}, identity.cluster, identity.node, identity.start, outgoing.to, protocol_minor};
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
        if (receiver == hosts_.end()) continue;
        keep_bytes(outgoing.message);
        receiver->second.inbox.push_back({origin, std::move(outgoing.message)});
    }
}

}  // namespace ringkv::local
