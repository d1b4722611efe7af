// ReplicationBatch: which peers get one, and that what is wrong with one part of it says nothing of the others.
#include "common/protocol_version.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using ReplicationBatchTest = ShardTest;

TEST_F(ReplicationBatchTest, GoesToAPeerThatSaidThatItTakesIt) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.peers_speak = minor_with_batches;
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    for (const std::uint32_t peer : {2U, 3U}) {
        const auto batch = node.sent<ReplicationBatch>(peer);
        ASSERT_TRUE(batch);
        ASSERT_EQ(batch->prepares.size(), 1U);
        EXPECT_EQ(batch->prepares.front().first, OpNumber(1));
    }
    EXPECT_FALSE(node.sent<Prepare>());
}

TEST_F(ReplicationBatchTest, APeerOfAnOlderReleaseGetsWhatItKnows) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.peers_speak = minor_with_batches;
    node.from_node(3, ShardByHand::ok(1, 0));
    node.from_client(ShardByHand::put(1, "k", "v"));
    EXPECT_TRUE(node.sent<Prepare>(2));
    EXPECT_FALSE(node.sent<Prepare>(3));
    EXPECT_TRUE(node.sent<ReplicationBatch>(3));

    node.peers_speak = 0;  // started anew with the release before
    node.from_node(3, ShardByHand::ok(1, 0));
    node.from_client(ShardByHand::put(2, "k", "w"));
    EXPECT_TRUE(node.sent<Prepare>(3));
}

TEST_F(ReplicationBatchTest, WhatIsWrongWithOnePartIsRefusedAlone) {
    ShardByHand node(NodeId(2), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(1, 1, {1, 2, 3});
    node.learn(view);
    node.peers_speak = minor_with_batches;
    node.from_node(1, StartView{PartitionId(0), view, {}, {}, {}, {}});
    (void)node.take_all();

    Entry entry;
    entry.kind = EntryKind::set;
    entry.key = "k";
    entry.op = OpNumber(1);
    entry.view = view.id;
    entry.version = entry.op;
    const Prepare good{PartitionId(0), view.id, view.since, {}, OpNumber(1), {share(entry)}, {}};
    Prepare bad = good;
    bad.first = OpNumber(5);
    const std::uint64_t refused = node.shard().refused();
    node.from_node(1, ReplicationBatch{{bad, good}, {}});
    EXPECT_EQ(node.shard().refused(), refused + 1);
    const auto answer = node.sent<ReplicationBatch>(1);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->acknowledgements.size(), 1U);
    EXPECT_EQ(answer->acknowledgements.front().op, OpNumber(1));
}

}  // namespace
}  // namespace ringkv
