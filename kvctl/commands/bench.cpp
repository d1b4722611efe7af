// bench: how many, how fast.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kvctl/commands/commands.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/pump.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t most_outstanding = 1'000'000;
constexpr std::uint64_t largest_value = std::uint64_t{64} << 20U;

struct Settings {
    bool reads = false;
    bool writes = false;
    std::uint64_t outstanding = 0;
    std::uint64_t keys = 0;
    std::uint64_t value_size = 0;
    std::chrono::seconds duration{0};
};

Result<Settings> settings_of(const Arguments& arguments) {
    const auto bad = [](std::string why) { return Error(ErrorCode::invalid_argument, std::move(why)); };
    const std::string& mode = arguments.words.front();
    if (mode.rfind("ycsb-", 0) == 0) return later_version(fmt::format("the workload {}", named(mode)));
    Settings settings;
    settings.reads = mode == "get" || mode == "mixed";
    settings.writes = mode == "put" || mode == "mixed";
    if (!settings.reads && !settings.writes) {
        return bad(fmt::format("there is no workload {}: get, put or mixed", named(mode)));
    }
    const std::uint64_t clients = arguments.number("--clients").value_or(8);
    const std::uint64_t depth = arguments.number("--depth").value_or(16);
    if (clients > most_outstanding || depth > most_outstanding || clients * depth > most_outstanding) {
        return bad(fmt::format("--clients times --depth is at most {}", grouped(most_outstanding)));
    }
    settings.outstanding = clients * depth;
    settings.keys = arguments.number("--keys").value_or(10'000);
    settings.value_size = arguments.number("--value-size").value_or(100);
    const std::uint64_t seconds = arguments.number("--seconds").value_or(10);
    if (settings.keys > 9'999'999'999) return bad("--keys is at most 9 999 999 999");
    if (settings.value_size > largest_value) return bad("--value-size is at most 64MiB");
    if (seconds > 86'400) return bad("--seconds is at most a day");
    settings.duration = std::chrono::seconds(seconds);
    return settings;
}

// Letters that do not compress, the same in every run.
std::string value_of(std::uint64_t size) {
    std::mt19937_64 random(size);
    std::string value(size, '\0');
    for (char& letter : value) letter = static_cast<char>('a' + random() % 26);
    return value;
}

double microseconds(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count() / 100) / 10;
}

std::string latency_text(const Histogram& latencies) {
    return fmt::format("p50 {:.0f} us  p99 {:.0f} us  max {:.0f} us", microseconds(latencies.percentile(0.5)),
                       microseconds(latencies.percentile(0.99)), microseconds(latencies.max()));
}

// Writes each key once. -> ok, or the code of what went wrong, after it was said.
ExitCode preload(const Context& context, Client& client, const Settings& settings) {
    context.console.say(fmt::format("writing {} keys of {} bytes first", grouped(settings.keys), settings.value_size));
    const auto counter = std::make_shared<std::atomic<std::uint64_t>>(0);
    const auto pump =
        std::make_shared<Pump>(client, std::min(settings.outstanding, settings.keys), value_of(settings.value_size),
                               [counter, keys = settings.keys](std::size_t) -> std::optional<Request> {
                                   const std::uint64_t key = counter->fetch_add(1);
                                   return key < keys ? std::optional(Request{true, key}) : std::nullopt;
                               });
    Progress progress(context.console, "wrote", settings.keys);
    pump->start();
    while (!pump->wait(100ms)) {
        const std::uint64_t done = pump->statistics().latencies.count();
        progress.update(done, done);
        if (interrupted()) pump->stop();
    }
    progress.clear();
    if (interrupted()) return ExitCode::interrupted;
    const PumpStatistics statistics = pump->statistics();
    if (!statistics.first_error) return ExitCode::ok;
    report(context, statistics.fatal ? *statistics.fatal : *statistics.first_error);
    return statistics.worst;
}

// Says how it goes, each second on a terminal.
void watch(const Console& console, Pump& pump, Clock::time_point began, Clock::time_point until) {
    std::uint64_t before = 0;
    Clock::time_point shown = began;
    while (!interrupted() && Clock::now() < until) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        if (pump.wait(std::clamp<std::chrono::milliseconds>(left, 1ms, 100ms))) break;  // ended by itself: fatal
        const auto now = Clock::now();
        if (!console.err_is_terminal || now - shown < 1s) continue;
        const PumpStatistics statistics = pump.statistics();
        const std::uint64_t done = statistics.latencies.count();
        const std::string line =
            fmt::format("{:.0f} s  {} ops/s  {}  errors {}", std::chrono::duration<double>(now - began).count(),
                        rate(static_cast<double>(done - before) / std::chrono::duration<double>(now - shown).count()),
                        latency_text(statistics.latencies), statistics.errors + statistics.outcome_unknown);
        console.err << "\r\033[K" << shorten(line, console.columns - 1) << std::flush;
        before = done;
        shown = now;
    }
    if (console.err_is_terminal) console.err << "\r\033[K" << std::flush;
}

void print_result(const Context& context, const PumpStatistics& statistics, double seconds) {
    const Histogram& latencies = statistics.latencies;
    const double per_second = static_cast<double>(latencies.count()) / std::max(seconds, 1e-9);
    const auto at = [&](double share) { return microseconds(latencies.percentile(share)); };
    if (context.json) {
        print_json(context, {{"ops_per_second", std::round(per_second * 10) / 10},
                             {"p50_us", at(0.5)},
                             {"p90_us", at(0.9)},
                             {"p99_us", at(0.99)},
                             {"p999_us", at(0.999)},
                             {"max_us", microseconds(latencies.max())},
                             {"operations", latencies.count()},
                             {"seconds", seconds},
                             {"errors", statistics.errors},
                             {"outcome_unknown", statistics.outcome_unknown}});
        return;
    }
    context.console.out << fmt::format(
        "{} ops/s  ({} operations in {:.1f} s)\np50 {:.0f} us  p90 {:.0f} us  p99 {:.0f} us  p99.9 {:.0f} us  max "
        "{:.0f} us\n"
        "errors {}, outcome unknown {}\n",
        rate(per_second), grouped(latencies.count()), seconds, at(0.5), at(0.9), at(0.99), at(0.999),
        microseconds(latencies.max()), statistics.errors, statistics.outcome_unknown);
}

ExitCode measure(const Context& context, Client& client, const Settings& settings) {
    std::vector<std::mt19937_64> randoms;
    for (std::uint64_t slot = 0; slot < settings.outstanding; ++slot) randoms.emplace_back(slot);
    const auto next = [&settings, &randoms](std::size_t slot) -> std::optional<Request> {
        const std::uint64_t draw = randoms[slot]();
        const bool write = settings.writes && (!settings.reads || (draw >> 63U) != 0);
        return Request{write, draw % settings.keys};
    };
    const auto pump = std::make_shared<Pump>(client, settings.outstanding, value_of(settings.value_size), next);
    const auto began = Clock::now();
    pump->start();
    watch(context.console, *pump, began, began + settings.duration);
    pump->stop();
    while (!pump->wait(1s)) {
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();

    const PumpStatistics statistics = pump->statistics();
    if (statistics.fatal) return report(context, *statistics.fatal);
    print_result(context, statistics, seconds);
    if (statistics.first_error) {
        context.console.say(fmt::format("kvctl bench: the first error was: {}", statistics.first_error->message()));
    }
    return interrupted() ? ExitCode::interrupted : statistics.worst;
}

}  // namespace

ExitCode run_bench(Context& context) {
    const auto settings = settings_of(context.arguments);
    if (!settings) return report(context, settings.error());
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const InterruptWatch interrupt_watch;
    if (settings->reads) {
        if (const ExitCode code = preload(context, *client, *settings); code != ExitCode::ok) return code;
    }
    return measure(context, *client, *settings);
}

}  // namespace ringkv::kvctl
