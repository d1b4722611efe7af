// The engine that keeps everything in memory: one B-tree a partition, because scans and state transfers go
// by key order and resume after a key, whatever was written meanwhile (docs/decisions/0004).
#pragma once

#include <string>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "node/engine.hpp"

namespace ringkv {

class MemoryEngine final : public Engine {
  public:
    [[nodiscard]] std::optional<Found> get(PartitionId partition, std::string_view key) const override;
    [[nodiscard]] ScanPart scan(PartitionId partition, const ScanRange& range) const override;
    void apply(PartitionId partition, const Entry& entry) override;
    void clear(PartitionId partition) override;
    void load(PartitionId partition, const std::vector<KeyRecord>& records) override;
    [[nodiscard]] Size size(PartitionId partition) const override;
    [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

  private:
    struct Value {
        std::string bytes;
        OpNumber version;
        std::uint32_t flags = 0;
        std::uint64_t expires = 0;
    };
    using Keys = absl::btree_map<std::string, Value, std::less<>>;

    struct Contents {
        Keys keys;
        std::uint64_t bytes = 0;  // of keys and values
    };

    static std::uint64_t memory_of(std::string_view key, const Value& value);
    void set(Contents& contents, const std::string& key, Value value);
    void count(Contents& contents, std::string_view key, const Value& value);
    void discount(Contents& contents, std::string_view key, const Value& value);

    absl::flat_hash_map<PartitionId, Contents> partitions_;
    std::uint64_t bytes_ = 0;
};

}  // namespace ringkv
