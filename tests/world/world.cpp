#include "tests/world/world.hpp"

#include <cmath>

#include "common/check.hpp"

namespace ringkv::simulation {

namespace {

// Hosts' clocks are this far apart, so that comparing the times of two machines shows.
constexpr Duration clock_distance = std::chrono::hours(1);

}  // namespace

World::World(Network& network, Duration tick) : network_(network), tick_(tick) {}

HostId World::add(HostOptions options) {
    Host host;
    host.options = std::move(options);
    host.disk = std::make_unique<Disk>();
    host.clock_since = now_;
    host.clock_base = Time{} + clock_distance * static_cast<std::int64_t>(hosts_.size() + 1);
    hosts_.push_back(std::move(host));
    return HostId(static_cast<std::uint32_t>(hosts_.size()));
}

World::Host& World::at(HostId host) {
    RINGKV_CHECK(!host.none() && host.value() <= hosts_.size(), "a host of this world");
    return hosts_[host.value() - 1];
}

const World::Host& World::at(HostId host) const {
    return const_cast<World*>(this)->at(host);
}

Actor& World::actor(HostId host) {
    Host& it = at(host);
    RINGKV_CHECK(it.actor != nullptr, "the host is not down");
    return *it.actor;
}

// ---------------------------------------------------------------- processes

void World::start(HostId host) {
    Host& it = at(host);
    RINGKV_CHECK(it.state == HostState::down, "one process a host");
    ++it.life;
    it.disk->restarted();
    it.told_durable = BatchNumber{};
    if (it.options.listen) listeners_[*it.options.listen] = host;
    if (it.options.publish) listeners_[*it.options.publish] = host;
    it.actor = it.options.boot(Boot{local_time(host), StartNumber(it.life), *it.disk});
    it.state = HostState::running;
    schedule_turn(host);
    schedule({now_ + tick_, 0, Event::Kind::tick, host, it.life, 0});
}

void World::end_process(HostId host) {
    Host& it = at(host);
    it.state = HostState::down;
    it.actor.reset();
    it.inbox.clear();
    it.turn_due = false;
    it.subscription.reset();
    it.connections.clear();
    it.peers.clear();
    // Connections are gone, and with them what was under way on them; only strays wait for the next process.
    std::erase_if(packets_, [host](const auto& packet) { return packet.second.to == host && !packet.second.stray; });
}

void World::crash(HostId host) {
    if (at(host).state != HostState::down) end_process(host);
}

void World::lose_power(HostId host, std::size_t spared) {
    crash(host);
    at(host).disk->lose_power(spared);
}

void World::pause(HostId host) {
    Host& it = at(host);
    RINGKV_CHECK(it.state == HostState::running, "only what runs can be paused");
    it.state = HostState::paused;
}

void World::resume(HostId host) {
    Host& it = at(host);
    RINGKV_CHECK(it.state == HostState::paused, "only what is paused can be resumed");
    it.state = HostState::running;
    schedule_turn(host);
}

void World::sync(HostId host) {
    sync(host, at(host).disk->written());
}

void World::sync(HostId host, BatchNumber up_to) {
    at(host).disk->sync(up_to);
    schedule_turn(host);
}

// ---------------------------------------------------------------- time

void World::set_clock_rate(HostId host, double rate) {
    Host& it = at(host);
    it.clock_base = local_time(host);
    it.clock_since = now_;
    it.clock_rate = rate;
}

Time World::local_time(HostId host) const {
    const Host& it = at(host);
    const auto elapsed = static_cast<double>((now_ - it.clock_since).count());
    return it.clock_base + Duration(std::llround(elapsed * it.clock_rate));
}

void World::schedule(Event event) {
    event.number = next_event_++;
    events_.push(event);
}

void World::schedule_turn(HostId host) {
    Host& it = at(host);
    if (it.state != HostState::running || it.turn_due) return;
    it.turn_due = true;
    schedule({now_, 0, Event::Kind::turn, host, it.life, 0});
}

bool World::step(Time until) {
    if (events_.empty() || events_.top().at > until) return false;
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    happen(event);
    return true;
}

void World::happen(const Event& event) {
    if (event.kind == Event::Kind::arrival) {
        const auto found = packets_.find(event.packet);
        if (found == packets_.end()) return;  // its receiver ended meanwhile
        Packet packet = std::move(found->second);
        packets_.erase(found);
        arrive(std::move(packet));
        return;
    }
    Host& host = at(event.host);
    if (host.life != event.life || host.state == HostState::down) return;  // of an earlier process
    if (event.kind == Event::Kind::tick) {
        schedule({now_ + tick_, 0, Event::Kind::tick, event.host, host.life, 0});
        schedule_turn(event.host);
    } else {
        host.turn_due = false;
        if (host.state == HostState::running) turn(event.host);
    }
}

void World::advance(Duration duration) {
    const Time until = now_ + duration;
    while (step(until)) {
    }
    now_ = until;
}

bool World::advance_until(const std::function<bool()>& condition, Duration limit) {
    const Time until = now_ + limit;
    while (!condition()) {
        if (step(until)) continue;
        now_ = until;
        return condition();
    }
    return true;
}

// ---------------------------------------------------------------- turns

namespace {

// Ends a turn whose process has ended; it is not read.
Error ended() {
    return {ErrorCode::closed, "the process has ended"};
}

}  // namespace

class World::HostDriver final : public Driver {
  public:
    HostDriver(World& world, HostId host) : world_(world), host_(host) {}

