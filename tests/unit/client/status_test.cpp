// What status says about a map.
#include "client/edge/status.hpp"

#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

TEST(Status, AllWell) {
    const ClusterStatus status = status_of(first_map());
    EXPECT_EQ(status.health, "ok");
    EXPECT_EQ(status.full, 4U);
    EXPECT_EQ(status.epoch, 1U);
    EXPECT_EQ(status.cluster_id, cluster_id().to_string());
    ASSERT_EQ(status.nodes.size(), 3U);
    EXPECT_EQ(status.nodes[0].name, "n1");
    EXPECT_EQ(status.nodes[0].primaries, 2U);
    EXPECT_EQ(status.nodes[0].copies, 4U);
    EXPECT_EQ(status.nodes[0].address, endpoint_of(NodeId(1)));
    ASSERT_EQ(status.partitions[1].members.size(), 3U);
    EXPECT_EQ(status.partitions[1].primary, "n2");
    EXPECT_EQ(status.partitions[1].members[0].role, "primary");
    EXPECT_EQ(status.partitions[1].members[1].role, "backup");
    EXPECT_EQ(status.partitions[1].view, "v1");
}

TEST(Status, MemberThatIsDownIsNoCopyAndADownPrimaryServesNothing) {
    ClusterMap map = first_map();
    map.nodes[NodeId(2)].state = NodeState::down;
    const ClusterStatus status = status_of(map);
    EXPECT_EQ(status.health, "unavailable");
    EXPECT_EQ(status.unavailable, 1U);
    EXPECT_EQ(status.under_replicated, 3U);
    EXPECT_EQ(status.full, 0U);
    EXPECT_FALSE(status.partitions[1].available);
    EXPECT_EQ(status.nodes[1].state, "down");
}

TEST(Status, StoppingNodeStillServes) {
    ClusterMap map = first_map();
    map.nodes[NodeId(2)].state = NodeState::stopping;
    EXPECT_EQ(status_of(map).health, "ok");
}

TEST(Status, CopiesBeingMadeAreToldFromThoseThatWait) {
    ClusterMap map = first_map();
    map.partitions[0].view.members = {NodeId(1)};
    map.partitions[0].learners = {NodeId(3)};
    const ClusterStatus status = status_of(map);
    EXPECT_EQ(status.health, "degraded");
    EXPECT_EQ(status.under_replicated, 1U);
    EXPECT_EQ(status.learners, 1U);
    EXPECT_EQ(status.pending, 1U);
    ASSERT_EQ(status.partitions[0].members.size(), 3U);
    EXPECT_EQ(status.partitions[0].members[1].role, "learner");
    EXPECT_EQ(status.partitions[0].members[1].name, "n3");
    EXPECT_EQ(status.partitions[0].members[2].role, "planned");
    EXPECT_EQ(status.partitions[0].members[2].name, "n2");
}

TEST(Status, WhatWasAskedOfANodeStandsBesideItsState) {
    ClusterMap map = first_map();
    map.nodes[NodeId(1)].duty = NodeDuty::drain;
    map.nodes[NodeId(2)].duty = NodeDuty::leave;
    map.nodes[NodeId(3)].evicted = true;
    map.nodes[NodeId(3)].state = NodeState::down;
    map.nodes[NodeId(4)] = node_info(4);
    map.nodes[NodeId(4)].duty = NodeDuty::drain;
    const ClusterStatus status = status_of(map);
    EXPECT_EQ(status.nodes[0].duty, "draining");
    EXPECT_EQ(status.nodes[0].state, "up");
    EXPECT_EQ(status.nodes[1].duty, "leaving");
    EXPECT_EQ(status.nodes[2].duty, "absent");
    EXPECT_EQ(status.nodes[2].state, "down");
    EXPECT_EQ(status.nodes[3].duty, "drained");  // it has nothing
    EXPECT_EQ(status_of(first_map()).nodes[0].duty, "");
}

TEST(Status, SaysWhyNothingIsCopiedAndWhatToDo) {
    ClusterMap map = first_map();
    EXPECT_EQ(status_of(map).frozen, "");
    map.nodes[NodeId(1)].state = map.nodes[NodeId(2)].state = NodeState::down;
    EXPECT_NE(status_of(map).frozen.find("2 of 3 nodes are down"), std::string::npos) << status_of(map).frozen;
    EXPECT_NE(status_of(map).frozen.find("kvctl repair resume"), std::string::npos);
    map.settings.repair_regardless = true;
    EXPECT_EQ(status_of(map).frozen, "");
}

TEST(Status, OnlyTheNewestIdentityOfANameIsANode) {
    ClusterMap map = first_map();
    map.nodes[NodeId(1)].state = NodeState::gone;
    map.nodes[NodeId(4)] = node_info(4);
    map.nodes[NodeId(4)].name = "n1";
    map.nodes[NodeId(3)].state = NodeState::gone;
    const ClusterStatus status = status_of(map);
    ASSERT_EQ(status.nodes.size(), 2U);
    EXPECT_EQ(status.nodes[0].name, "n1");
    EXPECT_EQ(status.nodes[0].copies, 0U);  // the old identity's are not its own
    EXPECT_EQ(status.nodes[1].name, "n2");
}

}  // namespace
}  // namespace ringkv::test
