// A registry's disk that has no room: nothing is lost, nothing is acknowledged, and it goes on when there is
// (docs/decisions/0021).
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "driver.hpp"
#include "failing_files.hpp"
#include "registry/edge/store.hpp"
#include "tests/temporary_directory.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;

struct FullDisk : ::testing::Test {
    FailingFiles files;
    TemporaryDirectory made;
    const std::filesystem::path& directory = made.path();
    Driver registry;  // what it stores is what the store is given

    void SetUp() override { registry.form(); }

    std::unique_ptr<MapStore> open() {
        auto store = MapStore::open(directory.string());
        EXPECT_TRUE(store) << store.error();
        return store ? std::move(*store) : nullptr;
    }
    // The changes of the map that were stored, without the events beside them.
    [[nodiscard]] StorageBatch changes() const {
        StorageBatch changes;
        for (const StorageRecord& record : registry.stored)
            if (std::holds_alternative<MapDelta>(record)) changes.push_back(record);
        return changes;
    }
    static Result<void> commit(MapStore& store, const StorageRecord& record) {
        return store.commit(store.durable()->next(), StorageBatch{record});
    }
};

// However many bytes of it went to the disk: the transaction is written page by page.
TEST_F(FullDisk, ABatchWithoutRoomLeavesNothingAndIsStoredWhenThereIs) {
    registry.give(registry.node(4).origin(), registry.node(4).join);
    const StorageBatch changes = this->changes();
    ASSERT_EQ(changes.size(), 2U);
    auto store = open();
    ASSERT_TRUE(commit(*store, changes[0]));
    const ClusterMap before = *store->load();
    int refused = 0;
    for (long room = 0;; room += 1000) {
        files.set_room(room);
        const auto done = commit(*store, changes[1]);
        files.set_room(-1);
        if (done) break;
        ++refused;
        ASSERT_EQ(done.error().code(), ErrorCode::unavailable) << done.error();
        EXPECT_NE(done.error().message().find("make room"), std::string::npos) << done.error();
        EXPECT_EQ(*store->durable(), BatchNumber(1));
        ASSERT_EQ(*store->load(), before) << "with room for " << room << " bytes";
        // What a crash would leave is the same.
        std::filesystem::copy(directory, directory.string() + "-copy");
        const auto copy = MapStore::open(directory.string() + "-copy");
        std::filesystem::remove_all(directory.string() + "-copy");
        ASSERT_TRUE(copy) << copy.error();
        ASSERT_EQ(*(*copy)->load(), before);
    }
    EXPECT_GT(refused, 3) << "in the middle of it as well";
    EXPECT_EQ(*store->load(), registry.map());
    store.reset();
    EXPECT_EQ(*open()->load(), registry.map());
}

TEST_F(FullDisk, AFailedSyncIsNoFullDisk) {
    auto store = open();
    files.fail_syncs(true);
    const auto done = commit(*store, changes().at(0));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code(), ErrorCode::storage) << "it must not be tried again (D3)";
}

TEST_F(FullDisk, AStoreIsNotMadeWithoutRoom) {
    files.set_room(0);
    const auto store = MapStore::open(directory.string());
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), ErrorCode::storage);
    EXPECT_NE(store.error().message().find("make room"), std::string::npos) << store.error();
}

// ---------------------------------------------------------------- the registry on such a disk

struct StandingStill : ::testing::Test {
    Driver registry;
    Origin operator_{Address::back(77), our_cluster, {}, {}, {}};

    void SetUp() override {
        registry.form();
        registry.disk_answers = false;
        give(1, pace(5));
        registry.advance(seconds(2));
        registry.sent.clear();
    }
    static Administer pace(std::uint32_t moves) {
        Administer request;
        request.request = RequestId(moves);
        request.action = AdminAction::change_settings;
        request.max_moves_per_node = moves;
        return request;
    }
    void give(std::uint64_t connection, const Administer& request) {
        Origin from = operator_;
        from.address = Address::back(connection);
        registry.give(from, request);
    }
    std::optional<AdministerAnswer> answer(std::uint64_t connection) {
        return registry.take<AdministerAnswer>(Address::back(connection));
    }
};

TEST_F(StandingStill, HeartbeatsAndMapsAreAnswered) {
    registry.advance(milliseconds(200));
    EXPECT_TRUE(registry.take<HeartbeatAnswer>(1));
    registry.give(operator_, MapRequest{});
    EXPECT_TRUE(registry.take<MapSnapshot>(operator_.address));
}

TEST_F(StandingStill, AdministrationIsRefusedWithAReason) {
    give(2, pace(6));
    const auto refused = answer(2);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->error, ErrorCode::unavailable);
    EXPECT_NE(refused->text.find("disk"), std::string::npos) << refused->text;
    registry.disk_answers = true;
    registry.finish_batch();
    registry.advance(milliseconds(20));
    EXPECT_EQ(registry.map().settings.pace.max_moves_per_node, 5U) << "nothing was changed";
    give(2, pace(6));
    EXPECT_EQ(answer(2)->error, std::nullopt);
}

TEST_F(StandingStill, WhatWasTakenInBeforeIsAnsweredWhenItIsStored) {
    give(1, pace(5));  // again, for its answer waits
    EXPECT_FALSE(answer(1)) << "it may still be stored";
    registry.disk_answers = true;
    registry.finish_batch();
    const auto done = answer(1);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->error, std::nullopt);
}

TEST_F(StandingStill, ViewsChangeWhenThereIsRoomAgainByWhatIsProposedThen) {
    const View& base = registry.map().at(PartitionId(0)).view;
    View next = base;
    next.id = base.id.next();
    next.members = {NodeId(1), NodeId(2)};
    registry.beating.erase(3);
    registry.advance(seconds(1));
    const auto propose = [&](std::uint64_t request) {
        registry.give(registry.node(1).origin(),
                      Propose{RequestId(request), NodeId(1), {{PartitionId(0), base.id, next, false}}});
    };
    propose(1);
    registry.advance(seconds(1));
    registry.disk_answers = true;
    registry.finish_batch();
    registry.advance(milliseconds(20));
    EXPECT_EQ(registry.map().at(PartitionId(0)).view.members.size(), 3U) << "it was not proposed any more";
    propose(2);
    EXPECT_EQ(registry.map().at(PartitionId(0)).view.members, next.members);
}

}  // namespace
}  // namespace ringkv::test
