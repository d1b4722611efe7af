// In which bucket a time is counted.
#include "common/metrics/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ringkv {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

std::size_t bucket_of(Duration taken) {
    LatencyHistogram histogram;
    histogram.add(taken);
    const auto& counts = histogram.counts();
    return static_cast<std::size_t>(std::find(counts.begin(), counts.end(), 1U) - counts.begin());
}

// The plain way.
std::size_t expected_bucket(Duration taken) {
    const auto& bounds = LatencyHistogram::bounds;
    return static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), taken) - bounds.begin());
}

TEST(LatencyHistogram, HasTheBoundsThatItPromises) {
    const auto& bounds = LatencyHistogram::bounds;
    EXPECT_EQ(bounds.front(), microseconds(10));
    EXPECT_EQ(bounds[7], milliseconds(2));
    EXPECT_EQ(bounds.back(), seconds(10));
    for (std::size_t i = 1; i < bounds.size(); ++i) EXPECT_GE(bounds[i], 2 * bounds[i - 1]);
}

TEST(LatencyHistogram, ABoundIsPartOfItsBucket) {
    for (const Duration bound : LatencyHistogram::bounds) {
        for (const Duration taken : {bound - nanoseconds(1), bound, bound + nanoseconds(1)})
            EXPECT_EQ(bucket_of(taken), expected_bucket(taken)) << taken.count();
    }
}

TEST(LatencyHistogram, CountsEveryTimeInTheBucketThatAPlainSearchFinds) {
    std::mt19937_64 random{7};
    for (int i = 0; i < 100000; ++i) {
        const auto taken = nanoseconds(static_cast<std::int64_t>(random() >> (1 + random() % 62)));
        ASSERT_EQ(bucket_of(taken), expected_bucket(taken)) << taken.count();
    }
}

TEST(LatencyHistogram, WhatSeemsToEndBeforeItBeganTookNothing) {
    LatencyHistogram histogram;
    histogram.add(nanoseconds(-5));
    histogram.add(Duration::min());
    EXPECT_EQ(histogram.counts()[0], 2U);
    EXPECT_EQ(histogram.sum(), Duration::zero());
}

TEST(LatencyHistogram, SumsUp) {
    LatencyHistogram histogram;
    for (int i = 1; i <= 100; ++i) histogram.add(milliseconds(i));
    histogram.add(seconds(100));
    EXPECT_EQ(histogram.count(), 101U);
    EXPECT_EQ(histogram.counts().back(), 1U);
    EXPECT_EQ(histogram.sum(), milliseconds(5050) + seconds(100));
}

}  // namespace
}  // namespace ringkv
