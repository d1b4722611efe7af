#include "node/edge/disk/data_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_directory.hpp"
#include "tests/unit/node/disk_log_fixture.hpp"

namespace ringkv {
namespace {

namespace fs = std::filesystem;
using test::numbered;
using testing::AllOf;
using testing::HasSubstr;

class DataDirectoryTest : public testing::Test {
  protected:
    DataDirectoryTest() {
        options_.path = root_ / "n1";
        options_.name = "n1";
        options_.shards = 2;
        options_.boot = "boot-1";
        options_.segment_bytes = 4096;
    }

    // A whole start, which stores one batch in each shard, and ends properly or not. -> the identity.
    Result<StoredIdentity> start(bool properly = false) {
        auto directory = DataDirectory::open(options_);
        if (!directory) return directory.error();
        notice_ = (*directory)->notice();
        replayed_ = 0;
        std::vector<std::unique_ptr<DiskLog>> logs;
        for (ShardIndex shard = 0; shard < options_.shards; ++shard) {
            auto log = (*directory)->open_log(shard);
            if (!log) return log.error();
            const auto done = (*log)->replay([this](const StorageRecord&) { ++replayed_; });
            if (!done) return (*directory)->explain(done.error());
            logs.push_back(std::move(*log));
        }
        if (auto started = (*directory)->started(); !started) return started.error();
        for (const auto& log : logs) {
            EXPECT_TRUE(log->commit(BatchNumber(1), numbered(1)));
            EXPECT_TRUE(!properly || log->close());
        }
        EXPECT_TRUE(!properly || (*directory)->ended());
        return (*directory)->identity();
    }
    [[nodiscard]] std::string refusal() {
        const auto started = start();
        EXPECT_FALSE(started);
        return started ? "" : started.error().message();
    }

    test::TemporaryDirectory made_;
    const fs::path& root_ = made_.path();
    DataDirectoryOptions options_;
    std::string notice_;
    std::size_t replayed_ = 0;  // records
};

constexpr std::size_t a_start = 4;  // records: two of each shard

TEST_F(DataDirectoryTest, AnIdentityIsKeptAndItsStartsAreCounted) {
    const auto first = start();
    ASSERT_TRUE(first) << first.error();
    EXPECT_FALSE(first->storage.none());
    EXPECT_EQ(first->start, StartNumber(1));
    EXPECT_EQ(replayed_, 0U);
    for (std::uint64_t number = 2; number < 5; ++number) {
        const auto next = start(number == 3);
        ASSERT_TRUE(next) << next.error();
        EXPECT_EQ(next->storage, first->storage);
        EXPECT_EQ(next->start, StartNumber(number));
        EXPECT_EQ(replayed_, (number - 1) * a_start);
    }
}

TEST_F(DataDirectoryTest, AWipedDirectoryIsANewIdentity) {
    const auto first = start();
    fs::remove_all(options_.path);
    const auto second = start();
    ASSERT_TRUE(second);
    EXPECT_NE(second->storage, first->storage);
    EXPECT_EQ(second->start, StartNumber(1));
    EXPECT_EQ(replayed_, 0U);
}

TEST_F(DataDirectoryTest, ASecondProcessIsKeptOut) {
    const auto held = DataDirectory::open(options_);
    ASSERT_TRUE(held);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("is in use by another process"), HasSubstr("directory of its own")));
}

TEST_F(DataDirectoryTest, TheClusterThatWasJoinedIsKept) {
    ASSERT_TRUE(start());
    {
        auto directory = *DataDirectory::open(options_);
        EXPECT_TRUE(directory->identity().cluster.none());
        ASSERT_TRUE(directory->started());
        ASSERT_TRUE(directory->joined(test::uuid(5), NodeId(7)));
    }
    const auto identity = (*DataDirectory::open(options_))->identity();
    EXPECT_EQ(identity.cluster, test::uuid(5));
    EXPECT_EQ(identity.id, NodeId(7));
}

TEST_F(DataDirectoryTest, AnotherNodesDirectoryIsRefused) {
    ASSERT_TRUE(start());
    options_.name = "n2";
    EXPECT_THAT(refusal(), AllOf(HasSubstr("belongs to node n1, and this one is n2"), HasSubstr("its own data_dir")));
}

TEST_F(DataDirectoryTest, AnotherNumberOfShardsIsRefused) {
    ASSERT_TRUE(start());
    options_.shards = 4;
    EXPECT_THAT(refusal(), AllOf(HasSubstr("has the logs of 2 shards, and the configuration says 4"),
                                 HasSubstr("set `shards: 2`")));
}

TEST_F(DataDirectoryTest, AnotherNodesLogUnderThisIdentityIsRefused) {
    ASSERT_TRUE(start());
    const DataDirectoryOptions ours = options_;
    options_.path = root_ / "other";
    ASSERT_TRUE(start());
    fs::remove_all(ours.path / "shard-1");
    fs::rename(options_.path / "shard-1", ours.path / "shard-1");
    options_ = ours;
    EXPECT_THAT(refusal(), AllOf(HasSubstr("is another node's"), HasSubstr("start this node with an empty one")));
}

