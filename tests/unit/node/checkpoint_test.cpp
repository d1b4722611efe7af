// A log whose beginning is dropped behind a checkpoint gives what the whole log gives, wherever a crash ends it.
#include <gtest/gtest.h>

#include <random>

#include "node/memory_engine.hpp"
#include "tests/unit/node/partition_by_hand.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

constexpr PartitionId partition = PartitionByHand::id;

ViewId view_id(std::uint64_t number) {
    return PartitionByHand::view_id(number);
}

// With checkpoints in between; all is stored at once.
class Life {
  public:
    explicit Life(std::uint64_t seed) : partition_(seed, engine_) {}

    void step() {
        switch (partition_.below(12)) {
            case 0: partition_.new_view(); break;
            case 1: partition_.truncate(); break;
            case 2:
            case 3: partition_.commit_some(); break;
            case 4: partition_.log().trim(log().commit()); break;
            case 5:
            case 6: checkpoint(); break;
            default: partition_.append(4); break;
        }
        (void)partition_.note_committed();
        take();
        log().check_invariants();
    }

    [[nodiscard]] const PartitionLog& log() const { return partition_.log(); }
    [[nodiscard]] const std::vector<StorageRecord>& records() const { return partition_.records(); }
    [[nodiscard]] ViewId view() const { return partition_.view().id; }
    // Of each complete checkpoint: where its records begin and end, and what was applied at its end.
    struct Complete {
        std::size_t begin = 0;
        std::size_t end = 0;
        OpNumber applied;
    };
    [[nodiscard]] const std::vector<Complete>& checkpoints() const { return checkpoints_; }
    // The entries that were committed, up to that one.
    [[nodiscard]] std::span<const EntryPtr> committed(OpNumber upto) const {
        return std::span(partition_.committed()).first(upto.value());
    }

  private:
    void checkpoint() {
        if (!log().in_checkpoint()) {
            take();
            begun_ = records().size();
            ASSERT_TRUE(partition_.begin_checkpoint());
            return;
        }
        if (!partition_.log().continue_checkpoint(100)) return;
        take();
        checkpoints_.push_back({begun_, records().size(), log().commit()});
    }

    void take() {
        if (const BatchNumber number = partition_.take(); !number.none()) partition_.durable(number);
    }

    MemoryEngine engine_;
    PartitionByHand partition_;
    std::size_t begun_ = 0;
    std::vector<Complete> checkpoints_;
};

class Checkpoint : public testing::Test {
  protected:
    // A start of the node over the records from `begin` to `end`.
    void start(const Life& life, std::size_t begin, std::size_t end) {
        engine_ = std::make_unique<MemoryEngine>();
        shard_ = std::make_unique<Shard>(ShardByHand::describe(NodeId(1)), 0, Limits{}, *engine_, rule_, order_);
        if (begin > 0) shard_->restore_from_checkpoints();
        for (std::size_t i = begin; i < end; ++i) shard_->restore(life.records()[i]);
    }

    // What a start gives is what the committed entries make of nothing, up to one of them.
    void expect_right(const Life& life) {
        const Replica* replica = shard_->replica(partition);
        ASSERT_NE(replica, nullptr);
        ASSERT_FALSE(replica->log().incomplete());
        ASSERT_TRUE(shard_->wholly_restored());
        replica->log().check_invariants();
        const OpNumber commit = replica->log().commit();
        ASSERT_LE(commit, life.log().commit());
        MemoryEngine expected;
        SessionTable sessions;
        for (const EntryPtr& entry : life.committed(commit)) {
            expected.apply(partition, *entry);
            sessions.apply(*entry);
        }
        const auto all = [](const Engine& engine) { return engine.scan(partition, {}).records; };
        ASSERT_EQ(all(*engine_), all(expected));
        ASSERT_EQ(replica->log().sessions().snapshot(commit), sessions.snapshot(commit));
    }

    std::unique_ptr<MemoryEngine> engine_;
    EveryMember rule_;
    PreferenceOrder order_;
    std::unique_ptr<Shard> shard_;
};

TEST_F(Checkpoint, WhatStandsBeforeItIsNotNeeded) {
    std::size_t late_starts = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        Life life(seed);
        for (int i = 0; i < 400; ++i) life.step();
        std::mt19937_64 random(seed);
        // The process ends anywhere, and the log is whole: a checkpoint changes nothing.
        const std::size_t end = random() % (life.records().size() + 1);
        if (end > 4) {
            start(life, 0, end);
            ASSERT_NO_FATAL_FAILURE(expect_right(life));
        }
        if (life.checkpoints().empty()) continue;
        // The log begins anywhere at or before a checkpoint, and ends anywhere after it.
        const Life::Complete& one = life.checkpoints()[random() % life.checkpoints().size()];
        const std::size_t first = 1 + random() % one.begin;
        const std::size_t last = one.end + random() % (life.records().size() - one.end + 1);
        start(life, first, last);
        ASSERT_NO_FATAL_FAILURE(expect_right(life));
        // Where an earlier one is there as well, that one counts, and a commit point is a hint.
        const bool counts = std::none_of(life.checkpoints().begin(), life.checkpoints().end(), [&](const auto& other) {
            return other.begin >= first && other.begin < one.begin;
        });
        ASSERT_TRUE(!counts || shard_->replica(partition)->log().commit() >= one.applied);
        ++late_starts;
        // All of it is there at the end: entries that are not committed, too, and the views.
        start(life, first, life.records().size());
        ASSERT_NO_FATAL_FAILURE(expect_right(life));
        const PartitionLog& log = shard_->replica(partition)->log();
        ASSERT_EQ(log.last(), life.log().last());
        for (OpNumber op = life.log().commit().next(); op <= log.last(); op = op.next())
            ASSERT_EQ(*log.suffix().at(op), *life.log().suffix().at(op));
        ASSERT_EQ(log.log_view(), life.log().log_view());
        ASSERT_EQ(shard_->replica(partition)->view().id, life.view());
    }
    EXPECT_GT(late_starts, 200U);
}

