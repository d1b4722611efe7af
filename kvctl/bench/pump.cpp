#include "kvctl/bench/pump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ringkv::kvctl {

namespace {

constexpr std::uint64_t scanned_keys = 100;  // those that differ in the last two digits

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

Failure wrong_value(std::string what) {
    return {Error(ErrorCode::internal, std::move(what)), true};
}

const std::string& value_for(const BenchValues& values, std::string_view key, std::uint64_t nonce) {
    thread_local std::string value;
    values.write(key, nonce, value);
    return value;
}

}  // namespace

void PumpStatistics::add(const PumpStatistics& other) {
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) latencies.at(kind).add(other.latencies.at(kind));
    errors += other.errors;
    outcome_unknown += other.outcome_unknown;
    if (other.first_error && (!first_error || (wrong_values == 0 && other.wrong_values > 0))) {
        first_error = other.first_error;
    }
    wrong_values += other.wrong_values;
    oldest = std::max(oldest, other.oldest);
    conflicts += other.conflicts;
    worst = worse(worst, other.worst);
    if (!fatal) fatal = other.fatal;
}

Histogram PumpStatistics::all() const {
    Histogram sum;
    for (const Histogram& kind : latencies) sum.add(kind);
    return sum;
}

Pump::Pump(Client& client, std::size_t slots, std::uint64_t seed, Source& source, const BenchValues& values,
           Workers* workers, const Consistency& consistency)
    : client_(client), slots_(slots), source_(source), values_(values), workers_(workers), consistency_(consistency) {
    Random seeds(seed);
    for (Slot& slot : slots_) slot.random = Random(seeds.next());
}

void Pump::start() {
    running_ = slots_.size();
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) run(slot);
}

bool Pump::wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, patience, [&] { return running_ == 0; });
}

void Pump::forget_latencies() {
    const std::lock_guard lock(mutex_);
    statistics_.latencies = {};
    statistics_.conflicts = 0;
    statistics_.oldest = {};
}

PumpStatistics Pump::statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

// The answer may come inside the call that sends (an operation refused at once), or on the client's thread before
// that call has returned. The second of the two, sender or answer, goes on with the slot, and so it never
// recurses and never has two owners:
//   answer first: it leaves `answered`; the sender finds that and loops;
//   sender first: it leaves `sent`; the answer finds that and runs the slot itself.
void Pump::run(std::size_t number) {
    Slot& slot = slots_[number];
    for (;;) {
        const auto operation = stopped_ ? std::nullopt : source_.next(slot.random);
        if (!operation) {
            const std::lock_guard lock(mutex_);
            --running_;
            ended_.notify_all();
            return;
        }
        slot.operation = *operation;
        slot.step = Step::sending;
        slot.began = Clock::now();
        send(number);
        if (slot.step.exchange(Step::sent) != Step::answered) return;
    }
}

void Pump::send(std::size_t slot) {
    switch (slots_[slot].operation.kind) {
        case OperationKind::get: return send_get(slot);
        case OperationKind::put:
        case OperationKind::insert: return send_put(slot);
        case OperationKind::scan: return send_scan(slot);
        case OperationKind::read_modify_write: return read_to_modify(slot);
    }
}

void Pump::send_stale_get(std::size_t slot) {
    const std::uint64_t number = slots_[slot].operation.key;
    client_.async_read(bench_key(number), consistency_.read,
                       [self = shared_from_this(), slot, number](const Result<StaleValue>& read) {
                           if (!read) return self->answered(slot, Failure{read.error()});
                           {
                               const std::lock_guard lock(self->mutex_);
                               self->statistics_.oldest = std::max(self->statistics_.oldest, read->age);
                           }
                           // What was written lately may be lacking.
                           self->answered(slot, read->found ? self->wrong(number, read->found) : std::nullopt);
                       });
}

void Pump::send_get(std::size_t slot) {
    if (consistency_.stale()) return send_stale_get(slot);
    const std::uint64_t number = slots_[slot].operation.key;
    client_.async_get(bench_key(number),
                      [self = shared_from_this(), slot, number](const Result<std::optional<VersionedValue>>& found) {
                          self->answered(slot, found ? self->wrong(number, *found) : Failure{found.error()});
                      });
}

void Pump::send_put(std::size_t slot) {
    const std::string key = bench_key(slots_[slot].operation.key);
    const std::string& value = value_for(values_, key, slots_[slot].random.next());
    client_.async_put(key, value, consistency_.write, [self = shared_from_this(), slot](const Result<Version>& done) {
        self->answered(slot, done ? std::nullopt : std::optional(Failure{done.error()}));
    });
}

