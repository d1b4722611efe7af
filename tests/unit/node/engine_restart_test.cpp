// An engine that outlives its process, and a log whose beginning is dropped: wherever a crash ends the log, and at
// whatever moment the engine comes back, what they give together becomes what the committed entries make of nothing.
#include <gtest/gtest.h>

#include "node/memory_engine.hpp"
#include "tests/unit/node/partition_by_hand.hpp"
#include "tests/unit/node/shard_fixture.hpp"
#include "tests/world/flushed_engine.hpp"

namespace ringkv {
namespace {

using simulation::EngineDisk;
using simulation::FlushedEngine;

constexpr PartitionId partition = PartitionByHand::id;

std::vector<KeyRecord> all(const Engine& engine) {
    return engine.scan(partition, {}).records;
}

// One partition of one process, as a learner may live it: what it applies need not be stored yet.
class Life {
  public:
    explicit Life(std::uint64_t seed) : partition_(seed, engine_) {}

    void step() {
        switch (below(20)) {
            case 0: partition_.new_view(); break;
            case 1: partition_.truncate(); break;
            case 2:
            case 3:
            case 4: partition_.commit_some(); break;
            case 5: partition_.log().trim(log().commit()); break;
            case 6:
            case 7:
            case 8: checkpoint(); break;
            case 9:
            case 10: sync(); break;
            case 11: below(4) == 0 ? copy() : append(); break;
            default: append(); break;
        }
        note_committed();
        take();
        log().check_invariants();
    }

    [[nodiscard]] const PartitionLog& log() const { return partition_.log(); }
    [[nodiscard]] const std::vector<StorageRecord>& records() const { return partition_.records(); }
    [[nodiscard]] std::size_t stored() const { return stored_; }
    [[nodiscard]] const EngineDisk& disk() const { return disk_; }
    // Of the newest checkpoint behind which the beginning of the log may go: where it begins. 0: there is none.
    [[nodiscard]] std::size_t dropped() const { return dropped_; }
    // As it was before the flush that this checkpoint waited for.
    [[nodiscard]] const EngineDisk& older() const { return older_; }
    [[nodiscard]] std::size_t copies() const { return copies_; }
    [[nodiscard]] const std::vector<EntryPtr>& committed() const { return partition_.committed(); }
    [[nodiscard]] std::size_t below(std::size_t bound) { return partition_.below(bound); }

    // What an operator may ask for (V8); the last that happens to it. -> what was written since, and committed.
    std::vector<EntryPtr> begin_anew(OpNumber begins) {
        partition_.begin_anew(begins);
        for (int i = 0; i < 5; ++i) append();
        partition_.log().advance(log().last());
        sync();
        std::vector<EntryPtr> since;
        for (OpNumber op = begins.next(); op <= log().commit(); op = op.next()) since.push_back(log().suffix().at(op));
        return since;
    }

  private:
    void append() { partition_.append(3); }

    void sync() {
        take();
        stored_ = records().size();
        partition_.durable(newest_);
    }

    // One phase of it, in the order of node/edge/shard_thread.cpp.
    void checkpoint() {
        if (log().incomplete()) return;
        if (flushes_) {
            older_ = disk_;
            older_.crash(0);
            engine_.end_flush();
            dropped_ = begun_;
            begun_ = 0;
            flushes_ = false;
        } else if (!ends_.none()) {
            if (!partition_.storage().stored(ends_)) return sync();
            ends_ = {};
            engine_.flush();
            flushes_ = true;
        } else if (!log().in_checkpoint()) {  // none, or a copy came in between
            take();
            begun_ = records().size();
            ASSERT_TRUE(partition_.begin_checkpoint());
        } else if (partition_.log().continue_checkpoint(100)) {
            ends_ = partition_.storage().newest();
        }
    }

    // From a primary that has committed what we have. Entries go along with it.
    void copy() {
        if (!ends_.none() || flushes_) return;
        StateChunk chunk{
            partition, partition_.view(), ++copies_, 0, 0, log().commit(), log().suffix().view_at(log().commit()), {},
            {}};
        const OpNumber start = chunk.start;
        const std::vector<KeyRecord> keys = all(reference_);
        const std::size_t half = keys.size() / 2;
        chunk.records.assign(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(half));
        chunk.read_at = start;
        chunk.through = half == 0 ? "" : chunk.records.back().key;
        ASSERT_TRUE(partition_.log().take_chunk(chunk));
        for (std::size_t i = below(10); i > 0; --i) append();
        partition_.log().advance(OpNumber(start.value() + below(10)));
        note_committed();
        take();
        if (below(2) == 0) sync();
        StateChunk rest = chunk;
        rest.index = 1;
        rest.records.clear();
        for (const KeyRecord& record : all(reference_))
            if (record.key > *chunk.through) rest.records.push_back(record);
        rest.read_at = log().commit();
        rest.through.reset();
        rest.sessions = sessions_.part(0, 1U << 20U).sessions;
        rest.end = StateEnd{log().commit(), {start, sessions_.dropped(), {}}, {}};
        ASSERT_TRUE(partition_.log().take_chunk(rest));
        ASSERT_FALSE(log().incomplete());
        ASSERT_EQ(all(engine_), all(reference_));
    }

    void note_committed() {
        for (const EntryPtr& entry : partition_.note_committed()) {
            reference_.apply(partition, *entry);
            sessions_.apply(*entry);
        }
    }

    void take() {
        if (const BatchNumber number = partition_.take(); !number.none()) newest_ = number;
    }

