// An operator has partitions begun anew that have lost all their members (V8).
#include <gmock/gmock.h>

#include "rebalancing_fixture.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

// One copy of each of 8 partitions, on two nodes.
class PartitionReset : public Rebalancing {
  protected:
    PartitionReset() : registry(one_copy()) {
        registry.form(2);
        for (std::uint32_t p = 0; p < registry.map().partitions.size(); ++p)
            (view(p).has(NodeId(1)) ? on_first : on_second).push_back(p);
    }
    static RegistryOptions one_copy() {
        RegistryOptions made = options(4, 1);
        made.form_with = 2;
        made.settings.pace.repair_after = seconds(20);
        return made;
    }

    const PartitionState& state(std::uint32_t p) { return registry.map().partitions[p]; }
    const View& view(std::uint32_t p) { return state(p).view; }
    // The first node ends, and its data with it: it comes back as another identity, the third.
    void lose_the_first() {
        registry.beating.erase(1);
        registry.advance(seconds(3));
        TestNode& blank = registry.node(3);
        blank.join.name = "n1";
        registry.give(blank.origin(), blank.join);
        blank.id = registry.map().find("n1")->id;
        ASSERT_EQ(blank.id, NodeId(3));
        blank.cluster = blank.join.cluster = registry.map().settings.id;
        blank.join.id = blank.id;
        registry.beating.insert(3);
        registry.advance(milliseconds(200));
    }
    AdministerAnswer reset(const std::vector<std::uint32_t>& partitions) {
        std::vector<PartitionToReset> seen;
        seen.reserve(partitions.size());
        for (const std::uint32_t p : partitions) seen.push_back({PartitionId(p), p < 8 ? view(p).id : ViewId()});
        return reset_as_seen(std::move(seen));
    }
    AdministerAnswer reset_as_seen(std::vector<PartitionToReset> seen) {
        Administer request;
        request.request = RequestId(++requests);
        request.action = AdminAction::reset_partitions;
        request.to_reset = std::move(seen);
        registry.give({Address::back(7), registry.map().settings.id, {}, {}, {}}, request);
        return registry.take<AdministerAnswer>(Address::back(7)).value();
    }

    Driver registry;
    std::vector<std::uint32_t> on_first, on_second;
};

TEST_F(PartitionReset, BeginsOnANodeThatShouldHaveItAboveEveryOpOfBefore) {
    ASSERT_FALSE(on_first.empty());
    ASSERT_FALSE(on_second.empty());
    lose_the_first();
    const View before = view(on_first.front());
    const View other = view(on_second.front());
    const AdministerAnswer answer = reset(on_first);
    EXPECT_FALSE(answer.error) << answer.text;
    EXPECT_THAT(answer.text, HasSubstr(std::to_string(on_first.size()) + " partition"));
    for (const std::uint32_t p : on_first) {
        EXPECT_EQ(view(p).members, std::vector<NodeId>{NodeId(3)});
        EXPECT_EQ(view(p).primary, NodeId(3));
        EXPECT_EQ(view(p).since, view(p).id);
        const auto clock = std::chrono::duration_cast<std::chrono::microseconds>(registry.now().time_since_epoch());
        EXPECT_GE(view(p).begins.value(), static_cast<std::uint64_t>(clock.count()));
        EXPECT_GE(view(p).begins.value(), std::uint64_t{1} << 32U);
    }
    EXPECT_EQ(view(on_first.front()).id, before.id.next());
    EXPECT_EQ(view(on_second.front()), other) << "it has not lost its member";
    EXPECT_EQ(registry.map().find(NodeId(1)), nullptr) << "nothing refers to it any more";
    EXPECT_EQ(reset({}).error, ErrorCode::refused);
}

TEST_F(PartitionReset, APartitionWithAMemberThatIsUpIsRefusedAndNothingIsDone) {
    lose_the_first();
    const Epoch epoch = registry.map().epoch;
    const AdministerAnswer answer = reset({on_first.front(), on_second.front()});
    EXPECT_EQ(answer.error, ErrorCode::refused);
    EXPECT_THAT(answer.text, HasSubstr("n2 is up"));
    EXPECT_EQ(reset({on_first.front(), 8}).error, ErrorCode::refused);
    EXPECT_EQ(registry.map().epoch, epoch);
}

