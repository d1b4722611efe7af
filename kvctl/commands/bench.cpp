// bench: how many, how fast.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "kvctl/bench/pump.hpp"
#include "kvctl/commands/commands.hpp"
#include "kvctl/consistency.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t most_outstanding = 1'000'000;
constexpr std::uint64_t most_scans = 1'000;  // each has a thread
constexpr std::uint64_t most_connections = 1'000;
constexpr std::uint64_t largest_value = std::uint64_t{64} << 20U;

struct Settings {
    Mix mix;
    std::uint64_t outstanding = 0;
    std::uint64_t connections = 0;
    std::uint64_t keys = 0;
    std::uint64_t value_size = 0;
    std::chrono::milliseconds warm_up{0};
    std::chrono::seconds duration{0};
    Consistency consistency{};

    [[nodiscard]] bool scans() const { return mix.share(OperationKind::scan) > 0; }
};

Error bad(std::string why) {
    return Error(ErrorCode::invalid_argument, std::move(why));
}

// How many at once, and over how many client objects.
Result<void> take_load(const Arguments& arguments, Settings& settings) {
    const std::uint64_t clients = arguments.number("--clients").value_or(8);
    const std::uint64_t depth = arguments.number("--depth").value_or(16);
    const std::uint64_t most = settings.scans() ? most_scans : most_outstanding;
    if (clients > most || depth > most || clients * depth > most) {
        return bad(fmt::format("--clients times --depth is at most {}{}", grouped(most),
                               settings.scans() ? " where keys are scanned" : ""));
    }
    settings.outstanding = clients * depth;
    settings.connections = arguments.number("--connections").value_or(1);
    if (settings.connections > std::min(settings.outstanding, most_connections)) {
        return bad(
            fmt::format("--connections is at most {}, and at most --clients times --depth", grouped(most_connections)));
    }
    return {};
}

Result<Settings> settings_of(const Arguments& arguments) {
    const std::string& mode = arguments.words.front();
    const auto mix = mix_named(mode);
    if (!mix) return bad(fmt::format("there is no workload {}: get, put, mixed, or ycsb-a to ycsb-f", named(mode)));
    Settings settings{.mix = *mix};
    if (const auto name = arguments.text("--distribution")) {
        const auto distribution = distribution_named(*name);
        if (!distribution) {
            return bad(fmt::format("there is no distribution {}: uniform, zipfian or latest", named(*name)));
        }
        settings.mix.distribution = *distribution;
    }
    if (auto taken = take_load(arguments, settings); !taken) return taken.error();
    const auto write = write_options(arguments);
    if (!write) return write.error();
    const auto read = read_options(arguments);
    if (!read) return read.error();
    settings.consistency = {*write, *read};
    settings.consistency.write.ordered = false;  // each of those that are outstanding waits for its own alone
    settings.keys = arguments.number("--keys").value_or(10'000);
    settings.value_size = arguments.number("--value-size").value_or(100);
    if (const auto time = arguments.text("--warm-up")) settings.warm_up = parse_duration(*time).value();
    const std::uint64_t seconds = arguments.number("--seconds").value_or(10);
    if (settings.keys > 9'999'999'999) return bad("--keys is at most 9 999 999 999");
    if (settings.value_size > largest_value) return bad("--value-size is at most 64MiB");
    if (seconds > 86'400) return bad("--seconds is at most a day");
    settings.duration = std::chrono::seconds(seconds);
    return settings;
}

double microseconds(std::chrono::nanoseconds time) {
    const auto tenths = time.count() / 100;
    return static_cast<double>(tenths) / 10;
}

// A pump for each client object; the slots are dealt out among them.
class Pumps {
  public:
    Pumps(std::vector<Client>& clients, std::uint64_t slots, Source& source, const BenchValues& values,
          Workers* workers, const Consistency& consistency = {}) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            const std::uint64_t share = slots / clients.size() + (i < slots % clients.size() ? 1 : 0);
            pumps_.push_back(std::make_shared<Pump>(clients[i], share, i, source, values, workers, consistency));
        }
    }

    void start() {
        for (const auto& pump : pumps_) pump->start();
    }
    void stop() {
        for (const auto& pump : pumps_) pump->stop();
    }
    // Until all have ended, at most about `patience`.
    bool wait(std::chrono::milliseconds patience) {
        const auto until = Clock::now() + patience;
        return std::all_of(pumps_.begin(), pumps_.end(), [&](const auto& pump) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
            return pump->wait(std::max<std::chrono::milliseconds>(left, 0ms));
        });
    }
    void forget_latencies() {
        for (const auto& pump : pumps_) pump->forget_latencies();
    }
    [[nodiscard]] PumpStatistics statistics() const {
        PumpStatistics sum;
        for (const auto& pump : pumps_) sum.add(pump->statistics());
        return sum;
    }

  private:
    std::vector<std::shared_ptr<Pump>> pumps_;
};

