// State transfers to learners (M2): when the primary sends one, when it must not, and what a learner takes for which.
#include <gtest/gtest.h>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

class Copying : public ShardTest {
  protected:
    // Node 1 is the primary of two members; node 3, in the target, has a log that cannot be joined.
    Copying() : node_(NodeId(1), engine_, every_member_, in_order_) {
        node_.learn(view_);
        node_.from_node(2, StartViewOk{PartitionId(0), view_.id, OpNumber(0), false, OpNumber(0), {}});
        node_.pass(milliseconds(10));
        node_.from_node(3, StartViewOk{PartitionId(0), view_.id, OpNumber(5), true, OpNumber(5), unknown_view_});
        node_.pass(milliseconds(20));
    }

    // Answers every beacon and Prepare; -> is node 3 proposed?
    bool proposed() {
        for (int i = 0; i < 10; ++i) {
            node_.grant_leases({2, 3});
            if (node_.sent<Prepare>(3)) node_.from_node(3, ShardByHand::ok(1, 0));
            node_.pass(milliseconds(50));
        }
        return node_.sent<Propose>().has_value();
    }

    const View view_ = ShardByHand::view(1, 1, {1, 2});
    const ViewId unknown_view_{Generation(1), ViewNumber(9)};
    ShardByHand node_;
};

TEST_F(Copying, ALearnerIsProposedWhenItHasTheCopyAndGrantsItsLease) {
    const auto chunk = node_.sent<StateChunk>(3);
    ASSERT_TRUE(chunk);
    EXPECT_FALSE(proposed()) << "the copy is not answered yet";
    node_.from_node(3, StateChunkOk{PartitionId(0), view_.id, chunk->copy, chunk->index});
    EXPECT_TRUE(proposed());
}

// 1. A StartView's answer is late. 2. A copy begins; its first chunk empties the learner. 3. The late answer came
// and passed for the copy's end: the empty learner was proposed as a member.
TEST_F(Copying, ALateStartViewOkDoesNotEndIt) {
    ASSERT_TRUE(node_.sent<StateChunk>(3));
    node_.from_node(3, StartViewOk{PartitionId(0), view_.id, OpNumber(0), false, OpNumber(0), {}});
    EXPECT_FALSE(proposed());
}

// The same, after the copy was abandoned: its first chunk may have arrived all the same.
TEST_F(Copying, AnAnswerOfBeforeItIsNotTakenWhenItWasGivenUp) {
    ASSERT_TRUE(node_.sent<StateChunk>(3));
    for (int i = 0; i < 40; ++i) {
        node_.grant_leases({2, 3});
        node_.pass(milliseconds(50));
    }
    node_.sent<StateChunk>(3);
    ASSERT_TRUE(node_.sent<StartView>(3)) << "it is asked again";
    node_.from_node(3, StartViewOk{PartitionId(0), view_.id, OpNumber(0), false, OpNumber(0), {}});
    EXPECT_FALSE(proposed());
}

// 1. The learner has its copy and is proposed. 2. It goes down and comes back, with a log that cannot be joined: the
// registry may have accepted it meanwhile. 3. A new copy would empty a node that is a member by now, and may be asked
// for what only it and a dead primary had.
TEST_F(Copying, IsNotBegunOverALearnerThatWasProposed) {
    const auto chunk = node_.sent<StateChunk>(3);
    ASSERT_TRUE(chunk);
    node_.from_node(3, StateChunkOk{PartitionId(0), view_.id, chunk->copy, chunk->index});
    ASSERT_TRUE(proposed());

    ClusterMap map = ShardByHand::map(view_, 100);
    map.nodes[NodeId(3)].state = NodeState::down;
    node_.from_registry(MapSnapshot{map});
    node_.pass(milliseconds(10));
    node_.from_registry(MapSnapshot{ShardByHand::map(view_, 101)});
    for (int i = 0; i < 5; ++i) {
        node_.from_node(3, StartViewOk{PartitionId(0), view_.id, OpNumber(5), true, OpNumber(5), unknown_view_});
        node_.grant_leases({2, 3});
        node_.pass(milliseconds(50));
    }
    EXPECT_FALSE(node_.sent<StateChunk>(3));
}

