// What the registry tells of nodes and copies beside its map.
#include "registry/conditions.hpp"

#include <gtest/gtest.h>

#include "ringkv/version.hpp"

namespace ringkv::registry {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class ConditionsTest : public testing::Test {
  protected:
    ConditionsTest() {
        map_.generation = Generation(1);
        map_.epoch = Epoch(5);
        for (std::uint32_t id = 1; id <= 2; ++id) {
            NodeInfo node;
            node.id = NodeId(id);
            node.name = "n" + std::to_string(id);
            node.start = StartNumber(1);
            map_.nodes[node.id] = node;
        }
        map_.partitions.resize(4);
    }

    // The node's clock shows `clock` then.
    void heartbeat(std::uint32_t node, Duration clock, std::uint64_t epoch = 5, std::uint64_t start = 1) {
        Heartbeat heartbeat{NodeId(node), StartNumber(start), Generation(1), Epoch(epoch), false, NodeActivity{}};
        heartbeat.activity->version = "0.5.0";
        heartbeat.activity->clock = clock;
        conditions_.heartbeat(now_, heartbeat);
    }
    void look() { conditions_.tick(now_, map_, changes_); }
    ConditionAnswer answer() { return conditions_.answer(now_, RequestId(7), map_); }
    // A second each, and the node's clock goes at that rate.
    void pass(seconds time, double rate) {
        for (seconds passed{0}; passed < time; passed += seconds(1)) {
            now_ += seconds(1);
            clock_ += std::chrono::duration_cast<Duration>(seconds(1) * rate);
            heartbeat(1, clock_);
        }
    }

    Conditions conditions_;
    ClusterMap map_;
    std::uint64_t changes_ = 1;
    Time now_ = Time{} + std::chrono::hours(1);
    Duration clock_ = std::chrono::hours(500);
};

TEST_F(ConditionsTest, ANodeIsToldWithItsMapAndVersion) {
    look();
    heartbeat(1, clock_, 4);
    const ConditionAnswer told = answer();
    EXPECT_EQ(told.request, RequestId(7));
    EXPECT_EQ(told.version, version());
    ASSERT_EQ(told.nodes.size(), 1U) << "the other was not heard of";
    EXPECT_EQ(told.nodes[0].node, NodeId(1));
    EXPECT_EQ(told.nodes[0].epoch, Epoch(4));
    EXPECT_EQ(told.nodes[0].version, "0.5.0");
    map_.nodes[NodeId(1)].start = StartNumber(2);
    EXPECT_TRUE(answer().nodes.empty()) << "it was of the start before";
    conditions_.heartbeat(now_, Heartbeat{NodeId(1), StartNumber(2), Generation(1), Epoch(5), false, {}});
    ASSERT_EQ(answer().nodes.size(), 1U);
    EXPECT_EQ(answer().nodes[0].version, "") << "the next start may be of another release";
}

TEST_F(ConditionsTest, TheEpochThatIsToldIsOfASecondAgo) {
    look();
    now_ += seconds(1);
    look();
    EXPECT_EQ(answer().epoch, Epoch(5));
    map_.epoch = Epoch(9);
    now_ += seconds(1);
    look();
    EXPECT_EQ(answer().epoch, Epoch(5)) << "nodes may not have it yet";
    now_ += seconds(1);
    look();
    EXPECT_EQ(answer().epoch, Epoch(9));
}

TEST_F(ConditionsTest, AClocksRateIsKnownAfterHalfAMinute) {
    pass(seconds(30), 0.9);
    EXPECT_EQ(answer().nodes.at(0).watched, Duration{});
    pass(seconds(30), 0.9);
    const NodeCondition node = answer().nodes.at(0);
    EXPECT_EQ(node.watched, seconds(59));
    EXPECT_NEAR(node.clock / std::chrono::duration<double>(node.watched), 0.9, 1e-6);
}

TEST_F(ConditionsTest, WhatAClockDidLongAgoIsForgotten) {
    pass(minutes(60), 0.9);
    pass(minutes(10), 1);
    const NodeCondition node = answer().nodes.at(0);
    EXPECT_GE(node.watched, minutes(5));
    EXPECT_LE(node.watched, minutes(10));
    EXPECT_NEAR(node.clock / std::chrono::duration<double>(node.watched), 1, 1e-6);
}

TEST_F(ConditionsTest, AMachineThatStartsAnewIsWatchedAnew) {
    pass(minutes(2), 1);
    clock_ = seconds(20);
    pass(seconds(20), 1);
    EXPECT_EQ(answer().nodes.at(0).watched, Duration{});
    heartbeat(1, clock_, 5, 2);
    map_.nodes[NodeId(1)].start = StartNumber(2);
    EXPECT_EQ(answer().nodes.at(0).watched, Duration{}) << "another process";
}

TEST_F(ConditionsTest, CopiesAreToldByHowLongTheyLast) {
    map_.partitions[2].learners = {NodeId(1)};
    look();
    now_ += seconds(30);
    map_.partitions[1].learners = {NodeId(2)};
    ++changes_;
    look();
    now_ += seconds(10);
    const auto moves = answer().moves;
    ASSERT_EQ(moves.size(), 2U);
    EXPECT_EQ(moves[0].partition, PartitionId(2));
    EXPECT_EQ(moves[0].lasts, seconds(40));
    EXPECT_EQ(moves[1].to, NodeId(2));
    EXPECT_EQ(moves[1].lasts, seconds(10));
    map_.partitions[2].learners.clear();
    ++changes_;
    look();
    EXPECT_EQ(answer().moves.size(), 1U);
}

TEST_F(ConditionsTest, ANodeThatIsForgottenIsToldNoMore) {
    heartbeat(1, clock_);
    look();
    map_.nodes.erase(NodeId(1));
    ++changes_;
    now_ += seconds(1);
    look();
    EXPECT_TRUE(answer().nodes.empty());
}

}  // namespace
}  // namespace ringkv::registry