bool shows_progress(const Context& context) {
    return context.console.out_is_terminal && context.console.err_is_terminal && !context.json;
}

// Writes each key once. -> ok, or the code of what went wrong, after it was said.
ExitCode preload(const Context& context, std::vector<Client>& clients, const Settings& settings,
                 const BenchValues& values) {
    context.console.say(fmt::format("writing {} keys of {} bytes first", grouped(settings.keys), settings.value_size));
    Fill fill(settings.keys);
    Pumps pumps(clients, std::min(settings.outstanding, settings.keys), fill, values, nullptr);
    Progress progress(context.console, "wrote", settings.keys, shows_progress(context));
    pumps.start();
    while (!pumps.wait(100ms)) {
        const std::uint64_t done = pumps.statistics().all().count();
        progress.update(done, done);
        if (interrupted()) pumps.stop();
    }
    progress.clear();
    if (interrupted()) return ExitCode::interrupted;
    const PumpStatistics statistics = pumps.statistics();
    if (!statistics.first_error) return ExitCode::ok;
    report(context, statistics.fatal ? *statistics.fatal : *statistics.first_error);
    return statistics.worst;
}

// The line that says once a second how it goes, of that second.
class LiveLine {
  public:
    LiveLine(const Context& context, std::string_view phase)
        : console_(context.console), phase_(phase), shown_(shows_progress(context)) {}
    ~LiveLine() {
        if (shown_) console_.err << "\r\033[K" << std::flush;
    }
    LiveLine(const LiveLine&) = delete;
    LiveLine& operator=(const LiveLine&) = delete;

    void update(const Pumps& pumps) {
        const auto now = Clock::now();
        if (!shown_ || now - last_ < 1s) return;
        const PumpStatistics statistics = pumps.statistics();
        const Histogram all = statistics.all();
        const Histogram second = all.since(before_);
        const std::string line =
            fmt::format("{}{:.0f} s  {} ops/s  p50 {:.0f} us  p99 {:.0f} us  errors {}", phase_,
                        std::chrono::duration<double>(now - began_).count(),
                        rate(static_cast<double>(second.count()) / std::chrono::duration<double>(now - last_).count()),
                        microseconds(second.percentile(0.5)), microseconds(second.percentile(0.99)),
                        statistics.errors + statistics.outcome_unknown + statistics.wrong_values);
        console_.err << "\r\033[K" << shorten(line, console_.columns - 1) << std::flush;
        before_ = all;
        last_ = now;
    }

  private:
    const Console& console_;
    const std::string_view phase_;
    const bool shown_;
    const Clock::time_point began_ = Clock::now();
    Clock::time_point last_ = began_;
    Histogram before_;
};

// Until then. -> false: it ended before its time, by a fatal error or Ctrl-C.
bool watch(const Context& context, Pumps& pumps, Clock::time_point until, std::string_view phase) {
    LiveLine line(context, phase);
    while (!interrupted() && Clock::now() < until) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        if (pumps.wait(std::clamp<std::chrono::milliseconds>(left, 1ms, 100ms))) return false;
        line.update(pumps);
    }
    return !interrupted();
}

Json latencies_as_json(const Histogram& latencies) {
    const auto at = [&](double share) { return microseconds(latencies.percentile(share)); };
    return {{"operations", latencies.count()},
            {"p50_us", at(0.5)},
            {"p90_us", at(0.9)},
            {"p99_us", at(0.99)},
            {"p999_us", at(0.999)},
            {"max_us", microseconds(latencies.max())}};
}