// Node 3 as a learner, between two primaries that number their copies alike.
class Learning : public ShardTest {
  protected:
    Learning() : node_(NodeId(3), engine_, every_member_, in_order_) { node_.learn(first_); }

    // Offers the log above `base`, of which the learner has no more than op 0.
    StartViewOk start_view(const View& view, std::uint64_t base) {
        const std::uint32_t primary = view.primary.value();
        const ViewId base_view = base == 0 ? ViewId() : view.id;
        node_.from_node(primary, StartView{PartitionId(0), view, OpNumber(base), base_view, OpNumber(base), {}});
        return node_.sent<StartViewOk>(primary).value();
    }
    // The learner asks for a copy. -> its ticket
    std::uint64_t asks(const View& view) {
        const StartViewOk answer = start_view(view, 9);
        EXPECT_TRUE(answer.gap);
        return answer.ticket;
    }

    // Of a copy that begins at op 3.
    static StateChunk chunk(const View& view, std::uint64_t copy, std::uint64_t ticket, std::uint32_t index,
                            const std::string& key, bool last) {
        StateChunk made{
            PartitionId(0), view, copy, ticket, index, OpNumber(3), view.id, {{key, "value", OpNumber(1)}}, {}};
        if (last) made.end = StateEnd{OpNumber(3), {}, {{view.id, OpNumber(1)}}};
        return made;
    }
    [[nodiscard]] std::string keys() const {
        std::string list;
        for (const KeyRecord& record : engine_.scan(PartitionId(0), {{}, {}, 0, 1000, false}).records)
            list += record.key;
        return list;
    }

    ShardByHand node_;
    const View first_ = ShardByHand::view(1, 1, {1, 2});
    const View second_ = ShardByHand::view(2, 2, {2});
};

// M2: what the second one's copy has that the first one's had not must arrive; the other way round as well.
TEST_F(Learning, TheNextPrimarysCopyIsNotTakenForTheFirstOnes) {
    node_.from_node(1, chunk(first_, 7, asks(first_), 0, "a", false));
    ASSERT_TRUE(node_.sent<StateChunkOk>(1));
    const std::uint64_t ticket = asks(second_);
    node_.from_node(2, chunk(second_, 7, ticket, 0, "b", false));
    EXPECT_TRUE(node_.sent<StateChunkOk>(2));
    node_.from_node(2, chunk(second_, 7, ticket, 1, "c", true));
    EXPECT_TRUE(node_.sent<StateChunkOk>(2));
    EXPECT_EQ(keys(), "bc");
}

TEST_F(Learning, TheNextPrimarysCopyIsNotTakenForAFinishedOne) {
    node_.from_node(1, chunk(first_, 7, asks(first_), 0, "a", true));
    ASSERT_TRUE(node_.sent<StateChunkOk>(1));
    node_.from_node(2, chunk(second_, 7, asks(second_), 0, "b", true));
    EXPECT_TRUE(node_.sent<StateChunkOk>(2));
    EXPECT_EQ(keys(), "b");
}

TEST_F(Learning, AnOlderCopysChunkDoesNotEmptyIt) {
    const std::uint64_t earlier = asks(first_);
    node_.from_node(1, chunk(first_, 6, earlier, 0, "a", false));
    const std::uint64_t ticket = asks(first_);
    node_.from_node(1, chunk(first_, 8, ticket, 0, "a", false));
    node_.from_node(1, chunk(first_, 7, earlier, 0, "old", false));
    node_.from_node(1, chunk(first_, 8, ticket, 1, "b", true));
    ASSERT_TRUE(node_.sent<StateChunkOk>(1));
    node_.from_node(1, chunk(first_, 7, earlier, 0, "old", true));
    EXPECT_FALSE(node_.sent<StateChunkOk>(1));
    EXPECT_EQ(keys(), "ab");
}

