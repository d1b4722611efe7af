// Prometheus' text format, byte for byte.
#include "common/metrics/exposition.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ringkv {
namespace {

TEST(Exposition, WritesFamiliesWithTheirSamples) {
    Exposition page;
    page.family("ringkv_keys", MetricType::gauge, "Keys of all copies here.");
    page.sample({{"shard", "0"}}, std::uint64_t{7});
    page.sample({{"shard", "1"}, {"kind", "get"}}, std::numeric_limits<std::uint64_t>::max());
    page.family("process_cpu_seconds_total", MetricType::counter, "Time.");
    page.sample({}, 1.25);
    EXPECT_EQ(page.take(),
              "# HELP ringkv_keys Keys of all copies here.\n"
              "# TYPE ringkv_keys gauge\n"
              "ringkv_keys{shard=\"0\"} 7\n"
              "ringkv_keys{shard=\"1\",kind=\"get\"} 18446744073709551615\n"
              "# HELP process_cpu_seconds_total Time.\n"
              "# TYPE process_cpu_seconds_total counter\n"
              "process_cpu_seconds_total 1.25\n");
    EXPECT_EQ(page.take(), "");
}

TEST(Exposition, BucketsOfAHistogramHoldAllThatIsNotAbove) {
    LatencyHistogram histogram;
    histogram.add(std::chrono::microseconds(15));
    histogram.add(std::chrono::microseconds(15));
    histogram.add(std::chrono::milliseconds(3));
    histogram.add(std::chrono::seconds(20));
    Exposition page;
    page.family("t_seconds", MetricType::histogram, "T.");
    page.sample({{"shard", "3"}}, histogram);
    const std::string text = page.take();
    EXPECT_NE(text.find("t_seconds_bucket{shard=\"3\",le=\"1e-05\"} 0\n"), std::string::npos) << text;
    EXPECT_NE(text.find("t_seconds_bucket{shard=\"3\",le=\"2e-05\"} 2\n"), std::string::npos) << text;
    EXPECT_NE(text.find("t_seconds_bucket{shard=\"3\",le=\"0.002\"} 2\n"), std::string::npos) << text;
    EXPECT_NE(text.find("t_seconds_bucket{shard=\"3\",le=\"0.005\"} 3\n"), std::string::npos) << text;
    EXPECT_NE(text.find("t_seconds_bucket{shard=\"3\",le=\"10\"} 3\n"), std::string::npos) << text;
    EXPECT_NE(text.find("t_seconds_bucket{shard=\"3\",le=\"+Inf\"} 4\n"
                        "t_seconds_sum{shard=\"3\"} 20.00303\n"
                        "t_seconds_count{shard=\"3\"} 4\n"),
              std::string::npos)
        << text;
}

TEST(Exposition, EscapesWhatALabelMayHold) {
    Exposition page;
    page.family("x", MetricType::gauge, "X.");
    page.sample({{"name", "a\"b\\c\nd"}}, std::uint64_t{1});
    EXPECT_NE(page.take().find("x{name=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace ringkv
