// The engine on disk: what of it outlives the process, and what it says of a disk that is not as it left it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>

#include "tests/small_disk.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/node/engine_on_disk.hpp"

namespace ringkv {
namespace {

using testing::HasSubstr;

constexpr PartitionId p1{1};
constexpr PartitionId p2{2};

void set(Engine& engine, PartitionId partition, std::uint64_t op, const std::string& key, const std::string& value) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.kind = EntryKind::set;
    entry.key = key;
    entry.value = value;
    engine.apply(partition, entry);
}

void remove(Engine& engine, PartitionId partition, std::uint64_t op, const std::string& key) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.kind = EntryKind::remove;
    entry.key = key;
    engine.apply(partition, entry);
}

std::map<std::string, std::string> all(const Engine& engine, PartitionId partition) {
    std::map<std::string, std::string> found;
    for (const KeyRecord& record : engine.scan(partition, {}).records) found[record.key] = record.value;
    return found;
}

using Keys = std::map<std::string, std::string>;

TEST(RocksdbEngine, ComesBackAsItWasAtAMomentFromItsLastFlushOn) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        EngineOnDisk disk;
        disk.open();
        const ContentsNumber contents = disk->clear(p1);
        Keys keys;
        std::vector<Keys> moments = {keys};
        std::size_t flushed = 0;
        const std::uint64_t ops = 200 + random() % 200;
        for (std::uint64_t op = 1; op <= ops; ++op) {
            const std::string key = "key" + std::to_string(random() % 30);
            if (random() % 3 == 0) {
                remove(*disk, p1, op, key);
                keys.erase(key);
            } else {
                // Some of them so large that memtables are flushed in between.
                keys[key] = std::string(random() % 50 == 0 ? 300'000 : 10, static_cast<char>('a' + op % 26));
                set(*disk, p1, op, key, keys[key]);
            }
            moments.push_back(keys);
            if (random() % 100 == 0) {
                disk.flush();
                flushed = moments.size() - 1;
            }
        }
        disk.open();
        EXPECT_EQ(all(*disk, p1), Keys()) << "nothing is selected";
        disk->select(p1, contents);
        EXPECT_TRUE(std::find(moments.begin() + static_cast<std::ptrdiff_t>(flushed), moments.end(), all(*disk, p1)) !=
                    moments.end());
    }
}

TEST(RocksdbEngine, KeepsTheContentsBeforeUntilTheyAreForgotten) {
    EngineOnDisk disk;
    disk.open();
    const ContentsNumber before = disk->clear(p1);
    set(*disk, p1, 1, "a", "before");
    set(*disk, p2, 1, "a", "other");
    const ContentsNumber after = disk->clear(p1);
    EXPECT_LT(before, after);
    EXPECT_EQ(all(*disk, p1), Keys());
    set(*disk, p1, 2, "b", "after");
    disk->select(p1, before);
    EXPECT_EQ(all(*disk, p1), (Keys{{"a", "before"}}));
    disk->forget(p1, after);
    EXPECT_EQ(all(*disk, p1), Keys());
    disk->select(p1, after);
    EXPECT_EQ(all(*disk, p1), (Keys{{"b", "after"}}));
    EXPECT_EQ(all(*disk, p2), (Keys{{"a", "other"}}));
}

TEST(RocksdbEngine, ForgetsWhatNoLogSelected) {
    EngineOnDisk disk;
    disk.open();
    const ContentsNumber first = disk->clear(p1);
    set(*disk, p1, 1, "a", "first");
    const ContentsNumber second = disk->clear(p1);
    set(*disk, p1, 2, "a", "second");
    const ContentsNumber third = disk->clear(p1);
    set(*disk, p1, 3, "a", "third");
    const ContentsNumber other = disk->clear(p2);
    set(*disk, p2, 1, "a", "other");
    disk->select(p1, second);
    disk->select(p2, {});
    disk->forget_unselected();
    EXPECT_EQ(all(*disk, p1), (Keys{{"a", "second"}}));
    for (const ContentsNumber gone : {first, third}) {
        disk->select(p1, gone);
        EXPECT_EQ(all(*disk, p1), Keys());
    }
    disk->select(p2, other);
    EXPECT_EQ(all(*disk, p2), Keys());
}

