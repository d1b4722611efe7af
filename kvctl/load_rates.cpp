#include "kvctl/load_rates.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace ringkv::kvctl {
namespace {

using std::chrono::nanoseconds;

std::vector<std::uint64_t> difference(std::vector<std::uint64_t> after, const std::vector<std::uint64_t>& before) {
    for (std::size_t i = 0; i < std::min(after.size(), before.size()); ++i) after[i] -= std::min(after[i], before[i]);
    return after;
}

void add(std::vector<std::uint64_t>& sums, const std::vector<std::uint64_t>& counts) {
    if (sums.size() < counts.size()) sums.resize(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) sums[i] += counts[i];
}

// What was counted in between.
NodeLoad difference(const NodeLoad& after, const NodeLoad& before) {
    NodeLoad counted = after;
    for (std::uint64_t NodeLoad::*each : {&NodeLoad::gets, &NodeLoad::puts, &NodeLoad::erases, &NodeLoad::scans,
                                          &NodeLoad::refused, &NodeLoad::read_bytes, &NodeLoad::written_bytes})
        counted.*each -= std::min(counted.*each, before.*each);
    counted.get_durations = difference(after.get_durations, before.get_durations);
    counted.write_durations = difference(after.write_durations, before.write_durations);
    return counted;
}

Rates rates_of(const NodeLoad& counted, nanoseconds time) {
    const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-9);
    const auto rate = [seconds](std::uint64_t count) { return static_cast<double>(count) / seconds; };
    return {counted.name,
            rate(counted.gets),
            rate(counted.puts),
            rate(counted.erases),
            rate(counted.scans),
            rate(counted.refused),
            rate(counted.read_bytes),
            rate(counted.written_bytes),
            percentile(counted.get_durations, 0.5),
            percentile(counted.get_durations, 0.99),
            percentile(counted.write_durations, 0.5),
            percentile(counted.write_durations, 0.99)};
}

}  // namespace

std::optional<nanoseconds> percentile(const std::vector<std::uint64_t>& durations, double share) {
    const auto all = static_cast<double>(std::accumulate(durations.begin(), durations.end(), std::uint64_t{0}));
    if (all == 0) return std::nullopt;
    constexpr std::array steps{1, 2, 5};
    double below = 0;
    double decade = 10e3;  // nanoseconds
    double from = 0;
    for (std::size_t bucket = 0; bucket < durations.size(); ++bucket) {
        const double to = decade * steps.at(bucket % steps.size());
        const auto count = static_cast<double>(durations[bucket]);
        if (count > 0 && below + count >= share * all) {
            // What is above all buckets is at least as long as that.
            if (bucket + 1 == durations.size()) return nanoseconds(static_cast<nanoseconds::rep>(from));
            return nanoseconds(static_cast<nanoseconds::rep>(from + (to - from) * (share * all - below) / count));
        }
        below += count;
        from = to;
        if (bucket % steps.size() == steps.size() - 1) decade *= 10;
    }
    return nanoseconds(static_cast<nanoseconds::rep>(from));
}

LoadRates rates_between(const Load& before, const Load& after, nanoseconds time) {
    LoadRates rates;
    NodeLoad sum;
    for (const NodeLoad& node : after.nodes) {
        const auto known = std::ranges::find(before.nodes, node.name, &NodeLoad::name);
        if (known == before.nodes.end()) continue;
        const NodeLoad counted = known->start == node.start ? difference(node, *known) : node;
        rates.nodes.push_back(rates_of(counted, time));
        for (std::uint64_t NodeLoad::*each : {&NodeLoad::gets, &NodeLoad::puts, &NodeLoad::erases, &NodeLoad::scans,
                                              &NodeLoad::refused, &NodeLoad::read_bytes, &NodeLoad::written_bytes})
            sum.*each += counted.*each;
        add(sum.get_durations, counted.get_durations);
        add(sum.write_durations, counted.write_durations);
    }
    sum.name = "total";
    rates.total = rates_of(sum, time);
    return rates;
}

}  // namespace ringkv::kvctl
