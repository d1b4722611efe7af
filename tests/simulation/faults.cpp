#include "tests/simulation/faults.hpp"

namespace ringkv::simulation {

namespace {

constexpr std::array<std::string_view, fault_kinds> names = {
    "loss",
    "delay",
    "duplication",
    "reordering",
    "redelivery",
    "lost-answers",
    "lost-publications",
    "repeated-start-view",
    "repeated-state-chunk",
    "damaged",
    "full-queue",
    "one-way-cut",
    "partition",
    "registry-cut",
    "client-cut",
    "slow-peer",
    "slow-then-cut",
    "node-crash",
    "crash-point",
    "new-view-crash",
    "crash-of-all",
    "node-stop",
    "pause",
    "clock-rate",
    "hasty-restart",
    "registry-restart",
    "client-crash",
    "join",
    "replacement",
    "drain",
    "removal",
    "slow-sync",
    "power-loss",
    "torn-tail",
    "stalled-sync",
    "failed-disk",
    "wiped-disk",
    "registry-loss",
    "narrow-link",
    "registry-rebuild",
    "partition-reset",
};
static_assert(!names.back().empty(), "every fault has a name");

}  // namespace

std::string_view name_of(Fault fault) {
    return names[index_of(fault)];
}

FaultSet all_faults() {
    return FaultSet().set();
}

std::optional<FaultSet> parse_faults(std::string_view list) {
    if (list == "all") return all_faults();
    FaultSet faults;
    if (list == "none") return faults;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view name = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        std::size_t i = 0;
        while (i < fault_kinds && names[i] != name) ++i;
        if (i == fault_kinds) return std::nullopt;
        faults.set(i);
    }
    return faults;
}

std::string to_string(const FaultSet& faults) {
    if (faults.none()) return "none";
    std::string text;
    for (std::size_t i = 0; i < fault_kinds; ++i)
        if (faults.test(i)) text += (text.empty() ? "" : ",") + std::string(names[i]);
    return text;
}

}  // namespace ringkv::simulation
