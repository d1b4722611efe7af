// Disks that lie: each kind of damage, at every place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/edge/disk/disk_log.hpp"
#include "tests/unit/node/disk_log_fixture.hpp"

namespace ringkv {
namespace {

using test::DiskLogs;
using test::numbered;
using test::up_to;
using testing::HasSubstr;
using Files = std::map<std::string, std::string>;

constexpr std::uint64_t batches = 10;

// A log of several segments, whose last frame is not the first of its segment; not closed.
struct SmallLog : DiskLogs {
    SmallLog() {
        auto log = *create();
        for (std::uint64_t number = 1; number <= batches; ++number) {
            before_last_frame = disk.copy();
            EXPECT_TRUE(log->commit(BatchNumber(number), numbered(number)));
        }
        newest = "segment-000000000" + std::to_string(log->newest());
        EXPECT_GT(log->newest(), 2U);
        files = disk.copy();
        const std::string& now = files.at(newest);
        const std::string& then = before_last_frame.at(newest);
        EXPECT_EQ(now.size(), then.size());
        while (now[last_frame] == then[last_frame]) ++last_frame;
        last_frame -= last_frame % Frame::alignment;
        end = now.size();
        while (now[end - 1] == '\0') --end;
    }

    Files files;
    Files before_last_frame;
    std::string newest;          // segment
    std::size_t last_frame = 0;  // its offset there
    std::size_t end = 0;         // of what is written there
};

TEST(DiskLogDamage, AFlippedByteIsReportedAndNeverAWrongRecord) {
    SmallLog log;
    std::size_t reported = 0;
    for (const auto& [name, bytes] : log.files) {
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            Files damaged = log.files;
            damaged[name][at] = static_cast<char>(bytes[at] ^ 0x40);
            log.disk.restore(damaged);
            const auto numbers = log.replayed();
            if (!numbers) {
                ++reported;
                continue;
            }
            // The last frame is what a torn write is; behind the frames of a segment nothing is stored.
            ASSERT_EQ(*numbers, up_to(numbers->size())) << name << " at " << at;
            const bool in_last_frame = name == log.newest && at >= log.last_frame;
            ASSERT_GE(numbers->size(), in_last_frame ? batches - 1 : batches) << name << " at " << at;
        }
    }
    EXPECT_GT(reported, 1000U);
}

TEST(DiskLogDamage, DamageSaysWhereItIs) {
    SmallLog log;
    Files damaged = log.files;
    damaged["segment-0000000001"][SegmentHeader::size + 40] ^= 1;
    log.disk.restore(damaged);
    const auto numbers = log.replayed();
    ASSERT_FALSE(numbers);
    EXPECT_EQ(numbers.error().code(), ErrorCode::storage);
    EXPECT_THAT(numbers.error().message(), HasSubstr("segment 1, offset 128: frame 1 is damaged"));
}

TEST(DiskLogDamage, AWriteTornAtAnyByteIsCutOffAndTheLogGoesOn) {
    SmallLog log;
    for (std::size_t at = log.last_frame; at < log.end; ++at) {
        Files torn = log.files;
        std::string& bytes = torn[log.newest];
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
        log.disk.restore(torn);
        auto again = *log.open();
        ASSERT_EQ(*DiskLogs::replayed(*again), up_to(batches - 1)) << at;
        ASSERT_EQ(again->was_torn(), at > log.last_frame) << at;
        ASSERT_TRUE(again->commit(BatchNumber(1), numbered(batches)));
        ASSERT_TRUE(again->commit(BatchNumber(2), numbered(batches + 1)));
        ASSERT_EQ(*log.replayed(), up_to(batches + 1)) << at;
    }
}

// Sectors that were lost: zeros where there was something.
TEST(DiskLogDamage, BytesLostBeforeTheLastFrameAreReported) {
    SmallLog log;
    for (const auto& [name, bytes] : log.files) {
        const std::size_t stop = name == log.newest ? log.last_frame : bytes.size();
        for (std::size_t at = 0; at + 64 <= stop; at += 16) {
            Files damaged = log.files;
            const auto begin = damaged[name].begin() + static_cast<std::ptrdiff_t>(at);
            std::fill(begin, begin + 64, '\0');
            if (damaged == log.files) continue;  // nothing had been written there
            log.disk.restore(damaged);
            ASSERT_FALSE(log.replayed()) << name << " at " << at;
        }
    }
}

TEST(DiskLogDamage, AFileCutAnywhereIsReported) {
    SmallLog log;
    for (const auto& [name, bytes] : log.files) {
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            Files damaged = log.files;
            damaged[name].resize(size);
            log.disk.restore(damaged);
            ASSERT_FALSE(log.replayed()) << name << " cut to " << size;
        }
    }
}

TEST(DiskLogDamage, AMissingFileIsReported) {
    SmallLog log;
    for (const auto& [name, bytes] : log.files) {
        Files damaged = log.files;
        damaged.erase(name);
        log.disk.restore(damaged);
        const auto numbers = log.replayed();
        ASSERT_FALSE(numbers) << name;
        EXPECT_THAT(numbers.error().message(), HasSubstr("is missing"));
    }
}

