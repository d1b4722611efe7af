#include "kvctl/pump.hpp"

#include <fmt/format.h>

namespace ringkv::kvctl {
namespace {

bool is_fatal(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
        case ErrorCode::configuration:
        case ErrorCode::wrong_cluster:
        case ErrorCode::version_mismatch:
        case ErrorCode::closed: return true;
        default: return false;
    }
}

}  // namespace

void Pump::start() {
    running_ = slots_.size();
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) run(slot);
}

bool Pump::wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, patience, [&] { return running_ == 0; });
}

PumpStatistics Pump::statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

// The answer may come inside the call that sends (a request refused at once), or on the client's thread before
// that call has returned. The second of the two, sender or answer, goes on with the slot, and so it never
// recurses and never has two owners:
//   answer first: it leaves `answered`; the sender finds that and loops;
//   sender first: it leaves `sent`; the answer finds that and runs the slot itself.
void Pump::run(std::size_t slot) {
    for (;;) {
        const auto request = stopped_ ? std::nullopt : next_(slot);
        if (!request) {
            const std::lock_guard lock(mutex_);
            --running_;
            ended_.notify_all();
            return;
        }
        slots_[slot].step = Step::sending;
        slots_[slot].began = Clock::now();
        send(slot, *request);
        if (slots_[slot].step.exchange(Step::sent) != Step::answered) return;
    }
}

void Pump::send(std::size_t slot, const Request& request) {
    const std::string key = fmt::format("bench:{:010}", request.key);
    if (request.write) {
        client_.async_put(key, value_, [self = shared_from_this(), slot](const Result<Version>& done) {
            self->answered(slot, done ? std::nullopt : std::optional(done.error()));
        });
    } else {
        client_.async_get(key, [self = shared_from_this(), slot](const Result<std::optional<VersionedValue>>& found) {
            if (!found) return self->answered(slot, found.error());
            if (*found) return self->answered(slot, std::nullopt);
            self->answered(slot, Error(ErrorCode::internal, "a key that had been written was not there"));
        });
    }
}

void Pump::answered(std::size_t slot, std::optional<Error> failure) {
    count(Clock::now() - slots_[slot].began, std::move(failure));
    if (slots_[slot].step.exchange(Step::answered) == Step::sent) run(slot);
}

void Pump::count(std::chrono::nanoseconds latency, std::optional<Error> failure) {
    const std::lock_guard lock(mutex_);
    if (!failure) return statistics_.latencies.record(latency);
    ++(failure->maybe_applied() ? statistics_.outcome_unknown : statistics_.errors);
    statistics_.worst = worse(statistics_.worst, exit_code(*failure));
    if (is_fatal(failure->code())) {
        stopped_ = true;
        if (!statistics_.fatal) statistics_.fatal = failure;
    }
    if (!statistics_.first_error) statistics_.first_error = std::move(failure);
}

}  // namespace ringkv::kvctl
