#include "kvctl/bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ringkv::kvctl {

void Histogram::record(std::chrono::nanoseconds latency) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++buckets_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) noexcept {
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) buckets_[bucket] += other.buckets_[bucket];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

Histogram Histogram::since(const Histogram& earlier) const noexcept {
    Histogram rest;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        rest.buckets_[bucket] = buckets_[bucket] - earlier.buckets_[bucket];
        if (rest.buckets_[bucket] > 0) rest.max_ = std::min(top_of(bucket), max_);
    }
    rest.count_ = count_ - earlier.count_;
    return rest;
}

std::chrono::nanoseconds Histogram::percentile(double share) const noexcept {
    const auto wanted = std::max<std::uint64_t>(
        static_cast<std::uint64_t>(std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_))), 1);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen >= wanted) return std::chrono::nanoseconds(std::min(top_of(bucket), max_));
    }
    return std::chrono::nanoseconds(0);
}

// A value with its highest bit at position h >= 6 is shifted right by h - 6: what is left, 64 .. 127, says which
// of the 64 buckets of its doubling it is in.
std::size_t Histogram::bucket_of(std::uint64_t value) noexcept {
    if (value < per_doubling) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - precision_bits;
    return (shift + 1) * per_doubling + ((value >> shift) - per_doubling);
}

std::uint64_t Histogram::top_of(std::size_t bucket) noexcept {
    if (bucket < per_doubling) return bucket;
    const std::uint64_t shift = bucket / per_doubling - 1;
    return ((bucket % per_doubling + per_doubling + 1) << shift) - 1;
}

}  // namespace ringkv::kvctl
