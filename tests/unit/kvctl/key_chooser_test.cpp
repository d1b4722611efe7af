// The distributions of kvctl bench, against their definitions. Seeds are fixed: what a bound allows is drawn once.
#include "kvctl/bench/key_chooser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace ringkv::kvctl {
namespace {

constexpr std::uint64_t draws = 1'000'000;

std::vector<std::uint64_t> counts_of(Distribution distribution, std::uint64_t keys, std::uint64_t readable) {
    const KeyChooser chooser(distribution, keys);
    Random random(7);
    std::vector<std::uint64_t> counts(readable);
    for (std::uint64_t i = 0; i < draws; ++i) ++counts.at(chooser.choose(random, readable));
    return counts;
}

double share(std::uint64_t count) {
    return static_cast<double>(count) / draws;
}

TEST(Zeta, IsTheSumAndForTenThousandMillionTheNumberThatYcsbKnows) {
    EXPECT_DOUBLE_EQ(zeta(1, 0.99), 1);
    EXPECT_DOUBLE_EQ(zeta(2, 0.99), 1 + std::pow(0.5, 0.99));
    double sum = 0;
    for (int i = 1; i <= 50'000; ++i) sum += std::pow(i, -0.99);
    EXPECT_NEAR(zeta(50'000, 0.99), sum, 1e-9);
    EXPECT_NEAR(zeta(10'000'000'000, 0.99), 26.46902820178302, 1e-6);  // ScrambledZipfianGenerator.ZETAN
}

TEST(Zipfian, RanksComeAsOftenAsTheirWeight) {
    const std::uint64_t items = 1000;
    const Zipfian zipfian(items);
    Random random(1);
    std::vector<std::uint64_t> counts(items);
    for (std::uint64_t i = 0; i < draws; ++i) ++counts.at(zipfian.rank(random.fraction()));
    const double sum = zeta(items, 0.99);
    for (const std::uint64_t rank : {0, 1}) {  // the formula is exact for these two, and close for the others
        EXPECT_NEAR(share(counts[rank]), std::pow(rank + 1, -0.99) / sum, 0.002) << rank;
    }
    for (const std::uint64_t first : {0, 10, 100}) {
        const auto seen = std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(first), counts.end(), 0UL);
        EXPECT_NEAR(share(seen), (sum - (first == 0 ? 0 : zeta(first, 0.99))) / sum, 0.02) << first;
    }
}

TEST(Zipfian, StaysWithinItsItems) {
    for (const std::uint64_t items : {1, 2, 3}) {
        const Zipfian zipfian(items);
        std::vector<bool> seen(items);
        for (int step = 0; step < 1000; ++step) seen.at(zipfian.rank(step / 1000.0)) = true;
        EXPECT_LT(zipfian.rank(1 - 0x1.0p-53), items);
        EXPECT_EQ(std::count(seen.begin(), seen.end(), true), static_cast<std::ptrdiff_t>(items));
    }
}

TEST(Scrambled, IsFnv1aWithoutASign) {
    EXPECT_EQ(scrambled(0), 6284781860667377211U);
    EXPECT_EQ(scrambled(1), 8517097267634966620U);
    EXPECT_EQ(scrambled(12345), 1792800413050876852U);
}

TEST(KeyChooser, UniformAsksEveryKeyAlike) {
    const auto counts = counts_of(Distribution::uniform, 1000, 1000);
    double chi_square = 0;
    for (const std::uint64_t count : counts) {
        const double difference = static_cast<double>(count) - 1000;
        chi_square += difference * difference / 1000;
    }
    EXPECT_GT(chi_square, 999 - 5 * std::sqrt(2 * 999));
    EXPECT_LT(chi_square, 999 + 5 * std::sqrt(2 * 999));
}

TEST(KeyChooser, ZipfianHasFewHotKeysThatLieAnywhere) {
    auto counts = counts_of(Distribution::zipfian, 1000, 1000);
    const auto hottest = static_cast<std::uint64_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    EXPECT_EQ(hottest, scrambled(0) % 1000);
    EXPECT_NEAR(share(counts[hottest]), 1 / 26.469, 0.002);  // among YCSB's 10^10 ranks
    EXPECT_NEAR(share(counts[scrambled(1) % 1000]), std::pow(0.5, 0.99) / 26.469, 0.002);
    EXPECT_EQ(std::count(counts.begin(), counts.end(), 0U), 0);
    const auto first_half = std::accumulate(counts.begin(), counts.begin() + 500, 0UL);
    EXPECT_NEAR(share(first_half), 0.5, 0.1);
}

TEST(KeyChooser, LatestPrefersWhatWasInsertedLast) {
    const std::uint64_t readable = 1200;  // 200 of them inserted since
    const auto counts = counts_of(Distribution::latest, 1000, readable);
    EXPECT_NEAR(share(counts[readable - 1]), 1 / zeta(readable, 0.99), 0.002);
    EXPECT_NEAR(share(counts[readable - 2]), std::pow(0.5, 0.99) / zeta(readable, 0.99), 0.002);
    EXPECT_GT(counts[readable - 3], counts[readable - 30]);
    EXPECT_GT(counts[readable - 30], counts[readable - 300]);
}

TEST(KeyChooser, OneKeyIsAlwaysThatKey) {
    for (const Distribution distribution : {Distribution::uniform, Distribution::zipfian, Distribution::latest}) {
        EXPECT_EQ(counts_of(distribution, 1, 1).front(), draws);
    }
}

}  // namespace
}  // namespace ringkv::kvctl
