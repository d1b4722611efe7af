#include "tests/benchmarks/node_farm.hpp"

#include <zmq.h>

#include <algorithm>
#include <stdexcept>

#include "common/edge/system/clock.hpp"
#include "common/edge/transport/zmq_message.hpp"
#include "common/protocol_version.hpp"

namespace ringkv::benchmarks {

namespace {

constexpr Duration longest_wait = std::chrono::milliseconds(1);
// Turns in a row, before the sockets are looked at again.
constexpr Duration longest_work = std::chrono::milliseconds(1);
constexpr Duration longest_step = std::chrono::milliseconds(20);  // leases last for many of them
constexpr std::size_t most_frames_kept = 256;

NodeDescription description(const std::string& name, const std::string& rack, const std::string& registry) {
    NodeDescription self;
    self.name = name;
    self.rack = rack;
    self.registries = {registry};
    self.endpoints = {"tcp://" + name + ":1"};  // found in this process
    self.storage = random_uuid();
    self.start = StartNumber(1);
    return self;
}

}  // namespace

Time FarmClock::advance() {
    const Time real = boot_time();
    const Duration passed = looked_at_ == Time{} ? Duration::zero() : real - looked_at_;
    const Duration step = std::min(passed, longest_step);
    lost_ += passed - step;
    looked_at_ = real;
    return now_ += step;
}

NodeFarm::Node::Node(const NodeDescription& self) : shard(self, 0, Limits(), engine, commit_rule, succession_rule) {}

NodeFarm::NodeFarm(std::string registry, Duration turn_interval)
    : registry_(std::move(registry)), turn_interval_(turn_interval), context_(shared_zmq_context()) {}

NodeFarm::~NodeFarm() = default;

// ---------------------------------------------------------------- the hosts

NodeFarm::Host& NodeFarm::add_host(const std::string& name, Actor& actor) {
    Host& host = hosts_[++last_host_];
    host.name = name;
    host.actor = &actor;
    host.registry = make_dealer(context_.get(), socket_options_);
    if (!host.registry) throw std::runtime_error("no more sockets: raise the limit of open files (ulimit -n)");
    if (auto connected = connect_to(host.registry.get(), registry_); !connected)
        throw std::runtime_error(connected.error().message());
    // Spread over the interval, so that not all of them are due at once.
    host.due = clock_.advance() + turn_interval_ * static_cast<int>(last_host_ % 16) / 16;
    return host;
}

void NodeFarm::add(const std::string& name, const std::string& rack) {
    const NodeDescription self = description(name, rack, registry_);
    auto node = std::make_unique<Node>(self);
    Host& host = add_host(name, node->shard);
    host.node = std::move(node);
    host.listen = self.endpoints.front();
    listeners_[host.listen] = last_host_;
    nodes_[name] = last_host_;
}

void NodeFarm::add_actor(Actor& actor) {
    add_host("actor", actor);
}

void NodeFarm::kill(const std::string& name) {
    const std::uint64_t id = nodes_.at(name);
    listeners_.erase(hosts_.at(id).listen);
    hosts_.erase(id);
    nodes_.erase(name);
}

const ClusterMap& NodeFarm::newest_map() const {
    static const ClusterMap none;
    const ClusterMap* newest = &none;
    for (const auto& [name, id] : nodes_)
        if (const ClusterMap& map = hosts_.at(id).node->shard.map(); map.newer_than(*newest)) newest = &map;
    return *newest;
}

Epoch NodeFarm::known_everywhere() const {
    Epoch oldest = newest_map().epoch;
    for (const auto& [name, id] : nodes_) oldest = std::min(oldest, hosts_.at(id).node->shard.map().epoch);
    return oldest;
}

bool NodeFarm::all_served() const {
    const ClusterMap& map = newest_map();
    std::map<NodeId, const Shard*> shards;
    for (const auto& [name, id] : nodes_) {
        const Shard& shard = hosts_.at(id).node->shard;
        shards[shard.identity().node] = &shard;
    }
    for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
        const View& view = map.partitions[p].view;
        const auto shard = shards.find(view.primary);
        const Replica* replica = shard == shards.end() ? nullptr : shard->second->replica(PartitionId(p));
        const Primary* primary = replica == nullptr ? nullptr : replica->primary();
        if (primary == nullptr || primary->view().id != view.id || primary->phase() != Primary::Phase::serving)
            return false;
    }
    return map.formed();
}