// 1. The learner asks for a copy; its first chunk is late, and the copy is abandoned. 2. The learner takes the log over
// after all: from now on the primary counts on it. 3. The late chunk came, emptied it, and no Prepare was answered any
// more; had it been a member by then, without knowing it yet, what it had acknowledged would have been gone.
TEST_F(Learning, AChunkOfACopyThatWasGivenUpDoesNotEmptyIt) {
    const std::uint64_t asked = asks(first_);
    ASSERT_FALSE(start_view(first_, 0).gap);
    node_.from_node(1, chunk(first_, 7, asked, 0, "old", false));
    EXPECT_FALSE(node_.sent<StateChunkOk>(1));
    node_.from_node(1, Prepare{PartitionId(0), first_.id, first_.since, {}, OpNumber(1), {}, OpNumber(0)});
    EXPECT_TRUE(node_.sent<PrepareOk>(1));
    EXPECT_EQ(keys(), "");
}

// The same while its disk is slow: it has taken the log over, and cannot say so yet.
TEST_F(Learning, AChunkThatComesBeforeTheLogIsStoredDoesNotEmptyIt) {
    const std::uint64_t asked = asks(first_);
    node_.disk_answers = false;
    node_.from_node(1, StartView{PartitionId(0), first_, OpNumber(0), ViewId(), OpNumber(0), {}});
    EXPECT_FALSE(node_.sent<StartViewOk>(1));
    node_.from_node(1, chunk(first_, 7, asked, 0, "old", false));
    node_.disk_answers = true;
    node_.pass(milliseconds(10));
    const auto answer = node_.sent<StartViewOk>(1);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->gap);
    EXPECT_FALSE(node_.sent<StateChunkOk>(1));
    EXPECT_EQ(keys(), "");
}

// M4: the learner knows a newer view of the term from the map, and the StartView is of the one before. It must not
// say that it has the log in the newer one: it may delete its copy because of that view, and would be counted on.
TEST_F(Learning, AnAnswerIsOfTheViewWhoseLogItHas) {
    node_.learn(ShardByHand::view(2, 1, {1, 2}, 1));
    const StartViewOk answer = start_view(first_, 0);
    ASSERT_FALSE(answer.gap);
    EXPECT_EQ(answer.view, first_.id);
}

// The same log, but the primary no longer holds what it lacks: that answer asks for a copy as well.
TEST_F(Learning, ACopyMayFollowAnAnswerWithoutAGap) {
    const StartViewOk answer = start_view(first_, 0);
    ASSERT_FALSE(answer.gap);
    node_.from_node(1, chunk(first_, 7, answer.ticket, 0, "a", true));
    EXPECT_TRUE(node_.sent<StateChunkOk>(1));
    EXPECT_EQ(keys(), "a");
}

TEST_F(Learning, ARepeatedChunkIsAnsweredAndTakenOnce) {
    const std::uint64_t ticket = asks(first_);
    node_.from_node(1, chunk(first_, 7, ticket, 0, "a", false));
    node_.from_node(1, chunk(first_, 7, ticket, 1, "b", false));
    ASSERT_TRUE(node_.sent<StateChunkOk>(1));
    node_.from_node(1, chunk(first_, 7, ticket, 0, "other", false));
    EXPECT_EQ(node_.sent<StateChunkOk>(1).value().index, 0U);
    node_.from_node(1, chunk(first_, 7, ticket, 3, "skipped", true));
    EXPECT_FALSE(node_.sent<StateChunkOk>(1)) << "the one before it has not come";
    node_.from_node(1, chunk(first_, 7, ticket, 2, "c", true));
    ASSERT_TRUE(node_.sent<StateChunkOk>(1));
    node_.from_node(1, chunk(first_, 7, ticket, 2, "other", true));
    EXPECT_EQ(node_.sent<StateChunkOk>(1).value().index, 2U) << "the answer to the last one was lost";
    EXPECT_EQ(keys(), "abc");
}

}  // namespace
}  // namespace ringkv
