// The sketch of hot keys: what it finds, and what bounds it.
#include "node/hot_spots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ringkv {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;

constexpr Time begun{seconds(100)};

TEST(HotSpots, OfManyKeysTheHotOnesAreFound) {
    HotSpots hot;
    std::mt19937_64 random(7);
    constexpr int requests = 400'000;
    for (int i = 0; i < requests; ++i) {
        const auto draw = random() % 100;
        // 10 % for one key, 5 % for another, the rest over a hundred thousand.
        const std::string key = draw < 10 ? "hot" : draw < 15 ? "warm" : "cold" + std::to_string(random() % 100'000);
        hot.count(begun, PartitionId(draw < 10 ? 3 : 1), key);
    }
    const auto keys = hot.keys();
    ASSERT_EQ(keys.size(), HotSpots::shown);
    EXPECT_EQ(keys[0].key, "hot");
    EXPECT_EQ(keys[0].partition, PartitionId(3));
    EXPECT_EQ(keys[1].key, "warm");
    const auto samples = static_cast<double>(hot.samples());
    EXPECT_NEAR(samples, requests / 64.0, requests / 64.0 * 0.05);
    EXPECT_NEAR(static_cast<double>(keys[0].samples - keys[0].error) / samples, 0.10, 0.02);
    EXPECT_NEAR(static_cast<double>(keys[1].samples - keys[1].error) / samples, 0.05, 0.02);
    EXPECT_LT(static_cast<double>(keys[2].samples), samples / 100) << "no other is taken for hot";
    EXPECT_NEAR(static_cast<double>(hot.partitions().back().samples) / samples, 0.10, 0.02);
}

// A client that asks for keys in turn must not meet the same step each time.
TEST(HotSpots, KeysThatAreAskedForInTurnAreSeenAlike) {
    HotSpots hot;
    for (int i = 0; i < 640'000; ++i) hot.count(begun, PartitionId(0), std::to_string(i % 64));
    const auto keys = hot.keys();
    ASSERT_EQ(keys.size(), HotSpots::shown);
    EXPECT_LT(keys.front().samples, 2 * 10'000 / 64);
}

TEST(HotSpots, WhatWasHotIsForgotten) {
    HotSpots hot;
    for (int i = 0; i < 64'000; ++i) hot.count(begun, PartitionId(0), "then");
    const std::uint64_t before = hot.keys()[0].samples;
    hot.forget(begun + seconds(10));
    EXPECT_EQ(hot.keys()[0].samples, before / 2);
    for (int i = 0; i < 64'000; ++i) hot.count(begun + seconds(30), PartitionId(0), "now");
    EXPECT_EQ(hot.keys()[0].key, "now");
    hot.forget(begun + seconds(3600));
    EXPECT_THAT(hot.keys(), IsEmpty());
    EXPECT_THAT(hot.partitions(), IsEmpty());
    EXPECT_EQ(hot.samples(), 0U);
}

TEST(HotSpots, LongKeysAreCut) {
    HotSpots hot;
    for (int i = 0; i < 1000; ++i) hot.count(begun, PartitionId(0), std::string(4096, 'k'));
    ASSERT_EQ(hot.keys().size(), 1U);
    EXPECT_EQ(hot.keys()[0].key.size(), HotSpots::longest_key);
}

TEST(HotSpots, AScanCountsForItsPartitionAlone) {
    HotSpots hot;
    for (int i = 0; i < 1000; ++i) hot.count(begun, PartitionId(5), {});
    EXPECT_THAT(hot.keys(), IsEmpty());
    EXPECT_EQ(hot.partitions().at(0).partition, PartitionId(5));
}

}  // namespace
}  // namespace ringkv
