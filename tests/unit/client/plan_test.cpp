// Previews: the registry's planner on a map that is changed as an operator asks.
#include "client/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/placement/placement.hpp"
#include "common/placement/planning.hpp"

namespace ringkv::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t partition_count = 64;

NodeInfo node(std::uint32_t id, const std::string& rack) {
    NodeInfo info;
    info.id = NodeId(id);
    info.name = "n" + std::to_string(id);
    info.rack = rack;
    info.durability = Durability::fsync;
    return info;
}

// A settled cluster: node i is in racks[i - 1].
ClusterMap cluster(const std::vector<std::string>& racks) {
    ClusterMap map;
    map.generation = Generation(1);
    map.epoch = Epoch(1);
    map.settings.partitions = partition_count;
    for (std::uint32_t id = 1; id <= racks.size(); ++id) map.nodes[NodeId(id)] = node(id, racks[id - 1]);
    for (std::vector<NodeId>& holders :
         RingPlacement(map.settings.vnodes).place(candidates_of(map), {}, partition_count, map.settings.replication)) {
        const ViewId view{Generation(1), ViewNumber(1)};
        map.partitions.push_back({{view, view, holders.front(), holders}, holders, {}});
    }
    return map;
}

// 10 bytes in each partition.
Holdings ten_bytes_each() {
    Holdings holdings;
    holdings.partitions.assign(partition_count, {1, 10});
    return holdings;
}

Plan plan(const ClusterMap& map, const PlanRequest& request) {
    auto planned = plan_of(map, request, ten_bytes_each());
    EXPECT_TRUE(planned) << (planned ? "" : planned.error().message());
    return planned ? *planned : Plan{};
}

NodePlan of_node(const Plan& plan, const std::string& name) {
    for (const NodePlan& each : plan.nodes)
        if (each.name == name) return each;
    ADD_FAILURE() << "no plan for " << name;
    return {};
}

const std::vector<std::string> four_racks = {"a", "b", "c", "d"};

TEST(PlanOf, RemovingANodeMovesWhatItHas) {
    const ClusterMap map = cluster(four_racks);
    const auto copies = static_cast<std::uint32_t>(partitions_at(map, NodeId(4)));
    const Plan planned = plan(map, {.remove = {"n4"}});
    EXPECT_FALSE(planned.refused);
    EXPECT_EQ(planned.moves, copies);
    EXPECT_EQ(planned.least_moves, copies);
    EXPECT_EQ(planned.bytes, copies * 10U);
    EXPECT_EQ(of_node(planned, "n4").copies_now, copies);
    EXPECT_EQ(of_node(planned, "n4").copies_then, 0U);
    EXPECT_EQ(of_node(planned, "n4").primaries_then, 0U);
    EXPECT_EQ(of_node(planned, "n1").copies_then, partition_count);
    EXPECT_EQ(planned.unavailable, 0U);
    EXPECT_EQ(planned.under_replicated, 0U);
}

TEST(PlanOf, ANewNodeReceivesItsShareAndNobodyElseReceivesMuch) {
    const ClusterMap map = cluster(four_racks);
    const Plan planned = plan(map, {.add = {{"n5", "e"}}});
    EXPECT_GE(planned.moves, planned.least_moves);
    EXPECT_LE(planned.moves, planned.least_moves * 105 / 100 + 1);
    const NodePlan newcomer = of_node(planned, "n5");
    EXPECT_EQ(newcomer.copies_now, 0U);
    EXPECT_EQ(newcomer.receives, newcomer.copies_then);
    EXPECT_EQ(newcomer.bytes_received, newcomer.receives * 10U);
    EXPECT_GE(newcomer.receives, partition_count * 3 / 5 * 9 / 10);
    EXPECT_TRUE(map.find("n5") == nullptr);
}

TEST(PlanOf, ANodeThatTakesOverFromAnotherTakesItsPlace) {
    const ClusterMap map = cluster(four_racks);
    const Plan planned = plan(map, {.add = {{"n5", "d"}}, .remove = {"n4"}});
    EXPECT_EQ(planned.moves, partitions_at(map, NodeId(4)));
    EXPECT_EQ(of_node(planned, "n1").copies_now, of_node(planned, "n1").copies_then - of_node(planned, "n1").receives);
    EXPECT_GE(of_node(planned, "n5").copies_then, partition_count * 3 / 4 * 95 / 100);
}

TEST(PlanOf, RefusesWhereTheCopiesWouldHaveNowhereToGo) {
    const Plan planned = plan(cluster({"a", "b", "c"}), {.remove = {"n3"}});
    EXPECT_TRUE(planned.refused);
    EXPECT_THAT(planned.reason, HasSubstr("only 2 nodes are left"));
    EXPECT_EQ(planned.moves, 0U);
    // The second one of two is what there is no room for.
    EXPECT_FALSE(plan(cluster(four_racks), {.remove = {"n3"}}).refused);
    EXPECT_TRUE(plan(cluster(four_racks), {.remove = {"n3", "n4"}}).refused);
    EXPECT_FALSE(plan(cluster({"a", "b", "c"}), {.add = {{"n4", "a"}}, .remove = {"n3"}}).refused);
}

