#include <limits>

#include "driver.hpp"

namespace ringkv::test {
namespace {

struct Membership : ::testing::Test {
    Driver registry;
    void SetUp() override { registry.form(); }

    NodeState state_of(const std::string& name) { return registry.map().find(name)->state; }
    std::optional<JoinRefused> refusal_of(std::uint8_t number, const Join& join) {
        registry.give(registry.node(number).origin(), join);
        EXPECT_FALSE(registry.take<JoinAnswer>(number));
        return registry.take<JoinRefused>(number);
    }
};

TEST_F(Membership, ARestartOfAKnownNodeKeepsItsId) {
    Join join = registry.node(2).join;
    join.start = StartNumber(2);
    join.endpoints = {"tcp://127.0.0.1:9000", "tcp://127.0.0.1:9001"};
    registry.give(registry.node(2).origin(), join);
    const auto answer = registry.take<JoinAnswer>(2);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->id, NodeId(2));
    const NodeInfo* node = registry.map().find(NodeId(2));
    EXPECT_EQ(node->start, StartNumber(2));
    EXPECT_EQ(node->endpoints, join.endpoints);
    EXPECT_EQ(registry.map().epoch, Epoch(2));
    const auto delta = registry.published<MapDelta>();
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->nodes, std::vector<NodeInfo>{*node});
    EXPECT_TRUE(delta->partitions.empty());
}

TEST_F(Membership, ARepeatedJoinIsAnsweredWithoutANewEpoch) {
    Join join = registry.node(2).join;
    join.start = StartNumber(2);
    for (int times = 0; times < 2; ++times) {  // the first answer was lost
        registry.give(registry.node(2).origin(), join);
        EXPECT_EQ(registry.take<JoinAnswer>(2)->map.epoch, Epoch(2));
        EXPECT_EQ(registry.map().epoch, Epoch(2));
    }
}

TEST_F(Membership, AnOlderStartIsRefused) {
    Join join = registry.node(2).join;
    join.start = StartNumber(5);
    registry.give(registry.node(2).origin(), join);
    registry.take<JoinAnswer>(2);
    EXPECT_TRUE(refusal_of(2, registry.node(2).join));
    EXPECT_EQ(registry.map().find(NodeId(2))->start, StartNumber(5));
}

// A process draws the number of its start from its disk. One that draws a number which has been used has an older one.
TEST_F(Membership, AStartThatHasSpokenAsAMemberJoinsAgainOnlyUnderItsNumber) {
    registry.give(registry.node(2).origin(), registry.beat(2));
    registry.give(registry.node(2).origin(), registry.node(2).join);
    EXPECT_TRUE(registry.take<JoinAnswer>(2)) << "it names itself: an answer is late, or was lost";
    Origin another = registry.node(2).origin();
    another.node = NodeId();
    registry.give(another, registry.node(2).join);
    const auto refusal = registry.take<JoinRefused>(2);
    ASSERT_TRUE(refusal);
    EXPECT_FALSE(refusal->retry);
    EXPECT_NE(refusal->text.find("is an older copy, of the start before"), std::string::npos) << refusal->text;
    Join next = registry.node(2).join;
    next.start = StartNumber(2);
    registry.give(registry.node(2).origin(), next);
    EXPECT_TRUE(registry.take<JoinAnswer>(2));
}

TEST_F(Membership, AnUnknownNameJoins) {
    registry.give(registry.node(4).origin(), registry.node(4).join);
    const auto answer = registry.take<JoinAnswer>(4);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->id, NodeId(4));
    EXPECT_EQ(answer->map.nodes.size(), 4U);
}

TEST_F(Membership, AJoinIsAnsweredOnlyWhenItIsDurable) {
    registry.disk_answers = false;
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_FALSE(registry.take<JoinAnswer>(4));
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_FALSE(registry.take<JoinAnswer>(4));
    registry.finish_batch();
    EXPECT_EQ(registry.take<JoinAnswer>(4)->map.find("n4")->id, NodeId(4));
}

TEST_F(Membership, ALiveHolderKeepsItsName) {
    Join blank = registry.node(2).join;
    blank.storage = uuid(50);
    blank.id = {};
    blank.endpoints = {"tcp://127.0.0.1:9000"};
    const auto elsewhere = refusal_of(9, blank);
    ASSERT_TRUE(elsewhere);
    EXPECT_FALSE(elsewhere->retry);
    EXPECT_NE(elsewhere->text.find("n2"), std::string::npos);
    EXPECT_NE(elsewhere->text.find("tcp://127.0.0.1:7412"), std::string::npos);
    blank.endpoints = registry.node(2).join.endpoints;
    EXPECT_TRUE(refusal_of(9, blank)->retry) << "it may be a restart: the holder's heartbeats will stop";
}

