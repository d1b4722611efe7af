// The engine that keeps everything in memory: for each partition a hash table, for reads and overwrites, and beside it
// a B-tree of the same keys, because scans and state transfers go by key order and resume after a key, whatever was
// written meanwhile (docs/decisions/0004).
#pragma once

#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "common/look_ahead.hpp"
#include "common/partitioning.hpp"
#include "node/engine.hpp"
#include "node/stored_key.hpp"

namespace ringkv {

class MemoryEngine final : public Engine {
  public:
    MemoryEngine() = default;
    ~MemoryEngine() override;
    MemoryEngine(const MemoryEngine&) = delete;
    MemoryEngine& operator=(const MemoryEngine&) = delete;

    void expect_partition(PartitionId partition) const override;
    void expect_group(PartitionId partition, std::uint64_t hash) const override;
    void expect_place(PartitionId partition, std::uint64_t hash) const override;
    void expect_content(PartitionId partition, std::uint64_t hash) const override;
    [[nodiscard]] std::optional<Found> get(PartitionId partition, std::string_view key) const override;
    [[nodiscard]] ScanPart scan(PartitionId partition, const ScanRange& range) const override;
    void apply(PartitionId partition, const Entry& entry) override;
    ContentsNumber clear(PartitionId partition) override;
    void load(PartitionId partition, const std::vector<KeyRecord>& records) override;
    [[nodiscard]] bool reclaim(std::size_t most) override;
    [[nodiscard]] Size size(PartitionId partition) const override;
    [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

  private:
    static constexpr std::size_t expected_block = 128;  // bytes: most keys and values are small

    static std::string_view key_of(const StoredKey* stored) { return stored->key(); }
    static std::string_view key_of(std::string_view key) { return key; }
    // A key's place in the table, or its block, most likely: it is asked for and not read.
    struct PlaceGuess {
        std::uint64_t hash;
    };
    struct BlockGuess {
        std::uint64_t hash;
    };
    // Its upper bits chose the partition; the table goes by the lower ones.
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const auto& key) const { return hash_of(key_of(key)); }
        std::size_t operator()(const PlaceGuess& guess) const { return guess.hash; }
        std::size_t operator()(const BlockGuess& guess) const { return guess.hash; }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const auto& left, const auto& right) const { return key_of(left) == key_of(right); }
        // Seven bits of the hash are equal. What the table has comes first (absl's EqualElement).
        bool operator()(StoredKey* const& stored, const PlaceGuess&) const {
            prefetch(&stored);
            return true;
        }
        bool operator()(StoredKey* const& stored, const BlockGuess&) const {
            prefetch(stored, expected_block);
            return true;
        }
    };
    struct Less {
        using is_transparent = void;
        bool operator()(const auto& left, const auto& right) const { return key_of(left) < key_of(right); }
    };

    // Of one partition. The blocks belong to it, and are in both.
    struct Contents {
        absl::flat_hash_set<StoredKey*, Hash, Equal> by_hash;
        absl::btree_set<StoredKey*, Less> in_order;
        std::uint64_t bytes = 0;  // of keys and values
    };

    [[nodiscard]] const Contents* find(PartitionId partition) const;
    [[nodiscard]] Contents& contents(PartitionId partition);
    void set(Contents& contents, std::string_view key, const StoredKey::Content& content);
    void remove(Contents& contents, std::string_view key);
    void count(Contents& contents, const StoredKey& stored);
    void discount(Contents& contents, const StoredKey& stored);

    std::vector<Contents> partitions_;  // by id
    std::vector<Contents> cleared_;     // not freed yet
    std::uint64_t bytes_ = 0;
};

}  // namespace ringkv