// A member that is only silent has what was acknowledged, and is back in a moment.
TEST_F(PartitionReset, AMemberThatIsDownIsWaitedForUntilItCountsAsAbsentOrIsRemoved) {
    registry.beating.erase(1);
    registry.advance(seconds(3));
    ASSERT_EQ(registry.map().find("n1")->state, NodeState::down);
    const std::uint32_t p = on_first.front();
    const AdministerAnswer early = reset({p});
    EXPECT_EQ(early.error, ErrorCode::refused);
    EXPECT_THAT(early.text, HasSubstr("n1 is down, and may be back"));
    Administer removal;
    removal.request = RequestId(++requests);
    removal.action = AdminAction::remove;
    removal.node = "n1";
    registry.give({Address::back(7), registry.map().settings.id, {}, {}, {}}, removal);
    ASSERT_FALSE(registry.take<AdministerAnswer>(Address::back(7)).value().error);
    registry.advance(seconds(1));
    const AdministerAnswer answer = reset({p});
    EXPECT_FALSE(answer.error) << answer.text;
    EXPECT_EQ(view(p).primary, NodeId(2));
}

// The answer was lost; meanwhile the partition has what was written since.
TEST_F(PartitionReset, TheSameRequestIsDoneOnceWhateverHasBecomeOfThePartition) {
    lose_the_first();
    const std::uint32_t p = on_first.front();
    const std::vector<PartitionToReset> seen = {{PartitionId(p), view(p).id}, {PartitionId(p), view(p).id}};
    EXPECT_FALSE(reset_as_seen(seen).error);
    const View done = view(p);
    EXPECT_EQ(done.id.number, ViewNumber(2));
    EXPECT_FALSE(reset_as_seen(seen).error);
    EXPECT_EQ(view(p), done);
    registry.beating.erase(3);
    registry.advance(seconds(60));
    EXPECT_FALSE(reset_as_seen(seen).error);
    EXPECT_EQ(view(p), done) << "its member is down: it is not lost";
}

TEST_F(PartitionReset, OfAnotherViewThanTheOneThatTheOperatorSawIsRefused) {
    lose_the_first();
    const std::uint32_t p = on_first.front();
    const AdministerAnswer answer = reset_as_seen({{PartitionId(p), {view(p).id.generation, ViewNumber(0)}}});
    EXPECT_EQ(answer.error, ErrorCode::refused);
    EXPECT_THAT(answer.text, HasSubstr("has changed since"));
    EXPECT_TRUE(view(p).begins.none());
}

// A clock may be set back; what was written since the first beginning is above it.
TEST_F(PartitionReset, TheNextBeginningIsAboveAllThatWasWrittenSinceThisOne) {
    lose_the_first();
    const std::uint32_t p = on_first.front();
    ASSERT_FALSE(reset({p}).error);
    const OpNumber first = view(p).begins;
    View next = view(p);
    next.id = next.since = next.id.next();
    propose(registry, NodeId(3), {PartitionId(p), view(p).id, next, false});
    EXPECT_EQ(view(p).begins, first) << "views keep it";
    registry.beating.erase(3);
    registry.advance(seconds(60));
    ASSERT_TRUE(registry.map().find("n1")->evicted);
    ASSERT_FALSE(reset({p}).error);
    EXPECT_GE(view(p).begins.value(), first.value() + (std::uint64_t{1} << 44U));
}

// It would serve what an old copy holds, or nothing, and call it by old numbers.
TEST_F(PartitionReset, ANodeOfAnOlderReleaseIsNotTold) {
    registry.node(3).minor = minor_with_reset - 1;
    lose_the_first();
    const AdministerAnswer answer = reset({on_first.front()});
    EXPECT_EQ(answer.error, ErrorCode::refused);
    EXPECT_THAT(answer.text, HasSubstr("n1 is of a release"));
    EXPECT_TRUE(view(on_first.front()).begins.none());
}

// What an operator said of one view does not hold for the next.
TEST_F(PartitionReset, NoNodeBeginsAPartitionAnew) {
    const std::uint32_t p = on_second.front();
    View next = view(p);
    next.id = next.since = next.id.next();
    next.begins = OpNumber(1000);
    propose(registry, NodeId(2), {PartitionId(p), view(p).id, next, false});
    EXPECT_EQ(view(p).id, next.id);
    EXPECT_TRUE(view(p).begins.none());
}

TEST_F(PartitionReset, IsAnEventWithTheLossAsItsCause) {
    lose_the_first();
    (void)reset(on_first);
    registry.advance(seconds(2));
    EventsRequest request;
    request.request = RequestId(++requests);
    registry.give({Address::back(7), {}, {}, {}, {}}, request);
    const auto answer = registry.take<EventsAnswer>(Address::back(7));
    ASSERT_TRUE(answer);
    const auto of_kind = [&](std::string_view kind) {
        const auto found = std::ranges::find(answer->events, kind, &Event::kind);
        EXPECT_NE(found, answer->events.end()) << kind;
        return found == answer->events.end() ? Event() : *found;
    };
    const Event told = of_kind("partitions_reset");
    EXPECT_EQ(told.cause, of_kind("copies_lost").id);
    EXPECT_THAT(told.text, HasSubstr("anew, empty"));
}

}  // namespace
}  // namespace ringkv::test