TEST(RocksdbEngine, NumbersAreNeverGivenTwice) {
    EngineOnDisk disk;
    disk.open();
    const ContentsNumber contents = disk->clear(p1);
    const FlushNumber flush = disk->next_flush();
    EXPECT_EQ(disk->flushed(), FlushNumber());
    disk.open();  // neither was stored
    EXPECT_GT(disk->clear(p1), contents);
    EXPECT_GT(disk->next_flush(), flush);
    const FlushNumber second = disk->next_flush();
    disk.flush();
    EXPECT_EQ(disk->flushed(), second);
    EXPECT_GT(disk->next_flush(), second);
    disk.open();
    EXPECT_EQ(disk->flushed(), second);
}

TEST(RocksdbEngine, TakesNoMoreMemoryThanItMay) {
    EngineOnDisk disk(std::uint64_t{16} << 20U);
    disk.open();
    std::mt19937_64 random(1);
    std::uint64_t op = 0;
    std::uint64_t most = 0;
    for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 500; ++i) {
            const std::string value(1000, static_cast<char>('a' + random() % 26));
            set(*disk, p1, ++op, "key" + std::to_string(random() % 200'000), value);
            (void)disk->get(p1, "key" + std::to_string(random() % 200'000));
        }
        do (void)disk->reclaim(0);
        while (disk->lags());
        most = std::max(most, disk->bytes());
    }
    EXPECT_LT(most, std::uint64_t{20} << 20U) << "of 100 MB that were written";
    EXPECT_GT(most, std::uint64_t{2} << 20U);
}

TEST(RocksdbEngine, SaysRoughlyHowMuchItHolds) {
    EngineOnDisk disk;
    disk.open();
    for (std::uint64_t op = 1; op <= 20'000; ++op) {
        set(*disk, p1, op, "key" + std::to_string(op), std::string(100, 'v'));
        if (op % 4 == 0) set(*disk, p2, op, "key" + std::to_string(op), std::string(100, 'v'));
    }
    disk.flush();
    EXPECT_NEAR(static_cast<double>(disk->size(p1).keys), 20'000, 4'000);
    EXPECT_NEAR(static_cast<double>(disk->size(p2).keys), 5'000, 2'000);
    EXPECT_EQ(disk->size(PartitionId(3)), (Engine::Size{0, 0}));
    disk->clear(p1);
    EXPECT_EQ(disk->size(p1), (Engine::Size{0, 0}));
}

// ---------------------------------------------------------------- a full disk

// An engine that waits for room: no turn does, whatever is written, and it says that it lags.
class RocksdbEngineOnAFullDisk : public testing::TestWithParam<std::uint64_t> {
  protected:
    void SetUp() override {
        if (!small_.mounted()) GTEST_SKIP() << "a file system of its own cannot be mounted here: " << small_.why_not();
        disk_.open();
        contents_ = disk_->clear(p1);
        write(10);
        disk_.flush();
        flushed_ = keys_;
        // Another moment in each: in a table, in the manifest, behind it.
        ASSERT_TRUE(small_.fill(GetParam()));
        write(70);  // more than four memtables
        disk_->flush();
        for (int waits = 0; !disk_->lags(); ++waits) {
            ASSERT_LT(waits, 2000) << "it does not say that it lags";
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            (void)disk_->reclaim(0);
        }
        EXPECT_LT(disk_->flushed(), disk_->next_flush());
    }

    void write(int count) {
        for (int i = 0; i < count; ++i) {
            const std::string key = "key" + std::to_string(keys_.size());
            keys_[key] = std::string(std::size_t{64} << 10U, static_cast<char>('a' + i % 26));
            set(*disk_, p1, keys_.size(), key, keys_[key]);
        }
    }

    test::TemporaryDirectory at_;
    test::SmallDisk small_{at_.path() / "disk", 16};
    EngineOnDisk disk_{std::uint64_t{8} << 20U, at_.path() / "disk"};
    ContentsNumber contents_;
    Keys keys_;
    Keys flushed_;
};

TEST_P(RocksdbEngineOnAFullDisk, GoesOnWhenThereIsRoom) {
    EXPECT_EQ(all(*disk_, p1), keys_);
    small_.make_room();
    disk_.flush();
    for (int waits = 0; disk_->lags(); ++waits) {
        ASSERT_LT(waits, 2000) << "it still lags";
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        (void)disk_->reclaim(0);
    }
    disk_.open();
    disk_->select(p1, contents_);
    EXPECT_EQ(all(*disk_, p1), keys_);
}

TEST_P(RocksdbEngineOnAFullDisk, CanBeClosedMeanwhileAndHasWhatWasFlushed) {
    disk_.close();
    small_.make_room();
    disk_.open();
    disk_->select(p1, contents_);
    const Keys found = all(*disk_, p1);
    EXPECT_GE(found.size(), flushed_.size());
    for (const auto& [key, value] : found) EXPECT_EQ(value, keys_[key]);
}

INSTANTIATE_TEST_SUITE_P(RoomLeft, RocksdbEngineOnAFullDisk, testing::Values(0, 1, 2, 40, 100, 300, 600, 900));

// ---------------------------------------------------------------- a disk that lies (D3)

class RocksdbEngineOnABadDisk : public testing::Test {
  protected:
    RocksdbEngineOnABadDisk() {
        disk_.open();
        contents_ = disk_->clear(p1);
        for (std::uint64_t op = 1; op <= 1000; ++op) set(*disk_, p1, op, "key" + std::to_string(op), "value");
        disk_.flush();
        disk_.close();
    }

    void flip(const std::filesystem::path& file, std::uint64_t offset) {
        std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekg(static_cast<std::streamoff>(offset));
        const char byte = static_cast<char>(bytes.get() ^ 1);
        bytes.seekp(static_cast<std::streamoff>(offset));
        bytes.put(byte);
        ASSERT_TRUE(bytes.good());
    }

    std::string error_of_open() {
        const auto opened = disk_.try_open();
        return opened ? "" : opened.error().message();
    }

    EngineOnDisk disk_;
    ContentsNumber contents_;
};

TEST_F(RocksdbEngineOnABadDisk, ATableThatIsMissingIsNoticed) {
    std::filesystem::remove(disk_.table());
    EXPECT_THAT(error_of_open(), HasSubstr("the engine in " + disk_.options.path.string()));
}

TEST_F(RocksdbEngineOnABadDisk, ATableThatWasCutIsNoticed) {
    std::filesystem::resize_file(disk_.table(), std::filesystem::file_size(disk_.table()) - 1);
    EXPECT_THAT(error_of_open(), HasSubstr("the engine in "));
}

TEST_F(RocksdbEngineOnABadDisk, ADatabaseWithoutItsRootIsNotMadeAnew) {
    std::filesystem::remove(disk_.options.path / "CURRENT");
    EXPECT_THAT(error_of_open(), HasSubstr("CURRENT is missing"));
    EXPECT_FALSE(disk_.table().empty()) << "nothing is removed";
}

// A byte of a table is wrong: it is noticed when it is read, if not before; no read gives anything else than it should.
TEST_F(RocksdbEngineOnABadDisk, AByteThatWasFlippedIsNeverServed) {
    const auto table = disk_.table();
    const std::uint64_t bytes = std::filesystem::file_size(table);
    std::size_t noticed = 0;
    for (std::uint64_t offset = 0; offset < bytes; offset += bytes / 20) {
        flip(table, offset);
        try {
            const auto opened = disk_.try_open();
            if (!opened) {
                ++noticed;
            } else {
                disk_->select(p1, contents_);
                for (std::uint64_t op = 1; op <= 1000; ++op) {
                    const auto found = disk_->get(p1, "key" + std::to_string(op));
                    ASSERT_TRUE(found && found->value == "value" && found->version == OpNumber(op));
                }
                ASSERT_EQ(all(*disk_, p1).size(), 1000U);
            }
        } catch (const EngineFailure& failure) {
            EXPECT_THAT(failure.error().message(), HasSubstr("the engine in "));
            ++noticed;
        }
        disk_.close();
        flip(table, offset);
    }
    EXPECT_GE(noticed, 15U);
    disk_.open();
}

TEST_F(RocksdbEngineOnABadDisk, AnotherNodesIsRefused) {
    disk_.options.storage = Uuid{{7}};
    EXPECT_THAT(error_of_open(), HasSubstr("and not of 07000000"));
    disk_.options.storage = Uuid{{1}};
    disk_.options.log = Uuid{{8}};
    EXPECT_THAT(error_of_open(), HasSubstr(" 08000000"));
    disk_.options.log = Uuid{{2}};
    disk_.options.shard = 1;
    EXPECT_THAT(error_of_open(), HasSubstr("and not of "));
    disk_.options.shard = 0;
    EXPECT_EQ(error_of_open(), "");
}

// A creation that was interrupted has never held anything.
TEST(RocksdbEngine, IsMadeWhereThereIsNothingYet) {
    EngineOnDisk disk;
    std::filesystem::create_directories(disk.options.path);
    std::ofstream(disk.options.path / "LOCK") << "";
    std::ofstream(disk.options.path / "MANIFEST-000001") << "half";
    EXPECT_TRUE(disk.try_open());
}

}  // namespace
}  // namespace ringkv
