#include "node/edge/disk/disk_log.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/node/disk_log_fixture.hpp"

namespace ringkv {
namespace {

using test::DiskLogs;
using test::from_to;
using test::numbered;
using test::up_to;

TEST(DiskLog, WhatWasCommittedComesBackInOrder) {
    DiskLogs logs;
    {
        auto log = *logs.create();
        for (std::uint64_t number = 1; number <= 20; ++number) {
            ASSERT_TRUE(log->commit(BatchNumber(number), numbered(number)));
            EXPECT_EQ(*log->durable(), BatchNumber(number));
        }
        EXPECT_GT(log->newest(), 3U) << "there are several segments";
    }
    for (std::uint64_t round = 0; round < 3; ++round) {
        logs.disk.lose_power();
        auto log = *logs.open();
        const auto numbers = DiskLogs::replayed(*log);
        ASSERT_TRUE(numbers) << numbers.error();
        EXPECT_EQ(*numbers, up_to(20 + round));
        EXPECT_FALSE(log->was_torn());
        EXPECT_EQ(*log->durable(), BatchNumber()) << "batches are numbered from 1 again";
        ASSERT_TRUE(log->commit(BatchNumber(1), numbered(21 + round)));
    }
}

TEST(DiskLog, ACommitIsOneWriteAndOneSync) {
    for (const bool sync : {true, false}) {
        DiskLogs logs;
        logs.options.sync = sync;
        logs.options.segment_bytes = 4096;
        auto log = *logs.create();
        ASSERT_TRUE(log->commit(BatchNumber(1), numbered(1)));
        const int writes = logs.disk.writes;
        const int syncs = logs.disk.syncs;
        StorageBatch batch = numbered(2);
        for (const StorageRecord& record : numbered(3)) batch.push_back(record);
        ASSERT_TRUE(log->commit(BatchNumber(3), std::move(batch)));
        EXPECT_EQ(logs.disk.writes, writes + 1);
        EXPECT_EQ(logs.disk.syncs, syncs + (sync ? 1 : 0));
        EXPECT_EQ(*log->durable(), BatchNumber(3));
    }
}

// The first commit that comes to a part of the file writes all of that part, and a crash may keep or lose it.
TEST(DiskLog, RoomIsWrittenToBeforeItIsNeeded) {
    DiskLogs logs;
    logs.options.segment_bytes = 4096;
    logs.options.ahead_bytes = 1024;
    auto log = *logs.create();
    const int before = logs.disk.writes;
    std::uint64_t number = 1;
    for (; number <= 20; ++number) ASSERT_TRUE(log->commit(BatchNumber(number), numbered(number)));
    ASSERT_EQ(log->newest(), 1U) << "all of it is in one segment";
    const int ahead = logs.disk.writes - before - 20;
    EXPECT_GE(ahead, 2);
    EXPECT_LE(ahead, 4);
    logs.disk.lose_power();
    EXPECT_EQ(*logs.replayed(), up_to(20));
}

TEST(DiskLog, WithoutSyncsTheEndOfTheProcessLosesNothingAndCloseMakesAllDurable) {
    DiskLogs logs;
    logs.options.sync = false;
    auto log = *logs.create();
    for (std::uint64_t number = 1; number <= 20; ++number)
        ASSERT_TRUE(log->commit(BatchNumber(number), numbered(number)));
    EXPECT_EQ(*logs.replayed(), up_to(20));
    ASSERT_TRUE(log->close());
    logs.disk.lose_power();
    EXPECT_EQ(*logs.replayed(), up_to(20));
}

// A process that ended between its write and its sync left a whole frame, which counts after the start.
TEST(DiskLog, WhatIsReadAtTheStartIsSynced) {
    DiskLogs logs;
    logs.options.sync = false;
    ASSERT_TRUE((*logs.create())->commit(BatchNumber(1), numbered(1)));
    ASSERT_EQ(*logs.replayed(), up_to(1));
    logs.disk.lose_power();
    EXPECT_EQ(*logs.replayed(), up_to(1));
}

TEST(DiskLog, AFrameMayBeLargerThanASegment) {
    DiskLogs logs;
    auto log = *logs.create();
    for (std::uint64_t number = 1; number <= 3; ++number)
        ASSERT_TRUE(log->commit(BatchNumber(number), numbered(number, number == 2 ? 100000 : 10)));
    EXPECT_EQ(*logs.replayed(), up_to(3));
}

TEST(DiskLog, SegmentsThatAreNotNeededAreDropped) {
    DiskLogs logs;
    auto log = *logs.create();
    for (std::uint64_t number = 1; number <= 20; ++number)
        ASSERT_TRUE(log->commit(BatchNumber(number), numbered(number)));
    const std::size_t count = logs.disk.copy().size();
    log->drop_before(3);
    EXPECT_EQ(logs.disk.copy().size(), count) << "with the next commit";
    ASSERT_TRUE(log->commit(BatchNumber(21), numbered(21)));
    EXPECT_FALSE(logs.disk.copy().contains("segment-0000000001"));
    EXPECT_FALSE(logs.disk.copy().contains("segment-0000000002"));
    EXPECT_TRUE(logs.disk.copy().contains("segment-0000000003"));

    log = *logs.open();
    EXPECT_TRUE(log->begins_late());
    EXPECT_EQ(log->bytes(), (log->newest() - 2) * 512);
    const auto numbers = DiskLogs::replayed(*log);
    ASSERT_TRUE(numbers) << numbers.error();
    ASSERT_FALSE(numbers->empty());
    EXPECT_GT(numbers->front(), 1U);
    EXPECT_EQ(numbers->back(), 21U);

    // What was to be removed when the process ended is removed at the start.
    auto files = logs.disk.copy();
    files["segment-0000000002"] = files["segment-0000000003"];
    logs.disk.restore(files);
    ASSERT_TRUE(logs.replayed());
    EXPECT_FALSE(logs.disk.copy().contains("segment-0000000002"));
    files.erase("segment-0000000003");
    logs.disk.restore(files);
    EXPECT_FALSE(logs.open()) << "the first segment is missing";
}

TEST(DiskLog, TheNewestSegmentIsNeverDropped) {
    DiskLogs logs;
    auto log = *logs.create();
    EXPECT_FALSE(log->begins_late());
    for (std::uint64_t number = 1; number <= 20; ++number)
        ASSERT_TRUE(log->commit(BatchNumber(number), numbered(number)));
    log->drop_before(1000);
    ASSERT_TRUE(log->commit(BatchNumber(21), numbered(21)));
    EXPECT_EQ(logs.replayed()->back(), 21U);
    EXPECT_TRUE(logs.disk.copy().contains("segment-000000000" + std::to_string(log->newest()))) << "it is written to";
}

// ---------------------------------------------------------------- a disk that is full, or fails

TEST(DiskLog, AFullDiskIsUnavailableAndLosesNothing) {
    for (std::uint64_t more = 0; more < 1200; more += 7) {
        DiskLogs logs;
        auto log = *logs.create();
        ASSERT_TRUE(log->commit(BatchNumber(1), numbered(1)));
        std::uint64_t used = 0;
        for (const auto& [name, bytes] : logs.disk.copy()) used += bytes.size();
        logs.disk.room = used + more;
        bool was_full = false;
        for (std::uint64_t number = 2; number <= 6; ++number) {
            auto stored = log->commit(BatchNumber(number), numbered(number, 150));
            if (!stored) {
                was_full = true;
                EXPECT_EQ(stored.error().code(), ErrorCode::unavailable) << stored.error();
                EXPECT_EQ(*log->durable(), BatchNumber(number - 1));
                auto again = log->commit(BatchNumber(number), numbered(number, 150));
                ASSERT_FALSE(again);
                EXPECT_EQ(again.error().code(), ErrorCode::unavailable);
                logs.disk.room.reset();
                stored = log->commit(BatchNumber(number), numbered(number, 150));
            }
            ASSERT_TRUE(stored) << stored.error();
        }
        EXPECT_TRUE(was_full || more > 600);
        logs.disk.lose_power();
        EXPECT_EQ(*logs.replayed(), up_to(6)) << more;
    }
}

TEST(DiskLog, AFailedSyncIsFinalAndNeverTriedAgain) {
    DiskLogs logs;
    auto log = *logs.create();
    ASSERT_TRUE(log->commit(BatchNumber(1), numbered(1)));
    logs.disk.syncs_fail = true;
    ASSERT_FALSE(log->commit(BatchNumber(2), numbered(2)));
    EXPECT_FALSE(log->durable());
    logs.disk.syncs_fail = false;
    const int syncs = logs.disk.syncs;
    const int writes = logs.disk.writes;
    EXPECT_FALSE(log->commit(BatchNumber(2), numbered(2)));
    EXPECT_FALSE(log->commit(BatchNumber(3), numbered(3)));
    EXPECT_FALSE(log->durable());
    EXPECT_FALSE(log->close());
    EXPECT_EQ(logs.disk.syncs, syncs);
    EXPECT_EQ(logs.disk.writes, writes);
}

// The disk goes away after any number of operations, and of the write under way any part was stored.
TEST(DiskLog, WhatWasSaidToBeDurableSurvivesAPowerLossAtAnyMoment) {
    for (const std::size_t spared : {0U, 1U, 33U, 70U, 100000U}) {
        for (std::uint64_t operations = 0;; ++operations) {
            DiskLogs logs;
            auto log = *logs.create();
            logs.disk.operations_left = operations;
            std::uint64_t durable = 0;
            for (std::uint64_t number = 1; number <= 12; ++number) {
                if (number == 8) log->drop_before(2);
                if (log->commit(BatchNumber(number), numbered(number))) durable = number;
            }
            logs.disk.lose_power(spared);
            auto again = *logs.open();
            const auto numbers = DiskLogs::replayed(*again);
            ASSERT_TRUE(numbers) << operations << ": " << numbers.error();
            const std::uint64_t last = numbers->empty() ? 0 : numbers->back();
            ASSERT_GE(last, durable) << operations;
            ASSERT_LE(last, durable + 1) << operations;
            ASSERT_EQ(*numbers, from_to(again->begins_late() ? numbers->front() : 1, last));
            ASSERT_TRUE(again->commit(BatchNumber(1), numbered(last + 1)));
            logs.disk.lose_power();
            ASSERT_EQ(logs.replayed()->back(), last + 1);
            if (durable == 12) break;
        }
    }
}

}  // namespace
}  // namespace ringkv
