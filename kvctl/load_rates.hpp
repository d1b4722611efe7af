// What nodes do in a second, of what they had counted at two moments. Pure.
#pragma once

#include <ringkv/admin.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ringkv::kvctl {

// In a second.
struct Rates {
    std::string name;
    double gets = 0, puts = 0, erases = 0, scans = 0, refused = 0;
    double read_bytes = 0, written_bytes = 0;
    // Of those answered in between; absent: none was. Known to a factor of two or so, for the nodes count in buckets.
    std::optional<std::chrono::nanoseconds> get_p50{}, get_p99{}, write_p50{}, write_p99{};
};

struct LoadRates {
    std::vector<Rates> nodes;  // those that answered both times; one that has started in between counts from then on
    Rates total;
};

[[nodiscard]] LoadRates rates_between(const Load& before, const Load& after, std::chrono::nanoseconds time);

// The time that `share` of what was counted did not exceed, within its bucket as if spread evenly.
[[nodiscard]] std::optional<std::chrono::nanoseconds> percentile(const std::vector<std::uint64_t>& durations,
                                                                 double share);

}  // namespace ringkv::kvctl