void Pump::send_scan(std::size_t slot) {
    workers_->run(
        [self = shared_from_this(), slot] { self->answered(slot, self->scan(self->slots_[slot].operation)); });
}

// A read-modify-write begins anew when another was faster: each time one of them has got on.
void Pump::read_to_modify(std::size_t slot) {
    const std::uint64_t number = slots_[slot].operation.key;
    client_.async_get(bench_key(number),
                      [self = shared_from_this(), slot, number](const Result<std::optional<VersionedValue>>& found) {
                          if (!found) return self->answered(slot, Failure{found.error()});
                          if (auto failure = self->wrong(number, *found))
                              return self->answered(slot, std::move(failure));
                          self->modify(slot, *found ? (*found)->version : 0);
                      });
}

void Pump::modify(std::size_t slot, Version version) {
    const std::string key = bench_key(slots_[slot].operation.key);
    const std::string& value = value_for(values_, key, slots_[slot].random.next());
    client_.async_compare_and_set(key, version, value, [self = shared_from_this(), slot](const Result<Version>& done) {
        if (done) return self->answered(slot, std::nullopt);
        if (done.error().code() != ErrorCode::condition_failed) return self->answered(slot, Failure{done.error()});
        {
            const std::lock_guard lock(self->mutex_);
            ++self->statistics_.conflicts;
        }
        self->read_to_modify(slot);
    });
}

std::optional<Failure> Pump::wrong(std::uint64_t number, const std::optional<VersionedValue>& found) const {
    const std::string key = bench_key(number);
    if (found && !BenchValues::is_right(key, found->value)) {
        return wrong_value(fmt::format("the value of '{}' is not one that was written for it", key));
    }
    if (!found && !source_.may_be_absent(number)) {
        return wrong_value(fmt::format("'{}' had been written and was not there", key));
    }
    return std::nullopt;
}

std::optional<Failure> Pump::scan(const Operation& operation) {
    std::string prefix = bench_key(operation.key);
    prefix.resize(prefix.size() - 2);
    std::set<std::string> seen;
    std::optional<Failure> failure;
    const auto scanned =
        client_.scan(prefix, {.limit = operation.limit, .read = consistency_.read}, [&](const KeyValue& entry) {
            if (!entry.key.starts_with(prefix) || !BenchValues::is_right(entry.key, entry.value)) {
                failure = wrong_value(fmt::format("a scan of '{}' brought a wrong key or value", prefix));
            } else if (!seen.insert(entry.key).second) {
                failure = wrong_value(fmt::format("a scan of '{}' brought '{}' twice", prefix, entry.key));
            }
            return !failure;
        });
    if (!scanned) return Failure{scanned.error()};
    if (!failure && seen.size() > operation.limit) {
        failure =
            wrong_value(fmt::format("a scan of '{}' for {} keys brought {}", prefix, operation.limit, seen.size()));
    }
    // It saw all there is unless it was ended by the limit.
    const std::uint64_t end = operation.key + source_.present(operation.key, scanned_keys);
    for (std::uint64_t key = operation.key;
         !consistency_.stale() && !failure && seen.size() < operation.limit && key < end; ++key) {
        if (!seen.contains(bench_key(key))) {
            failure = wrong_value(fmt::format("a scan of '{}' did not bring '{}'", prefix, bench_key(key)));
        }
    }
    return failure;
}

void Pump::answered(std::size_t number, std::optional<Failure> failure) {
    Slot& slot = slots_[number];
    if (slot.operation.kind == OperationKind::insert) source_.inserted(slot.operation.key, !failure);
    count(slot, std::move(failure));
    if (slot.step.exchange(Step::answered) == Step::sent) run(number);
}

void Pump::count(const Slot& slot, std::optional<Failure> failure) {
    const auto latency = Clock::now() - slot.began;
    const std::lock_guard lock(mutex_);
    if (!failure) return statistics_.latencies.at(static_cast<std::size_t>(slot.operation.kind)).record(latency);
    const Error& error = failure->error;
    statistics_.worst = worse(statistics_.worst, exit_code(error));
    if (is_fatal(error.code())) {
        stopped_ = true;
        if (!statistics_.fatal) statistics_.fatal = error;
    }
    if (!statistics_.first_error || (failure->wrong_value && statistics_.wrong_values == 0)) {
        statistics_.first_error = error;
    }
    ++(failure->wrong_value    ? statistics_.wrong_values
       : error.maybe_applied() ? statistics_.outcome_unknown
                               : statistics_.errors);
}

}  // namespace ringkv::kvctl
