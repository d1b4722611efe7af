// Who is to hold what, and when copies are made (M1, M4, M5); what operators ask for.
#include "driver.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;

class Rebalancing : public ::testing::Test {
  protected:
    static RegistryOptions options(std::uint32_t moves = 4, std::uint32_t replication = 3) {
        RegistryOptions made = small_options();
        made.settings.replication = replication;
        made.settings.pace.max_moves_per_node = moves;
        made.settings.pace.max_moves_per_second = 1000;
        made.settings.pace.repair_after = seconds(10);
        return made;
    }

    void join(Driver& registry, std::uint8_t number) {
        registry.give(registry.node(number).origin(), registry.node(number).join);
        registry.admit(number);
        registry.give(registry.node(number).origin(), registry.beat(number));
    }
    static std::size_t learners(const ClusterMap& map, NodeId node) {
        return static_cast<std::size_t>(
            std::count_if(map.partitions.begin(), map.partitions.end(),
                          [node](const PartitionState& state) { return state.teaches(node); }));
    }
    static std::size_t targets(const ClusterMap& map, NodeId node) {
        return static_cast<std::size_t>(
            std::count_if(map.partitions.begin(), map.partitions.end(),
                          [node](const PartitionState& state) { return state.targets(node); }));
    }
    static std::size_t members(const ClusterMap& map, NodeId node) {
        return static_cast<std::size_t>(
            std::count_if(map.partitions.begin(), map.partitions.end(),
                          [node](const PartitionState& state) { return state.view.has(node); }));
    }
    // The primary of each partition that teaches somebody says that he has learned it; of each that has its whole
    // target, that the others leave. -> how many views changed.
    static std::size_t primaries_act(Driver& registry) {
        std::size_t changed = 0;
        const ClusterMap map = registry.map();
        for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
            const PartitionState& state = map.partitions[p];
            View next = state.view;
            next.id = state.view.id.next();
            for (NodeId node : state.learners) next.members.push_back(node);
            const bool whole =
                std::all_of(state.target.begin(), state.target.end(), [&](NodeId node) { return next.has(node); });
            if (whole) std::erase_if(next.members, [&](NodeId node) { return !state.targets(node); });
            if (!next.has(next.primary)) {
                next.primary = state.target.front();
                next.since = next.id;
                next.handed_over = true;
            }
            if (next.members == state.view.members) continue;
            propose(registry, state.view.primary, {PartitionId(p), state.view.id, next, false});
            ++changed;
        }
        return changed;
    }
    static void propose(Driver& registry, NodeId node, Proposal proposal) {
        const NodeInfo& info = *registry.map().find(node);
        const Origin origin{Address::back(1000 + node.value()), registry.map().settings.id, node, info.start, {}};
        registry.give(origin, Propose{RequestId(++requests), node, {std::move(proposal)}});
    }
    static void settle(Driver& registry) {
        for (int round = 0; round < 100 && primaries_act(registry) > 0; ++round) registry.advance(milliseconds(50));
    }
    static AdministerAnswer ask(Driver& registry, AdminAction action, const std::string& node) {
        Administer request;
        request.request = RequestId(++requests);
        request.action = action;
        request.node = node;
        registry.give({Address::back(7), registry.map().settings.id, {}, {}, {}}, request);
        return registry.take<AdministerAnswer>(Address::back(7)).value();
    }

    static inline std::uint64_t requests = 0;
};

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

