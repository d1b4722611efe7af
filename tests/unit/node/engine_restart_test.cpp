// An engine that outlives its process, and a log whose beginning is dropped: wherever a crash ends the log, and at
// whatever moment the engine comes back, what they give together becomes what the committed entries make of nothing.
#include <gtest/gtest.h>

#include <random>

#include "node/memory_engine.hpp"
#include "node/partition_log.hpp"
#include "tests/unit/node/shard_fixture.hpp"
#include "tests/world/flushed_engine.hpp"

namespace ringkv {
namespace {

using simulation::EngineDisk;
using simulation::FlushedEngine;

constexpr PartitionId partition{0};

ViewId view_id(std::uint64_t number) {
    return {Generation(1), ViewNumber(number)};
}

std::vector<KeyRecord> all(const Engine& engine) {
    return engine.scan(partition, {}).records;
}

// One partition of one process, as a learner may live it: what it applies need not be stored yet.
class Life {
  public:
    explicit Life(std::uint64_t seed) : random_(seed) {
        log_.store_beginning({});
        new_view();
        take();
    }

    void step() {
        switch (below(20)) {
            case 0: new_view(); break;
            case 1: truncate(); break;
            case 2:
            case 3:
            case 4: log_.advance(OpNumber(log_.commit().value() + below(4))); break;
            case 5: log_.trim(log_.commit()); break;
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
        log_.check_invariants();
    }

    [[nodiscard]] const std::vector<StorageRecord>& records() const { return records_; }
    [[nodiscard]] std::size_t stored() const { return stored_; }
    [[nodiscard]] const EngineDisk& disk() const { return disk_; }
    // Of the newest checkpoint behind which the beginning of the log may go: where it begins. 0: there is none.
    [[nodiscard]] std::size_t dropped() const { return dropped_; }
    // As it was before the flush that this checkpoint waited for.
    [[nodiscard]] const EngineDisk& older() const { return older_; }
    [[nodiscard]] std::size_t copies() const { return copies_; }
    [[nodiscard]] const std::vector<EntryPtr>& committed() const { return committed_; }
    [[nodiscard]] std::size_t below(std::size_t bound) { return random_() % bound; }

    // What an operator may ask for (V8); the last that happens to it. -> what was written since, and committed.
    std::vector<EntryPtr> begin_anew(OpNumber begins) {
        ++view_;
        log_.begin_anew(begins, view_id(view_));
        storage_.store(partition, ViewRecord{partition, ShardByHand::view(view_, 1, {1})});
        for (int i = 0; i < 5; ++i) append();
        log_.advance(log_.last());
        sync();
        std::vector<EntryPtr> since;
        for (OpNumber op = begins.next(); op <= log_.commit(); op = op.next()) since.push_back(log_.suffix().at(op));
        return since;
    }

  private:
    void new_view() {
        ++view_;
        storage_.store(partition, ViewRecord{partition, ShardByHand::view(view_, 1, {1, 2, 3})});
        log_.set_log_view(view_id(view_));
    }

    void append() {
        const std::string key = "key" + std::to_string(below(30));
        const std::string value(1 + below(40), 'v');
        Entry entry;
        entry.op = log_.last().next();
        entry.view = view_id(view_);
        entry.kind = static_cast<EntryKind>(below(3));
        entry.key = key;
        if (entry.kind == EntryKind::set) entry.value = value;
        entry.client = ClientId(1 + below(6));
        entry.sequence = Sequence(++sequence_);
        entry.lowest = Sequence(sequence_ - below(std::min<std::uint64_t>(3, sequence_)));
        entry.version = entry.op;
        log_.append(share(entry));
    }

    void truncate() {
        const std::uint64_t keep = log_.commit().value() + below(log_.last().value() - log_.commit().value() + 1);
        log_.truncate(OpNumber(keep));
        new_view();
    }

    void sync() {
        take();
        stored_ = records_.size();
        (void)storage_.durable(newest_);
        log_.durable(newest_);
    }

    // One phase of it, in the order of node/edge/shard_thread.cpp.
    void checkpoint() {
        if (log_.incomplete()) return;
        if (flushes_) {
            older_ = disk_;
            older_.crash(0);
            engine_.end_flush();
            dropped_ = begun_;
            begun_ = 0;
            flushes_ = false;
        } else if (!ends_.none()) {
            if (!storage_.stored(ends_)) return sync();
            ends_ = {};
            engine_.flush();
            flushes_ = true;
        } else if (!log_.in_checkpoint()) {  // none, or a copy came in between
            take();
            begun_ = records_.size();
            ASSERT_TRUE(log_.begin_checkpoint(ShardByHand::view(view_, 1, {1, 2, 3})));
        } else if (log_.continue_checkpoint(100)) {
            ends_ = storage_.newest();
        }
    }

    // From a primary that has committed what we have. Entries go along with it.
    void copy() {
        if (!ends_.none() || flushes_) return;
        StateChunk chunk{partition,     ShardByHand::view(view_, 1, {1, 2, 3}), ++copies_, 0, 0,
                         log_.commit(), log_.suffix().view_at(log_.commit()),   {},        {}};
        const OpNumber start = chunk.start;
        const std::vector<KeyRecord> keys = all(reference_);
        const std::size_t half = keys.size() / 2;
        chunk.records.assign(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(half));
        chunk.read_at = start;
        chunk.through = half == 0 ? "" : chunk.records.back().key;
        ASSERT_TRUE(log_.take_chunk(chunk));
        for (std::size_t i = below(10); i > 0; --i) append();
        log_.advance(OpNumber(start.value() + below(10)));
        note_committed();
        take();
        if (below(2) == 0) sync();
        StateChunk rest = chunk;
        rest.index = 1;
        rest.records.clear();
        for (const KeyRecord& record : all(reference_))
            if (record.key > *chunk.through) rest.records.push_back(record);
        rest.read_at = log_.commit();
        rest.through.reset();
        rest.sessions = sessions_.part(0, 1U << 20U).sessions;
        rest.end = StateEnd{log_.commit(), {start, sessions_.dropped(), {}}, {}};
        ASSERT_TRUE(log_.take_chunk(rest));
        ASSERT_FALSE(log_.incomplete());
        ASSERT_EQ(all(engine_), all(reference_));
    }

    void note_committed() {
        for (OpNumber op(committed_.size() + 1); op <= log_.commit(); op = op.next()) {
            committed_.push_back(log_.suffix().at(op));
            reference_.apply(partition, *committed_.back());
            sessions_.apply(*committed_.back());
        }
    }

    void take() {
        Effects effects;
        storage_.take(Time{}, effects);
        for (StorageRecord& record : effects.batch) records_.push_back(std::move(record));
        if (!effects.number.none()) newest_ = effects.number;
    }

    std::mt19937_64 random_;
    EngineDisk disk_;
    FlushedEngine engine_{disk_, StartNumber(1)};
    StorageOutlet storage_{true};
    SuffixBudget budget_{2000};
    PartitionLog log_{partition, engine_, storage_, budget_};
    MemoryEngine reference_;
    SessionTable sessions_;
    std::vector<StorageRecord> records_;
    std::size_t stored_ = 0;
    BatchNumber newest_;
    std::vector<EntryPtr> committed_;
    std::uint64_t view_ = 0;
    std::uint64_t sequence_ = 0;
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
