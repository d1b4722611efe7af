#include "kvctl/bench/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace ringkv::kvctl {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, OfNothingSaysNought) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.percentile(0.5), nanoseconds(0));
    EXPECT_EQ(histogram.max(), nanoseconds(0));
}

TEST(Histogram, IsExactForSmallNumbers) {
    Histogram histogram;
    for (int value = 1; value <= 100; ++value) histogram.record(nanoseconds(value));
    EXPECT_EQ(histogram.percentile(0.01), nanoseconds(1));
    EXPECT_EQ(histogram.percentile(0.5), nanoseconds(50));
    EXPECT_EQ(histogram.percentile(0.99), nanoseconds(99));
    EXPECT_EQ(histogram.percentile(1), nanoseconds(100));
}

TEST(Histogram, NeverSaysLessThanTheTruthAndAtMostOneSixtyFourthMore) {
    std::mt19937_64 random(3);
    Histogram histogram;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 20000; ++i) {
        const auto value = static_cast<std::int64_t>(random() >> (1 + random() % 63));
        all.push_back(value);
        histogram.record(nanoseconds(value));
    }
    std::sort(all.begin(), all.end());
    for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
        const auto truth = all[static_cast<std::size_t>(share * 20000) - 1];
        EXPECT_GE(histogram.percentile(share).count(), truth) << share;
        EXPECT_LE(histogram.percentile(share).count(), truth + truth / 64 + 1) << share;
    }
    EXPECT_EQ(histogram.max().count(), all.back());
    EXPECT_EQ(histogram.percentile(1).count(), all.back());
}

TEST(Histogram, IsAddedToAndSubtractedFromAnother) {
    Histogram early;
    for (int value = 1; value <= 100; ++value) early.record(nanoseconds(value));
    Histogram sum = early;
    Histogram late;
    for (int value = 101; value <= 120; ++value) late.record(nanoseconds(value));
    sum.add(late);
    EXPECT_EQ(sum.count(), 120U);
    EXPECT_EQ(sum.percentile(0.5), nanoseconds(60));
    EXPECT_EQ(sum.max(), nanoseconds(120));
    EXPECT_EQ(sum.since(early).count(), 20U);
    EXPECT_EQ(sum.since(early).percentile(0.05), nanoseconds(101));
    EXPECT_EQ(sum.since(early).max(), nanoseconds(120));
    EXPECT_EQ(sum.since(sum).max(), nanoseconds(0));
}

TEST(Histogram, TakesTheEndsOfTheRange) {
    Histogram histogram;
    histogram.record(nanoseconds(std::numeric_limits<std::int64_t>::max()));
    histogram.record(nanoseconds(-5));
    EXPECT_EQ(histogram.percentile(0.5), nanoseconds(0));
    EXPECT_EQ(histogram.percentile(1), nanoseconds(std::numeric_limits<std::int64_t>::max()));
}

}  // namespace
}  // namespace ringkv::kvctl