NodeId NodeFarm::id_of(const std::string& name) const {
    return hosts_.at(nodes_.at(name)).actor->identity().node;
}

const Arrival* NodeFarm::arrival(Epoch epoch) const {
    const auto found = arrivals_.find(epoch);
    return found == arrivals_.end() ? nullptr : &found->second;
}

// ---------------------------------------------------------------- as time goes by

bool NodeFarm::run_until(Duration patience, const std::function<bool()>& condition) {
    const Time deadline = boot_time() + patience;
    while (!condition()) {
        if (boot_time() >= deadline) return false;
        round();
    }
    return true;
}

void NodeFarm::run_for(Duration time) {
    const Time end = boot_time() + time;
    while (boot_time() < end) round();
}

void NodeFarm::round() {
    Time now = clock_.advance();
    const bool due =
        std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& host) { return host.second.due <= now; });
    poll(!due);
    const Time end = boot_time() + longest_work;
    // Goes on where it stopped: no host waits for ever.
    auto next = hosts_.lower_bound(next_in_turn_);
    for (std::size_t looked = 0; looked < hosts_.size() && boot_time() < end; ++looked, ++next) {
        if (next == hosts_.end()) next = hosts_.begin();
        auto& [id, host] = *next;
        now = clock_.advance();
        if (host.due > now) continue;
        turn(id, host, now);
        next_in_turn_ = id + 1;
    }
}

void NodeFarm::poll(bool wait) {
    std::vector<zmq_pollitem_t> items;
    std::vector<Host*> owners;
    items.reserve(2 * hosts_.size());
    owners.reserve(2 * hosts_.size());
    for (auto& [id, host] : hosts_)
        for (const Socket* socket : {&host.subscription, &host.registry})
            if (*socket) {
                items.push_back({socket->get(), 0, ZMQ_POLLIN, 0});
                owners.push_back(&host);
            }
    const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(longest_wait);
    zmq_poll(items.data(), static_cast<int>(items.size()), wait ? longest.count() : 0);
    const Time now = boot_time();
    for (std::size_t i = 0; i < items.size(); ++i)
        if ((items[i].revents & ZMQ_POLLIN) != 0 && items[i].socket == owners[i]->subscription.get())
            take_publications(*owners[i], now);
    for (std::size_t i = 0; i < items.size(); ++i)
        if ((items[i].revents & ZMQ_POLLIN) != 0 && items[i].socket == owners[i]->registry.get())
            take_answers(*owners[i]);
}

// Decoded here, not in the node's turn: hundreds of whole maps at formation take a second or two, in which the nodes'
// clock stands still (each of them would have decoded only its own).
void NodeFarm::take_answers(Host& host) {
    MessagePart part;
    while (part.receive(host.registry.get())) {
        auto envelope = decode(part.bytes());
        if (!envelope) throw std::runtime_error("the registry sent what is no frame: " + envelope.error().message());
        const Identity& sender = envelope->sender;
        const Origin from{Address::to(registry_), sender.cluster, sender.node,
                          sender.start,           envelope->to,   envelope->minor};
        for (Message& message : envelope->messages) host.inbox.push_back({from, std::move(message)});
    }
}

void NodeFarm::take_publications(Host& host, Time now) {
    MessagePart part;
    while (part.receive(host.subscription.get())) {
        const PublishedFrame& frame = decoded(part.bytes(), now);
        note_arrival(frame, now);
        ++published_.frames;
        published_.bytes += part.bytes().size();
        const Origin from{Address::to(host.followed), frame.sender.cluster, {}, {}, {}};
        for (const Message& message : frame.messages) host.inbox.push_back({from, message});
    }
}

