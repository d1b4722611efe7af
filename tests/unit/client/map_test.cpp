// How a client learns the map, and keeps it.
#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

ClusterMap later(std::uint64_t epoch) {
    ClusterMap map = first_map();
    map.epoch = Epoch(epoch);
    return map;
}

MapDelta delta(std::uint64_t epoch, std::uint32_t partition, View view) {
    MapDelta change;
    change.generation = Generation(1);
    change.epoch = Epoch(epoch);
    change.partitions = {{PartitionId(partition), {std::move(view), {NodeId(1), NodeId(2), NodeId(3)}, {}}}};
    return change;
}

TEST(ClientMap, RegistriesAreAskedInTurnUntilOneAnswers) {
    HandDriver driver({registry, other_registry});
    driver.turn();
    EXPECT_EQ(driver.take_one<MapRequest>().endpoint, registry);
    std::set<std::string> asked;
    for (int i = 0; i < 2000; ++i) {
        driver.advance(milliseconds(1));
        for (const auto& sent : driver.take<MapRequest>()) asked.insert(sent.endpoint);
    }
    EXPECT_EQ(asked, (std::set<std::string>{registry, other_registry}));
    driver.answer(other_registry, MapSnapshot{first_map()});
    EXPECT_TRUE(driver.client.cache().formed());
    driver.advance(milliseconds(1000));
    EXPECT_TRUE(driver.take<MapRequest>().empty());  // enough asked
}

TEST(ClientMap, OperationsWaitForTheFirstMap) {
    HandDriver driver;
    const OperationId put = driver.put(key_in(0), "a");
    driver.advance(milliseconds(100));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.answer(registry, MapSnapshot{first_map()});
    driver.from_node(1, driver.beacon());
    driver.from_node(1, written(driver.take_one<Write>().message.request, 1));
    EXPECT_TRUE(driver.done.at(put));
}

TEST(ClientMap, OneThatIsNotFormedYetIsNoMap) {
    HandDriver driver;
    const OperationId fetch = driver.submit(FetchMapOperation{}, milliseconds(1000));
    driver.answer(registry, MapSnapshot{ClusterMap{}}, Uuid{});
    driver.take<MapRequest>();
    driver.advance(milliseconds(500));
    EXPECT_FALSE(driver.take<MapRequest>().empty());
    driver.advance(milliseconds(500));
    EXPECT_EQ(driver.error(fetch), ErrorCode::unavailable);
    EXPECT_NE(driver.message(fetch).find("not formed"), std::string::npos) << driver.message(fetch);
}

TEST(ClientMap, WithoutARegistryTheErrorSaysWhoWasAsked) {
    HandDriver driver({registry, other_registry});
    const OperationId fetch = driver.submit(FetchMapOperation{}, milliseconds(300));
    driver.advance(milliseconds(300));
    EXPECT_EQ(driver.error(fetch), ErrorCode::unavailable);
    EXPECT_NE(driver.message(fetch).find(registry), std::string::npos);
    EXPECT_NE(driver.message(fetch).find(other_registry), std::string::npos);
}

TEST(ClientMap, RefusalOfTheOnlyRegistryIsTheError) {
    HandDriver driver;
    const OperationId fetch = driver.submit(FetchMapOperation{}, milliseconds(300));
    driver.answer(registry, FrameRefused{ErrorCode::version_mismatch, "version 2 spoken here"}, Uuid{});
    driver.advance(milliseconds(300));
    EXPECT_EQ(driver.error(fetch), ErrorCode::version_mismatch);
}

TEST(ClientMap, MayComeFromANode) {
    HandDriver driver({endpoint_of(NodeId(2))});
    const OperationId put = driver.put(key_in(1), "a");
    driver.from_node(2, MapSnapshot{first_map()});
    EXPECT_EQ(driver.take_one<Write>().endpoint, endpoint_of(NodeId(2)));
    EXPECT_FALSE(driver.is_done(put));
}

TEST(ClientMap, PublisherIsFollowedAtTheRegistrysHost) {
    HandDriver driver = HandDriver::formed();
    EXPECT_EQ(driver.subscribed, publisher);
}

TEST(ClientMap, DeltasAreTakenAndGapsAskedFor) {
    HandDriver driver = HandDriver::formed();
    driver.answer(publisher, delta(2, 0, view_of(2, 3)));
    EXPECT_EQ(driver.client.cache().route(PartitionId(0)).node, NodeId(3));
    EXPECT_TRUE(driver.take<MapRequest>().empty());
    driver.answer(publisher, delta(4, 1, view_of(2, 1)));
    const auto asked = driver.take<MapRequest>();
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked[0].message.epoch, Epoch(2));
    EXPECT_EQ(driver.client.cache().route(PartitionId(1)).node, NodeId(2));
}

TEST(ClientMap, BeaconOfALaterEpochAsksOnceAndNotForEveryBeacon) {
    HandDriver driver = HandDriver::formed();
    driver.advance(milliseconds(200));
    for (int i = 0; i < 50; ++i) driver.answer(publisher, CurrentEpoch{Generation(1), Epoch(8)});
    std::size_t to_registry = 0;
    for (const auto& sent : driver.take<MapRequest>()) to_registry += sent.endpoint == registry ? 1 : 0;
    EXPECT_EQ(to_registry, 1U);
}

TEST(ClientMap, NodesAreAskedWhenTheRegistryIsSilent) {
    HandDriver driver = HandDriver::formed();
    driver.answer(publisher, CurrentEpoch{Generation(1), Epoch(2)});
    bool node_asked = false;
    for (const auto& sent : driver.take<MapRequest>()) node_asked |= sent.endpoint != registry;
    EXPECT_TRUE(node_asked);
    driver.from_node(3, MapSnapshot{later(2)});
    EXPECT_EQ(driver.client.cache().map().epoch, Epoch(2));
}

