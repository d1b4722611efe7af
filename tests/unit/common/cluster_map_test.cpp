#include "common/cluster_map.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

using Applied = ClusterMap::Applied;
using std::chrono::milliseconds;

NodeInfo node(std::uint32_t id, const std::string& name) {
    NodeInfo info;
    info.id = NodeId(id);
    info.name = name;
    info.endpoints = {"tcp://127.0.0.1:" + std::to_string(7000 + 2 * id),
                      "tcp://127.0.0.1:" + std::to_string(7001 + 2 * id)};
    return info;
}

MapDelta delta(std::uint64_t epoch) {
    MapDelta change;
    change.generation = Generation(1);
    change.epoch = Epoch(epoch);
    return change;
}

MapDelta formation(std::uint32_t partitions) {
    MapDelta first = delta(1);
    first.settings.emplace();
    first.settings->partitions = partitions;
    first.nodes = {node(1, "n1"), node(2, "n2")};
    return first;
}

PartitionState held_by(std::uint32_t primary, std::uint64_t view) {
    PartitionState state;
    state.view.id = {Generation(1), ViewNumber(view)};
    state.view.primary = NodeId(primary);
    state.view.members = {NodeId(primary)};
    state.target = {NodeId(primary)};
    return state;
}

ClusterMap formed_map() {
    ClusterMap map;
    EXPECT_EQ(map.apply(formation(4)), Applied::yes);
    return map;
}

TEST(ClusterMap, IsFormedByTheFirstDelta) {
    ClusterMap map;
    EXPECT_FALSE(map.formed());
    EXPECT_EQ(map.apply(formation(4)), Applied::yes);
    EXPECT_TRUE(map.formed());
    EXPECT_EQ(map.partitions.size(), 4U);
    EXPECT_EQ(map.epoch, Epoch(1));
    EXPECT_EQ(map.generation, Generation(1));
}

TEST(ClusterMap, AppliesTheNextDeltaWhole) {
    ClusterMap map = formed_map();
    MapDelta change = delta(2);
    change.nodes = {node(3, "n3")};
    change.forgotten = {NodeId(1)};
    change.partitions = {{PartitionId(3), held_by(2, 5)}};
    EXPECT_EQ(map.apply(change), Applied::yes);
    EXPECT_EQ(map.epoch, Epoch(2));
    EXPECT_EQ(map.find(NodeId(1)), nullptr);
    ASSERT_NE(map.find(NodeId(3)), nullptr);
    EXPECT_EQ(map.at(PartitionId(3)), held_by(2, 5));
    EXPECT_EQ(map.at(PartitionId(2)), PartitionState());
    EXPECT_EQ(map.settings.partitions, 4U);
}

TEST(ClusterMap, IgnoresOldAndRepeatedDeltas) {
    ClusterMap map = formed_map();
    ASSERT_EQ(map.apply(delta(2)), Applied::yes);
    const ClusterMap before = map;
    MapDelta repeated = delta(2);
    repeated.partitions = {{PartitionId(0), held_by(1, 9)}};
    EXPECT_EQ(map.apply(repeated), Applied::old);
    EXPECT_EQ(map.apply(formation(8)), Applied::old);
    EXPECT_EQ(map, before);
}

TEST(ClusterMap, AGapChangesNothing) {
    ClusterMap map = formed_map();
    const ClusterMap before = map;
    MapDelta later = delta(3);
    later.nodes = {node(9, "n9")};
    EXPECT_EQ(map.apply(later), Applied::gap);
    EXPECT_EQ(map, before);

    ClusterMap empty;
    EXPECT_EQ(empty.apply(delta(2)), Applied::gap);
    EXPECT_EQ(empty, ClusterMap());
}

TEST(ClusterMap, AnotherGenerationNeedsASnapshot) {
    ClusterMap map = formed_map();
    const ClusterMap before = map;
    MapDelta rebuilt = delta(2);
    rebuilt.generation = Generation(2);
    EXPECT_EQ(map.apply(rebuilt), Applied::gap);
    MapDelta stale = delta(9);
    stale.generation = Generation(0);
    EXPECT_EQ(map.apply(stale), Applied::old);
    EXPECT_EQ(map, before);
}

TEST(ClusterMap, APartitionThatDoesNotExistIsRefusedWhole) {
    ClusterMap map = formed_map();
    const ClusterMap before = map;
    MapDelta bad = delta(2);
    bad.nodes = {node(3, "n3")};
    bad.partitions = {{PartitionId(0), held_by(1, 1)}, {PartitionId(4), held_by(1, 1)}};
    EXPECT_EQ(map.apply(bad), Applied::gap);
    EXPECT_EQ(map, before);

    ClusterMap empty;
    MapDelta first = formation(4);
    first.partitions = {{PartitionId(0xFFFFFFFF), held_by(1, 1)}};
    EXPECT_EQ(empty.apply(first), Applied::gap);
    EXPECT_FALSE(empty.formed());
}

TEST(ClusterMap, IsNewerByGenerationAndThenByEpoch) {
    ClusterMap older, newer;
    older.generation = Generation(1);
    older.epoch = Epoch(9);
    newer.generation = Generation(2);
    newer.epoch = Epoch(1);
    EXPECT_TRUE(newer.newer_than(older));
    EXPECT_FALSE(older.newer_than(newer));
    EXPECT_FALSE(older.newer_than(older));
    newer.generation = Generation(1);
    EXPECT_TRUE(older.newer_than(newer));
}

TEST(ClusterMap, FindsTheNewestIdentityOfAName) {
    ClusterMap map = formed_map();
    MapDelta change = delta(2);
    change.nodes = {node(7, "n1")};
    ASSERT_EQ(map.apply(change), Applied::yes);
    ASSERT_NE(map.find("n1"), nullptr);
    EXPECT_EQ(map.find("n1")->id, NodeId(7));
    EXPECT_EQ(map.find("nobody"), nullptr);
}

TEST(ClusterMap, EveryPartitionHasOneShardOfANode) {
    const NodeInfo two = node(1, "n1");
    EXPECT_EQ(two.endpoint_of(PartitionId(4)), two.endpoints[0]);
    EXPECT_EQ(two.endpoint_of(PartitionId(5)), two.endpoints[1]);
    EXPECT_EQ(NodeInfo().endpoint_of(PartitionId(5)), "");
}

TEST(View, BackupsAreTheMembersButThePrimaryInOrder) {
    View view;
    view.primary = NodeId(2);
    view.members = {NodeId(3), NodeId(2), NodeId(1)};
    EXPECT_EQ(view.backups(), (std::vector{NodeId(3), NodeId(1)}));
    EXPECT_TRUE(view.has(NodeId(2)));
    EXPECT_FALSE(view.has(NodeId(4)));
}

TEST(LeaseSettings, DefaultsAreValidAndUnsafeOnesAreRefused) {
    EXPECT_TRUE(LeaseSettings().validate());
    EXPECT_FALSE((LeaseSettings{milliseconds(100), milliseconds(199), milliseconds(700)}.validate()));
    EXPECT_TRUE((LeaseSettings{milliseconds(100), milliseconds(200), milliseconds(350)}.validate()));
    EXPECT_FALSE((LeaseSettings{milliseconds(100), milliseconds(200), milliseconds(349)}.validate()));
    EXPECT_FALSE((LeaseSettings{milliseconds(0), milliseconds(200), milliseconds(350)}.validate()));
}

}  // namespace
}  // namespace ringkv
