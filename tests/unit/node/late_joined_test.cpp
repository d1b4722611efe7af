// A start that the map does not name yet.
#include <gtest/gtest.h>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::seconds;

// 1. A shard that has stored nothing of a partition gets a map that has it in the view, but names an earlier start of
// its node: it is no member yet, and makes no replica. 2. A delta names its own start, and no partition. 3. The primary
// is gone for good, so nothing else speaks of the partition: no member ever proposed itself (seed 1700011544).
TEST_F(ShardTest, WhatAMapHadForAShardThatItDidNotNameYetIsTakenUpWhenItDoes) {
    const View view = ShardByHand::view(1, 1, {1, 2});
    ShardByHand node(NodeId(2), engine_, every_member_, in_order_);
    ClusterMap map = ShardByHand::map(view);
    const NodeInfo named = map.nodes[NodeId(2)];
    map.nodes[NodeId(2)].start = StartNumber(0);
    node.from_registry(MapSnapshot{map});
    EXPECT_FALSE(node.shard().joined());
    EXPECT_EQ(node.shard().replica(PartitionId(0)), nullptr);

    node.from_registry(MapDelta{Generation(1), Epoch(2), {}, {named}, {}, {}});
    EXPECT_TRUE(node.shard().joined());
    ASSERT_NE(node.shard().replica(PartitionId(0)), nullptr);
    node.pass(seconds(2));
    EXPECT_TRUE(node.sent<Propose>()) << "its primary is silent";
}

}  // namespace
}  // namespace ringkv
