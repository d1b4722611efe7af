// A model of an engine that outlives its process (node/engine.hpp): what was written since the last flush may be lost
// when the process ends, from any point on; a flush takes some ticks. For tests, and for the simulator.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "node/engine.hpp"

namespace ringkv::simulation {

// What of it is on the disk.
class EngineDisk {
  public:
    using Place = std::tuple<PartitionId, ContentsNumber, std::string>;
    using Keys = std::map<Place, KeyRecord>;
    // A key is set, or removed where there is no record; a flush ends; or all keys from one place to another go.
    struct Change {
        Place place;
        std::optional<KeyRecord> record;
        FlushNumber flush;
        std::optional<Place> until;
    };

    void write(Change change) { changes_.push_back(std::move(change)); }
    // What was written up to that count, since the last flush, is durable.
    void flush(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) carry_out(changes_[i], keys_, flushed_);
        changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    // The process ends, and only so many of the changes that are not flushed are there.
    void crash(std::size_t kept) {
        changes_.resize(std::min(kept, changes_.size()));
        flush(changes_.size());
    }
    void wipe() { *this = {}; }

    [[nodiscard]] std::size_t unflushed() const { return changes_.size(); }
    [[nodiscard]] const Keys& keys() const { return keys_; }
    [[nodiscard]] FlushNumber flushed() const { return flushed_; }

    static void carry_out(const Change& change, Keys& keys, FlushNumber& flushed) {
        if (!change.flush.none())
            flushed = change.flush;
        else if (change.until)
            keys.erase(keys.lower_bound(change.place), keys.lower_bound(*change.until));
        else if (change.record)
            keys.insert_or_assign(change.place, *change.record);
        else
            keys.erase(change.place);
    }

  private:
    Keys keys_;  // as they are durable
    FlushNumber flushed_;
    std::vector<Change> changes_;
};

class FlushedEngine final : public Engine {
  public:
    // After a crash(), unless the disk is new. `start`: of the process, another one each time.
    FlushedEngine(EngineDisk& disk, StartNumber start)
        : disk_(disk),
          keys_(disk.keys()),
          flushed_(disk.flushed()),
          contents_given_(start.value() << 32U),
          next_flush_((start.value() << 32U) + 1) {}

    [[nodiscard]] std::optional<Found> get(PartitionId partition, std::string_view key) const override {
        const auto found = keys_.find({partition, contents_of(partition), std::string(key)});
        if (found == keys_.end()) return std::nullopt;
        return Found{found->second.value, found->second.version};
    }
    [[nodiscard]] ScanPart scan(PartitionId partition, const ScanRange& range) const override {
        ScanPart part;
        std::size_t bytes = 0;
        const ContentsNumber contents = contents_of(partition);
        for (auto it = keys_.lower_bound({partition, contents, std::string(range.prefix)}); it != keys_.end(); ++it) {
            const auto& [of, number, key] = it->first;
            if (of != partition || number != contents || !key.starts_with(range.prefix)) break;
            if (range.after && key <= *range.after) continue;
            if ((range.max_records != 0 && part.records.size() == range.max_records) ||
                (range.max_bytes != 0 && bytes >= range.max_bytes)) {
                part.more = true;
                break;
            }
            part.records.push_back(it->second);
            if (range.keys_only) part.records.back().value.clear();
            bytes += key.size() + part.records.back().value.size() + sizeof(KeyRecord);
        }
        return part;
    }
    void apply(PartitionId partition, const Entry& entry) override {
        if (entry.kind == EntryKind::set)
            set(partition, {std::string(entry.key), std::string(entry.value), entry.op, entry.flags, entry.expires});
        else if (entry.kind == EntryKind::remove)
            write({{partition, own_contents(partition), std::string(entry.key)}, {}, {}, {}});
    }
    ContentsNumber clear(PartitionId partition) override {
        contents_given_ = contents_given_.next();
        return current_[partition] = contents_given_;
    }
    void load(PartitionId partition, const std::vector<KeyRecord>& records) override {
        for (const KeyRecord& record : records) set(partition, record);
    }

    // Called in each tick.
    [[nodiscard]] bool reclaim(std::size_t) override {
        if (!flushing_.none() && ++flushing_for_ > ticks_of_a_flush) end_flush();
        return false;
    }
    void select(PartitionId partition, ContentsNumber contents) override { current_[partition] = contents; }
    void forget_unselected() override {
        std::vector<EngineDisk::Place> gone;
        for (const auto& [place, record] : keys_)
            if (std::get<1>(place) != contents_of(std::get<0>(place))) gone.push_back(place);
        for (const EngineDisk::Place& place : gone) write({place, {}, {}, {}});
    }
    void forget(PartitionId partition, ContentsNumber before) override {
        write({{partition, {}, {}}, {}, {}, EngineDisk::Place{partition, before, {}}});
    }
    [[nodiscard]] FlushNumber next_flush() const override { return next_flush_; }
    void flush() override {
        flushing_ = std::exchange(next_flush_, next_flush_.next());
        flushing_for_ = 0;
        write({{}, {}, flushing_, {}});
        flushing_upto_ = disk_.unflushed();
    }
    [[nodiscard]] FlushNumber flushed() const override { return disk_.flushed(); }
    // That under way ends.
    void end_flush() {
        disk_.flush(flushing_upto_);
        flushing_ = {};
    }

    [[nodiscard]] Size size(PartitionId partition) const override {
        Size size;
        for (const auto& [place, record] : keys_) {
            if (std::get<0>(place) != partition || std::get<1>(place) != contents_of(partition)) continue;
            ++size.keys;
            size.bytes += record.key.size() + record.value.size();
        }
        return size;
    }
    [[nodiscard]] std::uint64_t bytes() const override { return 0; }

  private:
    static constexpr int ticks_of_a_flush = 20;

    [[nodiscard]] ContentsNumber contents_of(PartitionId partition) const {
        const auto found = current_.find(partition);
        return found == current_.end() ? ContentsNumber() : found->second;
    }
    ContentsNumber own_contents(PartitionId partition) {
        return contents_of(partition).none() ? clear(partition) : contents_of(partition);
    }
    void set(PartitionId partition, KeyRecord record) {
        EngineDisk::Place place{partition, own_contents(partition), record.key};
        write({std::move(place), std::move(record), {}, {}});
    }
    void write(EngineDisk::Change change) {
        EngineDisk::carry_out(change, keys_, flushed_);
        disk_.write(std::move(change));
    }

    EngineDisk& disk_;
    EngineDisk::Keys keys_;  // with what is not flushed
    FlushNumber flushed_;    // likewise
    std::map<PartitionId, ContentsNumber> current_;
    ContentsNumber contents_given_;
    FlushNumber next_flush_;
    FlushNumber flushing_;
    int flushing_for_ = 0;
    std::size_t flushing_upto_ = 0;
};

}  // namespace ringkv::simulation
