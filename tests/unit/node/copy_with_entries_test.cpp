// Entries that go along with a state transfer (M2; docs/decisions/0027): what the learner takes and applies, what its
// primary keeps for it, and what happens when it does not keep up.
#include <gtest/gtest.h>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

EntryPtr entry(const View& view, std::uint64_t op, const std::string& key, const std::string& value) {
    Entry made;
    made.op = made.version = OpNumber(op);
    made.view = view.id;
    made.kind = value.empty() ? EntryKind::remove : EntryKind::set;
    made.key = key;
    made.value = value;
    made.client = ClientId(9);
    made.sequence = Sequence(op);
    return share(made);
}

// ---------------------------------------------------------------- the learner

// Node 3 is copied to by node 1, from op 3 on.
class CopiedTo : public ShardTest {
  protected:
    CopiedTo() : node_(NodeId(3), engine_, every_member_, in_order_) {
        node_.learn(view_);
        node_.from_node(1, StartView{PartitionId(0), view_, OpNumber(9), view_.id, OpNumber(9), {}});
        const auto answer = node_.sent<StartViewOk>(1);
        EXPECT_TRUE(answer && answer->gap && answer->takes_entries);
        ticket_ = answer ? answer->ticket : 0;
    }

    // `keys`: "ab" = two keys; `through`: empty = all keys are covered.
    std::optional<StateChunkOk> chunk(std::uint32_t index, const std::string& keys, std::uint64_t read_at,
                                      const std::string& through) {
        StateChunk made{PartitionId(0), view_, 7, ticket_, index, OpNumber(3), view_.id, {}, {}};
        for (const char key : keys)
            made.records.push_back({std::string(1, key), "chunk" + std::to_string(index), OpNumber(1)});
        made.read_at = OpNumber(read_at);
        if (through.empty())
            made.end = StateEnd{OpNumber(read_at), {OpNumber(3), {}, {}}, {{view_.id, OpNumber(1)}}};
        else
            made.through = through;
        node_.from_node(1, made);
        return node_.sent<StateChunkOk>(1);
    }
    std::optional<StateChunkOk> prepare(Entries entries, std::uint64_t commit) {
        const OpNumber first = entries.front()->op;
        node_.from_node(
            1, Prepare{PartitionId(0), view_.id, view_.since, {}, first, std::move(entries), OpNumber(commit)});
        EXPECT_FALSE(node_.sent<PrepareOk>(1)) << "what is not whole is never acknowledged as if it were";
        return node_.sent<StateChunkOk>(1);
    }
    std::string value(const std::string& key) {
        const auto found = engine_.get(PartitionId(0), key);
        return found ? std::string(found->value) : "absent";
    }
    const PartitionLog& log() { return node_.shard().replica(PartitionId(0))->log(); }

    ShardByHand node_;
    const View view_ = ShardByHand::view(1, 1, {1, 2});
    std::uint64_t ticket_ = 0;
};

TEST_F(CopiedTo, AppliesWhatIsCommittedToTheKeysThatHaveCome) {
    ASSERT_TRUE(chunk(0, "bd", 3, "d"));
    const auto answer = prepare({entry(view_, 4, "b", "new"), entry(view_, 5, "c", "between"), entry(view_, 6, "d", ""),
                                 entry(view_, 7, "e", "behind")},
                                7);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->index, no_chunk);
    EXPECT_EQ(answer->copy, 7U);
    EXPECT_EQ(answer->op, OpNumber(7));
    EXPECT_FALSE(answer->gap);
    EXPECT_EQ(log().commit(), OpNumber(7));
    EXPECT_TRUE(log().incomplete());
    EXPECT_EQ(value("b") + value("c") + value("d") + value("e"), "newbetweenabsentabsent");
    ASSERT_TRUE(chunk(1, "e", 7, ""));
    EXPECT_FALSE(log().incomplete());
    EXPECT_EQ(value("b") + value("c") + value("d") + value("e"), "newbetweenabsentchunk1");
}

// 1. A chunk is late. 2. An entry of one of its keys is applied, which passes the engine by. 3. The chunk came, and had
// the key as it was before.
TEST_F(CopiedTo, TakesNoChunkThatWasReadBeforeWhatIsApplied) {
    ASSERT_TRUE(chunk(0, "b", 3, "b"));
    ASSERT_TRUE(prepare({entry(view_, 4, "e", "new")}, 4));
    EXPECT_FALSE(chunk(1, "e", 3, ""));
    EXPECT_TRUE(log().incomplete());
    ASSERT_TRUE(chunk(1, "e", 4, ""));
    EXPECT_FALSE(log().incomplete());
}