TEST(ClientMap, OlderMapsAndOtherClustersAreNotTaken) {
    HandDriver driver = HandDriver::formed();
    driver.answer(registry, MapSnapshot{later(5)});
    ClusterMap old = later(4);
    old.partitions[0].view = view_of(9, 3);
    driver.answer(registry, MapSnapshot{old});
    ClusterMap foreign = later(50);
    foreign.settings.id = cluster_id(9);
    driver.answer(registry, MapSnapshot{foreign}, cluster_id(9));
    driver.answer(registry, MapSnapshot{foreign});
    ClusterMap torn = later(51);
    torn.partitions.pop_back();
    driver.answer(registry, MapSnapshot{torn});
    EXPECT_EQ(driver.client.cache().map().epoch, Epoch(5));
    EXPECT_EQ(driver.client.cache().route(PartitionId(0)).node, NodeId(1));
}

TEST(ClientMap, MendedViewOutlivesAnOlderViewInANewerMap) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    driver.from_node(1, not_primary(driver.take_one<Write>(), view_of(7, 2), node_info(2)));
    driver.answer(registry, MapSnapshot{later(3)});
    EXPECT_EQ(driver.client.cache().route(PartitionId(0)).node, NodeId(2));
    EXPECT_EQ(driver.client.cache().merged().partitions[0].view.id.number, ViewNumber(7));
    ClusterMap newer = later(4);
    newer.partitions[0].view = view_of(8, 3);
    driver.answer(registry, MapSnapshot{newer});
    EXPECT_EQ(driver.client.cache().route(PartitionId(0)).node, NodeId(3));
}

TEST(ClientMap, NewPrimaryInTheMapIsTriedSoonByWhatIsUnderWay) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    driver.take<Write>();
    driver.advance(milliseconds(20));
    driver.answer(publisher, delta(2, 0, view_of(2, 2)));
    EXPECT_TRUE(driver.take<Write>().empty());  // the old primary may be about to answer
    driver.advance(milliseconds(30));
    EXPECT_EQ(driver.take_one<Write>().endpoint, endpoint_of(NodeId(2)));
}

// 1. A request is sent to a primary that has just been killed, and is not answered. 2. The client stops sending
// there, and knocks. 3. The map names another primary, heard from already. 4. The request must go there at once; it
// once stayed with the dead one until its deadline.
TEST(ClientMap, WhatWaitsForADeadPrimaryGoesToTheNewOne) {
    HandDriver driver = HandDriver::formed();
    const OperationId get = driver.get(key_in(0));
    driver.take_one<Get>();
    driver.advance(milliseconds(600));
    driver.from_node(2, driver.beacon());
    driver.answer(publisher, delta(2, 0, view_of(2, 2)));
    driver.advance(milliseconds(60));
    const auto again = driver.take<Get>();
    ASSERT_FALSE(again.empty());
    EXPECT_EQ(again.back().to, NodeId(2));
    driver.from_node(2, GetAnswer{again.back().message.request, "v", OpNumber(1), OpNumber(1)});
    EXPECT_TRUE(driver.is_done(get));
}

TEST(ClientMap, RestartedPrimaryThatListensElsewhereIsFound) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    NodeInfo moved = node_info(1);
    moved.start = StartNumber(2);
    moved.endpoints = {"tcp://10.0.1.1:7411"};
    driver.from_node(2,
                     NotPrimary{driver.take_one<Write>().message.request, PartitionId(0), view_of(1, 1), moved, false});
    driver.answer("tcp://10.0.1.1:7411", driver.beacon(), cluster_id(), NodeId(1));
    EXPECT_EQ(driver.take_one<Write>().endpoint, "tcp://10.0.1.1:7411");
}

TEST(ClientMap, FetchWaitsForARegistryFirstAndThenTakesANodesWord) {
    HandDriver driver = HandDriver::formed();
    const OperationId fetch = driver.submit(FetchMapOperation{});
    EXPECT_EQ(driver.take_one<MapRequest>().endpoint, registry);
    driver.from_node(1, driver.beacon());
    EXPECT_FALSE(driver.is_done(fetch));  // the registry knows best
    driver.advance(milliseconds(200));
    EXPECT_GE(driver.take<MapRequest>().size(), 2U);
    driver.from_node(1, driver.beacon());
    EXPECT_EQ(driver.outcome<MapOutcome>(fetch)->epoch, Epoch(1));
}

TEST(ClientMap, FetchReturnsTheNewestOrThatThereIsNoNewer) {
    HandDriver driver = HandDriver::formed();
    const OperationId same = driver.submit(FetchMapOperation{});
    driver.answer(publisher, driver.beacon());
    EXPECT_FALSE(driver.is_done(same));  // a publication answers nothing
    driver.answer(registry, driver.beacon());
    EXPECT_EQ(driver.outcome<MapOutcome>(same)->epoch, Epoch(1));
    const OperationId newer = driver.submit(FetchMapOperation{});
    driver.answer(registry, MapSnapshot{later(6)});
    EXPECT_EQ(driver.outcome<MapOutcome>(newer)->epoch, Epoch(6));
}

TEST(ClientMap, FetchIsUnavailableWhenNobodyAnswers) {
    HandDriver driver = HandDriver::formed();
    const OperationId fetch = driver.submit(FetchMapOperation{}, milliseconds(900));
    driver.advance(milliseconds(900));
    EXPECT_EQ(driver.error(fetch), ErrorCode::unavailable);
}

}  // namespace
}  // namespace ringkv::test