std::string latencies_as_text(const Histogram& latencies) {
    const auto at = [&](double share) { return microseconds(latencies.percentile(share)); };
    return fmt::format("p50 {:.0f} us  p90 {:.0f} us  p99 {:.0f} us  p99.9 {:.0f} us  max {:.0f} us", at(0.5), at(0.9),
                       at(0.99), at(0.999), microseconds(latencies.max()));
}

// Each kind of operation of the mix, and its latencies.
std::vector<std::pair<std::string_view, const Histogram*>> kinds_of(const Mix& mix, const PumpStatistics& statistics) {
    std::vector<std::pair<std::string_view, const Histogram*>> kinds;
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
        if (mix.shares.at(kind) > 0)
            kinds.emplace_back(name_of(static_cast<OperationKind>(kind)), &statistics.latencies.at(kind));
    }
    return kinds;
}

void print_result(const Context& context, const Settings& settings, const PumpStatistics& statistics, double seconds) {
    const Histogram all = statistics.all();
    const double per_second = static_cast<double>(all.count()) / std::max(seconds, 1e-9);
    const auto kinds = kinds_of(settings.mix, statistics);
    if (context.json) {
        Json result = latencies_as_json(all);
        result["ops_per_second"] = std::round(per_second * 10) / 10;
        result["seconds"] = seconds;
        result["errors"] = statistics.errors;
        result["outcome_unknown"] = statistics.outcome_unknown;
        result["wrong_values"] = statistics.wrong_values;
        result["conflicts"] = statistics.conflicts;
        if (settings.consistency.stale()) result["oldest_ms"] = statistics.oldest.count();
        for (const auto& [name, latencies] : kinds) result["kinds"][std::string(name)] = latencies_as_json(*latencies);
        return print_json(context, result);
    }
    std::ostream& out = context.console.out;
    out << fmt::format("{} ops/s  ({} operations in {:.1f} s)\n{}\n", rate(per_second), grouped(all.count()), seconds,
                       latencies_as_text(all));
    for (const auto& [name, latencies] : kinds) {
        if (kinds.size() > 1) out << fmt::format("  {:<17}  {}\n", name, latencies_as_text(*latencies));
    }
    out << fmt::format("errors {}, outcome unknown {}, wrong values {}", statistics.errors, statistics.outcome_unknown,
                       statistics.wrong_values);
    if (settings.mix.share(OperationKind::read_modify_write) > 0) {
        out << fmt::format(", compare-and-sets repeated {}", statistics.conflicts);
    }
    if (settings.consistency.stale()) out << fmt::format(", none older than {} ms", statistics.oldest.count());
    out << '\n';
}

ExitCode measure(const Context& context, std::vector<Client>& clients, const Settings& settings,
                 const BenchValues& values) {
    Workers workers(settings.scans() ? settings.outstanding : 0);
    Workload workload(settings.mix, settings.keys);
    Pumps pumps(clients, settings.outstanding, workload, values, &workers, settings.consistency);
    pumps.start();
    const bool warm = watch(context, pumps, Clock::now() + settings.warm_up, "warm-up ");
    pumps.forget_latencies();
    const auto began = Clock::now();
    if (warm) watch(context, pumps, began + settings.duration, "");
    pumps.stop();
    while (!pumps.wait(1s)) {
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();

    const PumpStatistics statistics = pumps.statistics();
    if (statistics.fatal) return report(context, *statistics.fatal);
    print_result(context, settings, statistics, seconds);
    if (statistics.first_error) {
        context.console.say(fmt::format("kvctl bench: {}: {}",
                                        statistics.wrong_values > 0 ? "a read was wrong" : "the first error was",
                                        statistics.first_error->message()));
    }
    return interrupted() ? ExitCode::interrupted : statistics.worst;
}

}  // namespace

ExitCode run_bench(Context& context) {
    const auto settings = settings_of(context.arguments);
    if (!settings) return report(context, settings.error());
    std::vector<Client> clients;
    while (clients.size() < settings->connections) {
        auto client = connect_anew(context);
        if (!client) return report_unconnected(context, client.error());
        clients.push_back(std::move(*client));
    }
    const InterruptWatch interrupt_watch;
    const BenchValues values(settings->value_size);
    if (settings->mix.reads()) {
        if (const ExitCode code = preload(context, clients, *settings, values); code != ExitCode::ok) return code;
    }
    return measure(context, clients, *settings, values);
}

}  // namespace ringkv::kvctl
