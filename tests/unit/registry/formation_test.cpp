#include "driver.hpp"

namespace ringkv::test {
namespace {

TEST(Formation, WaitsForEnoughDistinctNodesAndSaysHowMany) {
    Driver registry;
    registry.give(registry.node(1).origin(), registry.node(1).join);
    registry.give(registry.node(2).origin(), registry.node(2).join);
    EXPECT_EQ(registry.take<JoinWaiting>(2), (JoinWaiting{2, 3}));
    registry.advance(std::chrono::seconds(1));
    EXPECT_FALSE(registry.map().formed());
}

TEST(Formation, WaitsUntilNoNewNodeCameForTheQuietTime) {
    Driver registry;
    for (std::uint8_t number : {1, 2, 3}) registry.give(registry.node(number).origin(), registry.node(number).join);
    registry.advance(milliseconds(400));
    registry.give(registry.node(4).origin(), registry.node(4).join);
    registry.advance(milliseconds(400));
    EXPECT_FALSE(registry.map().formed());
    registry.advance(milliseconds(120));
    ASSERT_TRUE(registry.map().formed());
    EXPECT_EQ(registry.map().nodes.size(), 4U);
}

TEST(Formation, MakesIdsInOrderOfNameAndFirstViewsFromThePlacement) {
    Driver registry;
    for (std::uint8_t number : {3, 1, 2}) registry.give(registry.node(number).origin(), registry.node(number).join);
    registry.advance(milliseconds(520));
    const ClusterMap& map = registry.map();
    ASSERT_TRUE(map.formed());
    EXPECT_EQ(map.settings.id, our_cluster);
    EXPECT_EQ(map.epoch, Epoch(1));
    EXPECT_EQ(map.find("n1")->id, NodeId(1));
    EXPECT_EQ(map.find("n3")->id, NodeId(3));
    ASSERT_EQ(map.partitions.size(), 8U);
    const ViewId first{Generation(1), ViewNumber(1)};
    const std::vector<NodeId> order{NodeId(2), NodeId(3), NodeId(1)};
    EXPECT_EQ(map.at(PartitionId(1)), (PartitionState{View{first, first, NodeId(2), order, false}, order, {}}));
    const auto answer = registry.take<JoinAnswer>(3);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->id, NodeId(3));
    EXPECT_EQ(answer->cluster, our_cluster);
    EXPECT_EQ(answer->map, map);
}

TEST(Formation, TellsNobodyBeforeItIsDurable) {
    Driver registry;
    registry.disk_answers = false;
    for (std::uint8_t number : {1, 2, 3}) registry.give(registry.node(number).origin(), registry.node(number).join);
    registry.advance(milliseconds(520));
    ASSERT_EQ(registry.batches_under_way(), 1U);
    registry.give(registry.node(1).origin(), registry.node(1).join);  // repeats itself meanwhile
    registry.give(Origin{Address::back(77), {}, {}, {}, {}}, MapRequest{});
    EXPECT_FALSE(registry.take<JoinAnswer>(1));
    EXPECT_FALSE(registry.published<MapDelta>());
    EXPECT_EQ(registry.take<CurrentEpoch>(Address::back(77)), (CurrentEpoch{Generation(0), Epoch(0)}));
    EXPECT_TRUE(registry.actor().identity().cluster.none());
    registry.finish_batch();
    EXPECT_TRUE(registry.take<JoinAnswer>(1));
    EXPECT_TRUE(registry.take<JoinAnswer>(2));
    EXPECT_TRUE(registry.published<MapDelta>());
}

TEST(Formation, ForgetsAJoinerThatWentSilent) {
    Driver registry;
    registry.give(registry.node(1).origin(), registry.node(1).join);
    registry.advance(milliseconds(2100));
    registry.give(registry.node(2).origin(), registry.node(2).join);
    EXPECT_EQ(registry.take<JoinWaiting>(2), (JoinWaiting{1, 3}));
}

TEST(Formation, CountsALaterStartOfANodeOnce) {
    Driver registry;
    registry.give(registry.node(1).origin(), registry.node(1).join);
    Join again = registry.node(1).join;
    again.start = StartNumber(2);
    again.storage = uuid(99);  // durability memory: each start is blank
    registry.give(registry.node(1).origin(), again);
    EXPECT_EQ(registry.take<JoinWaiting>(1), (JoinWaiting{1, 3}));
    registry.give(registry.node(2).origin(), registry.node(2).join);
    registry.give(registry.node(3).origin(), registry.node(3).join);
    registry.advance(milliseconds(520));
    EXPECT_EQ(registry.map().find("n1")->storage, uuid(99));
}

TEST(Formation, RefusesTwoNodesOfOneNameOrOneEndpoint) {
    Driver registry;
    registry.give(registry.node(1).origin(), registry.node(1).join);
    Join same_name = registry.node(2).join;
    same_name.name = "n1";
    registry.give(registry.node(2).origin(), same_name);
    EXPECT_TRUE(registry.take<JoinRefused>(2));
    Join same_endpoint = registry.node(3).join;
    same_endpoint.endpoints = registry.node(1).join.endpoints;
    registry.give(registry.node(3).origin(), same_endpoint);
    const auto refused = registry.take<JoinRefused>(3);
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->text.find("n1"), std::string::npos);
}

TEST(Formation, IsRefusedOnceANodeOfAClusterWasHeard) {
    Driver registry;
    Join join = registry.node(4).join;
    join.cluster = uuid(123);
    join.id = NodeId(4);
    registry.give(registry.node(4).origin(), join);
    const auto refused = registry.take<JoinRefused>(4);
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->text.find("newest copy of the old data_dir"), std::string::npos);
    for (std::uint8_t number : {1, 2, 3}) registry.give(registry.node(number).origin(), registry.node(number).join);
    EXPECT_TRUE(registry.take<JoinRefused>(1));
    registry.advance(std::chrono::seconds(1));
    EXPECT_FALSE(registry.map().formed());
    for (const StorageRecord& record : registry.stored) EXPECT_TRUE(std::holds_alternative<EventsRecord>(record));
}

TEST(Formation, IsRefusedWhenARunningNodeOfAClusterBeats) {
    Driver registry;
    Origin stranger = registry.node(4).origin();
    stranger.cluster = uuid(123);
    registry.give(stranger, Heartbeat{NodeId(4), StartNumber(1), Generation(1), Epoch(7), false});
    EXPECT_EQ(registry.take<FrameRefused>(4)->code, ErrorCode::wrong_cluster);
    for (std::uint8_t number : {1, 2, 3}) registry.give(registry.node(number).origin(), registry.node(number).join);
    registry.advance(std::chrono::seconds(1));
    EXPECT_FALSE(registry.map().formed());
}

TEST(Formation, WorksWithOneNode) {
    RegistryOptions options = small_options();
    options.form_with = 1;
    Driver registry(options);
    registry.form(1);
    EXPECT_EQ(registry.map().at(PartitionId(5)).view.members, std::vector<NodeId>{NodeId(1)});
}

}  // namespace
}  // namespace ringkv::test