    [[nodiscard]] Time now() override { return world_.local_time(host_); }
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch batch) override {
        return world_.store(host_, number, std::move(batch));
    }
    [[nodiscard]] Result<BatchNumber> durable() override { return world_.at(host_).disk->durable(); }
    [[nodiscard]] Result<std::vector<Outgoing>> send(const Identity& sender, std::vector<Outgoing> messages) override {
        std::vector<Outgoing> unsent;
        if (!world_.send(host_, sender, messages, &unsent)) return ended();
        return unsent;
    }
    void subscribe(const std::string& endpoint) override { world_.at(host_).subscription = endpoint; }
    void log(const LogLine& line) override {
        world_.trace({TraceEvent::Kind::logged, world_.now_, host_, {}, nullptr, &line, {}});
    }

  private:
    World& world_;
    HostId host_;
};

void World::turn(HostId host) {
    Host& it = at(host);
    HostDriver driver(*this, host);
    const auto end = take_turn(*it.actor, driver, it.told_durable, [&]() -> Result<void> {
        if (!receive_all(host)) return ended();
        return {};
    });
    if (end && it.actor->finished()) end_process(host);
    if (end && *end == TurnEnd::more) schedule_turn(host);
    if (after_turn_) after_turn_(host);
}

bool World::receive_all(HostId host) {
    Host& it = at(host);
    std::vector<Packet> inbox = std::move(it.inbox);
    it.inbox.clear();
    for (Packet& packet : inbox) {
        receive(host, std::move(packet));
        if (it.actor == nullptr) return false;  // crashed while it refused something
    }
    return true;
}

void World::input(HostId host, const std::function<void(Actor&, Time)>& call) {
    Host& it = at(host);
    RINGKV_CHECK(it.state == HostState::running, "only what runs takes an input");
    call(*it.actor, local_time(host));
    turn(host);
}

bool World::dies_here(HostId host) {
    if (!dies_ || !dies_(host)) return false;
    end_process(host);
    return true;
}

// The process ends when its disk fails (D3).
Result<void> World::store(HostId host, BatchNumber number, StorageBatch batch) {
    if (dies_here(host)) return ended();
    auto stored = at(host).disk->commit(number, std::move(batch));
    if (stored) return dies_here(host) ? Result<void>(ended()) : stored;
    const LogLine line{LogLevel::error, "storage failed, the process ends: " + stored.error().message(), {}};
    trace({TraceEvent::Kind::logged, now_, host, {}, nullptr, &line, {}});
    end_process(host);
    return stored;
}

}  // namespace ringkv::simulation