// One that was read later, of which a part has come before: what the entries made of it stays.
TEST_F(CopiedTo, WhatIsCoveredTwiceStaysAsTheEntriesMadeIt) {
    ASSERT_TRUE(chunk(0, "bd", 3, "m"));
    ASSERT_TRUE(prepare({entry(view_, 4, "d", "new"), entry(view_, 5, "f", "of its own")}, 4));
    ASSERT_TRUE(chunk(1, "dfn", 5, ""));
    EXPECT_EQ(value("d") + value("f") + value("n"), "newof its ownchunk1");
    node_.from_node(1, Prepare{PartitionId(0), view_.id, view_.since, {}, OpNumber(6), {}, OpNumber(5)});
    EXPECT_TRUE(node_.sent<PrepareOk>(1)) << "it is whole by now";
}

TEST_F(CopiedTo, SaysWhereEntriesAreMissing) {
    ASSERT_TRUE(chunk(0, "b", 3, "b"));
    const auto answer = prepare({entry(view_, 5, "b", "new")}, 3);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->gap);
    EXPECT_EQ(answer->op, OpNumber(3));
}

// Of a primary that sends entries when the copy has ended.
TEST_F(CopiedTo, AnOlderPrimarysCopyIsTakenAsBefore) {
    StateChunk old{PartitionId(0), view_, 7, ticket_, 0, OpNumber(3), view_.id, {{"b", "v", OpNumber(1)}}, {}};
    node_.from_node(1, old);
    ASSERT_TRUE(node_.sent<StateChunkOk>(1));
    EXPECT_FALSE(prepare({entry(view_, 4, "b", "new")}, 4));
    EXPECT_EQ(log().commit(), OpNumber(3));
    EXPECT_EQ(log().last(), OpNumber(3));
    old.index = 1;
    old.records = {{"c", "v", OpNumber(4)}};
    old.end = StateEnd{OpNumber(4), {OpNumber(3), {}, {}}, {{view_.id, OpNumber(1)}}};
    node_.from_node(1, old);
    EXPECT_TRUE(node_.sent<StateChunkOk>(1));
    EXPECT_FALSE(log().incomplete());
}

TEST_F(CopiedTo, EntriesOfAnotherTermDoNotGoAlong) {
    ASSERT_TRUE(chunk(0, "b", 3, "b"));
    node_.learn(ShardByHand::view(2, 2, {2}));
    const View next = ShardByHand::view(2, 2, {2});
    node_.from_node(
        2, Prepare{PartitionId(0), next.id, next.since, {}, OpNumber(4), {entry(next, 4, "b", "new")}, OpNumber(4)});
    EXPECT_FALSE(node_.sent<StateChunkOk>(2));
    EXPECT_EQ(log().last(), OpNumber(3));
}

// ---------------------------------------------------------------- its primary

// Node 1 is the primary of two members, has three keys of a chunk each, and copies to node 3.
class CopiesTo : public ShardTest {
  protected:
    CopiesTo() : node_(NodeId(1), engine_, every_member_, in_order_, limits()) {
        node_.learn(view_);
        node_.from_node(2, StartViewOk{PartitionId(0), view_.id, OpNumber(0), false, OpNumber(0), {}});
        node_.pass(milliseconds(10));
        for (const char* key : {"b", "d", "f"}) write(key, std::string(20000, 'v'));
        node_.from_node(
            3, StartViewOk{PartitionId(0), view_.id, OpNumber(5), true, OpNumber(5), unknown_view_, 8, true, true});
        node_.pass(milliseconds(20));
        const auto first = node_.sent<StateChunk>(3);
        EXPECT_TRUE(first && first->read_at && first->through);
        if (first) copy_ = first->copy;
    }
    static Limits limits() {
        Limits limits;
        limits.log = 4000;
        return limits;
    }

    // Committed when node 2 has it.
    bool write(const std::string& key, const std::string& value) {
        node_.from_client(ShardByHand::put(++sequence_, key, value));
        if (const auto refused = node_.sent<RequestRefused>()) {
            EXPECT_EQ(refused->reason, RefusalReason::overloaded);
            refusal_ = refused->text;
            return false;
        }
        node_.from_node(2, ShardByHand::ok(1, ++op_));
        node_.pass(milliseconds(5));
        EXPECT_TRUE(node_.sent<WriteAnswer>());
        return true;
    }
    void answer(std::uint32_t index, std::uint64_t op) { answer(copy_, index, op); }
    void answer(std::uint64_t copy, std::uint32_t index, std::uint64_t op) {
        node_.from_node(3, StateChunkOk{PartitionId(0), view_.id, copy, index, OpNumber(op), false});
        node_.pass(milliseconds(5));
    }
    OpNumber held_from() { return node_.shard().replica(PartitionId(0))->log().suffix().start(); }

    const View view_ = ShardByHand::view(1, 1, {1, 2});
    const ViewId unknown_view_{Generation(1), ViewNumber(9)};
    ShardByHand node_;
    std::uint64_t sequence_ = 0;
    std::uint64_t op_ = 0;
    std::uint64_t copy_ = 0;
    std::string refusal_;
};