TEST_F(Checkpoint, OneWithoutAnEndDoesNotCount) {
    Life life(1);
    while (life.checkpoints().empty()) life.step();
    const Life::Complete& one = life.checkpoints().front();
    start(life, one.begin, one.end - 1);
    EXPECT_FALSE(shard_->wholly_restored());
    start(life, one.begin, one.end);
    EXPECT_TRUE(shard_->wholly_restored());
}

// The shard takes all of its partitions through one, and says when nothing before it is needed.
TEST_F(Checkpoint, AShardStoresAllThatItHolds) {
    MemoryEngine engine;
    ShardByHand node(NodeId(2), engine, rule_, order_);
    std::vector<StorageRecord> records;
    node.on_stored = [&](const StorageRecord& record) { records.push_back(record); };
    node.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    node.from_node(1, StartView{partition, ShardByHand::view(1, 1, {1, 2, 3}), OpNumber(0), {}, OpNumber(0), {}});
    Entries entries;
    for (std::uint64_t op = 1; op <= 2000; ++op) {
        const std::string key = "key" + std::to_string(op);
        const std::string value(100, 'v');
        Entry entry;
        entry.op = OpNumber(op);
        entry.view = view_id(1);
        entry.kind = EntryKind::set;
        entry.key = key;
        entry.value = value;
        entries.push_back(share(entry));
    }
    node.from_node(1, Prepare{partition, view_id(1), view_id(1), {}, OpNumber(1), entries, OpNumber(1990)});
    ASSERT_EQ(node.shard().replica(partition)->log().commit(), OpNumber(1990));
    EXPECT_TRUE(node.shard().checkpoint_stored()) << "none is under way";

    const std::size_t before = records.size();
    node.shard().begin_checkpoint();
    EXPECT_FALSE(node.shard().checkpoint_stored());
    node.disk_answers = false;
    node.pass(std::chrono::milliseconds(500));
    EXPECT_FALSE(node.shard().checkpoint_stored()) << "it is not on the disk";
    node.disk_answers = true;
    node.pass(std::chrono::milliseconds(100));
    EXPECT_TRUE(node.shard().checkpoint_stored());

    MemoryEngine restored_engine;
    Shard restored(ShardByHand::describe(NodeId(2)), 0, Limits{}, restored_engine, rule_, order_);
    restored.restore_from_checkpoints();
    for (std::size_t i = before; i < records.size(); ++i) restored.restore(records[i]);
    ASSERT_TRUE(restored.wholly_restored());
    ASSERT_NE(restored.replica(partition), nullptr);
    EXPECT_EQ(restored.replica(partition)->log().last(), OpNumber(2000));
    EXPECT_EQ(restored.replica(partition)->log().commit(), OpNumber(1990));
    EXPECT_EQ(restored_engine.scan(partition, {}).records, engine.scan(partition, {}).records);
}

// What an earlier start left of a copy counts for nothing, and neither does what was verified of it
// (ringkv-sim --seed 1500000206).
TEST_F(Checkpoint, WhatAnInterruptedCopyHasLeftGoes) {
    MemoryEngine engine;
    ShardByHand node(NodeId(3), engine, rule_, order_);
    const View view = ShardByHand::view(1, 1, {1, 2});
    Entry entry;
    entry.op = OpNumber(6);
    entry.view = view.id;
    node.shard().restore(ViewRecord{partition, view});
    node.shard().restore(ResetRecord{partition, OpNumber(5), view.id});
    node.shard().restore(StateChunkRecord{partition, {}, OpNumber(5), "k"});
    node.shard().restore(AppendRecord{partition, share(entry)});
    node.shard().restore(CommitRecord{partition, OpNumber(6)});
    node.learn(view);
    node.from_node(1, StartView{partition, view, OpNumber(6), view.id, OpNumber(6), {}});
    ASSERT_EQ(node.shard().replica(partition)->log().commit(), OpNumber(6));
    node.shard().begin_checkpoint();
    node.pass(std::chrono::milliseconds(100));
    EXPECT_TRUE(node.shard().checkpoint_stored());
    EXPECT_EQ(node.shard().replica(partition)->log().last(), OpNumber(0));
    node.shard().check_invariants();
}

}  // namespace
}  // namespace ringkv
