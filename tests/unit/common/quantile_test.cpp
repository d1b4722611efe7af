// What a quantile of counted times is.
#include "common/metrics/quantile.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

LatencyHistogram of(std::initializer_list<std::pair<Duration, int>> times) {
    LatencyHistogram histogram;
    for (const auto& [time, count] : times)
        for (int i = 0; i < count; ++i) histogram.add(time);
    return histogram;
}

TEST(Quantile, OfNothingIsNone) {
    EXPECT_EQ(quantile({}, 0.5), std::nullopt);
}

TEST(Quantile, SpreadsTheTimesOfABucketEvenly) {
    const auto hundred = of({{microseconds(150), 100}});  // between 100 us and 200 us
    EXPECT_EQ(quantile(hundred.counts(), 0.5), microseconds(150));
    EXPECT_EQ(quantile(hundred.counts(), 1), microseconds(200));
    const auto first = of({{microseconds(1), 4}});  // between nothing and 10 us
    EXPECT_EQ(quantile(first.counts(), 0.25), Duration(2500));
}

TEST(Quantile, FindsTheBucketThatReachesTheShare) {
    const auto mixed = of({{microseconds(15), 98}, {milliseconds(3), 2}});
    EXPECT_LE(*quantile(mixed.counts(), 0.98), microseconds(20));
    EXPECT_GT(*quantile(mixed.counts(), 0.99), milliseconds(2));
    EXPECT_LE(*quantile(mixed.counts(), 0.99), milliseconds(5));
}

TEST(Quantile, AboveAllBoundsItIsTheLast) {
    EXPECT_EQ(quantile(of({{seconds(100), 1}}).counts(), 0.5), seconds(10));
}

}  // namespace
}  // namespace ringkv