TEST_F(Rebalancing, NobodyTeachesMoreThanSoManyPartitionsAtATime) {
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
    // A primary begins as slowly as the one who learns.
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

TEST_F(Rebalancing, WhereACopyIsMissingNobodyWaits) {
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
    std::size_t taught = 0;
    for (const PartitionState& state : registry.map().partitions) taught += state.learners.size();
    EXPECT_GE(taught, missing);
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
        if (state.view.primary == NodeId(3)) continue;  // nobody is there to teach
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
    EXPECT_EQ(targets(registry.map(), fourth), 0U) << "it is given up";
    registry.beating.insert(4);
    registry.advance(seconds(1));
    EXPECT_GT(learners(registry.map(), fourth), 0U) << "it is back";
}

TEST_F(Rebalancing, WhoIsDownForLongerThanRepairAfterIsGivenUp) {
    Driver registry(options());
    registry.form(4);
    registry.beating.erase(4);
    registry.advance(seconds(11));
    EXPECT_GT(targets(registry.map(), NodeId(4)), 0U) << "down is noticed after 1.5 s, and counts from there";
    registry.advance(seconds(2));
    EXPECT_EQ(targets(registry.map(), NodeId(4)), 0U);
    EXPECT_TRUE(registry.map().find(NodeId(4))->given_up);
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

// A registry that stood still reads everybody's heartbeats late, and must not take that for silence.
TEST_F(Rebalancing, NobodyIsAbsentWhileTheRegistryStoodStill) {
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

TEST_F(Rebalancing, ADrainedNodeIsEmptyAtTheEndAndHoldsAgainWhenItIsUndrained) {
    Driver registry(options());
    registry.form(4);
    EXPECT_FALSE(ask(registry, AdminAction::drain, "n2").error);
    EXPECT_FALSE(ask(registry, AdminAction::drain, "n2").error) << "twice is once";
    registry.advance(milliseconds(100));
    EXPECT_EQ(targets(registry.map(), NodeId(2)), 0U);
    settle(registry);
    EXPECT_EQ(members(registry.map(), NodeId(2)), 0U);
    EXPECT_FALSE(ask(registry, AdminAction::undrain, "n2").error);
    registry.advance(milliseconds(100));
    settle(registry);
    EXPECT_EQ(members(registry.map(), NodeId(2)), 6U);
}

TEST_F(Rebalancing, ADrainThatLeavesTooFewNodesIsRefusedWithAReason) {
    Driver registry(options());
    registry.form(3);
    for (const AdminAction action : {AdminAction::drain, AdminAction::remove}) {
        const AdministerAnswer answer = ask(registry, action, "n2");
        EXPECT_EQ(answer.error, ErrorCode::refused);
        EXPECT_NE(answer.text.find("only 2 nodes are left for 3 copies"), std::string::npos) << answer.text;
    }
    EXPECT_EQ(ask(registry, AdminAction::drain, "n9").error, ErrorCode::invalid_argument);
    EXPECT_EQ(registry.map().epoch, Epoch(1));
}

TEST_F(Rebalancing, ARemovedNodeIsForgottenOnceItIsEmptyAndDownAndItsIdIsNotGivenAgain) {
    Driver registry(options());
    registry.form(4);
    EXPECT_FALSE(ask(registry, AdminAction::remove, "n4").error);
    registry.advance(milliseconds(100));
    settle(registry);
    ASSERT_NE(registry.map().find("n4"), nullptr) << "its process runs";
    registry.beating.erase(4);
    registry.advance(seconds(2));
    EXPECT_EQ(registry.map().find("n4"), nullptr);
    join(registry, 5);
    EXPECT_EQ(registry.node(5).id, NodeId(5));
}

// The higher id goes first, then the lower one, which is the newest by then.
TEST_F(Rebalancing, NoIdIsGivenAgainInWhateverOrderNodesLeave) {
    Driver registry(options());
    registry.form(5);
    for (const std::uint8_t number : {5, 4}) {
        EXPECT_FALSE(ask(registry, AdminAction::remove, "n" + std::to_string(number)).error);
        registry.advance(milliseconds(100));
        settle(registry);
        registry.beating.erase(number);
        registry.advance(seconds(2));
    }
    ASSERT_EQ(registry.map().nodes.size(), 3U);
    join(registry, 6);
    EXPECT_EQ(registry.node(6).id, NodeId(6));
}

TEST_F(Rebalancing, ADeadNodeMayBeRemovedWithoutAReplacement) {
    Driver registry(options());
    registry.form(3);
    registry.beating.erase(3);
    registry.advance(seconds(2));
    EXPECT_FALSE(ask(registry, AdminAction::remove, "n3").error);
    registry.advance(milliseconds(100));
    settle(registry);
    registry.advance(milliseconds(100));
    EXPECT_EQ(registry.map().find("n3"), nullptr);
    for (const PartitionState& state : registry.map().partitions) EXPECT_EQ(state.view.members.size(), 2U);
}

TEST_F(Rebalancing, ADrainedNameStaysDrainedWithANewDisk) {
    Driver registry(options());
    registry.form(4);
    EXPECT_FALSE(ask(registry, AdminAction::drain, "n2").error);
    registry.beating.erase(2);
    registry.advance(milliseconds(1000));
    Join blank = registry.node(2).join;
    blank.storage = uuid(50);
    blank.id = {};
    registry.give(registry.node(2).origin(), blank);
    EXPECT_EQ(registry.map().find("n2")->duty, NodeDuty::drain);
    EXPECT_EQ(targets(registry.map(), registry.map().find("n2")->id), 0U);
}

TEST_F(Rebalancing, SettingsThatAnOperatorChangedOutliveARestartUntilTheFileSaysSomethingNew) {
    Driver first(options());
    first.form();
    Administer request;
    request.request = RequestId(1);
    request.action = AdminAction::change_settings;
    request.max_moves_per_node = 9;
    request.max_moves_per_second = 33;
    first.give({Address::back(7), first.map().settings.id, {}, {}, {}}, request);
    EXPECT_FALSE(first.take<AdministerAnswer>(Address::back(7)).value().error);
    EXPECT_EQ(first.map().settings.pace.max_moves_per_node, 9U);

    Driver same(options(), first.map());
    same.turn();
    EXPECT_EQ(same.map().settings.pace.max_moves_per_node, 9U);
    EXPECT_EQ(same.map().settings.pace.max_moves_per_second, 33U);
    Driver changed(options(2), first.map());
    changed.turn();
    EXPECT_EQ(changed.map().settings.pace.max_moves_per_node, 2U);

    request.max_moves_per_node = 0;
    first.give({Address::back(7), first.map().settings.id, {}, {}, {}}, request);
    EXPECT_EQ(first.take<AdministerAnswer>(Address::back(7)).value().error, ErrorCode::invalid_argument);
    EXPECT_EQ(first.map().settings.pace.max_moves_per_node, 9U);
}

}  // namespace
}  // namespace ringkv::test
