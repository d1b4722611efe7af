// ringkv-sim: the real actors on virtual time, network and disk, under faults that one seed decides.
//
// Exit codes: 0 clean; 1 a rule was broken, a kind of fault never struck in a long sweep, or more
// members were ejected than was allowed; 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <thread>

#include "tests/simulation/planted.hpp"
#include "tests/simulation/shrink.hpp"
#include "tests/simulation/sweep.hpp"

int ringkv::planted_bug = 0;

namespace {

using namespace ringkv::simulation;

struct PlantedBug {
    std::string_view name;
    std::string_view rule;
    std::string_view what;
};
constexpr PlantedBug planted_bugs[] = {
#include "planted_bugs.inc"
};

constexpr int clean = 0;
constexpr int broken = 1;
constexpr int wrong_usage = 2;
// A sweep as long as this must have seen every kind of fault.
constexpr std::uint64_t runs_that_see_all = 500;

struct CommandLine {
    std::optional<std::uint64_t> seed;
    SweepOptions sweep;
    std::string faults = "all";
    unsigned minutes = 0;
    int shrink = 150;
    std::optional<std::uint64_t> most_ejected;
    bool trace = false;
    bool list_faults = false;
    bool list_bugs = false;
    std::string bug;
};

void say(const std::string& line) {
    std::cerr << line << std::endl;
}

std::string last_line(const SweepTotals& totals) {
    return fmt::format("{} runs, digest {:016x}", totals.runs, totals.digest);
}

void tell_failure(const Report& report) {
    std::cout << fmt::format("VIOLATION of {} at {:.3f} s with seed {} (commit {}):\n{}\n{}\n", report.violation->rule,
                             std::chrono::duration<double>(report.violation->at - ringkv::Time{}).count(),
                             report.plan.seed, RINGKV_COMMIT, report.violation->text, describe(report.plan));
}

// A smaller run that fails alike, and how to see it.
void tell_smaller(const Report& report, int runs) {
    if (runs <= 0) return;
    const Report smaller = shrink(report, runs, say);
    std::cout << "the smallest found:\n";
    tell_failure(smaller);
    const Plan& plan = smaller.plan;
    std::cout << fmt::format(
        "see it: ringkv-sim --seed {} --faults {} --seconds {:.3f} --partitions {} --shards {} --clients {} --keys {} "
        "--outstanding {} --trace\n",
        plan.seed, to_string(plan.faults), std::chrono::duration<double>(plan.duration).count(), plan.partitions,
        plan.shards, plan.clients, plan.keys, plan.outstanding);
}

int one_run(const CommandLine& line) {
    SweepTotals totals;
    const Plan plan = draw_plan(*line.seed, line.sweep.plan);
    std::cout << describe(plan) << std::endl;
    const auto began = std::chrono::steady_clock::now();
    const Report report =
        run(plan, line.trace ? Teller([](const std::string& text) { std::puts(text.c_str()); }) : Teller());
    totals.add(report);
    totals.took = std::chrono::steady_clock::now() - began;
    std::cout << describe(totals);
    if (report.violation) {
        tell_failure(report);
        if (!line.trace) tell_smaller(report, line.shrink);
    }
    std::cout << last_line(totals) << std::endl;
    return report.violation ? broken : clean;
}

int many_runs(const CommandLine& line) {
    const SweepResult result = sweep(line.sweep, say);
    std::cout << describe(result.totals);
    if (result.failed) {
        tell_failure(*result.failed);
        tell_smaller(*result.failed, line.shrink);
        std::cout << last_line(result.totals) << std::endl;
        return broken;
    }
    const FaultSet never = never_fired(result.totals, line.sweep.plan.allowed);
    const bool blind = never.any() && result.totals.runs >= runs_that_see_all;
    if (blind) std::cout << "never struck, so nothing is known of: " << to_string(never) << '\n';
    const bool ejected = line.most_ejected && result.totals.ejected > *line.most_ejected;
    if (ejected) std::cout << "more than " << *line.most_ejected << " members were ejected though they ran\n";
    std::cout << last_line(result.totals) << std::endl;
    return blind || ejected ? broken : clean;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("RingKV in simulation: one seed, one story.", "ringkv-sim");
    CommandLine line;
    line.sweep.progress = std::chrono::seconds(30);
    line.sweep.jobs = std::max(1U, std::thread::hardware_concurrency());
    double seconds = 0;
    app.add_option("--seed", line.seed, "Run this seed alone");
    app.add_option("--from", line.sweep.first_seed, "The first seed of --runs or --minutes")->capture_default_str();
    app.add_option("--runs", line.sweep.runs, "So many seeds");
    app.add_option("--minutes", line.minutes, "For so long");
    app.add_option("--jobs", line.sweep.jobs, "So many at a time")->capture_default_str();
    app.add_option("--faults", line.faults, "Only these kinds, as loss,pause; or all, none")->capture_default_str();
    app.add_flag("--all-faults-on", line.sweep.plan.all_allowed_are_on, "Every run has all of --faults, not just some");
    app.add_flag("--beyond-clock-bound", line.sweep.plan.beyond_clock_bound,
                 "Clocks wrong by more than the lease allows: only reads may be stale");
    app.add_option("--seconds", seconds, "With faults for so long, instead of 60");
    app.add_option("--partitions", line.sweep.plan.partitions, "Instead of what the seed says");
    app.add_option("--shards", line.sweep.plan.shards, "Of a node, at most; instead of what the seed says");
    app.add_option("--clients", line.sweep.plan.clients, "Instead of what the seed says");
    app.add_option("--keys", line.sweep.plan.keys, "Instead of what the seed says");
    app.add_option("--outstanding", line.sweep.plan.outstanding, "Instead of what the seed says");
    app.add_option("--shrink", line.shrink, "At most so many runs to find a smaller failure; 0 = none")
        ->capture_default_str();
    app.add_option("--most-ejected", line.most_ejected,
                   "Fails if more members than that, one a partition, were ejected though they ran");
    app.add_flag("--trace", line.trace, "Tell the story of --seed");
    app.add_flag("--list-bugs", line.list_bugs, "The bugs that can be planted: name, rule, what is wrong");
    app.add_option("--bug", line.bug, "Plant this bug: the sweep should find it");
    app.add_flag("--list-faults", line.list_faults, "The kinds of fault");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? clean : wrong_usage;
    }
    if (line.list_faults) {
        for (std::size_t i = 0; i < fault_kinds; ++i) std::cout << name_of(static_cast<Fault>(i)) << '\n';
        return clean;
    }
    if (line.list_bugs) {
        for (const PlantedBug& bug : planted_bugs)
            std::cout << fmt::format("{:40} {:6} {}\n", bug.name, bug.rule, bug.what);
        return clean;
    }
    if (!line.bug.empty()) {
        const auto* const found = std::find_if(std::begin(planted_bugs), std::end(planted_bugs),
                                               [&](const PlantedBug& bug) { return bug.name == line.bug; });
        if (found == std::end(planted_bugs)) {
            std::cerr << "ringkv-sim: no such bug: " << line.bug << "; see --list-bugs\n";
            return wrong_usage;
        }
        ringkv::planted_bug = static_cast<int>(found - std::begin(planted_bugs)) + 1;
    }
    const auto faults = parse_faults(line.faults);
    if (!faults) {
        std::cerr << "ringkv-sim: no such fault in " << line.faults << "; see --list-faults\n";
        return wrong_usage;
    }
    line.sweep.plan.allowed = *faults;
    line.sweep.minutes = std::chrono::minutes(line.minutes);
    if (seconds > 0)
        line.sweep.plan.duration = std::chrono::duration_cast<ringkv::Duration>(std::chrono::duration<double>(seconds));
    if (!line.seed && line.sweep.runs == 0 && line.minutes == 0) {
        std::cerr << "ringkv-sim: one of --seed, --runs and --minutes is needed; see --help\n";
        return wrong_usage;
    }
    return line.seed ? one_run(line) : many_runs(line);
}
