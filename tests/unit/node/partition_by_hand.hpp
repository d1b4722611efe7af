// One partition's log by itself, which lives by chance: entries, views, truncations, and all that it stores, in order.
#pragma once

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "node/partition_log.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {

class PartitionByHand {
  public:
    static constexpr PartitionId id{0};
    static ViewId view_id(std::uint64_t number) { return {Generation(1), ViewNumber(number)}; }

    PartitionByHand(std::uint64_t seed, Engine& engine) : random_(seed), log_(id, engine, storage_, budget_) {
        log_.store_beginning({});
        new_view();
        take();
    }

    [[nodiscard]] std::size_t below(std::size_t bound) { return random_() % bound; }

    void new_view() {
        ++view_;
        storage_.store(id, ViewRecord{id, view()});
        log_.set_log_view(view_id(view_));
    }
    // V8: its node is the only member.
    void begin_anew(OpNumber begins) {
        ++view_;
        log_.begin_anew(begins, view_id(view_));
        storage_.store(id, ViewRecord{id, ShardByHand::view(view_, 1, {1})});
    }
    // Of one of the first so many kinds of entry.
    void append(std::size_t kinds) {
        const std::string key = "key" + std::to_string(below(30));
        const std::string value(1 + below(40), 'v');
        const std::vector<ClientId> expired{ClientId(1 + below(6))};
        Entry entry;
        entry.op = log_.last().next();
        entry.view = view_id(view_);
        entry.kind = static_cast<EntryKind>(below(kinds));
        if (entry.kind == EntryKind::expire) {
            entry.expired = expired;
        } else {
            entry.key = key;
            if (entry.kind == EntryKind::set) entry.value = value;
            entry.client = ClientId(1 + below(6));
            entry.sequence = Sequence(++sequence_);
            entry.lowest = Sequence(sequence_ - below(std::min<std::uint64_t>(3, sequence_)));
            entry.version = entry.op;
        }
        log_.append(share(entry));
    }
    void commit_some() { log_.advance(OpNumber(log_.commit().value() + below(4))); }
    void truncate() {
        const std::uint64_t keep = log_.commit().value() + below(log_.last().value() - log_.commit().value() + 1);
        log_.truncate(OpNumber(keep));
        new_view();
    }
    [[nodiscard]] bool begin_checkpoint() { return log_.begin_checkpoint(view()); }

    // The turn ends: what it has to be stored is among the records. -> its batch; none.
    BatchNumber take() {
        Effects effects;
        storage_.take(Time{}, effects);
        for (StorageRecord& record : effects.batch) records_.push_back(std::move(record));
        return effects.number;
    }
    void durable(BatchNumber number) {
        (void)storage_.durable(number);
        log_.durable(number);
    }
    // -> what is committed since this was asked last.
    std::span<const EntryPtr> note_committed() {
        const std::size_t before = committed_.size();
        for (OpNumber op(before + 1); op <= log_.commit(); op = op.next()) committed_.push_back(log_.suffix().at(op));
        return std::span(committed_).subspan(before);
    }

    [[nodiscard]] View view() const { return ShardByHand::view(view_, 1, {1, 2, 3}); }
    [[nodiscard]] PartitionLog& log() { return log_; }
    [[nodiscard]] const PartitionLog& log() const { return log_; }
    [[nodiscard]] const StorageOutlet& storage() const { return storage_; }
    [[nodiscard]] const std::vector<StorageRecord>& records() const { return records_; }
    [[nodiscard]] const std::vector<EntryPtr>& committed() const { return committed_; }

  private:
    std::mt19937_64 random_;
    StorageOutlet storage_{true};
    SuffixBudget budget_{2000};
    PartitionLog log_;
    std::vector<StorageRecord> records_;
    std::vector<EntryPtr> committed_;
    std::uint64_t view_ = 0;
    std::uint64_t sequence_ = 0;
};

}  // namespace ringkv
