// All chance of a simulated run: small generators, every one grown from the run's seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "common/partitioning.hpp"
#include "common/time.hpp"

namespace ringkv::simulation {

// SplitMix64 (Steele, Lea, Flood 2014): one multiplication chain over a counter.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    // A stream of its own: what it gives does not depend on how much others drew. So a run with one kind of
    // fault left out is otherwise as similar as can be (shrinking lives on that).
    [[nodiscard]] Random fork(std::string_view purpose) const { return Random(mix(state_ ^ hash_of(purpose))); }

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15U;
        return mix(state_);
    }
    // 0 .. bound - 1. Precondition: bound > 0.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
    Duration between(Duration least, Duration most) {
        return Duration(static_cast<Duration::rep>(
            between(static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()))));
    }
    // 0 <= x < 1
    double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
    bool chance(double probability) { return unit() < probability; }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }
    template <class T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }

  private:
    static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }

    std::uint64_t state_;
};

}  // namespace ringkv::simulation
