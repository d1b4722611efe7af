// Which node is to hold what, and when copies are made (M1, M4, M5).
#include "rebalancing_fixture.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;

TEST_F(Rebalancing, AFormedClusterHasNothingToMove) {
    Driver registry(options());
    registry.form();
    registry.advance(seconds(1));
    EXPECT_EQ(registry.map().epoch, Epoch(1));
}

TEST_F(Rebalancing, ANewNodeLearnsItsShareSoManyPartitionsAtATime) {
    Driver registry(options(2));
    registry.form();
    join(registry, 4);
    const NodeId fourth = registry.node(4).id;
    EXPECT_EQ(targets(registry.map(), fourth), 6U) << "8 partitions, 3 copies, 4 nodes, in turns";
    EXPECT_EQ(learners(registry.map(), fourth), 2U);
    std::size_t rounds = 0;
    for (; members(registry.map(), fourth) < 6 && rounds < 20; ++rounds) {
        EXPECT_LE(learners(registry.map(), fourth), 2U);
        primaries_act(registry);
        registry.advance(milliseconds(50));
    }
    EXPECT_EQ(rounds, 3U);
    settle(registry);
    for (const PartitionState& state : registry.map().partitions) {
        EXPECT_TRUE(std::is_permutation(state.view.members.begin(), state.view.members.end(), state.target.begin(),
                                        state.target.end()));
        EXPECT_TRUE(state.learners.empty());
    }
}

TEST_F(Rebalancing, NoNodeSendsMoreThanSoManyPartitionsAtATime) {
    Driver registry(options(1));
    registry.form();
    for (std::uint8_t number : {4, 5, 6}) join(registry, number);
    std::map<NodeId, int> moves;
    for (const PartitionState& state : registry.map().partitions)
        for (NodeId learner : state.learners) {
            ++moves[learner];
            ++moves[state.view.primary];
        }
    ASSERT_FALSE(moves.empty());
    for (const auto& [node, count] : moves) EXPECT_EQ(count, 1) << node.value();
}

TEST_F(Rebalancing, ANodeBeginsSoManyCopiesASecondForBalance) {
    RegistryOptions slow = options(64);
    slow.settings.pace.max_moves_per_second = 2;
    Driver registry(slow);
    registry.form();
    join(registry, 4);
    const NodeId fourth = registry.node(4).id;
    // A primary begins as slowly as the learner.
    EXPECT_EQ(learners(registry.map(), fourth), 1U);
    registry.advance(milliseconds(400));
    EXPECT_EQ(learners(registry.map(), fourth), 1U);
    for (std::size_t begun = 2; begun <= 6; ++begun) {
        registry.advance(milliseconds(500));
        EXPECT_EQ(learners(registry.map(), fourth), begun);
    }
    Administer request;
    request.request = RequestId(1);
    request.action = AdminAction::change_settings;
    request.max_moves_per_second = 1;
    registry.give({Address::back(7), registry.map().settings.id, {}, {}, {}}, request);
    EXPECT_FALSE(registry.take<AdministerAnswer>(Address::back(7)).value().error);
    join(registry, 5);
    const std::size_t at_first = learners(registry.map(), registry.node(5).id);
    EXPECT_LE(at_first, 1U);
    registry.advance(milliseconds(1000));
    EXPECT_EQ(learners(registry.map(), registry.node(5).id), at_first + 1);
    for (const std::uint32_t wrong : {0U, Pace::most_moves_per_second + 1}) {
        request.max_moves_per_second = wrong;
        registry.give({Address::back(7), registry.map().settings.id, {}, {}, {}}, request);
        EXPECT_EQ(registry.take<AdministerAnswer>(Address::back(7)).value().error, ErrorCode::invalid_argument);
    }
}

TEST_F(Rebalancing, WhereACopyIsMissingNoNodeWaits) {
    RegistryOptions slow = options(64);
    slow.settings.pace.max_moves_per_second = 1;
    slow.settings.pace.repair_after = Duration::zero();
    Driver registry(slow);
    registry.form(4);
    registry.beating.erase(4);
    registry.advance(seconds(2));
    // All that the fourth had is planned elsewhere; its views go on without it.
    std::size_t missing = 0;
    for (std::uint32_t p = 0; p < registry.map().partitions.size(); ++p) {
        const View before = registry.map().partitions[p].view;
        if (!before.has(NodeId(4)) || before.primary == NodeId(4)) continue;
        View next = before;
        next.id = next.id.next();
        std::erase(next.members, NodeId(4));
        propose(registry, before.primary, {PartitionId(p), before.id, next, false});
        ++missing;
    }
    ASSERT_GT(missing, 1U);
    std::size_t learning = 0;
    for (const PartitionState& state : registry.map().partitions) learning += state.learners.size();
    EXPECT_GE(learning, missing);
}

TEST_F(Rebalancing, OnlyTheCopyThatIsMissingIsUrgent) {
    RegistryOptions slow = options(64);
    slow.settings.pace.max_moves_per_second = 1;
    Driver registry(slow);
    registry.form(3);
    for (std::uint8_t number : {4, 5, 6}) join(registry, number);
    registry.beating.erase(3);
    registry.advance(milliseconds(1600));
    ASSERT_FALSE(registry.map().is_up(NodeId(3)));
    std::size_t newcomers = 0;
    std::size_t learned = 0;
    for (const PartitionState& state : registry.map().partitions) {
        if (state.view.primary == NodeId(3)) continue;  // no primary is there to send it
        const auto wanted = static_cast<std::size_t>(std::count_if(state.target.begin(), state.target.end(),
                                                                   [&](NodeId node) { return !state.view.has(node); }));
        newcomers += wanted;
        learned += state.learners.size();
        EXPECT_EQ(state.learners.empty(), wanted == 0) << "one copy is missing";
    }
    EXPECT_LT(learned, newcomers) << "the others are not";
}