TEST(DiskLogDamage, ASegmentOfAnotherLogIsNeverTakenForOneOfThis) {
    SmallLog log;
    DiskLogs other;  // the same owner and the same batches: it was begun anew, say
    {
        auto it = *DiskLog::create(other.disk.folder(), test::uuid(10), other.options);
        for (std::uint64_t number = 1; number <= batches; ++number)
            ASSERT_TRUE(it->commit(BatchNumber(number), numbered(number)));
    }
    for (const auto& [name, bytes] : other.disk.copy()) {
        Files mixed = log.files;
        mixed[name] = bytes;
        log.disk.restore(mixed);
        const auto numbers = log.replayed();
        ASSERT_FALSE(numbers) << name;
        EXPECT_EQ(numbers.error().code(), ErrorCode::refused) << numbers.error();
    }
    // Frames of the other log where those of ours would go on.
    Files mixed = log.files;
    std::string& bytes = mixed[log.newest];
    bytes.replace(log.last_frame, std::string::npos, other.disk.copy()[log.newest].substr(log.last_frame));
    log.disk.restore(mixed);
    EXPECT_EQ(*log.replayed(), up_to(batches - 1));
}

TEST(DiskLogDamage, AnotherOwnersLogIsRefused) {
    SmallLog log;
    log.disk.restore(log.files);
    const auto refusal = [&](const LogOwner& owner) {
        log.options.owner = owner;
        const auto numbers = log.replayed();
        EXPECT_FALSE(numbers);
        EXPECT_EQ(numbers.error().code(), ErrorCode::refused);
        return numbers.error().message();
    };
    const LogOwner right = log.options.owner;
    LogOwner wrong = right;
    wrong.storage = test::uuid(1);
    EXPECT_THAT(refusal(wrong), HasSubstr("another node"));
    wrong = right;
    wrong.cluster = test::uuid(1);
    EXPECT_THAT(refusal(wrong), HasSubstr("another cluster"));
    wrong = right;
    wrong.shard = 0;
    EXPECT_THAT(refusal(wrong), HasSubstr("of shard 1 of 2, and not of shard 0 of 2"));
    wrong = right;
    wrong.shards = 4;
    EXPECT_THAT(refusal(wrong), HasSubstr("of shard 1 of 2, and not of shard 1 of 4"));
}

TEST(DiskLogDamage, AnOlderCopyIsRefused) {
    DiskLogs logs;
    ASSERT_TRUE((*logs.create())->commit(BatchNumber(1), numbered(1)));
    const Files first = logs.disk.copy();
    logs.options.start = StartNumber(2);
    ASSERT_TRUE(logs.replayed());
    const Files second = logs.disk.copy();
    logs.options.start = StartNumber(3);
    ASSERT_TRUE(logs.replayed());

    logs.disk.restore(first);
    const auto older = logs.replayed();
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code(), ErrorCode::refused);
    EXPECT_THAT(older.error().message(), HasSubstr("an older copy"));
    logs.disk.restore(second);
    EXPECT_TRUE(logs.replayed()) << "of the start before";
    logs.options.start = StartNumber(2);
    EXPECT_THAT(logs.replayed().error().message(), HasSubstr("whose identity file is an older copy"));
}

TEST(DiskLogDamage, AnOlderCopyOfTheHeadAloneIsRefused) {
    SmallLog log;
    Files mixed = log.files;
    DiskLogs fresh;
    ASSERT_TRUE(fresh.create());
    mixed["head"] = fresh.disk.copy()["head"];
    log.disk.restore(mixed);
    const auto numbers = log.replayed();
    ASSERT_FALSE(numbers);
    EXPECT_THAT(numbers.error().message(), HasSubstr("`head` is an older copy"));
}

// An older copy of a segment that others follow breaks the chain.
TEST(DiskLogDamage, AnOlderCopyOfASegmentIsReported) {
    DiskLogs logs;
    auto log = *logs.create();
    ASSERT_TRUE(log->commit(BatchNumber(1), numbered(1)));
    const std::string older = logs.disk.copy()["segment-0000000001"];
    for (std::uint64_t number = 2; number <= batches; ++number)
        ASSERT_TRUE(log->commit(BatchNumber(number), numbered(number)));
    Files mixed = logs.disk.copy();
    mixed["segment-0000000001"] = older;
    logs.disk.restore(mixed);
    EXPECT_THAT(logs.replayed().error().message(), HasSubstr("its frames end with 1, and the next segment begins"));
}

// After a proper end even the last frame cannot be lost unseen.
TEST(DiskLogDamage, AfterAProperEndTheLastFrameMustBeThere) {
    SmallLog log;
    log.disk.restore(log.files);
    auto again = *log.open();
    ASSERT_TRUE(DiskLogs::replayed(*again));
    ASSERT_TRUE(again->close());
    Files damaged = log.disk.copy();
    damaged[log.newest][log.last_frame + 40] ^= 1;
    log.disk.restore(damaged);
    EXPECT_THAT(log.replayed().error().message(), HasSubstr("its frames end with 9, and 10 were stored"));
}

}  // namespace
}  // namespace ringkv
