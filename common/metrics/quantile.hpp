// A quantile of times that are counted in the buckets of a LatencyHistogram. Pure functions; thread-safe.
#pragma once

#include <cmath>
#include <optional>

#include "common/metrics/histogram.hpp"

namespace ringkv {

// What the share (0 < share <= 1) of the times is not above, taking those of a bucket as spread evenly over it: right
// to a factor of 2.5. Times above all bounds count as the last bound. nullopt: there are none.
[[nodiscard]] inline std::optional<Duration> quantile(const LatencyHistogram::Counts& counts, double share) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : counts) all += count;
    if (all == 0) return std::nullopt;
    const double wanted = share * static_cast<double>(all);
    double before = 0;
    const auto& bounds = LatencyHistogram::bounds;
    for (std::size_t bucket = 0; bucket < bounds.size(); ++bucket) {
        const auto here = static_cast<double>(counts[bucket]);
        if (here > 0 && before + here >= wanted) {
            const Duration low = bucket == 0 ? Duration::zero() : bounds[bucket - 1];
            const auto width = static_cast<double>((bounds[bucket] - low).count());
            return low + Duration(std::llround(width * (wanted - before) / here));
        }
        before += here;
    }
    return bounds.back();
}

}  // namespace ringkv
