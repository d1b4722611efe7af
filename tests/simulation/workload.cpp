#include "tests/simulation/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ringkv::simulation {

namespace {

using linearizability::Call;
using linearizability::Kind;
using std::chrono::milliseconds;

constexpr std::uint32_t calls_a_key = 300;  // a history stays small enough to be judged

linearizability::Instant instant(Time time) {
    return time.time_since_epoch().count();
}

Operation operation_of(const std::string& key, const Call& call, Ack ack, const std::optional<StaleRead>& stale) {
    switch (call.kind) {
        case Kind::get: return GetOperation{key, stale};
        case Kind::put: return WriteOperation{key, call.value, {}, ack};
        case Kind::erase: return WriteOperation{key, {}, {}, ack};
        case Kind::compare_and_set: return WriteOperation{key, call.value, OpNumber(call.expected)};
        case Kind::compare_and_erase: return WriteOperation{key, {}, OpNumber(call.expected)};
    }
    return GetOperation{key};
}

linearizability::Outcome judged_outcome(WriteStatus status) {
    switch (status) {
        case WriteStatus::done: return linearizability::Outcome::done;
        case WriteStatus::not_found: return linearizability::Outcome::absent;
        case WriteStatus::condition_failed: return linearizability::Outcome::condition_failed;
    }
    return linearizability::Outcome::unknown;
}

void settle(Call& call, const Result<Outcome>& outcome) {
    if (!outcome) {
        const bool unknown = outcome.error().code() == ErrorCode::outcome_unknown;
        call.outcome = unknown ? linearizability::Outcome::unknown : linearizability::Outcome::not_applied;
        return;
    }
    if (const auto* read = std::get_if<GetOutcome>(&*outcome)) {
        call.outcome = read->value ? linearizability::Outcome::done : linearizability::Outcome::absent;
        call.value = read->value.value_or("");
        call.version = read->version.value();
        return;
    }
    const auto& write = std::get<WriteOutcome>(*outcome);
    call.outcome = judged_outcome(write.status);
    if (write.status == WriteStatus::done) call.version = write.version.value();
}

}  // namespace

void WorkloadTotals::add(const WorkloadTotals& other) {
    calls += other.calls;
    reads += other.reads;
    writes += other.writes;
    conditions_failed += other.conditions_failed;
    refused += other.refused;
    unknown += other.unknown;
    early += other.early;
    stale += other.stale;
}

Workload::Workload(SimulatedCluster& cluster, const Plan& plan) : cluster_(cluster), plan_(plan), lives_(plan.keys, 0) {
    for (std::uint32_t i = 1; i <= plan.clients; ++i) {
        // Some start from the registry, others from nodes.
        std::vector<HostId> sources;
        if (i % 2 == 0) sources = cluster.nodes();
        ClientOptions options;
        options.contact.window = plan.window;
        Random less_sure = plan.random(fmt::format("less sure client {}", i));
        if (less_sure.chance(0.7)) options.rack = fmt::format("rack{}", less_sure.below(plan.racks));
        if (plan.hasty) {
            options.retry.pause = milliseconds(1);
            options.retry.longest_pause = options.retry.longest_overload_pause = milliseconds(2);
        }
        const HostId host = cluster.add_client(fmt::format("c{}", i), sources, options);
        clients_.push_back(host);
        Caller& caller = callers_[host];
        caller.random = plan.random(fmt::format("client {}", i));
        caller.less_sure = less_sure;
        caller.number = i;
        caller.next = cluster.world().now() + caller.random.between(Duration(0), plan.pace * 2);
        cluster.world().start(host);
    }
}

// ---------------------------------------------------------------- calls

Time Workload::due() const {
    Time earliest = Time::max();
    if (!stopped_)
        for (const auto& [host, caller] : callers_) earliest = std::min(earliest, caller.next);
    return earliest;
}

void Workload::tick() {
    if (stopped_) return;
    const Time now = cluster_.world().now();
    for (auto& [host, caller] : callers_) {
        if (caller.next > now) continue;
        caller.next = now + caller.random.between(Duration(1), plan_.pace * 2);
        if (cluster_.world().state(host) == HostState::running && caller.open.size() < plan_.outstanding)
            call(host, caller);
    }
}

std::string Workload::choose_key(Caller& caller) {
    const double u = std::pow(caller.random.unit(), 1 + 3 * plan_.skew);
    const auto slot = std::min(static_cast<std::size_t>(u * plan_.keys), std::size_t{plan_.keys} - 1);
    std::string key = fmt::format("k{}.{}", slot, lives_[slot]);
    if (calls_[key] < calls_a_key) return key;
    return fmt::format("k{}.{}", slot, ++lives_[slot]);
}

// Mostly what it saw last; sometimes none, or an old one.
linearizability::Version Workload::expected_version(Caller& caller, const std::string& key) {
    const auto known = caller.known.find(key);
    if (known == caller.known.end() || caller.random.chance(0.1)) return 0;
    if (known->second > 1 && caller.random.chance(0.05)) return known->second - 1;
    return known->second;
}

