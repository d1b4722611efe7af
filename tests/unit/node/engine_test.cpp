// Every engine keeps the same promises: the memory engine, that on disk, and a plain one made here, which shows that
// the interface is all that the rest of the node knows.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>

#include "node/memory_engine.hpp"
#include "tests/unit/node/engine_on_disk.hpp"
#include "tests/unit/node/sorted_engine.hpp"

namespace ringkv {
namespace {

constexpr PartitionId p1{1};
constexpr PartitionId p2{2};

Entry set(std::uint64_t op, std::string key, std::string value) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.kind = EntryKind::set;
    static std::deque<std::string> kept;
    entry.key = kept.emplace_back(std::move(key));
    entry.value = kept.emplace_back(std::move(value));
    return entry;
}

Entry remove(std::uint64_t op, std::string key) {
    Entry entry = set(op, std::move(key), "");
    entry.kind = EntryKind::remove;
    return entry;
}

template <class E>
class EngineTest : public testing::Test {
  public:
    // Does it know how much it holds?
    static constexpr bool counts = true;
    E engine;
};
template <>
class EngineTest<EngineOnDisk> : public testing::Test {
    EngineOnDisk on_disk_;

  public:
    static constexpr bool counts = false;
    Engine& engine = on_disk_.open();
};
using Engines = testing::Types<MemoryEngine, SortedEngine, EngineOnDisk>;
TYPED_TEST_SUITE(EngineTest, Engines);

TYPED_TEST(EngineTest, KeepsTheNewestValueAndItsVersion) {
    this->engine.apply(p1, set(1, "a", "x"));
    this->engine.apply(p1, set(2, "a", std::string("y\0z", 3)));
    const auto found = this->engine.get(p1, "a");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, std::string_view("y\0z", 3));
    EXPECT_EQ(found->version, OpNumber(2));
    EXPECT_FALSE(this->engine.get(p2, "a")) << "partitions are apart";
    EXPECT_FALSE(this->engine.get(p1, "b"));
}

TYPED_TEST(EngineTest, ReplayingARunIsHarmless) {
    const std::vector<Entry> run = {set(1, "a", "1"), set(2, "b", "2"), remove(3, "a"), set(4, "c", "3"),
                                    remove(5, "x")};
    for (int round = 0; round < 2; ++round)
        for (const Entry& entry : run) this->engine.apply(p1, entry);
    EXPECT_FALSE(this->engine.get(p1, "a"));
    if (this->counts) {
        EXPECT_EQ(this->engine.size(p1), (Engine::Size{2, 4}));
    }
    this->engine.clear(p1);
    EXPECT_EQ(this->engine.size(p1), (Engine::Size{0, 0}));
}

TYPED_TEST(EngineTest, ScansInOrderAndResumesBehindAKey) {
    for (std::uint64_t op = 1; op <= 9; ++op) this->engine.apply(p1, set(op, "k" + std::to_string(10 - op), "v"));
    this->engine.apply(p1, set(10, "other", "v"));
    ScanPart part = this->engine.scan(p1, {"k", {}, 4, 0, false});
    ASSERT_EQ(part.records.size(), 4U);
    EXPECT_EQ(part.records.front().key, "k1");
    EXPECT_TRUE(part.more);
    this->engine.apply(p1, remove(11, "k4"));  // the key it stands on goes
    part = this->engine.scan(p1, {"k", "k4", 0, 0, true});
    ASSERT_EQ(part.records.size(), 5U);
    EXPECT_EQ(part.records.front().key, "k5");
    EXPECT_TRUE(part.records.front().value.empty());
    EXPECT_FALSE(part.more);
}

TYPED_TEST(EngineTest, StopsAScanAtItsBytes) {
    for (std::uint64_t op = 1; op <= 10; ++op)
        this->engine.apply(p1, set(op, "k" + std::to_string(op), std::string(1000, 'v')));
    const ScanPart part = this->engine.scan(p1, {"", {}, 0, 2500, false});
    EXPECT_GE(part.records.size(), 2U);
    EXPECT_LE(part.records.size(), 4U);
    EXPECT_TRUE(part.more);
}

TYPED_TEST(EngineTest, ClearAndLoadReplaceAPartition) {
    this->engine.apply(p1, set(1, "gone", "x"));
    this->engine.apply(p2, set(1, "stays", "x"));
    const std::uint64_t before = this->engine.bytes();
    this->engine.clear(p1);
    this->engine.load(p1, {{"new", "y", OpNumber(7), 0, 0}});
    EXPECT_FALSE(this->engine.get(p1, "gone"));
    EXPECT_EQ(this->engine.get(p1, "new")->version, OpNumber(7));
    EXPECT_TRUE(this->engine.get(p2, "stays"));
    this->engine.clear(p1);
    this->engine.clear(p2);
    while (this->engine.reclaim(1)) {
    }
    if (this->counts) {
        EXPECT_EQ(this->engine.bytes(), 0U);
        EXPECT_GT(before, 0U);
    }
}

TYPED_TEST(EngineTest, OverwritesWithValuesOfAnySize) {
    std::map<std::string, std::string> expected;
    std::uint64_t op = 0;
    for (const std::size_t size : {0, 1, 14, 15, 16, 17, 1000, 16, 3, 100, 0}) {
        for (int key = 0; key < 20; ++key) {
            const std::string name = "key" + std::to_string(key);
            expected[name] = std::string(size + static_cast<std::size_t>(key) % 3, static_cast<char>('a' + key));
            Entry entry = set(++op, name, expected[name]);
            if (op % 2 == 0) entry.expires = op;
            this->engine.apply(p1, entry);
        }
        std::map<std::string, std::string> found;
        for (const KeyRecord& record : this->engine.scan(p1, {}).records) {
            found[record.key] = record.value;
            EXPECT_EQ(record.expires, record.version.value() % 2 == 0 ? record.version.value() : 0);
            EXPECT_EQ(this->engine.get(p1, record.key)->value, record.value);
        }
        EXPECT_EQ(found, expected);
    }
}

TYPED_TEST(EngineTest, ReclaimsWhatWasClearedLittleByLittle) {
    for (std::uint64_t op = 1; op <= 100; ++op) this->engine.apply(p1, set(op, "k" + std::to_string(op), "v"));
    this->engine.clear(p1);
    this->engine.apply(p1, set(101, "k1", "new"));
    int rounds = 1;
    while (this->engine.reclaim(30)) ++rounds;
    EXPECT_LE(rounds, 4);
    EXPECT_EQ(this->engine.get(p1, "k1")->value, "new");
    if (this->counts) {
        EXPECT_EQ(this->engine.size(p1).keys, 1U);
    }
}

}  // namespace
}  // namespace ringkv
