// One simulated run: a cluster under faults, then healed; everything checked at every step, and judged in the end.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/simulation/oracle.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/workload.hpp"

namespace ringkv::simulation {

struct Report {
    Plan plan;
    std::optional<Violation> violation;
    std::uint64_t digest = 0;  // of every frame that was sent, and when; the same for the same plan
    Duration simulated{};
    WorkloadTotals calls;
    FaultCounts fired{};
    std::uint64_t committed = 0;  // ops
    std::uint64_t views = 0;
    std::uint64_t ejected = 0;    // members that ran
    std::uint64_t histories = 0;  // judged: one a key
    std::uint64_t lost = 0;       // partitions whose last storage went with a view that had just shrunk to it
};

// Takes the lines of the story as they happen.
using Teller = std::function<void(const std::string&)>;

[[nodiscard]] Report run(const Plan& plan, const Teller& teller = {});

}  // namespace ringkv::simulation
