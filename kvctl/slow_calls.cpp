#include "kvctl/slow_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kvctl/console.hpp"
#include "kvctl/context.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {

namespace {

double milliseconds(std::chrono::microseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

// "write 'user:1' took 348.2 ms: 2 attempts, the last after 90.1 ms to tcp://...; request=... client=... sequence=812"
std::string told(const SlowCall& call) {
    std::string text = call.operation;
    if (!call.key.empty()) text += ' ' + named(call.key);
    text += fmt::format(" took {:.1f} ms: {}", milliseconds(call.took), counted(call.attempts, "attempt"));
    if (call.attempts > 0)
        text += fmt::format(", the last after {:.1f} ms to {}", milliseconds(call.before_last), call.endpoint);
    if (!call.refusal.empty()) text += fmt::format("; refused: {}", call.refusal);
    if (call.attempts > 0) text += fmt::format("; request={} client={}", call.request, call.client);
    if (call.sequence > 0) text += fmt::format(" sequence={}", call.sequence);
    return text;
}

}  // namespace

void SlowCalls::note(Options& options, std::chrono::milliseconds threshold, const std::shared_ptr<SlowCalls>& into) {
    options.slow_call = threshold;
    options.on_slow_call = [into](const SlowCall& call) { into->add(call); };
}

void SlowCalls::add(SlowCall call) {
    const std::lock_guard lock(mutex_);
    ++count_;
    if (slowest_.size() == most && slowest_.back().took >= call.took) return;
    if (slowest_.size() == most) slowest_.pop_back();
    const auto place = std::ranges::upper_bound(slowest_, call.took, std::greater(), &SlowCall::took);
    slowest_.insert(place, std::move(call));
}

void SlowCalls::report(const Console& console) const {
    const std::lock_guard lock(mutex_);
    for (const SlowCall& call : slowest_)
        console.say(fmt::format("{} {}", console.paint_err(Colour::yellow, "slow:"), told(call)));
    if (count_ > most) console.say(fmt::format("  {} were slow; these are the slowest", counted(count_, "call")));
}

}  // namespace ringkv::kvctl
