// What waits for the disk: acknowledgements, and the partitions that are looked at when it has answered.
#include <gmock/gmock.h>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

EntryPtr entry_of(std::uint64_t op, const View& view) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.view = view.id;
    entry.client = ClientId(1);
    entry.sequence = Sequence(op);
    entry.kind = EntryKind::set;
    entry.key = "k";
    entry.value = "v";
    return share(entry);
}

const View first = ShardByHand::view(1, 1, {1, 2, 3});

Prepare prepare(std::uint64_t op) {
    return {PartitionId(0), first.id, first.since, {}, OpNumber(op), {entry_of(op, first)}, {}};
}

class StorageOutletTest : public testing::Test {
  protected:
    BatchNumber append(std::uint32_t partition) {
        return outlet_.store(AppendRecord{PartitionId(partition), entry_of(1, first)});
    }
    void end_turn() {
        Effects effects;
        outlet_.take(start_time, effects);
    }
    static PrepareOk ok(std::uint32_t partition, std::uint64_t op) {
        return {PartitionId(partition), first.id, OpNumber(op), false, {}};
    }

    StorageOutlet outlet_{true};
};

TEST_F(StorageOutletTest, APartitionIsLookedAtThatWaits) {
    const BatchNumber batch = append(5);
    (void)append(1);
    outlet_.store(PartitionId(9), LogViewRecord{PartitionId(9), first.id});
    outlet_.await(PartitionId(5), batch);
    end_turn();
    const BatchNumber next = append(1);
    end_turn();
    EXPECT_THAT(outlet_.unstored(next), ElementsAre(PartitionId(1), PartitionId(5), PartitionId(9)));
    EXPECT_THAT(outlet_.durable(batch).partitions, ElementsAre(PartitionId(5), PartitionId(9)));
    outlet_.await(PartitionId(1), batch);
    EXPECT_THAT(outlet_.unstored(next), ElementsAre(PartitionId(1)));
    EXPECT_THAT(outlet_.durable(next).partitions, IsEmpty());
}

TEST_F(StorageOutletTest, AnAcknowledgementLeavesWithItsBatch) {
    const BatchNumber batch = append(1);
    outlet_.send_when_stored(batch, NodeId(2), ok(1, 7));
    outlet_.send_when_stored(batch, NodeId(2), ok(4, 3));
    end_turn();
    const BatchNumber next = append(1);
    outlet_.send_when_stored(next, NodeId(3), ok(1, 8));
    end_turn();
    outlet_.withdraw(PartitionId(4));
    EXPECT_THAT(outlet_.acknowledgements(), SizeIs(2));
    const auto now = outlet_.durable(batch).acknowledgements;
    ASSERT_THAT(now, SizeIs(1));
    EXPECT_EQ(now.front().to, NodeId(2));
    EXPECT_EQ(now.front().message.op, OpNumber(7));
    const auto later = outlet_.durable(next).acknowledgements;
    ASSERT_THAT(later, SizeIs(1));
    EXPECT_EQ(later.front().to, NodeId(3));
}

TEST_F(StorageOutletTest, TheNewestOfSeveralAcknowledgementsLeaves) {
    for (std::uint64_t op = 1; op <= 3; ++op) {
        outlet_.send_when_stored(append(1), NodeId(2), ok(1, op));
        end_turn();
    }
    outlet_.withdraw(PartitionId(1));
    const BatchNumber last = append(1);
    outlet_.send_when_stored(last, NodeId(3), ok(1, 2));
    outlet_.send_when_stored(last, NodeId(3), ok(1, 3));
    end_turn();
    const auto left = outlet_.durable(last).acknowledgements;
    ASSERT_THAT(left, SizeIs(1));
    EXPECT_EQ(left.front().to, NodeId(3));
    EXPECT_EQ(left.front().message.op, OpNumber(3));
}

TEST_F(StorageOutletTest, NothingGrowsWhileADiskDoesNotAnswer) {
    const BatchNumber batch = append(1);
    end_turn();
    for (std::uint64_t op = 1; op <= 10000; ++op)
        for (const std::uint32_t partition : {2U, 1U}) {
            outlet_.await(PartitionId(partition), batch);
            outlet_.send_when_stored(batch, NodeId(2), ok(partition, op));
        }
    const StorageOutlet::Stored stored = outlet_.durable(batch);
    EXPECT_THAT(stored.partitions, ElementsAre(PartitionId(1), PartitionId(2)));
    EXPECT_LT(stored.acknowledgements.size(), 20U) << "of one batch they are not looked through once more";
    ASSERT_GE(stored.acknowledgements.size(), 2U);
    for (const auto& newest : {stored.acknowledgements.end()[-2], stored.acknowledgements.end()[-1]})
        EXPECT_EQ(newest.message.op, OpNumber(10000));
}

