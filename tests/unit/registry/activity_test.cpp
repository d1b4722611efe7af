// What the registry makes of what nodes say they have done.
#include "registry/activity.hpp"

#include <gtest/gtest.h>

#include "driver.hpp"

namespace ringkv {
namespace {

using registry::ActivityLog;
using registry::ActivityReport;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Activity : public ::testing::Test {
  protected:
    // Each second a node says what it has done since its start: so many writes and gets more than before.
    void tell(std::uint32_t node, std::uint64_t writes, std::uint64_t gets = 0, StartNumber start = StartNumber(1)) {
        NodeActivity& activity = told_[node];
        activity.writes += writes;
        activity.gets += gets;
        activity.received += 100 * writes;
        activity.memory = std::uint64_t{1000} * node;
        activity.write_times.resize(20);
        activity.write_times[4] += writes;  // between 100 us and 200 us
        log_.add(now_, "n" + std::to_string(node), NodeId(node), start, activity);
    }
    void tell_for(int times, std::uint32_t node, std::uint64_t writes, std::uint64_t gets = 0) {
        for (int i = 0; i < times; ++i) {
            tell(node, writes, gets);
            now_ += seconds(1);
        }
    }
    [[nodiscard]] ActivityReport report() const { return log_.report(now_); }

    Time now_{seconds(1000)};
    ActivityLog log_;
    std::map<std::uint32_t, NodeActivity> told_;
};

TEST_F(Activity, RatesAreOverTheTimeThatIsKnown) {
    tell_for(30, 1, 100, 7);
    const ActivityReport seen = report();
    ASSERT_EQ(seen.nodes.size(), 1U);
    EXPECT_DOUBLE_EQ(seen.nodes.at("n1").rates.writes, 100);
    EXPECT_DOUBLE_EQ(seen.nodes.at("n1").rates.gets, 7);
    EXPECT_DOUBLE_EQ(seen.nodes.at("n1").rates.received, 10000);
    EXPECT_EQ(seen.nodes.at("n1").memory, 1000U);
    ASSERT_EQ(seen.slots.size(), ActivityLog::slots);
    ASSERT_TRUE(seen.slots[ActivityLog::slots - 3]);
    EXPECT_DOUBLE_EQ(seen.slots[ActivityLog::slots - 3]->rates.writes, 100);
    EXPECT_FALSE(seen.slots.front());  // nothing was heard then
}

TEST_F(Activity, OnesThatAreLateDoNotShowAsASlumpAndAPeak) {
    for (int i = 0; i < 40; ++i) {  // 1.3 s apart: 3 or 4 in a slot
        tell(1, 130);
        now_ += milliseconds(1300);
    }
    for (const auto& slot : report().slots) {
        if (slot) {
            EXPECT_NEAR(slot->rates.writes, 100, 0.01);
        }
    }
}

TEST_F(Activity, TheSumIsOfAllNodes) {
    for (int i = 0; i < 20; ++i) {
        tell(1, 100);
        tell(2, 50);
        now_ += seconds(1);
    }
    EXPECT_DOUBLE_EQ(report().now.rates.writes, 150);
    EXPECT_DOUBLE_EQ(report().slots[ActivityLog::slots - 2]->rates.writes, 150);
}

TEST_F(Activity, PercentilesAreOfWhatAllNodesCounted) {
    tell_for(10, 1, 100);
    const ActivityReport seen = report();
    ASSERT_TRUE(seen.now.writes.half);
    EXPECT_EQ(*seen.now.writes.half, microseconds(150));
    EXPECT_EQ(seen.nodes.at("n1").writes.half, seen.now.writes.half);
    EXPECT_GT(*seen.now.writes.nearly_all, microseconds(190));
    EXPECT_EQ(seen.now.gets.half, std::nullopt);
}

TEST_F(Activity, ANewStartCountsFromNothing) {
    tell_for(10, 1, 1000);
    told_[1] = {};
    tell(1, 5, 0, StartNumber(2));
    now_ += seconds(1);
    tell(1, 5, 0, StartNumber(2));
    EXPECT_LT(report().nodes.at("n1").rates.writes, 1001);
    now_ += seconds(10);
    tell(1, 5, 0, StartNumber(2));
    EXPECT_LE(report().nodes.at("n1").rates.writes, 5);
}

TEST_F(Activity, ACounterThatGoesBackIsNotBelieved) {
    tell_for(10, 1, 1000);
    told_[1].writes = 3;
    told_[1].write_times.assign(3, 0);  // and shorter than it was
    tell(1, 0);
    EXPECT_LE(report().nodes.at("n1").rates.writes, 1000);
    EXPECT_GE(report().nodes.at("n1").rates.writes, 0);
}

TEST_F(Activity, ManyMoreBucketsThanAreKnownDoNoHarm) {
    told_[1].write_times.assign(100000, 1);
    tell(1, 1);
    told_[1].write_times.assign(100000, 2);
    now_ += seconds(1);
    log_.add(now_, "n1", NodeId(1), StartNumber(1), told_[1]);
    EXPECT_TRUE(report().now.writes.half);
}

TEST_F(Activity, ANodeThatFallsSilentHasAGapAndThenNothing) {
    tell_for(20, 1, 100);
    tell_for(30, 2, 100);
    EXPECT_EQ(report().nodes.at("n1").rates.writes, 0);
    EXPECT_FALSE(report().nodes.at("n1").requests.back());
    EXPECT_TRUE(report().nodes.at("n1").requests[ActivityLog::slots - 8]);
    tell_for(1, 1, 100000);  // what it did meanwhile is no rate of the moment
    EXPECT_EQ(report().nodes.at("n1").rates.writes, 0);
    now_ += minutes(6);
    EXPECT_TRUE(report().nodes.empty());
    for (const auto& slot : report().slots) EXPECT_FALSE(slot);
}

TEST_F(Activity, ComesWithHeartbeatsOfNodesThatAreKnown) {
    test::Driver driver;
    driver.form(3);
    NodeActivity activity;
    const auto beat = [&](std::uint8_t node, const Origin& from) {
        Heartbeat heartbeat = driver.beat(node);
        heartbeat.activity = activity;
        driver.give(from, heartbeat);
    };
    for (int i = 0; i < 12; ++i) {
        activity.writes += 50;
        beat(1, driver.node(1).origin());
        driver.advance(seconds(1));
    }
    Heartbeat stranger = driver.beat(2);
    stranger.start = StartNumber(99);
    stranger.activity = activity;
    driver.give(driver.node(2).origin(), stranger);
    const ActivityReport seen = driver.actor().overview(driver.now()).activity;
    ASSERT_EQ(seen.nodes.size(), 1U);  // the others say nothing, as older releases do
    EXPECT_NEAR(seen.nodes.at("n1").rates.writes, 50, 0.01);
}

}  // namespace
}  // namespace ringkv
