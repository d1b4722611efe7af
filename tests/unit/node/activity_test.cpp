// What a node says of what it has done: a shard of itself, the board of all shards, and the heartbeats.
#include <gtest/gtest.h>

#include "node/edge/activity_board.hpp"
#include "ringkv/version.hpp"
#include "shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

class NodeActivityTest : public ShardTest {
  protected:
    // Those that were sent in so long.
    std::vector<Heartbeat> heartbeats_in(milliseconds time) {
        (void)node.take_all();
        node.pass(time);
        std::vector<Heartbeat> found;
        for (const Outgoing& outgoing : node.take_all())
            if (const auto* heartbeat = std::get_if<Heartbeat>(&outgoing.message)) found.push_back(*heartbeat);
        return found;
    }

    ShardByHand node{NodeId(1), engine_, every_member_, in_order_, Limits{.memory = 1U << 30U}};
};

TEST_F(NodeActivityTest, OfAShardIsWhatItsRequestsCameTo) {
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    for (const std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
    node.from_client(Get{RequestId(2), PartitionId(0), "k"});
    node.from_client(Get{RequestId(3), PartitionId(0), "none"});
    node.from_client(Scan{RequestId(4), PartitionId(0), "", {}, 0, false});
    node.from_client(Get{RequestId(5), PartitionId(0), ""});    // refused
    node.from_client(ShardByHand::put(2, "", "v"));             // refused
    node.from_client(Get{RequestId(6), PartitionId(77), "k"});  // sent elsewhere: nothing was done
    const NodeActivity activity = node.shard().activity();
    EXPECT_EQ(activity.writes, 1U);
    EXPECT_EQ(activity.gets, 2U);
    EXPECT_EQ(activity.scans, 1U);
    EXPECT_EQ(activity.refused, 2U);
    EXPECT_GT(activity.memory, 0U);
    EXPECT_EQ(activity.memory_limit, 1U << 30U);
    ASSERT_EQ(activity.get_times.size(), LatencyHistogram::bounds.size() + 1);
    EXPECT_EQ(activity.get_times.front(), 2U);  // by this clock they took no time
    ASSERT_EQ(activity.write_times.size(), LatencyHistogram::bounds.size() + 1);
}

TEST_F(NodeActivityTest, IsSaidOnceWithTheNextHeartbeat) {
    const ClusterMap map = ShardByHand::map(ShardByHand::view(1, 1, {1, 2, 3}));
    node.from_registry(JoinAnswer{NodeId(1), ShardByHand::cluster(), map});
    NodeActivity activity;
    activity.writes = 7;
    activity.write_times = {1, 2, 3};
    node.shard().tell(activity);
    const auto heartbeats = heartbeats_in(milliseconds(1000));
    ASSERT_GE(heartbeats.size(), 8U);
    ASSERT_TRUE(heartbeats[0].activity);
    EXPECT_GE(heartbeats[0].activity->clock, start_time.time_since_epoch()) << "as the node's clock showed then";
    EXPECT_LE(heartbeats[0].activity->clock, node.now().time_since_epoch());
    activity.clock = heartbeats[0].activity->clock;
    activity.version = version();
    EXPECT_EQ(heartbeats[0].activity, activity);
    for (std::size_t i = 1; i < heartbeats.size(); ++i) EXPECT_FALSE(heartbeats[i].activity) << i;
}

TEST(ActivityBoard, AddsUpWhatTheShardsSaidWhenTheyWereAsked) {
    ActivityBoard board(2);
    int made = 0;
    const auto offer = [&](ShardIndex shard, std::uint64_t writes, std::vector<std::uint64_t> times) {
        board.offer(shard, [&] {
            ++made;
            NodeActivity activity;
            activity.writes = writes;
            activity.write_times = std::move(times);
            return activity;
        });
    };
    offer(0, 1, {1});
    EXPECT_EQ(made, 0);  // it was not asked for: a turn costs a look at a flag
    EXPECT_EQ(board.gather(), std::nullopt);
    offer(0, 10, {1, 2});
    EXPECT_EQ(board.gather(), std::nullopt);  // one has not said anything yet
    offer(1, 5, {1, 1, 1});
    offer(0, 20, {4});
    offer(0, 30, {4});  // once is enough
    EXPECT_EQ(made, 3);
    const auto sum = board.gather();
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->writes, 25U);
    EXPECT_EQ(sum->write_times, (std::vector<std::uint64_t>{5, 1, 1}));
    offer(1, 6, {});
    EXPECT_EQ(board.gather()->writes, 26U);  // shard 0 is as it was: it did not turn
}

}  // namespace
}  // namespace ringkv
