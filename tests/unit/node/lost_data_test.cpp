// A node whose disk has lost what it has acknowledged, though nothing of the disk shows it (D3): the others do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Optional;

class LostData : public ShardTest {
  protected:
    LostData() : node_(NodeId(1), engine_, every_member_, in_order_) { node_.learn(view_); }

    void has_committed(std::uint32_t node, std::uint64_t op) {
        node_.from_node(node, StartViewOk{PartitionId(0), view_.id, OpNumber(op), false, OpNumber(op), {}});
        node_.pass(milliseconds(10));
    }

    EntryPtr entry(std::uint64_t op) const {
        Entry entry;
        entry.op = OpNumber(op);
        entry.view = view_.id;
        return share(entry);
    }

    const View view_ = ShardByHand::view(1, 1, {1, 2});
    ShardByHand node_;
};

// 1. A primary began again with less than it had. 2. A member answered that it had committed more, and was left alone.
// 3. It was removed for want of progress, and what it had with it.
TEST_F(LostData, APrimaryThatLacksWhatAMemberHasCommittedEnds) {
    has_committed(2, 7);
    EXPECT_TRUE(node_.shard().finished());
    EXPECT_THAT(node_.shard().refusal(),
                Optional(HasSubstr("partition 0: its log ends at op 0, and node 2 has committed op 7")));
}

TEST_F(LostData, OneThatHasAllOfItServes) {
    has_committed(2, 0);
    EXPECT_FALSE(node_.shard().finished());
    EXPECT_EQ(node_.shard().refusal(), std::nullopt);
}

// 1. Ops 1 and 2 were appended in view 1, and only op 1 was committed. 2. In view 2 another op 2 was committed. 3. The
// primary of view 3 began again with what it had in view 1.
TEST_F(LostData, APrimaryThatHasSomethingElseThanWhatAMemberHasCommittedEnds) {
    for (const std::uint64_t committed_in : {1U, 2U}) {
        MemoryEngine engine;
        ShardByHand node(NodeId(1), engine, every_member_, in_order_);
        node.shard().restore(ViewRecord{PartitionId(0), view_});
        for (const std::uint64_t op : {1U, 2U})
            node.shard().restore(AppendRecord{PartitionId(0), entry(op), OpNumber(op - 1)});
        const View third = ShardByHand::view(3, 1, {1, 2});
        node.learn(third);
        node.pass(seconds(2));
        const ViewId of_the_op = ShardByHand::view(committed_in, 1, {}).id;
        node.from_node(2, StartViewOk{PartitionId(0), third.id, OpNumber(2), false, OpNumber(2), of_the_op});
        node.pass(milliseconds(10));
        if (committed_in == 1) {
            EXPECT_FALSE(node.shard().finished());
            continue;
        }
        EXPECT_TRUE(node.shard().finished());
        EXPECT_THAT(
            node.shard().refusal(),
            Optional(HasSubstr("partition 0: op 2 is of view v1 here, and node 2 has committed it in view v2")));
    }
}

// A backup has an entry, and then learns in one of several ways that it is committed.
class WhatABackupKnows : public LostData {
  protected:
    WhatABackupKnows() : backup_(NodeId(2), at_backup_, every_member_, in_order_) {
        backup_.on_stored = [this](const StorageRecord& record) { records_.push_back(record); };
        backup_.learn(view_);
        start(view_, 0);
        prepare(1, {entry(1)}, 0);
    }

    void start(const View& view, std::uint64_t base) {
        const ViewId base_view = base == 0 ? ViewId() : view_.id;
        backup_.from_node(1, StartView{PartitionId(0), view, OpNumber(base), base_view, OpNumber(base), {}});
    }

    void prepare(std::uint64_t first, Entries entries, std::uint64_t commit) {
        backup_.from_node(
            1,
            Prepare{PartitionId(0), view_.id, view_.since, {}, OpNumber(first), std::move(entries), OpNumber(commit)});
    }

    std::size_t commit_records() const {
        return static_cast<std::size_t>(std::count_if(records_.begin(), records_.end(), [](const auto& record) {
            return std::holds_alternative<CommitRecord>(record);
        }));
    }

    OpNumber commit_after_restart() {
        MemoryEngine engine;
        Shard restarted(ShardByHand::describe(NodeId(2)), 0, Limits{}, engine, every_member_, in_order_);
        for (const StorageRecord& record : records_) restarted.restore(record);
        return restarted.replica(PartitionId(0))->log().commit();
    }

    MemoryEngine at_backup_;
    std::vector<StorageRecord> records_;
    ShardByHand backup_;
};

// 1. The newest entry of a partition is committed, and none follows. 2. All restart, the primary with an older copy of
// its data. 3. No member knew that it was committed.
TEST_F(WhatABackupKnows, IsStoredOnceWhenNoEntryFollows) {
    for (int times = 0; times < 3; ++times) prepare(2, {}, 1);
    EXPECT_EQ(commit_records(), 0U);
    backup_.pass(seconds(3));
    EXPECT_EQ(commit_records(), 1U);
    EXPECT_EQ(commit_after_restart(), OpNumber(1));
}

TEST_F(WhatABackupKnows, IsStoredWithTheNextEntry) {
    prepare(2, {entry(2)}, 1);
    EXPECT_EQ(commit_records(), 0U);
    EXPECT_EQ(commit_after_restart(), OpNumber(1));
}

// It had restarted: what it is not sure of is sent once more, and no beacon need tell the commit point after that.
TEST_F(WhatABackupKnows, IsStoredWhenTheEntryComesAgain) {
    prepare(1, {entry(1)}, 1);
    backup_.pass(seconds(1));
    EXPECT_EQ(commit_after_restart(), OpNumber(1));
}

TEST_F(WhatABackupKnows, IsStoredWithANewView) {
    start(ShardByHand::view(2, 1, {1, 2}), 1);
    EXPECT_EQ(commit_after_restart(), OpNumber(1));
}

// It is no member: what it has may be of a view that was given up, on an operator's word.
TEST_F(LostData, ALearnerThatHasMoreIsLeftAlone) {
    has_committed(2, 0);
    has_committed(3, 7);
    EXPECT_FALSE(node_.shard().finished());
    EXPECT_EQ(node_.shard().refusal(), std::nullopt);
}

}  // namespace
}  // namespace ringkv
