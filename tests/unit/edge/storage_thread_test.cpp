#include "common/edge/running/storage_thread.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/edge/running/event_loop.hpp"
#include "common/edge/system/clock.hpp"
#include "tests/unit/edge/gated_storage.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

StorageBatch batch(std::uint64_t number) {
    return {CommitRecord{PartitionId(1), OpNumber(number)}};
}

// Keeps the numbers of what it was given, and of its records, or fails at one of them.
class Recording final : public Storage {
  public:
    explicit Recording(std::uint64_t broken_at = 0) : broken_at_(broken_at) {}

    Result<void> commit(BatchNumber number, StorageBatch&& batch) override {
        seen.push_back(number.value());
        for (const StorageRecord& record : batch) records.push_back(std::get<CommitRecord>(record).commit.value());
        if (broken_at_ != 0 && number.value() >= broken_at_) return Error(ErrorCode::storage, "the disk is on fire");
        durable_ = number;
        return {};
    }
    [[nodiscard]] Result<BatchNumber> durable() const override { return durable_; }

    // To be read when the thread has ended, or has said that it is done.
    std::vector<std::uint64_t> seen;
    std::vector<std::uint64_t> records;

  private:
    std::uint64_t broken_at_;
    BatchNumber durable_;
};

// Stores one batch in its first turn.
class OneBatch final : public Actor {
  public:
    void receive(Time, const Origin&, Message) override {}
    void tick(Time) override {
        if (++ticks == 1) {
            next_.number = BatchNumber(1);
            next_.batch = batch(1);
        }
        if (on_tick) on_tick();
    }
    void durable(Time, BatchNumber number) override { stored = number; }
    [[nodiscard]] Effects take_effects() override { return std::exchange(next_, {}); }
    [[nodiscard]] Identity identity() const override { return {}; }
    [[nodiscard]] bool finished() const override { return stored.has_value(); }

    int ticks = 0;
    std::function<void()> on_tick;
    std::optional<BatchNumber> stored;

  private:
    Effects next_;
};

struct Loop {
    // Longest wait of a turn: far above any deadline, where only a wake-up may end it.
    Loop(Actor& actor, Storage& inner, Duration tick)
        : transport(std::move(*Transport::open({}))),
          storage(inner, [this] { transport->wake(); }),
          loop(actor, storage, *transport, {.tick = tick}) {
        transport->wake();  // the first turn
    }

    std::unique_ptr<Transport> transport;
    StorageThread storage;
    EventLoop loop;
};

TEST(StorageThread, TheLoopGoesOnWhileACommitHangs) {
    Recording disk;
    GatedStorage gate(disk);
    gate.close();
    OneBatch actor;
    Loop loop(actor, gate, milliseconds(1));
    actor.on_tick = [&] {
        EXPECT_FALSE(actor.stored);
        if (actor.ticks == 20) gate.open();
    };
    ASSERT_TRUE(loop.loop.run());
    EXPECT_GE(actor.ticks, 20);
    EXPECT_EQ(actor.stored, BatchNumber(1));
}

TEST(StorageThread, WakesTheLoopWhenABatchIsDurable) {
    Recording disk;
    OneBatch actor;
    Loop loop(actor, disk, seconds(600));
    const Time start = boot_time();
    ASSERT_TRUE(loop.loop.run());
    EXPECT_EQ(actor.stored, BatchNumber(1));
    EXPECT_LT(boot_time() - start, seconds(300));
}

TEST(StorageThread, AnErrorEndsALoopWhoseActorStoresNothingMore) {
    Recording disk(1);
    OneBatch actor;
    Loop loop(actor, disk, seconds(600));
    const Time start = boot_time();
    const auto ended = loop.loop.run();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code(), ErrorCode::storage);
    EXPECT_FALSE(actor.stored);
    EXPECT_LT(boot_time() - start, seconds(300));
}

// What comes while a commit is under way goes together: two commits, for a hundred batches.
TEST(StorageThread, GathersWhatComesMeanwhileInOrderAndIsDurableNoSooner) {
    Recording disk;
    GatedStorage gate(disk);
    gate.close();
    std::atomic<int> woken = 0;
    {
        StorageThread storage(gate, [&] { ++woken; });
        EXPECT_FALSE(storage.busy_since());
        const Time start = boot_time();
        ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
        gate.await_commit();
        for (std::uint64_t number = 2; number <= 100; ++number)
            ASSERT_TRUE(storage.commit(BatchNumber(number), batch(number)));
        EXPECT_EQ(*storage.durable(), BatchNumber(0));
        ASSERT_TRUE(storage.busy_since());
        EXPECT_GE(*storage.busy_since(), start);
        EXPECT_LE(*storage.busy_since(), boot_time());
        gate.open();
        BatchNumber before;
        for (const Time deadline = boot_time() + seconds(60); before < BatchNumber(100) && boot_time() < deadline;) {
            const BatchNumber durable = *storage.durable();
            EXPECT_GE(durable, before);
            before = durable;
            std::this_thread::yield();
        }
        EXPECT_EQ(before, BatchNumber(100));
        EXPECT_FALSE(storage.busy_since());
    }
    EXPECT_EQ(woken, 2);
    EXPECT_THAT(disk.seen, ElementsAre(1, 100));
    EXPECT_EQ(disk.records.size(), 100U);
    EXPECT_TRUE(std::is_sorted(disk.records.begin(), disk.records.end()));
}

