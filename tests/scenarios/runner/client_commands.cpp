// What users do. Every command says what came of it; with `took=BOUND` also whether it took as long as that.
#include <fmt/format.h>

#include <algorithm>

#include "common/partitioning.hpp"
#include "tests/scenarios/runner/runner.hpp"
#include "tests/world/describe.hpp"

namespace ringkv::scenarios {

using simulation::HostId;
using simulation::quote;

namespace {

std::string text_of(const Outcome& outcome) {
    if (const auto* write = std::get_if<WriteOutcome>(&outcome)) {
        switch (write->status) {
            case WriteStatus::done:
                return write->version.none() ? "done" : fmt::format("version {}", write->version.value());
            case WriteStatus::condition_failed:
                return fmt::format("condition failed, version {}", write->version.value());
            case WriteStatus::not_found: return "not found";
        }
    }
    if (const auto* get = std::get_if<GetOutcome>(&outcome)) {
        return get->value ? fmt::format("{} (version {})", quote(*get->value), get->version.value()) : "absent";
    }
    if (const auto* scan = std::get_if<ScanOutcome>(&outcome)) {
        std::string text = fmt::format("{} keys{}", scan->records.size(), scan->more ? ", more" : "");
        for (const KeyRecord& record : scan->records)
            text += fmt::format(" {}={}", quote(record.key), quote(record.value));
        return text;
    }
    return "a map";
}

std::optional<Duration> age_of(const Outcome& outcome) {
    if (const auto* get = std::get_if<GetOutcome>(&outcome)) return get->age;
    if (const auto* scan = std::get_if<ScanOutcome>(&outcome)) return scan->age;
    return std::nullopt;
}

// `stale [max_age=DURATION]`
std::optional<StaleRead> stale_of(Arguments& arguments) {
    const auto max_age = arguments.option("max_age");
    if (!arguments.take("stale")) return std::nullopt;
    return StaleRead{max_age ? std::optional(duration_of(*max_age)) : std::nullopt};
}

Ack ack_of(Arguments& arguments) {
    const std::string word = arguments.option("ack").value_or("all");
    if (word != "all" && word != "primary") throw BadCommand("'" + word + "' is not an ack: all, primary");
    return word == "all" ? Ack::all : Ack::primary;
}

}  // namespace

// VERB CLIENT ARGUMENTS -> the operation, submitted.
Runner::Started Runner::submit(Arguments& arguments, const std::string& verb) {
    const HostId client = host(arguments);
    if (!the_cluster().is_client(client)) throw BadCommand("that is not a client");
    const Duration deadline = arguments.option("deadline", deadline_);
    const std::optional<Bound> bound = arguments.bound();
    const auto age_word = arguments.option("age");
    const std::optional<Bound> age = age_word ? std::optional(bound_of(*age_word)) : std::nullopt;
    Operation operation;
    std::string what = world().name(client) + " " + verb;
    if (verb == "scan") {
        ScanOperation scan;
        scan.partition = partition(arguments.after("in").value_or("p0"));
        scan.limit = static_cast<std::uint32_t>(arguments.option("limit", 0));
        scan.stale = stale_of(arguments);
        if (!arguments.empty()) scan.prefix = arguments.next("a prefix");
        what += " " + quote(scan.prefix);
        operation = scan;
    } else {
        std::string key = arguments.next("a key");
        if (const auto size = arguments.option("key_size")) key.resize(number_of(*size), 'k');
        what += " " + quote(key);
        if (verb == "get") {
            operation = GetOperation{key, stale_of(arguments)};
        } else if (verb == "erase") {
            operation = WriteOperation{key, std::nullopt, std::nullopt, ack_of(arguments)};
        } else if (verb == "put" || verb == "cas") {
            WriteOperation write{key, {}, {}, ack_of(arguments)};
            if (verb == "cas") write.expected = OpNumber(number_of(arguments.next("the expected version")));
            write.value = arguments.next("a value");
            if (const auto size = arguments.option("value_size")) write.value->resize(number_of(*size), 'v');
            operation = write;
        } else {
            throw BadCommand("'" + verb + "' is not an operation");
        }
    }
    const Time at = world().now();
    return {client, the_cluster().submit(client, std::move(operation), deadline), at, what, bound, age};
}

void Runner::show_outcome(const Started& started) {
    const simulation::Finished* finished = the_cluster().finished(started.client, started.operation);
    if (finished == nullptr) {
        say(started.what + ": still under way");
        return;
    }
    const std::string time = took(started.bound, finished->at - started.at);
    const auto& outcome = finished->completion.outcome;
    if (outcome) {
        const std::optional<Duration> age = age_of(*outcome);
        say(fmt::format("{}: {}{}{}", started.what, text_of(*outcome), time,
                        age ? within("age", started.age, *age) : ""));
    } else {
        const Error& error = outcome.error();
        say(fmt::format("{}: {}: {}{}", started.what, to_string(error.code()), error.message(), time));
    }
}

void Runner::finish(const Started& started) {
    (void)world().advance_until([&] { return the_cluster().finished(started.client, started.operation) != nullptr; },
                                std::chrono::minutes(1));
    show_outcome(started);
}

void Runner::put(Arguments& arguments) {
    finish(submit(arguments, "put"));
}
void Runner::get(Arguments& arguments) {
    finish(submit(arguments, "get"));
}
void Runner::erase(Arguments& arguments) {
    finish(submit(arguments, "erase"));
}
void Runner::cas(Arguments& arguments) {
    finish(submit(arguments, "cas"));
}
void Runner::scan(Arguments& arguments) {
    finish(submit(arguments, "scan"));
}

// `begin NAME VERB ...`: goes on by itself.
void Runner::begin(Arguments& arguments) {
    const std::string name = arguments.next("a name");
    const std::string verb = arguments.next("an operation");
    started_.insert_or_assign(name, submit(arguments, verb));
}

// `await NAME...`
void Runner::await(Arguments& arguments) {
    for (const std::string& name : arguments.rest()) {
        const auto found = started_.find(name);
        if (found == started_.end()) throw BadCommand("'" + name + "' was not begun");
        finish(found->second);
        started_.erase(found);
    }
}

// What has been begun and not awaited, as it stands.
void Runner::pending(Arguments& /*arguments*/) {
    for (const auto& [name, started] : started_) show_outcome(started);
    if (started_.empty()) say("nothing");
}

bool Runner::all_served() {
    return std::all_of(started_.begin(), started_.end(), [this](const auto& it) {
        return the_cluster().finished(it.second.client, it.second.operation) != nullptr;
    });
}

// `fill CLIENT PREFIX COUNT`: PREFIX1=1, PREFIX2=2, ..., all at once.
void Runner::fill(Arguments& arguments) {
    const HostId client = host(arguments);
    const std::string prefix = arguments.next("a prefix");
    const std::uint64_t count = number_of(arguments.next("how many"));
    const std::uint64_t size = arguments.option("value_size", 0);
    std::vector<OperationId> operations;
    for (std::uint64_t i = 1; i <= count; ++i) {
        std::string value = std::to_string(i);
        value.resize(std::max<std::size_t>(value.size(), size), '.');
        const WriteOperation write{prefix + std::to_string(i), std::move(value), std::nullopt};
        operations.push_back(the_cluster().submit(client, write, deadline_));
    }
    const auto done = [&] {
        return std::all_of(operations.begin(), operations.end(),
                           [&](OperationId operation) { return the_cluster().finished(client, operation) != nullptr; });
    };
    (void)world().advance_until(done, std::chrono::minutes(1));
    const auto succeeded = std::count_if(operations.begin(), operations.end(), [&](OperationId operation) {
        const auto* finished = the_cluster().finished(client, operation);
        return finished != nullptr && finished->completion.outcome.has_value();
    });
    say(fmt::format("{} of {} written", succeeded, count));
}

// `verify CLIENT PREFIX COUNT`: what fill wrote is there.
void Runner::verify(Arguments& arguments) {
    const HostId client = host(arguments);
    const std::string prefix = arguments.next("a prefix");
    const std::uint64_t count = number_of(arguments.next("how many"));
    std::uint64_t right = 0;
    for (std::uint64_t i = 1; i <= count; ++i) {
        const OperationId operation = the_cluster().submit(client, GetOperation{prefix + std::to_string(i)}, deadline_);
        (void)world().advance_until([&] { return the_cluster().finished(client, operation) != nullptr; },
                                    std::chrono::minutes(1));
        const auto* finished = the_cluster().finished(client, operation);
        if (finished == nullptr || !finished->completion.outcome) continue;
        const auto& value = std::get<GetOutcome>(*finished->completion.outcome).value;
        right += value && value->substr(0, value->find('.')) == std::to_string(i) ? 1 : 0;
    }
    say(fmt::format("{} of {} right", right, count));
}

// `locate KEY...`
void Runner::locate(Arguments& arguments) {
    for (const std::string& key : arguments.rest()) {
        say(fmt::format("{} is in p{}", quote(key),
                        partition_of(key, the_cluster().map().settings.partitions).value()));
    }
}

}  // namespace ringkv::scenarios
