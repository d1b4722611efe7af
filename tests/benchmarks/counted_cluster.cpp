#include "tests/benchmarks/counted_cluster.hpp"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT static_cast<void>(0)
#endif

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/edge/transport/transport.hpp"
#include "common/look_ahead.hpp"

namespace ringkv::benchmarks {
namespace {

// As long as real ones are: strings of this length are on the heap.
const std::string registry_endpoint = "tcp://127.0.0.1:47000";
const std::string publisher_endpoint = "tcp://127.0.0.1:47009";
constexpr std::size_t node_count = 3;

constexpr Duration tick = std::chrono::milliseconds(5);  // as an event loop's
// From a frame's arrival to that of what it caused. So short that hardly any beacon falls into an operation: they are
// the cost of time, and counted by rest().
constexpr Duration round_time = std::chrono::nanoseconds(250);
constexpr Duration patience = std::chrono::seconds(60);  // of virtual time

RegistryOptions registry_options(std::uint32_t partitions) {
    RegistryOptions options;
    options.form_with = node_count;
    options.settings.cluster = "counted";
    options.settings.partitions = partitions;
    options.settings.publish = publisher_endpoint;
    return options;
}

Uuid uuid(std::uint8_t number) {
    Uuid made;
    made.bytes.fill(number);
    return made;
}

NodeDescription node_description(std::size_t index) {
    NodeDescription self;
    self.name = "n" + std::to_string(index + 1);
    self.rack = "r" + std::to_string(index + 1);
    self.registries = {registry_endpoint};
    self.endpoints = {"tcp://127.0.0.1:4700" + std::to_string(index + 1)};
    self.storage = uuid(static_cast<std::uint8_t>(index + 1));
    self.start = StartNumber(1);
    return self;
}

ClientOptions client_options() {
    ClientOptions options;
    options.registries = {registry_endpoint};
    options.id = ClientId(1);
    return options;
}

}  // namespace

// While it lives, what is done is done for this party.
class CountedCluster::Watch {
  public:
    Watch(CountedCluster& cluster, Party party)
        : collects_(party == cluster.watched_),
          before_(count_allocations_in(&cluster.costs_[static_cast<std::size_t>(party)].allocated)) {
        if (collects_) CALLGRIND_TOGGLE_COLLECT;
    }
    ~Watch() {
        if (collects_) CALLGRIND_TOGGLE_COLLECT;
        count_allocations_in(before_);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

  private:
    const bool collects_;
    Allocations* const before_;
};

class CountedCluster::HostDriver final : public VolatileDriver {
  public:
    HostDriver(CountedCluster& cluster, Host& host)
        : VolatileDriver(cluster.now_, host.stored), cluster_(cluster), host_(host) {}

    [[nodiscard]] Result<std::vector<Outgoing>> send(const Identity& sender, std::vector<Outgoing> messages) override {
        cluster_.send(host_, sender, messages);
        return std::vector<Outgoing>();
    }
    void subscribe(const std::string& endpoint) override { host_.subscription = endpoint; }
    void log(const LogLine&) override {}