TEST(StorageThread, GathersNoMoreThanAFewThousandRecords) {
    Recording disk;
    GatedStorage gate(disk);
    gate.close();
    {
        StorageThread storage(gate, [] {});
        ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
        gate.await_commit();
        for (std::uint64_t number = 2; number <= 5; ++number)
            ASSERT_TRUE(storage.commit(BatchNumber(number), StorageBatch(4000, batch(number).front())));
        ASSERT_TRUE(storage.commit(BatchNumber(6), StorageBatch(10000, batch(6).front())));
        gate.open();
    }
    EXPECT_THAT(disk.seen, ElementsAre(1, 3, 5, 6));
    EXPECT_EQ(disk.records.size(), 1U + 4 * 4000 + 10000);
}

TEST(StorageThread, StoresNothingAfterAnError) {
    Recording disk(2);
    GatedStorage gate(disk);
    gate.close();
    {
        StorageThread storage(gate, [] {});
        ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
        gate.await_commit();
        for (std::uint64_t number = 2; number <= 3; ++number)
            ASSERT_TRUE(storage.commit(BatchNumber(number), batch(number)));
        gate.open();
        for (const Time deadline = boot_time() + seconds(60); storage.durable() && boot_time() < deadline;)
            std::this_thread::yield();
        ASSERT_FALSE(storage.durable());
        EXPECT_EQ(storage.durable().error().message(), "the disk is on fire");
        EXPECT_FALSE(storage.commit(BatchNumber(4), batch(4)));
        EXPECT_FALSE(storage.durable()) << "an error is final";
    }
    EXPECT_THAT(disk.seen, ElementsAre(1, 3));
}

TEST(StorageThread, FinishesWhatIsQueuedBeforeItEnds) {
    Recording disk;
    GatedStorage gate(disk);
    gate.close();
    std::thread opener;
    {
        StorageThread storage(gate, [] {});
        ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
        gate.await_commit();
        for (std::uint64_t number = 2; number <= 3; ++number)
            ASSERT_TRUE(storage.commit(BatchNumber(number), batch(number)));
        opener = std::thread([&] {
            std::this_thread::sleep_for(milliseconds(50));  // the end has begun by then, or else nothing is proved
            gate.open();
        });
    }
    opener.join();
    EXPECT_THAT(disk.seen, ElementsAre(1, 3));
    EXPECT_THAT(disk.records, ElementsAre(1, 2, 3));
}

// No room for a batch until it was tried so often.
class FullDisk final : public Storage {
  public:
    explicit FullDisk(int refusals) : refusals_(refusals) {}

    Result<void> commit(BatchNumber number, StorageBatch&& given) override {
        EXPECT_EQ(given.size(), 1U) << "the same batch, whole";
        ++attempts;
        if (refusals_ > 0) {
            --refusals_;
            return Error(ErrorCode::unavailable, "the disk is full; make room");
        }
        stored.push_back(number.value());
        durable_ = number;
        return {};
    }
    [[nodiscard]] Result<BatchNumber> durable() const override { return durable_; }

    std::atomic<int> attempts = 0;
    std::vector<std::uint64_t> stored;  // to be read when the thread has ended

  private:
    int refusals_;
    BatchNumber durable_;
};

TEST(StorageThread, WaitsForRoom) {
    FullDisk disk(3);
    {
        StorageThread storage(disk, [] {});
        ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
        for (const Time deadline = boot_time() + seconds(60); disk.attempts < 1 && boot_time() < deadline;)
            std::this_thread::yield();
        ASSERT_TRUE(storage.commit(BatchNumber(2), batch(2)));
        EXPECT_TRUE(storage.busy_since()) << "what waits for room counts";
        for (const Time deadline = boot_time() + seconds(60);
             *storage.durable() < BatchNumber(2) && boot_time() < deadline;)
            std::this_thread::yield();
        EXPECT_EQ(*storage.durable(), BatchNumber(2));
    }
    EXPECT_THAT(disk.stored, ElementsAre(1, 2));
    EXPECT_EQ(disk.attempts, 5);
}

TEST(StorageThread, EndsThoughThereIsNoRoom) {
    FullDisk disk(1000000);
    {
        StorageThread storage(disk, [] {});
        ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
        for (const Time deadline = boot_time() + seconds(60); disk.attempts < 2 && boot_time() < deadline;)
            std::this_thread::yield();
        EXPECT_TRUE(storage.durable()) << "it waits, and has not failed";
        EXPECT_EQ(*storage.durable(), BatchNumber(0));
    }
    EXPECT_TRUE(disk.stored.empty());
}

TEST(StorageThread, APausedOneStoresNothingUntilItIsResumed) {
    Recording disk;
    std::atomic<int> woken{0};
    StorageThread storage(disk, [&] { ++woken; });
    storage.pause();
    ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(storage.durable().value(), BatchNumber(0));
    EXPECT_FALSE(storage.busy_since());
    storage.resume();
    const Time until = boot_time() + seconds(60);
    while (woken == 0 && boot_time() < until) std::this_thread::sleep_for(milliseconds(1));
    EXPECT_EQ(storage.durable().value(), BatchNumber(1));
}

TEST(StorageThread, WhatWaitsIsNeverStoredOnceItIsAbandoned) {
    Recording disk;
    GatedStorage gate(disk);
    gate.close();
    {
        StorageThread storage(gate, [] {});
        ASSERT_TRUE(storage.commit(BatchNumber(1), batch(1)));
        gate.await_commit();
        ASSERT_TRUE(storage.commit(BatchNumber(2), batch(2)));
        storage.abandon();
        ASSERT_TRUE(storage.commit(BatchNumber(3), batch(3)));
        gate.open();
    }
    EXPECT_THAT(disk.seen, ElementsAre(1));
}

}  // namespace
}  // namespace ringkv