TEST_F(StorageOutletTest, NothingIsLateBeforeItIsTaken) {
    EXPECT_EQ(outlet_.oldest_taken(BatchNumber(1)), Time::max());
    const BatchNumber batch = append(1);
    end_turn();
    EXPECT_EQ(outlet_.oldest_taken(batch), start_time);
    (void)outlet_.durable(batch);
    EXPECT_EQ(outlet_.oldest_taken(batch), Time::max());
}

// Its own disk is the last of three.
TEST_F(ShardTest, APrimaryCommitsWhenItsDiskHasAnswered) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.disk_answers = false;
    node.from_client(ShardByHand::put(1, "k", "v"));
    node.from_node(2, ShardByHand::ok(1, 1));
    node.from_node(3, ShardByHand::ok(1, 1));
    EXPECT_FALSE(node.sent<WriteAnswer>());
    node.disk_answers = true;
    node.pass(milliseconds(1), milliseconds(1));
    EXPECT_TRUE(node.sent<WriteAnswer>());
}

TEST_F(ShardTest, APrimaryAloneCommitsWhenItsDiskHasAnswered) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.learn(ShardByHand::view(1, 1, {1}));
    node.pass(milliseconds(10));
    node.disk_answers = false;
    node.from_client(ShardByHand::put(1, "k", "v"));
    EXPECT_FALSE(node.sent<WriteAnswer>());
    node.disk_answers = true;
    node.pass(milliseconds(1), milliseconds(1));
    EXPECT_TRUE(node.sent<WriteAnswer>());
}

class BackupsDisk : public ShardTest {
  protected:
    BackupsDisk() {
        node_.learn(first);
        node_.from_node(1, StartView{PartitionId(0), first, {}, {}, {}, {}});
        (void)node_.take_all();
        node_.disk_answers = false;
        node_.from_node(1, prepare(1));
        EXPECT_FALSE(node_.sent<PrepareOk>());
    }

    ShardByHand node_{NodeId(3), engine_, every_member_, in_order_};
};

TEST_F(BackupsDisk, AnAcknowledgementSaysWhatWasStoredWithIt) {
    const BatchNumber batch = node_.unsynced().value();
    node_.from_node(1, prepare(2));
    node_.shard().durable(node_.now(), batch);
    node_.pass(milliseconds(5));
    EXPECT_EQ(node_.sent<PrepareOk>(1).value().op, OpNumber(1));
    node_.disk_answers = true;
    node_.pass(milliseconds(5));
    EXPECT_EQ(node_.sent<PrepareOk>(1).value().op, OpNumber(2));
}

// P2: it acknowledged in a term that it knew to be over.
TEST_F(BackupsDisk, NoAcknowledgementLeavesWhenItsTermIsOver) {
    node_.learn(ShardByHand::view(2, 2, {2, 3}));
    node_.disk_answers = true;
    node_.pass(milliseconds(5));
    EXPECT_FALSE(node_.sent<PrepareOk>());
}

// M4: what a copy replaces was acknowledged.
TEST_F(ShardTest, NoAcknowledgementLeavesWhenItsLogIsReplaced) {
    const View without = ShardByHand::view(1, 1, {1, 2});
    ShardByHand learner(NodeId(3), engine_, every_member_, in_order_);
    learner.learn(without);
    learner.from_node(1, StartView{PartitionId(0), without, {}, {}, {}, {}});
    const std::uint64_t ticket = learner.sent<StartViewOk>(1).value().ticket;
    learner.disk_answers = false;
    learner.from_node(1, prepare(1));
    StateChunk chunk;
    chunk.view = without;
    chunk.copy = 1;
    chunk.ticket = ticket;
    chunk.start = OpNumber(7);
    chunk.start_view = without.id;
    learner.from_node(1, chunk);
    ASSERT_TRUE(learner.shard().replica(PartitionId(0))->log().incomplete());
    learner.shard().check_invariants();
    learner.disk_answers = true;
    learner.pass(milliseconds(5));
    EXPECT_TRUE(learner.sent<StateChunkOk>(1));
    EXPECT_FALSE(learner.sent<PrepareOk>());
}

}  // namespace
}  // namespace ringkv