TEST_F(Membership, ABlankDiskIsANewIdentityInEveryTargetOfTheOldOne) {
    registry.beating.erase(2);
    registry.advance(milliseconds(750));
    Join blank = registry.node(2).join;
    blank.storage = uuid(50);
    blank.id = {};
    registry.give(registry.node(2).origin(), blank);
    EXPECT_EQ(registry.take<JoinAnswer>(2)->id, NodeId(4));
    const ClusterMap& map = registry.map();
    EXPECT_EQ(map.find(NodeId(2))->state, NodeState::gone);
    EXPECT_EQ(map.epoch, Epoch(2)) << "one change, one epoch";
    for (const PartitionState& state : map.partitions) {
        EXPECT_FALSE(state.targets(NodeId(2)));
        EXPECT_TRUE(state.targets(NodeId(4)));
        EXPECT_TRUE(state.view.has(NodeId(2))) << "views change only by proposals";
        EXPECT_FALSE(state.view.has(NodeId(4)));
    }
    EXPECT_EQ(map.at(PartitionId(1)).target, (std::vector<NodeId>{NodeId(4), NodeId(3), NodeId(1)}));
}

// It would take the name from the node that has it now.
TEST_F(Membership, AnOldJoinDeliveredLateMakesNoIdentity) {
    registry.beating.erase(3);
    registry.advance(milliseconds(1000));
    Join old = registry.node(3).join;
    old.storage = uuid(33);
    old.id = NodeId();
    const Origin blank{registry.node(3).address(), {}, {}, old.start, {}};
    const Epoch before = registry.map().epoch;
    for (int time = 0; time < 3; ++time) {  // as often as it comes, for it never shows the ticket that it is asked for
        registry.actor().receive(registry.now(), blank, old);
        registry.turn();
        const auto asked = registry.take<JoinRefused>(3);
        ASSERT_TRUE(asked);
        EXPECT_NE(asked->ticket, old.ticket);
        EXPECT_EQ(registry.map().epoch, before);
    }
    registry.give(blank, old);  // and this one answers
    EXPECT_EQ(registry.take<JoinAnswer>(3)->id, NodeId(4));
    EXPECT_EQ(registry.map().find(NodeId(3))->state, NodeState::gone);
}

TEST_F(Membership, AReplacedIdentityNeverComesBack) {
    registry.beating.erase(2);
    registry.advance(milliseconds(750));
    const Join old = registry.node(2).join;
    Join blank = old;
    blank.storage = uuid(50);
    blank.id = {};
    registry.give(registry.node(2).origin(), blank);
    registry.take<JoinAnswer>(2);
    EXPECT_TRUE(refusal_of(2, old));
    registry.give(registry.node(2).origin(), registry.beat(2));
    EXPECT_FALSE(registry.take<HeartbeatAnswer>(2)->known);
}

TEST_F(Membership, ANodeOfADataDirectoryThatIsAnothersIsRefused) {
    Join join = registry.node(4).join;
    join.storage = registry.node(1).join.storage;
    EXPECT_NE(refusal_of(4, join)->text.find("n1"), std::string::npos);
}

TEST_F(Membership, AnEndpointInUseIsRefused) {
    Join join = registry.node(4).join;
    join.endpoints.push_back("tcp://127.0.0.1:7411");
    const auto refused = refusal_of(4, join);
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->text.find("tcp://127.0.0.1:7411"), std::string::npos);
    EXPECT_NE(refused->text.find("n1"), std::string::npos);
}

TEST_F(Membership, JoinsThatMakeNoSenseAreRefused) {
    const auto spoiled = [&](auto spoil) {
        Join join = registry.node(4).join;
        spoil(join);
        return refusal_of(4, join).has_value();
    };
    EXPECT_TRUE(spoiled([](Join& join) { join.name.clear(); }));
    EXPECT_TRUE(spoiled([](Join& join) { join.name = std::string(65, 'n'); }));
    EXPECT_TRUE(spoiled([](Join& join) { join.name = "n\n4"; }));
    EXPECT_TRUE(spoiled([](Join& join) { join.rack = "a rack"; }));
    EXPECT_TRUE(spoiled([](Join& join) { join.weight = 0; }));
    EXPECT_TRUE(spoiled([](Join& join) { join.weight = -1; }));
    EXPECT_TRUE(spoiled([](Join& join) { join.weight = std::numeric_limits<double>::quiet_NaN(); }));
    EXPECT_TRUE(spoiled([](Join& join) { join.weight = std::numeric_limits<double>::infinity(); }));
    EXPECT_TRUE(spoiled([](Join& join) { join.storage = {}; }));
    EXPECT_TRUE(spoiled([](Join& join) { join.endpoints.clear(); }));
    EXPECT_TRUE(spoiled([](Join& join) { join.endpoints = {"udp://127.0.0.1:1"}; }));
    EXPECT_TRUE(spoiled([](Join& join) { join.endpoints.push_back(join.endpoints.front()); }));
    EXPECT_TRUE(spoiled([](Join& join) {
        for (int port = 1; port <= 64; ++port) join.endpoints.push_back("tcp://127.0.0.1:" + std::to_string(port));
    }));
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_TRUE(registry.take<JoinAnswer>(4)) << "the unspoiled one joins";
}

