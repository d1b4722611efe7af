#include "tests/simulation/shrink.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringkv::simulation {

namespace {

class Shrinker {
  public:
    Shrinker(const Report& failed, int runs, const Teller& progress)
        : best_(failed), runs_(runs), progress_(progress) {}

    Report go() {
        shorten();
        drop_faults();
        shorten();
        halve(&Plan::clients, 1);
        halve(&Plan::keys, 1);
        halve(&Plan::partitions, 1);
        halve(&Plan::shards, 1);
        halve(&Plan::outstanding, 1);
        drop_faults();
        return best_;
    }

  private:
    // Does the smaller plan fail alike?
    bool holds(Plan smaller, const std::string& what) {
        if (runs_-- <= 0) return false;
        Report report = run(smaller);
        if (!report.violation || report.violation->rule != best_.violation->rule) return false;
        best_ = std::move(report);
        if (progress_) progress_("smaller: " + what);
        return true;
    }

    // Faults end just before the rule was broken; then ever earlier.
    void shorten() {
        for (double share : {0.25, 0.5, 0.75, 0.9}) {
            Plan plan = best_.plan;
            const Duration until = std::min<Duration>(plan.duration, best_.violation->at - Time{});
            plan.duration = Duration(static_cast<Duration::rep>(share * static_cast<double>(until.count())));
            if (holds(plan, fmt::format("{:.1f} s", std::chrono::duration<double>(plan.duration).count()))) return;
        }
    }

    void drop_faults() {
        for (std::size_t i = 0; i < fault_kinds; ++i) {
            if (!best_.plan.faults.test(i)) continue;
            Plan plan = best_.plan;
            plan.faults.reset(i);
            (void)holds(plan, "without " + std::string(name_of(static_cast<Fault>(i))));
        }
    }

    void halve(std::uint32_t Plan::*member, std::uint32_t least) {
        while (best_.plan.*member > least) {
            Plan plan = best_.plan;
            plan.*member = std::max(least, plan.*member / 2);
            if (!holds(plan, describe(plan))) return;
        }
    }

    Report best_;
    int runs_;
    const Teller& progress_;
};

}  // namespace

Report shrink(const Report& failed, int runs, const Teller& progress) {
    return Shrinker(failed, runs, progress).go();
}

}  // namespace ringkv::simulation
