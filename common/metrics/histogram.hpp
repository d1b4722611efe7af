// How long things took, in buckets whose bounds grow by 2 or 2.5: 10 us, 20 us, 50 us, ... 10 s, and beyond. Adding
// costs a dozen instructions. Pure; thread safety: none, as of any value.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "common/time.hpp"

namespace ringkv {

class LatencyHistogram {
  public:
    // Of each bucket but the last: what is not above it, and above the one before.
    static constexpr std::array bounds = [] {
        std::array<Duration, 19> made{};
        Duration decade = std::chrono::microseconds(10);
        for (std::size_t i = 0; i < made.size(); ++i) {
            constexpr std::array steps{1, 2, 5};
            made.at(i) = decade * steps.at(i % 3);
            if (i % 3 == 2) decade *= 10;
        }
        return made;
    }();
    using Counts = std::array<std::uint64_t, bounds.size() + 1>;  // the last: above all bounds

    // What seems to have taken less than nothing took nothing.
    void add(Duration taken) {
        const auto nanoseconds = static_cast<std::uint64_t>(taken > Duration::zero() ? taken.count() : 0);
        ++counts_[bucket_of(nanoseconds)];
        sum_ += nanoseconds;
    }

    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] Duration sum() const { return Duration(sum_); }
    [[nodiscard]] std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const std::uint64_t count : counts_) all += count;
        return all;
    }

  private:
    // Of each number of bits: the first bucket that a value of so many may belong to. Bounds at least double, so the
    // only other is the one after it.
    static constexpr std::array first_bucket = [] {
        std::array<std::uint8_t, 65> first{};
        for (std::size_t bits = 1; bits < first.size(); ++bits) {
            const std::uint64_t least = std::uint64_t{1} << (bits - 1);
            std::uint8_t bucket = 0;
            while (bucket < bounds.size() && static_cast<std::uint64_t>(bounds.at(bucket).count()) < least) ++bucket;
            first.at(bits) = bucket;
        }
        return first;
    }();

    [[nodiscard]] static std::size_t bucket_of(std::uint64_t nanoseconds) {
        const std::size_t bucket = first_bucket[static_cast<std::size_t>(std::bit_width(nanoseconds))];
        const bool next = bucket < bounds.size() && nanoseconds > static_cast<std::uint64_t>(bounds[bucket].count());
        return bucket + (next ? 1 : 0);
    }

    Counts counts_{};
    std::uint64_t sum_ = 0;  // nanoseconds
};

}  // namespace ringkv
