// The plainest engine there is, one sorted map over everything: for tests, and to show that engines can be
// exchanged.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "node/engine.hpp"

namespace ringkv {

class SortedEngine final : public Engine {
  public:
    [[nodiscard]] std::optional<Found> get(PartitionId partition, std::string_view key) const override {
        const auto found = data_.find({partition, std::string(key)});
        if (found == data_.end()) return std::nullopt;
        return Found{found->second.value, found->second.version};
    }

    [[nodiscard]] ScanPart scan(PartitionId partition, const ScanRange& range) const override {
        ScanPart part;
        std::size_t bytes = 0;
        for (auto item = data_.lower_bound({partition, std::string(range.prefix)});
             item != data_.end() && item->first.first == partition && item->first.second.starts_with(range.prefix);
             ++item) {
            if (range.after && item->first.second <= *range.after) continue;
            const bool full = (range.max_records != 0 && part.records.size() == range.max_records) ||
                              (range.max_bytes != 0 && bytes >= range.max_bytes);
            if (full) {
                part.more = true;
                break;
            }
            part.records.push_back(item->second);
            if (range.keys_only) part.records.back().value.clear();
            bytes += part.records.back().key.size() + part.records.back().value.size();
        }
        return part;
    }

    void apply(PartitionId partition, const Entry& entry) override {
        if (entry.kind == EntryKind::set)
            data_[{partition, std::string(entry.key)}] = {std::string(entry.key), std::string(entry.value), entry.op,
                                                          entry.flags, entry.expires};
        else if (entry.kind == EntryKind::remove)
            data_.erase({partition, std::string(entry.key)});
    }

    ContentsNumber clear(PartitionId partition) override {
        std::erase_if(data_, [&](const auto& item) { return item.first.first == partition; });
        return {};
    }

    [[nodiscard]] bool reclaim(std::size_t) override { return false; }

    void load(PartitionId partition, const std::vector<KeyRecord>& records) override {
        for (const KeyRecord& record : records) data_[{partition, record.key}] = record;
    }

    [[nodiscard]] Size size(PartitionId partition) const override {
        Size size;
        for (const auto& [place, record] : data_) {
            if (place.first != partition) continue;
            ++size.keys;
            size.bytes += record.key.size() + record.value.size();
        }
        return size;
    }

    [[nodiscard]] std::uint64_t bytes() const override {
        std::uint64_t sum = 0;
        for (const auto& [place, record] : data_) sum += record.key.size() + record.value.size();
        return sum;
    }

  private:
    std::map<std::pair<PartitionId, std::string>, KeyRecord> data_;
};

}  // namespace ringkv