TEST_F(Rebalancing, AnEmptyPlaceIsFilledBeforeDataIsMovedForBalance) {
    Driver registry(options(1));
    registry.form(4);
    // Partition 3, of nodes 4, 1 and 2, has lost node 2, which is back.
    View view = registry.map().at(PartitionId(3)).view;
    const View before = view;
    view.id = view.id.next();
    std::erase(view.members, NodeId(2));
    registry.beating.erase(2);
    registry.advance(seconds(2));
    propose(registry, before.primary, {PartitionId(3), before.id, view, false});
    join(registry, 5);
    registry.beating.insert(2);
    registry.give(registry.node(2).origin(), registry.beat(2));
    registry.advance(milliseconds(100));
    const PartitionState& state = registry.map().at(PartitionId(3));
    const bool wanted = state.targets(NodeId(2)) || state.targets(NodeId(5));
    ASSERT_TRUE(wanted);
    EXPECT_FALSE(state.learners.empty()) << "it has the fewest copies";
}

TEST_F(Rebalancing, ALearnerThatGoesDownGivesItsPlaceUp) {
    Driver registry(options());
    registry.form();
    join(registry, 4);
    const NodeId fourth = registry.node(4).id;
    ASSERT_GT(learners(registry.map(), fourth), 0U);
    registry.beating.erase(4);
    registry.advance(seconds(2));
    EXPECT_EQ(learners(registry.map(), fourth), 0U);
    EXPECT_GT(targets(registry.map(), fourth), 0U) << "it may come back";
    registry.advance(seconds(10));
    EXPECT_EQ(targets(registry.map(), fourth), 0U) << "it is evicted";
    registry.beating.insert(4);
    registry.advance(seconds(1));
    EXPECT_GT(learners(registry.map(), fourth), 0U) << "it is back";
}

TEST_F(Rebalancing, ANodeDownForLongerThanRepairAfterIsEvicted) {
    Driver registry(options());
    registry.form(4);
    registry.beating.erase(4);
    registry.advance(seconds(11));
    EXPECT_GT(targets(registry.map(), NodeId(4)), 0U) << "down is noticed after 1.5 s, and counts from there";
    registry.advance(seconds(2));
    EXPECT_EQ(targets(registry.map(), NodeId(4)), 0U);
    EXPECT_TRUE(registry.map().find(NodeId(4))->evicted);
    for (const PartitionState& state : registry.map().partitions) EXPECT_EQ(state.target.size(), 3U);
}

TEST_F(Rebalancing, AbsenceCountsFromTheRegistrysOwnStart) {
    Driver first(options());
    first.form(4);
    first.beating.erase(4);
    first.advance(seconds(9));
    Driver second(options(), first.map());
    second.beating = {};
    for (std::uint8_t number : {1, 2, 3}) {
        second.node(number) = first.node(number);
        second.beating.insert(number);
    }
    second.advance(seconds(9));
    EXPECT_GT(targets(second.map(), NodeId(4)), 0U);
    second.advance(seconds(3));
    EXPECT_EQ(targets(second.map(), NodeId(4)), 0U);
}

// A registry that stood still reads all heartbeats late, and must not take that for silence.
TEST_F(Rebalancing, NoNodeIsAbsentWhileTheRegistryStoodStill) {
    Driver registry(options());
    registry.form(4);
    registry.stand_still(seconds(60));
    registry.advance(milliseconds(50));
    for (const auto& [id, node] : registry.map().nodes) EXPECT_TRUE(node.up()) << node.name;
    registry.advance(seconds(2));
    EXPECT_EQ(registry.map().epoch, Epoch(1));
}

TEST_F(Rebalancing, WhileMoreThanHalfAreAwayNothingIsMadeUntilAnOperatorSaysSo) {
    Driver registry(options(4, 2));
    registry.form(5);
    for (std::uint8_t number : {3, 4, 5}) registry.beating.erase(number);
    registry.advance(seconds(30));
    EXPECT_GT(targets(registry.map(), NodeId(3)), 0U);
    const AdministerAnswer answer = ask(registry, AdminAction::resume_repair, "");
    EXPECT_FALSE(answer.error) << answer.text;
    registry.advance(seconds(1));
    EXPECT_EQ(targets(registry.map(), NodeId(3)), 0U);
    for (std::uint8_t number : {3, 4, 5}) registry.beating.insert(number);
    registry.advance(seconds(1));
    EXPECT_FALSE(registry.map().settings.repair_regardless) << "it was said of that absence";
    EXPECT_GT(targets(registry.map(), NodeId(3)), 0U);
}

TEST_F(Rebalancing, TheRegistryGoesOnAfterARestartInTheMiddle) {
    Driver first(options(2));
    first.form();
    join(first, 4);
    primaries_act(first);
    Driver second(options(2), first.map());
    for (std::uint8_t number : {1, 2, 3, 4}) {
        second.node(number) = first.node(number);
        second.beating.insert(number);
    }
    second.advance(seconds(1));
    settle(second);
    EXPECT_EQ(members(second.map(), first.node(4).id), 6U);
    for (std::uint32_t p = 0; p < 8; ++p)
        EXPECT_EQ(second.map().partitions[p].target, first.map().partitions[p].target) << "the same plan";
}

}  // namespace
}  // namespace ringkv::test