void Workload::call(HostId client, Caller& caller) {
    Open open;
    open.key = choose_key(caller);
    const double kind = caller.random.unit();
    open.call.kind = kind < 0.40   ? Kind::get
                     : kind < 0.70 ? Kind::put
                     : kind < 0.88 ? Kind::compare_and_set
                     : kind < 0.96 ? Kind::erase
                                   : Kind::compare_and_erase;
    if (open.call.kind == Kind::put || open.call.kind == Kind::compare_and_set) {
        open.call.value = fmt::format("v{}", ++values_);
        if (plan_.value_bytes != 0) open.call.value.append(caller.random.between(0, plan_.value_bytes), '.');
    }
    if (open.call.kind == Kind::compare_and_set || open.call.kind == Kind::compare_and_erase)
        open.call.expected = expected_version(caller, open.key);
    if (open.call.kind == Kind::compare_and_erase && open.call.expected == 0) open.call.kind = Kind::erase;
    const Duration deadline = caller.random.chance(0.3) ? caller.random.between(milliseconds(50), milliseconds(800))
                                                        : caller.random.between(milliseconds(800), milliseconds(8000));
    choose_sureness(caller, open);
    submit(client, caller, std::move(open), deadline);
}

void Workload::choose_sureness(Caller& caller, Open& open) {
    const Kind kind = open.call.kind;
    if ((kind == Kind::put || kind == Kind::erase) && caller.less_sure.chance(plan_.early)) open.ack = Ack::primary;
    if (kind != Kind::get || !caller.less_sure.chance(plan_.stale)) return;
    open.stale.emplace();
    if (caller.less_sure.chance(0.5))
        open.stale->max_age = caller.less_sure.between(milliseconds(50), milliseconds(2000));
}

void Workload::submit(HostId client, Caller& caller, Open open, Duration deadline) {
    ++totals_.calls;
    ++calls_[open.key];
    open.call.client = caller.number;
    open.call.called = instant(cluster_.world().now());
    Operation operation = operation_of(open.key, open.call, open.ack, open.stale);
    // Noted before the turn that follows, which may finish it.
    OperationId id;
    cluster_.world().input(client, [&](Actor& actor, Time now) {
        id = dynamic_cast<ClientActor&>(actor).submit(now, std::move(operation), now + deadline);
        caller.open.emplace(id, std::move(open));
    });
}

void Workload::read_all(Duration deadline) {
    stopped_ = true;
    std::size_t next = 0;
    for (const auto& [key, calls] : calls_) {
        const HostId client = clients_[next++ % clients_.size()];
        Open open;
        open.key = key;
        open.last_read = true;
        submit(client, callers_.at(client), std::move(open), deadline);
    }
}

// ---------------------------------------------------------------- answers

void Workload::finished(HostId client, const Finished& finished) {
    Caller& caller = callers_.at(client);
    const auto found = caller.open.find(finished.completion.id);
    if (found == caller.open.end()) return;
    Open open = std::move(found->second);
    caller.open.erase(found);
    open.call.returned = instant(finished.at);
    if (open.stale) {
        if (!finished.completion.outcome) return void(++totals_.refused);
        ++totals_.stale;
        const auto& read = std::get<GetOutcome>(*finished.completion.outcome);
        return stale_(
            {open.key, read.value, read.version, Time(Duration(open.call.called)), read.age, open.stale->max_age});
    }
    settle(open.call, finished.completion.outcome);
    told_early(open);
    if (open.call.outcome == linearizability::Outcome::done && open.call.version != 0)
        caller.known[open.key] = open.call.version;
    if (open.call.outcome == linearizability::Outcome::absent) caller.known[open.key] = 0;
    if (open.last_read && open.call.outcome == linearizability::Outcome::not_applied)
        unanswered_.push_back(open.key + ": " + finished.completion.outcome.error().message());
    record(open);
}

// Without a version it is not certain. An erasure has no value to be found by: whether it was kept is not looked for.
void Workload::told_early(Open& open) {
    if (open.ack != Ack::primary || open.call.outcome != linearizability::Outcome::done || open.call.version != 0)
        return;
    ++totals_.early;
    if (open.call.kind == Kind::put)
        early_.insert(open.call.value);
    else
        open.call.outcome = linearizability::Outcome::unknown;
}

void Workload::record(const Open& open) {
    using linearizability::Outcome;
    const Call& call = open.call;
    switch (call.outcome) {
        case Outcome::done:
        case Outcome::absent: ++(call.kind == Kind::get ? totals_.reads : totals_.writes); break;
        case Outcome::condition_failed: ++totals_.conditions_failed; break;
        case Outcome::not_applied: ++totals_.refused; break;
        case Outcome::unknown: ++totals_.unknown; break;
    }
    histories_[open.key].push_back(call);
}

void Workload::begun_anew(const std::string& key, OpNumber version) {
    Call call;
    call.kind = Kind::erase;
    call.outcome = linearizability::Outcome::done;
    call.version = version.value();
    call.called = call.returned = instant(cluster_.world().now());
    histories_[key].push_back(std::move(call));
}

void Workload::crashed(HostId client) {
    Caller& caller = callers_.at(client);
    for (auto& [id, open] : caller.open) {
        if (open.stale) continue;
        open.call.outcome =
            open.call.kind == Kind::get ? linearizability::Outcome::not_applied : linearizability::Outcome::unknown;
        open.call.returned = linearizability::never;
        record(open);
    }
    caller.open.clear();
}

bool Workload::idle() const {
    return std::all_of(callers_.begin(), callers_.end(), [](const auto& item) { return item.second.open.empty(); });
}

}  // namespace ringkv::simulation