TEST_F(CopiesTo, KeepsNoMoreThanTheLearnerLacks) {
    answer(0, 3);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(write("k", std::string(500, 'v'))) << refusal_;
        ASSERT_TRUE(node_.sent<Prepare>(3));
        EXPECT_LE(held_from(), OpNumber(op_ - 1)) << "what it has not said that it has is kept";
        answer(no_chunk, op_);
    }
    EXPECT_GT(held_from(), OpNumber(10));
    EXPECT_FALSE(node_.sent<PrepareOk>());
}

TEST_F(CopiesTo, AnAnswerToAnotherCopySaysNothingOfThisOne) {
    answer(0, 3);
    ASSERT_TRUE(write("k", std::string(900, 'v')));
    answer(copy_ + 1, no_chunk, op_);
    node_.pass(milliseconds(250));
    const auto again = node_.sent<Prepare>(3);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->first, OpNumber(4));
}

// The learner may have applied what came after the chunk that was lost.
TEST_F(CopiesTo, AChunkThatIsSentAgainIsReadAnewAndGoesNoFurther) {
    answer(0, 3);
    const auto second = node_.sent<StateChunk>(3);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->through, "d");
    for (const auto& [key, size] : {std::pair("d", 3), {"c", 20000}, {"e", 3}}) {
        ASSERT_TRUE(write(key, std::string(size, 'n'))) << refusal_;
        answer(no_chunk, op_);
    }
    node_.pass(milliseconds(250));
    const auto again = node_.sent<StateChunk>(3);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->index, second->index);
    EXPECT_EQ(again->read_at, OpNumber(6));
    EXPECT_EQ(again->through, "c") << "there is more of it than one chunk has room for";
    answer(1, op_);
    const auto third = node_.sent<StateChunk>(3);
    ASSERT_TRUE(third);
    ASSERT_FALSE(third->records.empty());
    EXPECT_EQ(third->records.front().key, "d") << "it begins where the newest ended";
    EXPECT_EQ(third->records.front().value, "nnn");
}

TEST_F(CopiesTo, WritersWaitForALearnerThatDoesNotKeepUpAndReadsDoNot) {
    answer(0, 3);
    while (write("k", std::string(500, 'v'))) ASSERT_LT(op_, 20U) << "nothing holds the writers back";
    EXPECT_NE(refusal_.find("copy"), std::string::npos) << refusal_;
    node_.grant_leases({2});
    node_.from_client(Get{RequestId(99), PartitionId(0), "k"});
    EXPECT_TRUE(node_.sent<GetAnswer>());
    answer(no_chunk, op_);
    EXPECT_TRUE(write("k", "v"));
}

TEST_F(CopiesTo, WritersDoNotWaitForALearnerThatSaysNothing) {
    answer(0, 3);
    while (write("k", std::string(500, 'v'))) ASSERT_LT(op_, 20U);
    for (int i = 0; i < 32; ++i) {
        node_.grant_leases({2});
        node_.pass(milliseconds(50));
    }
    EXPECT_TRUE(write("k", "v")) << refusal_;
}

// 1. A learner joins the log, and lacks more than 100,000 entries of it. 2. It gets the first batch, and acknowledges
// it.
// 3. It still lacked as many, was asked anew, got one batch more, and so on: a batch in each round.
class LearnerThatLacksMuch : public ShardTest, public testing::WithParamInterface<bool> {};

TEST_P(LearnerThatLacksMuch, IsNotAskedAnewWhileItMakesProgress) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(1, 1, {1, 2});
    node.learn(view);
    node.from_node(2, StartViewOk{PartitionId(0), view.id, OpNumber(0), false, OpNumber(0), {}});
    node.pass(milliseconds(10));
    constexpr std::uint64_t writes = 110000;
    for (std::uint64_t op = 1; op <= writes; ++op) {
        Write write = ShardByHand::put(op, "k", "v");
        write.lowest = write.sequence;
        node.from_client(std::move(write));
        if (op % 50 == 0) node.from_node(2, ShardByHand::ok(1, op));
    }
    const bool takes_entries = GetParam();
    node.from_node(3,
                   StartViewOk{PartitionId(0), view.id, OpNumber(0), false, OpNumber(0), {}, 8, true, takes_entries});
    EXPECT_TRUE(node.sent<StartView>(3));
    for (int batch = 0; batch < 3; ++batch) {
        const auto entries = node.sent<Prepare>(3);
        ASSERT_TRUE(entries && !entries->entries.empty()) << batch;
        const OpNumber last = entries->entries.back()->op;
        ASSERT_LT(last.value() + 100000, writes) << "it lacks less by now";
        node.from_node(3, PrepareOk{PartitionId(0), view.id, last, false, OpNumber(0)});
        node.pass(milliseconds(5));
        EXPECT_FALSE(node.sent<StartView>(3));
    }
}

INSTANTIATE_TEST_SUITE_P(OfThisReleaseAndBefore, LearnerThatLacksMuch, testing::Bool());

}  // namespace
}  // namespace ringkv
