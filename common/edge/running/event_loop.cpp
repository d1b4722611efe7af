#include "common/edge/running/event_loop.hpp"

#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {
namespace {

// Connections that were not used for so long are closed.
constexpr Duration idle = std::chrono::minutes(5);

}  // namespace

EventLoop::EventLoop(Actor& actor, Storage& storage, Transport& transport, EventLoopOptions options)
    : actor_(actor), transport_(transport), world_(storage, transport), options_(options) {}

Time EventLoop::RealWorld::now() {
    return boot_time();
}

Result<void> EventLoop::RealWorld::commit(BatchNumber number, StorageBatch batch) {
    return storage_.commit(number, std::move(batch));
}

Result<std::vector<Outgoing>> EventLoop::RealWorld::send(const Identity& sender, std::vector<Outgoing> messages) {
    std::vector<Outgoing> unsent;
    for (const std::size_t index : transport_.send(sender, messages)) unsent.push_back(std::move(messages[index]));
    return unsent;
}

void EventLoop::RealWorld::log(const LogLine& line) {
    ringkv::log(line);
}

Result<void> EventLoop::run() {
    while (!stopped_.load(std::memory_order_acquire) && !actor_.finished())
        if (auto done = turn(); !done) return done;
    return {};
}

void EventLoop::stop() {
    stopped_.store(true, std::memory_order_release);
    transport_.wake();
}

Result<void> EventLoop::turn() {
    transport_.poll(more_ ? Duration::zero() : options_.tick);
    const auto end = take_turn(actor_, world_, durable_, [this]() -> Result<void> {
        take_messages();
        return {};
    });
    if (!end) return end.error();
    more_ = more_ || *end == TurnEnd::more;
    return {};
}

void EventLoop::take_messages() {
    // The clock is sampled after a frame was taken in, once for all messages of that frame (L3, L4).
    const TransportCounters& counters = transport_.counters();
    std::uint64_t frame = counters.frames_in;
    Time now{};
    const std::size_t taken = transport_.receive(options_.frames, [&](const Origin& from, Message message) {
        if (frame != counters.frames_in) {
            frame = counters.frames_in;
            now = boot_time();
        }
        actor_.receive(now, from, std::move(message));
    });
    more_ = taken >= options_.frames;
    now = boot_time();
    if (input_) input_(now);
    transport_.close_idle(now, idle);
}

}  // namespace ringkv
