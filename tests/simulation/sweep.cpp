#include "tests/simulation/sweep.hpp"

#include <fmt/format.h>

#include <mutex>
#include <thread>

namespace ringkv::simulation {

namespace {

using Clock = std::chrono::steady_clock;

double hours(Duration duration) {
    return std::chrono::duration<double, std::ratio<3600>>(duration).count();
}

class Sweep {
  public:
    Sweep(const SweepOptions& options, const Teller& progress) : options_(options), progress_(progress) {}

    SweepResult go() {
        std::vector<std::thread> workers;
        for (unsigned i = 0; i < options_.jobs; ++i) workers.emplace_back([this] { work(); });
        for (std::thread& worker : workers) worker.join();
        result_.totals.took = Clock::now() - began_;
        return std::move(result_);
    }

  private:
    void work() {
        while (!ended_.load()) {
            const std::uint64_t number = next_.fetch_add(1);
            if (options_.runs != 0 && number >= options_.runs) return;
            if (options_.minutes.count() != 0 && Clock::now() - began_ > options_.minutes) return;
            finish(run(draw_plan(options_.first_seed + number, options_.plan)));
        }
    }

    void finish(Report report) {
        const std::lock_guard lock(mutex_);
        result_.totals.add(report);
        // Of several that fail, the lowest seed.
        if (report.violation && (!result_.failed || report.plan.seed < result_.failed->plan.seed)) {
            result_.failed = std::move(report);
            ended_ = true;
        }
        if (options_.progress == Duration::zero() || Clock::now() - said_ < options_.progress) return;
        said_ = Clock::now();
        const double took = std::chrono::duration<double>(said_ - began_).count();
        progress_(fmt::format("{} runs, {:.1f} cluster-hours, {:.1f} runs a second", result_.totals.runs,
                              hours(result_.totals.simulated), static_cast<double>(result_.totals.runs) / took));
    }

    const SweepOptions& options_;
    const Teller& progress_;
    const Clock::time_point began_ = Clock::now();
    Clock::time_point said_ = began_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<bool> ended_{false};
    std::mutex mutex_;
    SweepResult result_;
};

}  // namespace

void SweepTotals::add(const Report& report) {
    ++runs;
    digest += report.digest * 0x9E3779B97F4A7C15U ^ report.plan.seed;
    simulated += report.simulated;
    calls.add(report.calls);
    for (std::size_t i = 0; i < fault_kinds; ++i) fired[i] += report.fired[i];
    committed += report.committed;
    views += report.views;
    ejected += report.ejected;
    histories += report.histories;
    lost += report.lost;
}

SweepResult sweep(const SweepOptions& options, const Teller& progress) {
    return Sweep(options, progress).go();
}

std::string describe(const SweepTotals& totals) {
    std::string text = fmt::format(
        "{} runs, {:.2f} cluster-hours simulated in {:.1f} s: {:.0f} simulated seconds a second\n"
        "calls {}: reads answered {}, and stale ones {}, writes done {} ({} by the primary alone), conditions failed "
        "{}, not applied {}, unknown {}\n"
        "ops committed {}, views {}, members ejected that ran {}, histories judged linearizable {}, partitions lost "
        "with a view of one {}\n"
        "faults:",
        totals.runs, hours(totals.simulated), totals.took.count(),
        std::chrono::duration<double>(totals.simulated).count() / totals.took.count(), totals.calls.calls,
        totals.calls.reads, totals.calls.stale, totals.calls.writes, totals.calls.early, totals.calls.conditions_failed,
        totals.calls.refused, totals.calls.unknown, totals.committed, totals.views, totals.ejected, totals.histories,
        totals.lost);
    for (std::size_t i = 0; i < fault_kinds; ++i)
        if (totals.fired[i] != 0) text += fmt::format(" {} {},", name_of(static_cast<Fault>(i)), totals.fired[i]);
    text.back() = '\n';
    return text;
}

FaultSet never_fired(const SweepTotals& totals, const FaultSet& allowed) {
    FaultSet never;
    for (std::size_t i = 0; i < fault_kinds; ++i)
        if (allowed.test(i) && totals.fired[i] == 0) never.set(i);
    return never;
}

}  // namespace ringkv::simulation
