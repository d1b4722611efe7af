// Which of the keys is asked next: the distributions of YCSB (Cooper et al., SoCC 2010), computed as its generators do.
// Immutable, and so thread-safe; the randomness is the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kvctl/bench/random.hpp"

namespace ringkv::kvctl {

enum class Distribution : unsigned char {
    uniform,
    zipfian,  // scrambled: few keys are asked often, and they lie anywhere
    latest,   // few keys are asked often: those inserted last
};

std::optional<Distribution> distribution_named(std::string_view name);

// The sum of 1 / i^theta for i from 1 to `items`; more than a thousand by the Euler-Maclaurin formula, to 1e-9.
double zeta(std::uint64_t items, double theta);

// Ranks 0 .. items - 1, of which rank r comes with a probability of about 1 / (r + 1)^0.99 / zeta(items, 0.99), by the
// formula of Gray et al. (SIGMOD 1994).
class Zipfian {
  public:
    static constexpr double theta = 0.99;

    // `items` is 1 or more.
    explicit Zipfian(std::uint64_t items);
    // `fraction`: 0 <= x < 1.
    [[nodiscard]] std::uint64_t rank(double fraction) const;

  private:
    std::uint64_t items_;
    double zeta_;
    double eta_;
};

// Where YCSB puts a rank: FNV-1a of its eight bytes, without the sign.
std::uint64_t scrambled(std::uint64_t rank) noexcept;

class KeyChooser {
  public:
    // Of the keys 0 .. keys - 1; `keys` is 1 or more.
    KeyChooser(Distribution distribution, std::uint64_t keys)
        : distribution_(distribution), keys_(keys), ranks_(ycsb_items) {}

    // `readable`: so many keys are there by now, as some were inserted; only `latest` asks for these.
    [[nodiscard]] std::uint64_t choose(Random& random, std::uint64_t readable) const;

  private:
    // YCSB draws a rank among so many, whatever the number of keys is, and scrambles that.
    static constexpr std::uint64_t ycsb_items = 10'000'000'000;

    Distribution distribution_;
    std::uint64_t keys_;
    Zipfian ranks_;
};

}  // namespace ringkv::kvctl