TEST_F(Membership, ANodeOfAnotherClusterIsRefused) {
    Join join = registry.node(4).join;
    join.cluster = uuid(123);
    EXPECT_TRUE(refusal_of(4, join));
    Origin stranger = registry.node(4).origin();
    stranger.cluster = uuid(123);
    registry.give(stranger, registry.beat(1));
    EXPECT_EQ(registry.take<FrameRefused>(4)->code, ErrorCode::wrong_cluster);
    registry.give(stranger, MapRequest{});
    EXPECT_EQ(registry.take<FrameRefused>(4)->code, ErrorCode::wrong_cluster);
    registry.give(stranger, Propose{RequestId(1), NodeId(1), {}});
    EXPECT_EQ(registry.take<FrameRefused>(4)->code, ErrorCode::wrong_cluster);
}

TEST_F(Membership, SilentNodesAreDownTogetherInOneEpoch) {
    registry.beating.erase(1);
    registry.beating.erase(2);
    registry.advance(milliseconds(1400));
    EXPECT_EQ(registry.map().epoch, Epoch(1));
    registry.advance(milliseconds(300));
    EXPECT_EQ(state_of("n1"), NodeState::down);
    EXPECT_EQ(state_of("n2"), NodeState::down);
    EXPECT_EQ(state_of("n3"), NodeState::up);
    EXPECT_EQ(registry.map().epoch, Epoch(2));
}

// Turns come every 10 ms: no stall, however short the beacons are.
TEST_F(Membership, ShortBeaconsExcuseNobodysSilence) {
    RegistryOptions options = small_options();
    options.settings.lease = {milliseconds(1), milliseconds(2), milliseconds(53)};
    Driver quick(options);
    quick.form();
    quick.beating.erase(2);
    quick.advance(milliseconds(2000));
    EXPECT_EQ(quick.map().find("n2")->state, NodeState::down);
}

TEST_F(Membership, ADownNodeThatBeatsIsUpAgain) {
    registry.beating.erase(1);
    registry.advance(std::chrono::seconds(2));
    ASSERT_EQ(state_of("n1"), NodeState::down);
    registry.beating.insert(1);
    registry.advance(milliseconds(150));
    EXPECT_EQ(state_of("n1"), NodeState::up);
}

TEST_F(Membership, AHeartbeatOfAnUnknownNodeOrAnOldStartMeansJoinAgain) {
    Heartbeat beat = registry.beat(1);
    beat.node = NodeId(77);
    registry.give(registry.node(1).origin(), beat);
    EXPECT_FALSE(registry.take<HeartbeatAnswer>(1)->known);
    beat = registry.beat(1);
    beat.start = StartNumber(0);
    registry.give(registry.node(1).origin(), beat);
    EXPECT_FALSE(registry.take<HeartbeatAnswer>(1)->known);
    registry.give(registry.node(1).origin(), registry.beat(1));
    EXPECT_TRUE(registry.take<HeartbeatAnswer>(1)->known);
}

TEST_F(Membership, AnOldStartsHeartbeatKeepsNobodyAlive) {
    Join join = registry.node(1).join;
    join.start = StartNumber(2);
    registry.give(registry.node(1).origin(), join);
    registry.advance(std::chrono::seconds(2));  // start 1 goes on beating
    EXPECT_EQ(state_of("n1"), NodeState::down);
}

TEST_F(Membership, AStoppingNodeIsSaidToBeUntilItsNextStart) {
    registry.give(registry.node(1).origin(), registry.beat(1, true));
    EXPECT_EQ(state_of("n1"), NodeState::stopping);
    registry.give(registry.node(1).origin(), registry.node(1).join);
    EXPECT_EQ(state_of("n1"), NodeState::stopping);
    Join join = registry.node(1).join;
    join.start = StartNumber(2);
    registry.give(registry.node(1).origin(), join);
    EXPECT_EQ(state_of("n1"), NodeState::up);
}

TEST_F(Membership, ARegistryThatStartsCountsEveryNodeAsJustHeard) {
    Driver restarted(small_options(), registry.map());
    restarted.advance(milliseconds(1400));
    for (const auto& [id, node] : restarted.map().nodes) EXPECT_EQ(node.state, NodeState::up);
    restarted.advance(milliseconds(300));
    for (const auto& [id, node] : restarted.map().nodes) EXPECT_EQ(node.state, NodeState::down);
}

}  // namespace
}  // namespace ringkv::test