TEST_F(DataDirectoryTest, WhatIsMissingIsNeverMadeAnew) {
    ASSERT_TRUE(start());
    const fs::path kept = root_ / "kept";
    fs::copy(options_.path, kept, fs::copy_options::recursive);
    for (const char* part : {"identity", "shard-0", "shard-1", "shard-1/head", "shard-1/segment-0000000001"}) {
        fs::remove_all(options_.path);
        fs::copy(kept, options_.path, fs::copy_options::recursive);
        fs::remove_all(options_.path / part);
        EXPECT_THAT(refusal(), AllOf(HasSubstr("must not be served from"), HasSubstr("missing"))) << part;
        EXPECT_FALSE(fs::exists(options_.path / part)) << part;
    }
}

TEST_F(DataDirectoryTest, ADamagedFileIsRefused) {
    ASSERT_TRUE(start());
    ASSERT_TRUE(start());
    const fs::path kept = root_ / "kept";
    fs::copy(options_.path, kept, fs::copy_options::recursive);
    for (const char* part : {"identity", "shard-0/head", "shard-1/segment-0000000001"}) {
        fs::remove_all(options_.path);
        fs::copy(kept, options_.path, fs::copy_options::recursive);
        std::fstream file(options_.path / part, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(20);
        file.put('\x7f');
        file.close();
        EXPECT_THAT(refusal(), AllOf(HasSubstr("must not be served from"), HasSubstr("damaged"))) << part;
    }
}

TEST_F(DataDirectoryTest, AnOlderCopyOfAPartIsRefused) {
    ASSERT_TRUE(start());
    const fs::path old = root_ / "old";
    fs::copy(options_.path, old, fs::copy_options::recursive);
    ASSERT_TRUE(start());
    ASSERT_TRUE(start());
    const fs::path kept = root_ / "kept";
    fs::copy(options_.path, kept, fs::copy_options::recursive);
    for (const char* part : {"identity", "shard-0", "shard-1"}) {
        fs::remove_all(options_.path);
        fs::copy(kept, options_.path, fs::copy_options::recursive);
        fs::remove_all(options_.path / part);
        fs::copy(old / part, options_.path / part, fs::copy_options::recursive);
        EXPECT_THAT(refusal(), HasSubstr("an older copy")) << part;
    }
}

// Other nodes have shown that it lacks what was acknowledged: no later start may serve from it.
TEST_F(DataDirectoryTest, OneThatWasFoundToBeOlderIsRefusedFromThenOn) {
    ASSERT_TRUE(start());
    {
        auto directory = *DataDirectory::open(options_);
        ASSERT_TRUE(directory->must_not_be_used("n2 has committed more"));
    }
    for (int times = 0; times < 2; ++times)
        EXPECT_THAT(refusal(), AllOf(HasSubstr("must not be served from"), HasSubstr("n2 has committed more")));
}

TEST_F(DataDirectoryTest, AFirstStartThatWasInterruptedIsBegunAnew) {
    {
        auto directory = *DataDirectory::open(options_);
        ASSERT_TRUE(directory->open_log(0));
    }
    const auto first = start();
    ASSERT_TRUE(first) << first.error();
    EXPECT_EQ(first->start, StartNumber(1));
    ASSERT_TRUE(start());
    EXPECT_EQ(replayed_, a_start);
}

TEST_F(DataDirectoryTest, AStartThatWasInterruptedIsCountedOnce) {
    ASSERT_TRUE(start());
    for (int round = 0; round < 3; ++round) {
        auto directory = *DataDirectory::open(options_);
        auto log = *directory->open_log(1);  // and not shard 0
        ASSERT_TRUE(log->replay([](const StorageRecord&) {}));
    }
    const auto next = start();
    ASSERT_TRUE(next) << next.error();
    EXPECT_EQ(next->start, StartNumber(2));
}

// D2: what was written and not synced goes with the machine, and not with the process.
TEST_F(DataDirectoryTest, WithDurabilityOsARebootWithoutAProperEndIsANewIdentity) {
    options_.durability = Durability::os;
    const auto first = start();
    const auto second = start();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->storage, first->storage) << "the machine has run on";
    options_.boot = "boot-2";
    const auto third = start(true);
    ASSERT_TRUE(third) << third.error();
    EXPECT_NE(third->storage, first->storage);
    EXPECT_EQ(third->start, StartNumber(1));
    EXPECT_EQ(replayed_, 0U);
    EXPECT_THAT(notice_, HasSubstr("it may lack what it acknowledged last"));
    EXPECT_TRUE(fs::exists(options_.path / ("lost-" + first->storage.to_string()) / "shard-1" / "head"));

    options_.boot = "boot-3";
    const auto fourth = start();
    ASSERT_TRUE(fourth);
    EXPECT_EQ(fourth->storage, third->storage) << "it had ended properly";
    EXPECT_EQ(notice_, "");

    // What counts is how the log was written, not how it will be.
    options_.boot = "boot-4";
    options_.durability = Durability::fsync;
    const auto fifth = start();
    ASSERT_TRUE(fifth);
    EXPECT_NE(fifth->storage, third->storage);
    options_.boot = "boot-5";
    EXPECT_EQ(start()->storage, fifth->storage) << "fsync survives a reboot";
}

}  // namespace
}  // namespace ringkv
