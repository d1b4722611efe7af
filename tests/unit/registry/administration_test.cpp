// What operators ask for: nodes drained and removed, settings changed.
#include "rebalancing_fixture.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;

using Administration = Rebalancing;

TEST_F(Administration, ADrainedNodeIsEmptyAtTheEndAndHoldsAgainWhenItIsUndrained) {
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

TEST_F(Administration, ADrainThatLeavesTooFewNodesIsRefusedWithAReason) {
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

TEST_F(Administration, ARemovedNodeIsForgottenOnceItIsEmptyAndDownAndItsIdIsNotGivenAgain) {
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
TEST_F(Administration, NoIdIsGivenAgainInWhateverOrderNodesLeave) {
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

TEST_F(Administration, ADeadNodeMayBeRemovedWithoutAReplacement) {
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

TEST_F(Administration, ADrainedNameStaysDrainedWithANewDisk) {
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

TEST_F(Administration, SettingsThatAnOperatorChangedOutliveARestartUntilTheFileSaysSomethingNew) {
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