  private:
    CountedCluster& cluster_;
    Host& host_;
};

CountedCluster::CountedCluster(std::uint32_t partitions, Party watched)
    : watched_(watched),
      placement_(ClusterSettings().vnodes),
      registry_(registry_options(partitions), placement_, {}, uuid(255)),
      client_(client_options(), 1) {
    hosts_.resize(1 + node_count + 1);
    hosts_.front().party = Party::registry;
    hosts_.front().listen = registry_endpoint;
    hosts_.front().publish = publisher_endpoint;
    hosts_.front().actor = &registry_;
    for (std::size_t i = 0; i < node_count; ++i) {
        const NodeDescription self = node_description(i);
        nodes_.push_back(std::make_unique<Node>(self));
        hosts_[1 + i].listen = self.endpoints.front();
        hosts_[1 + i].actor = &nodes_.back()->shard;
    }
    hosts_.back().party = Party::client;
    hosts_.back().actor = &client_;
    // The client learns its map, too.
    run(1, 1, [] { return WriteOperation{"first", "", {}}; });
    const Time deadline = now_ + patience;
    while (!whole()) {
        if (now_ > deadline) throw std::runtime_error("the cluster does not form");
        round();
    }
    rest(std::chrono::seconds(1));
}

CountedCluster::~CountedCluster() = default;

bool CountedCluster::whole() const {
    const ClusterMap& map = registry_.map();
    return map.formed() && std::all_of(map.partitions.begin(), map.partitions.end(), [](const PartitionState& state) {
               return state.view.members.size() == node_count;
           });
}

void CountedCluster::run(std::uint64_t count, std::uint64_t outstanding, const std::function<Operation()>& next) {
    completed_ = 0;
    const Time deadline = now_ + patience;
    for (std::uint64_t submitted = 0; completed_ < count; round()) {
        if (now_ > deadline) throw std::runtime_error("an operation does not end");
        // Made and ended out here: what the caller does is not the client's cost.
        ended_.clear();
        while (submitted < count && submitted - completed_ < outstanding) {
            to_submit_.push_back(std::make_unique<Operation>(next()));
            ++submitted;
        }
    }
}

void CountedCluster::rest(Duration time) {
    for (const Time end = now_ + time; now_ < end;) round();
}

bool CountedCluster::has_work(const Host& host) const {
    return !host.inbox.empty() || host.more || (host.actor == &client_ && !to_submit_.empty());
}

void CountedCluster::round() {
    for (Host& host : hosts_) host.inbox.swap(host.arriving);
    now_ += round_time;
    if (std::none_of(hosts_.begin(), hosts_.end(), [this](const Host& host) { return has_work(host); })) {
        const auto due = [](const Host& a, const Host& b) { return a.tick_due < b.tick_due; };
        now_ = std::max(now_, std::min_element(hosts_.begin(), hosts_.end(), due)->tick_due);
    }
    for (Host& host : hosts_)
        if (has_work(host) || now_ >= host.tick_due) turn(host);
}

void CountedCluster::turn(Host& host) {
    host.tick_due = now_ + tick;
    const Watch watch(*this, host.party);
    ++costs_[static_cast<std::size_t>(host.party)].turns;
    HostDriver driver(*this, host);
    const auto end = take_turn(*host.actor, driver, host.told_durable, [&] { return take_in(host); });
    if (!end) throw std::runtime_error(end.error().message());
    host.more = *end == TurnEnd::more;
    if (host.actor == &client_) take_completions();
}

Result<void> CountedCluster::take_in(Host& host) {
    for (const Parcel& parcel : host.inbox) {
        if (auto good = reader_.begin(parcel.frame, {}, envelope_); !good) return good;
        if (auto good = reader_.read(parcel.frame.size(), envelope_); !good) return good;
        const Host& sender = hosts_[parcel.sender];
        Address from;
        switch (parcel.way) {
            case Address::Kind::connection: from = Address::back(parcel.sender); break;
            case Address::Kind::subscribers: from = Address::to(sender.publish); break;
            default: from = Address::to(sender.listen);
        }
        const Identity& identity = envelope_.sender;
        const Origin origin{std::move(from), identity.cluster, identity.node,
                            identity.start,  envelope_.to,     envelope_.minor};
        std::vector<Message>& messages = envelope_.messages;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            look_ahead(i, messages.size(), Actor::look_ahead_steps,
                       [&](std::size_t index, std::size_t step) { host.actor->expect(messages[index], step); });
            host.actor->receive(now_, origin, std::move(messages[i]));
        }
    }
    host.inbox.clear();
    if (host.actor == &client_) submit_next();
    return {};
}

void CountedCluster::submit_next() {
    for (std::unique_ptr<Operation>& operation : to_submit_) {
        Operation* const submitted = operation.release();  // until its completion
        client_.submit(now_, submitted, now_ + patience, submitted);
    }
    to_submit_.clear();
}

void CountedCluster::take_completions() {
    for (const Completion& completion : client_.take_completions()) {
        if (!completion.outcome) throw std::runtime_error("failed: " + completion.outcome.error().message());
        ended_.emplace_back(static_cast<Operation*>(completion.context));
        ++completed_;
    }
}

// A lane for each receiver, as in the transport; its `connection` is the receiver's place in hosts_ here, and
// subscribers are all the one behind the last.
void CountedCluster::send(Host& sender, const Identity& identity, const std::vector<Outgoing>& messages) {
    sender.outbox.start(identity);
    for (const Outgoing& outgoing : messages) {
        Receiver receiver{nullptr, outgoing.address.connection, true, outgoing.to};
        if (outgoing.address.kind == Address::Kind::endpoint) {
            const auto listener = std::find_if(hosts_.begin(), hosts_.end(), [&](const Host& host) {
                return host.listen == outgoing.address.endpoint;
            });
            if (listener == hosts_.end()) throw std::runtime_error("no host has " + outgoing.address.endpoint.text());
            receiver = {nullptr, static_cast<std::uint64_t>(listener - hosts_.begin()), false, outgoing.to};
        } else if (outgoing.address.kind == Address::Kind::subscribers) {
            receiver = {nullptr, hosts_.size(), false, {}};
        }
        Lane& lane = sender.outbox.lane(receiver);
        lane.writer.add(outgoing.message);
        ++lane.messages;
        if (lane.writer.size() > TransportOptions().coalesce_bytes) transmit(sender, lane);
    }
    for (Lane& lane : sender.outbox.lanes())
        if (lane.messages > 0) transmit(sender, lane);
}

void CountedCluster::transmit(Host& sender, Lane& lane) {
    std::string frame = lane.writer.take();
    lane.messages = 0;
    const auto place = static_cast<std::size_t>(&sender - hosts_.data());
    PartyCost& cost = costs_[static_cast<std::size_t>(sender.party)];
    ++cost.frames;
    cost.frame_bytes += frame.size();
    Allocations* const account = count_allocations_in(nullptr);  // of the inboxes: they stand for sockets
    if (lane.receiver.connection == hosts_.size()) {
        for (Host& host : hosts_)
            if (host.subscription == sender.publish && !sender.publish.empty())
                host.arriving.push_back({Address::Kind::subscribers, place, frame});
    } else {
        const auto way = lane.receiver.routed ? Address::Kind::endpoint : Address::Kind::connection;
        hosts_[lane.receiver.connection].arriving.push_back({way, place, std::move(frame)});
    }
    count_allocations_in(account);
}

}  // namespace ringkv::benchmarks