    EngineDisk disk_;
    FlushedEngine engine_{disk_, StartNumber(1)};
    PartitionByHand partition_;
    MemoryEngine reference_;
    SessionTable sessions_;
    std::size_t stored_ = 0;
    BatchNumber newest_;
    std::size_t copies_ = 0;
    std::size_t begun_ = 0;  // the checkpoint under way
    BatchNumber ends_;
    bool flushes_ = false;
    std::size_t dropped_ = 0;
    EngineDisk older_;
};

class EngineRestart : public testing::Test {
  protected:
    // A start of the node over these records, and over what of the engine is there.
    void start(const Life& life, std::size_t begin, std::size_t end, EngineDisk disk, std::size_t kept) {
        shard_.reset();
        disk_ = std::move(disk);
        disk_.crash(kept);
        engine_ = std::make_unique<FlushedEngine>(disk_, StartNumber(2));
        shard_ = std::make_unique<Shard>(ShardByHand::describe(NodeId(1)), 0, Limits{}, *engine_, rule_, order_);
        if (begin > 0) shard_->restore_from_checkpoints();
        for (std::size_t i = begin; i < end; ++i) shard_->restore(life.records()[i]);
    }

    EngineDisk disk_;
    std::unique_ptr<FlushedEngine> engine_;
    EveryMember rule_;
    PreferenceOrder order_;
    std::unique_ptr<Shard> shard_;
};

TEST_F(EngineRestart, WhatLogAndEngineHaveComesTogether) {
    std::size_t late = 0;
    std::size_t ahead = 0;
    std::size_t copied = 0;
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        SCOPED_TRACE(seed);
        Life life(seed);
        for (int i = 0; i < 400; ++i) {
            life.step();
            ASSERT_FALSE(HasFatalFailure());
        }
        const std::size_t begin = life.dropped() == 0 || life.below(4) == 0 ? 0 : 1 + life.below(life.dropped());
        const std::size_t end = life.stored() + life.below(life.records().size() - life.stored() + 1);
        if (end == 0) continue;  // nothing was ever stored: the node is a new one
        const std::size_t kept = life.below(life.disk().unflushed() + 1);
        start(life, begin, end, life.disk(), kept);
        ASSERT_TRUE(shard_->wholly_restored());
        ASSERT_LE(shard_->counts_on(), engine_->flushed());
        engine_->forget_unselected();
        const Replica* replica = shard_->replica(partition);
        ASSERT_NE(replica, nullptr);
        const PartitionLog& log = replica->log();
        if (log.incomplete()) continue;  // in the middle of a copy: another one replaces it
        ASSERT_LE(log.commit().value(), life.committed().size());

        MemoryEngine expected;
        SessionTable sessions;
        for (OpNumber op(1); op <= log.commit(); op = op.next()) {
            expected.apply(partition, *life.committed()[op.value() - 1]);
            sessions.apply(*life.committed()[op.value() - 1]);
        }
        ASSERT_EQ(log.sessions().snapshot(log.commit()), sessions.snapshot(log.commit()));
        for (OpNumber op = log.suffix().start().next(); op <= log.commit(); op = op.next())
            ASSERT_EQ(log.suffix().view_at(op), life.committed()[op.value() - 1]->view);
        ahead += all(*engine_) == all(expected) ? 0 : 1;
        for (OpNumber op = log.commit().next(); op.value() <= life.committed().size(); op = op.next()) {
            expected.apply(partition, *life.committed()[op.value() - 1]);
            engine_->apply(partition, *life.committed()[op.value() - 1]);
        }
        ASSERT_EQ(all(*engine_), all(expected));
        late += begin > 0 ? 1 : 0;
        copied += life.copies() > 0 ? 1 : 0;
    }
    EXPECT_GT(late, 1000U);
    EXPECT_GT(ahead, 100U) << "the engine was never ahead of what the log says is committed";
    EXPECT_GT(copied, 1000U);
}

// Whatever of the engine's clearing and filling is durable: what it had before belongs to other contents.
TEST_F(EngineRestart, APartitionThatWasBegunAnewHasNothingOfBefore) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        Life life(seed);
        for (int i = 0; i < 100; ++i) life.step();
        MemoryEngine expected;
        const std::vector<EntryPtr> since = life.begin_anew(OpNumber(1'000'000));
        for (const EntryPtr& entry : since) expected.apply(partition, *entry);
        start(life, 0, life.records().size(), life.disk(), life.below(life.disk().unflushed() + 1));
        engine_->forget_unselected();
        ASSERT_FALSE(shard_->replica(partition)->log().incomplete());
        for (const EntryPtr& entry : since) engine_->apply(partition, *entry);
        ASSERT_EQ(all(*engine_), all(expected));
    }
}

// D3: behind a checkpoint, an engine that has not made its flush is an older copy, or none.
TEST_F(EngineRestart, AnOlderEngineIsNoticedWhereTheLogCountsOnIt) {
    std::size_t older = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        Life life(seed);
        for (int i = 0; i < 400; ++i) life.step();
        if (life.dropped() == 0) continue;
        start(life, life.dropped(), life.records().size(), life.disk(), 0);
        ASSERT_LE(shard_->counts_on(), engine_->flushed());
        start(life, life.dropped(), life.records().size(), life.older(), 0);
        ASSERT_GT(shard_->counts_on(), engine_->flushed());
        start(life, life.dropped(), life.records().size(), {}, 0);
        ASSERT_GT(shard_->counts_on(), engine_->flushed());
        // The whole log needs none.
        start(life, 0, life.records().size(), {}, 0);
        ASSERT_EQ(shard_->counts_on(), FlushNumber());
        ++older;
    }
    EXPECT_GT(older, 50U);
}

}  // namespace
}  // namespace ringkv
