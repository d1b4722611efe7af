// Latencies in buckets: exact up to 128 ns, then 64 buckets to every doubling, so that a percentile is at most
// 1.6 % above the truth. Fixed size, no allocation. Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace ringkv::kvctl {

class Histogram {
  public:
    // Below 0 counts as 0.
    void record(std::chrono::nanoseconds latency) noexcept;

    void add(const Histogram& other) noexcept;
    // Without what `earlier`, an earlier state of this one, had. max() is then the highest of the last bucket.
    [[nodiscard]] Histogram since(const Histogram& earlier) const noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::chrono::nanoseconds max() const noexcept { return std::chrono::nanoseconds(max_); }
    // The latency that `share` (0 .. 1) of all were at or below; 0 if nothing was recorded.
    [[nodiscard]] std::chrono::nanoseconds percentile(double share) const noexcept;

  private:
    static constexpr unsigned precision_bits = 6;
    static constexpr std::uint64_t per_doubling = 1U << precision_bits;

    static std::size_t bucket_of(std::uint64_t value) noexcept;
    // The highest value that falls into the bucket.
    static std::uint64_t top_of(std::size_t bucket) noexcept;

    std::array<std::uint64_t, (64 - precision_bits + 1) * per_doubling> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace ringkv::kvctl