TEST(PlanOf, WarnsOfCopiesThatWouldShareARack) {
    const Plan planned = plan(cluster({"a", "b", "c", "a"}), {.remove = {"n3"}});
    EXPECT_THAT(planned.warnings, ElementsAre(HasSubstr("2 racks are left for 3 copies")));
    EXPECT_THAT(plan(cluster(four_racks), {.remove = {"n3"}}).warnings, ElementsAre());
}

TEST(PlanOf, LosingARackOfManyLosesNoPartition) {
    const ClusterMap map = cluster({"a", "b", "c", "d", "a", "b", "c", "d"});
    const Plan planned = plan(map, {.lose_racks = {"b"}});
    EXPECT_EQ(planned.unavailable, 0U);
    EXPECT_EQ(planned.under_replicated, partitions_at(map, NodeId(2)) + partitions_at(map, NodeId(6)));
    EXPECT_EQ(planned.moves, planned.under_replicated);
    EXPECT_EQ(planned.moves, planned.least_moves);
    EXPECT_TRUE(planned.all_copies);
    EXPECT_THAT(planned.warnings, ElementsAre());
}

TEST(PlanOf, LosingAllNodesButOneSaysWhatIsAtRisk) {
    ClusterMap map = cluster(four_racks);
    const Plan planned = plan(map, {.lose = {"n1", "n2", "n3"}});
    EXPECT_EQ(planned.unavailable, partition_count - partitions_at(map, NodeId(4)));
    EXPECT_EQ(planned.under_replicated, partitions_at(map, NodeId(4)));
    EXPECT_EQ(planned.lost, 0U);
    EXPECT_FALSE(planned.all_copies);
    EXPECT_THAT(planned.warnings, ElementsAre(HasSubstr("kvctl repair resume"), HasSubstr("1 node is left for 3"),
                                              HasSubstr("1 rack is left")));
    for (auto& [id, each] : map.nodes) each.durability = Durability::memory;
    EXPECT_EQ(plan(map, {.lose = {"n1", "n2", "n3"}}).lost, planned.unavailable);
    EXPECT_EQ(plan(map, {.lose_racks = {"a", "b", "c", "d"}}).unavailable, partition_count);
}

TEST(PlanOf, NothingAskedIsWhatIsPlannedAndNotDone) {
    ClusterMap map = cluster(four_racks);
    EXPECT_EQ(plan(map, {}).moves, 0U);
    EXPECT_EQ(plan(map, {}).least_moves, 0U);
    map.nodes[NodeId(4)].duty = NodeDuty::drain;
    const Holders targets = RingPlacement(map.settings.vnodes)
                                .place(candidates_of(map), holders_of(map), partition_count, map.settings.replication);
    const std::size_t copies = partitions_at(map, NodeId(4));
    for (std::uint32_t p = 0; p < partition_count; ++p) map.partitions[p].target = targets[p];
    EXPECT_EQ(plan(map, {}).moves, copies);
    EXPECT_EQ(plan(map, {}).least_moves, copies);
    // And a further drain is told from it: what is planned counts as done.
    EXPECT_EQ(plan(map, {.add = {{"n5", "d"}}, .remove = {"n4"}}).moves,
              of_node(plan(map, {.add = {{"n5", "d"}}}), "n5").receives);
}

TEST(PlanOf, AWrongNameIsSaid) {
    const ClusterMap map = cluster(four_racks);
    for (const PlanRequest& request :
         {PlanRequest{.remove = {"n9"}}, PlanRequest{.undrain = {"n9"}}, PlanRequest{.lose = {"n9"}},
          PlanRequest{.lose_racks = {"z"}}, PlanRequest{.add = {{"n1", "a"}}}, PlanRequest{.add = {{"n5", "a", 0}}}}) {
        const auto planned = plan_of(map, request, ten_bytes_each());
        ASSERT_FALSE(planned);
        EXPECT_EQ(planned.error().code(), ErrorCode::invalid_argument);
    }
}

TEST(HoldingsOf, ThePrimarysWordCountsAndOldDataDoesNot) {
    ClusterMap map = cluster(four_racks);
    const ViewId view{Generation(1), ViewNumber(1)};
    const std::vector<NodeId> members = {NodeId(1), NodeId(2), NodeId(3)};
    for (PartitionState& partition : map.partitions) partition.view = {view, view, NodeId(1), members};
    const Holdings holdings = holdings_of(map, {{NodeId(1), {{PartitionId(0), 1, 10}}},
                                                {NodeId(2), {{PartitionId(0), 9, 90}, {PartitionId(1), 2, 20}}},
                                                {NodeId(4), {{PartitionId(0), 7, 70}, {PartitionId(999), 1, 1}}}});
    ASSERT_EQ(holdings.partitions.size(), partition_count);
    EXPECT_EQ(holdings.partitions[0].bytes, 10U);
    EXPECT_EQ(holdings.partitions[0].keys, 1U);
    EXPECT_EQ(holdings.partitions[1].bytes, 20U);  // its primary did not mention it
    EXPECT_EQ(holdings.partitions[2].bytes, 0U);
    EXPECT_THAT(holdings.silent, ElementsAre("n3"));
}

}  // namespace
}  // namespace ringkv::test
