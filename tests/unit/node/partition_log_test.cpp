#include "node/partition_log.hpp"

#include <gtest/gtest.h>

#include "node/memory_engine.hpp"

namespace ringkv {
namespace {

constexpr PartitionId partition(3);

EntryPtr entry(std::uint64_t op) {
    Entry made;
    made.op = OpNumber(op);
    made.view = {Generation(1), ViewNumber(1)};
    made.kind = EntryKind::set;
    made.key = "key";
    made.value = "value";
    return share(made);
}

class PartitionLogRecords : public testing::Test {
  protected:
    StorageBatch stored() {
        Effects effects;
        storage_.take(Time{}, effects);
        return std::move(effects.batch);
    }

    MemoryEngine engine_;
    StorageOutlet storage_{true};
    SuffixBudget budget_{2000};
    PartitionLog log_{partition, engine_, storage_, budget_};
};

TEST_F(PartitionLogRecords, AnEntryIsOneRecordThatSaysWhatIsCommitted) {
    log_.append(entry(1));
    log_.append(entry(2));
    log_.advance(OpNumber(1));
    log_.append(entry(3));
    const StorageBatch records = stored();
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(std::get<AppendRecord>(records[1]).commit, OpNumber(0));
    EXPECT_EQ(std::get<AppendRecord>(records[2]).commit, OpNumber(1));
    EXPECT_EQ(std::get<AppendRecord>(records[2]).entry->op, OpNumber(3));
}

TEST_F(PartitionLogRecords, WhatAnEntrysRecordSaysIsCommittedIsAppliedAtTheStart) {
    log_.restore(AppendRecord{partition, entry(1), OpNumber(0)});
    EXPECT_EQ(log_.commit(), OpNumber(0));
    log_.restore(AppendRecord{partition, entry(2), OpNumber(1)});
    EXPECT_EQ(log_.commit(), OpNumber(1));
    EXPECT_TRUE(engine_.get(partition, "key"));
}

// Once more in a checkpoint, and older than what is there: it takes nothing back.
TEST_F(PartitionLogRecords, AnOlderCommitPointTakesNothingBack) {
    log_.restore(AppendRecord{partition, entry(1), OpNumber(0)});
    log_.restore(AppendRecord{partition, entry(2), OpNumber(1)});
    log_.restore(AppendRecord{partition, entry(2), OpNumber(0)});
    EXPECT_EQ(log_.last(), OpNumber(2));
    EXPECT_EQ(log_.commit(), OpNumber(1));
}

// As logs of before have it.
TEST_F(PartitionLogRecords, ACommitPointMayBeARecordByItself) {
    log_.restore(AppendRecord{partition, entry(1), {}});
    log_.restore(CommitRecord{partition, OpNumber(1)});
    EXPECT_EQ(log_.commit(), OpNumber(1));
}

}  // namespace
}  // namespace ringkv
