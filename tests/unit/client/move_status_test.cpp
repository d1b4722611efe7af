// What a map says about data that moves.
#include "client/move_status.hpp"

#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

// Four nodes; n4 has nothing yet.
ClusterMap four_nodes() {
    ClusterMap map = first_map();
    map.nodes[NodeId(4)] = node_info(4);
    return map;
}

TEST(Moves, ADrainingNodeGivesAwayAllThatItHasOrShouldHave) {
    ClusterMap map = four_nodes();
    map.nodes[NodeId(3)].duty = NodeDuty::drain;
    map.partitions[0].target = {NodeId(1), NodeId(2), NodeId(4)};
    map.partitions[0].learners = {NodeId(4)};
    map.partitions[1].target = {NodeId(1), NodeId(2), NodeId(4)};
    map.partitions[2].target = {NodeId(1), NodeId(2), NodeId(4)};
    map.partitions[2].view.members = {NodeId(1), NodeId(2), NodeId(4)};
    map.partitions[2].view.primary = NodeId(1);  // it is through with this one
    const NodeMoves moves = node_moves(map, "n3");
    EXPECT_EQ(moves.state, "up");
    EXPECT_EQ(moves.duty, "draining");
    EXPECT_EQ(moves.gives, (std::vector<std::uint32_t>{0, 1, 3}));
    EXPECT_EQ(moves.active, 1U);
    EXPECT_EQ(moves.waits, "");
    EXPECT_EQ(node_moves(map, "n4").awaits, (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(node_moves(map, "n1").gives.size(), 0U);
}

TEST(Moves, ADrainedNodeHasNothingLeft) {
    ClusterMap map = four_nodes();
    map.nodes[NodeId(4)].duty = NodeDuty::drain;
    const NodeMoves moves = node_moves(map, "n4");
    EXPECT_EQ(moves.duty, "drained");
    EXPECT_TRUE(moves.gives.empty());
    EXPECT_EQ(moves.waits, "");
}

TEST(Moves, ANodeThatIsNotInTheMapIsGone) {
    ClusterMap map = four_nodes();
    EXPECT_EQ(node_moves(map, "n9").state, "gone");
    map.nodes[NodeId(4)].state = NodeState::gone;
    EXPECT_EQ(node_moves(map, "n4").state, "gone");
}

TEST(Moves, ADrainThatWaitsSaysForWhat) {
    ClusterMap map = four_nodes();
    map.nodes[NodeId(3)].duty = NodeDuty::drain;
    for (PartitionState& partition : map.partitions) partition.target = {NodeId(1), NodeId(2), NodeId(4)};
    map.nodes[NodeId(4)].state = NodeState::down;
    EXPECT_NE(node_moves(map, "n3").waits.find("n4 (4 partitions)"), std::string::npos) << node_moves(map, "n3").waits;
    // Something goes on all the same.
    map.partitions[0].learners = {NodeId(4)};
    EXPECT_EQ(node_moves(map, "n3").waits, "");
}

TEST(Moves, ADrainWaitsWhileRepairIsFrozen) {
    ClusterMap map = four_nodes();
    map.nodes[NodeId(3)].duty = NodeDuty::drain;
    for (const std::uint32_t id : {1, 2, 4}) map.nodes[NodeId(id)].state = NodeState::down;
    EXPECT_NE(node_moves(map, "n3").waits.find("kvctl repair resume"), std::string::npos);
}

TEST(Moves, RepairStatusNamesTheAbsentAndWhatBecomesOfTheirCopies) {
    ClusterMap map = four_nodes();
    map.nodes[NodeId(2)].state = NodeState::down;
    map.nodes[NodeId(3)].state = NodeState::down;
    map.nodes[NodeId(3)].evicted = true;
    map.partitions[0].view.members = {NodeId(1)};
    map.partitions[0].target = {NodeId(1), NodeId(2), NodeId(4)};
    map.partitions[0].learners = {NodeId(4)};
    const RepairStatus status = repair_status(map);
    EXPECT_FALSE(status.frozen);
    EXPECT_EQ(status.nodes, 4U);
    ASSERT_EQ(status.absent.size(), 2U);
    EXPECT_EQ(status.absent[0].name, "n2");
    EXPECT_EQ(status.absent[0].copies, 4U);
    EXPECT_FALSE(status.absent[0].evicted);
    EXPECT_EQ(status.absent[1].copies, 3U);
    EXPECT_TRUE(status.absent[1].evicted);
    EXPECT_EQ(status.active, 1U);
    EXPECT_EQ(status.pending, 1U);
    EXPECT_EQ(status.unavailable, 2U);  // of n2 and n3
    EXPECT_EQ(status.under_replicated, 2U);
    EXPECT_EQ(status.repair_after, std::chrono::seconds(30));
}

}  // namespace
}  // namespace ringkv::test
