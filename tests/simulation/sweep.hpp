// Many runs, over several threads, added up.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "tests/simulation/run.hpp"

namespace ringkv::simulation {

struct SweepOptions {
    std::uint64_t first_seed = 1;
    std::uint64_t runs = 0;           // 0 = as many as there is time for
    std::chrono::minutes minutes{0};  // 0 = until all runs are done
    unsigned jobs = 1;
    PlanOptions plan;
    Duration progress = std::chrono::seconds(0);  // a line so often; 0 = none
};

struct SweepTotals {
    std::uint64_t runs = 0;
    std::uint64_t digest = 0;  // of all runs' digests, whatever their order
    Duration simulated{};
    std::chrono::duration<double> took{};
    WorkloadTotals calls;
    FaultCounts fired{};
    std::uint64_t committed = 0;
    std::uint64_t views = 0;
    std::uint64_t ejected = 0;
    std::uint64_t histories = 0;
    std::uint64_t lost = 0;

    void add(const Report& report);
};

struct SweepResult {
    SweepTotals totals;
    std::optional<Report> failed;  // the first one found; the sweep ends with it
};

[[nodiscard]] SweepResult sweep(const SweepOptions& options, const Teller& progress);
// Several lines.
[[nodiscard]] std::string describe(const SweepTotals& totals);
// Kinds of fault that were allowed and never struck.
[[nodiscard]] FaultSet never_fired(const SweepTotals& totals, const FaultSet& allowed);

}  // namespace ringkv::simulation
