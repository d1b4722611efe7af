#include "common/edge/running/event_loop.hpp"

#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {
namespace {

// A turn takes effects at most so often; what an actor still has then is for the next turn.
constexpr int most_rounds = 16;
// Connections that nobody has used for so long are closed.
constexpr Duration idle = std::chrono::minutes(5);

}  // namespace

EventLoop::EventLoop(Actor& actor, Storage& storage, Transport& transport, EventLoopOptions options)
    : actor_(actor), storage_(storage), transport_(transport), options_(options) {}

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
    actor_.tick(now);
    transport_.close_idle(now, idle);
    return carry_out(actor_.take_effects());
}

Result<void> EventLoop::carry_out(Effects effects) {
    for (int round = 1;; ++round) {
        if (!effects.batch.empty())
            if (auto stored = storage_.commit(effects.number, std::move(effects.batch)); !stored) return stored;
        transport_.send(actor_.identity(), effects.sends);
        if (effects.subscribe) transport_.subscribe(*effects.subscribe);
        for (const LogLine& line : effects.log) log(line);

        const Result<BatchNumber> safe = storage_.durable();
        if (!safe) return safe.error();
        if (*safe <= durable_) return {};
        durable_ = *safe;
        actor_.durable(boot_time(), durable_);
        if (round == most_rounds) {
            more_ = true;
            return {};
        }
        effects = actor_.take_effects();
    }
}

}  // namespace ringkv