const NodeFarm::PublishedFrame& NodeFarm::decoded(std::string_view bytes, Time now) {
    const std::string key(bytes);
    if (const auto found = frames_.find(key); found != frames_.end()) return found->second;
    auto envelope = decode(bytes);
    if (!envelope) throw std::runtime_error("the registry published what is no frame: " + envelope.error().message());
    if (frames_.size() >= most_frames_kept) frames_.clear();
    const PublishedFrame& frame =
        frames_.emplace(key, PublishedFrame{envelope->sender, std::move(envelope->messages)}).first->second;
    for (const Message& message : frame.messages)
        if (const auto* delta = std::get_if<MapDelta>(&message); delta != nullptr && on_delta)
            if (!arrivals_.contains(delta->epoch)) on_delta(now, *delta);
    return frame;
}

void NodeFarm::note_arrival(const PublishedFrame& frame, Time now) {
    for (const Message& message : frame.messages)
        if (const auto* delta = std::get_if<MapDelta>(&message)) {
            Arrival& arrival = arrivals_.try_emplace(delta->epoch, Arrival{now, now, 0}).first->second;
            arrival.last = now;
            ++arrival.subscribers;
        }
}

// ---------------------------------------------------------------- one node's turn

class NodeFarm::HostDriver final : public VolatileDriver {
  public:
    HostDriver(NodeFarm& farm, std::uint64_t id, Host& host, Time now)
        : VolatileDriver(now, host.stored), farm_(farm), id_(id), host_(host) {}

    [[nodiscard]] Result<std::vector<Outgoing>> send(const Identity& sender, std::vector<Outgoing> messages) override {
        farm_.send(id_, host_, sender, messages);
        return std::vector<Outgoing>();
    }
    void subscribe(const std::string& endpoint) override { farm_.subscribe(host_, endpoint); }
    void log(const LogLine& line) override {
        if (farm_.on_log) farm_.on_log(host_.name, line);
    }

  private:
    NodeFarm& farm_;
    std::uint64_t id_;
    Host& host_;
};

void NodeFarm::turn(std::uint64_t id, Host& host, Time now) {
    host.due = now + turn_interval_;
    HostDriver driver(*this, id, host, now);
    const auto end = take_turn(*host.actor, driver, host.told_durable, [&]() -> Result<void> {
        for (Parcel& parcel : std::exchange(host.inbox, {}))
            host.actor->receive(now, parcel.from, std::move(parcel.message));
        return {};
    });
    if (!end) throw std::runtime_error(end.error().message());
    if (host.actor->finished()) throw std::runtime_error(host.name + " has ended by itself");
}

void NodeFarm::send(std::uint64_t id, Host& host, const Identity& identity, std::vector<Outgoing>& messages) {
    FrameWriter frame(identity, NodeId());
    bool asks_registry = false;
    for (Outgoing& outgoing : messages) {
        Origin from{{}, identity.cluster, identity.node, identity.start, outgoing.to, protocol_minor};
        auto receiver = hosts_.end();
        if (outgoing.address.kind == Address::Kind::connection) {
            receiver = hosts_.find(outgoing.address.connection);
            from.address = Address::to(host.listen);
        } else if (outgoing.address.endpoint == registry_) {
            if (on_request) on_request(boot_time(), outgoing.message);
            frame.add(outgoing.message);
            asks_registry = true;
        } else if (const auto found = listeners_.find(outgoing.address.endpoint); found != listeners_.end()) {
            receiver = hosts_.find(found->second);
            from.address = Address::back(id);
        }
        if (receiver != hosts_.end()) receiver->second.inbox.push_back({std::move(from), std::move(outgoing.message)});
    }
    // What cannot go now is dropped, as a node's transport does: the actor repeats it.
    if (asks_registry) (void)MessagePart(frame.take()).send(host.registry.get());
}

void NodeFarm::subscribe(Host& host, const std::string& endpoint) {
    host.followed = endpoint;
    host.subscription = make_subscriber(context_.get(), socket_options_);
    if (!host.subscription) throw std::runtime_error("no more sockets: raise the limit of open files (ulimit -n)");
    if (auto connected = connect_to(host.subscription.get(), endpoint); !connected)
        throw std::runtime_error(connected.error().message());
}

}  // namespace ringkv::benchmarks
