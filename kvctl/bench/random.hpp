// splitmix64 (Steele, Lea and Flood 2014): eight bytes of state, so that each of many requests has its own. The same
// seed gives the same numbers on every machine. Not thread-safe.
#pragma once

#include <cstdint>

namespace ringkv::kvctl {

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t mixed = (state_ ^ (state_ >> 30U)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
        return mixed ^ (mixed >> 31U);
    }
    // 0 <= x < 1
    double fraction() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  private:
    std::uint64_t state_;
};

}  // namespace ringkv::kvctl
