// Where the applied state of a shard's partitions is kept. An engine is volatile as far as the
// protocol is concerned: what makes data durable is the log, from which (and a checkpoint) any engine
// can be rebuilt (protocol.md, D0). A write is applied only once it is committed, so an engine never
// runs ahead of what its node has persisted.
//
// Thread safety: none; each shard has its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/entry.hpp"
#include "common/ids.hpp"

namespace ringkv {

struct ScanRange {
    std::string_view prefix;
    std::optional<std::string_view> after;  // exclusive
    std::size_t max_records = 0;            // 0 = only max_bytes counts
    std::size_t max_bytes = 0;              // stops after the record that reaches it; 0 = no limit
    bool keys_only = false;                 // values are left empty
};

struct ScanPart {
    std::vector<KeyRecord> records;  // in order of the keys' bytes
    bool more = false;
};

class Engine {
  public:
    struct Found {
        std::string_view value;  // valid until the engine changes
        OpNumber version;
    };

    virtual ~Engine() = default;

    // A key will be looked for soon: memory that takes long to come may be asked for. In steps with some time between
    // them: where the partition's keys are, where among them the key may be, its place, its content. They change
    // nothing.
    virtual void expect_partition(PartitionId) const {}
    virtual void expect_group(PartitionId, std::string_view) const {}
    virtual void expect_place(PartitionId, std::string_view) const {}
    virtual void expect_content(PartitionId, std::string_view) const {}
    [[nodiscard]] virtual std::optional<Found> get(PartitionId partition, std::string_view key) const = 0;
    [[nodiscard]] virtual ScanPart scan(PartitionId partition, const ScanRange& range) const = 0;
    // The effect of one committed entry. Entries come in op order; replaying a whole run of them is harmless (P4).
    virtual void apply(PartitionId partition, const Entry& entry) = 0;
    // The two halves of a state transfer: nothing is held; then these keys, none of which was there. What was held may
    // take memory until reclaim() has freed it.
    virtual void clear(PartitionId partition) = 0;
    virtual void load(PartitionId partition, const std::vector<KeyRecord>& records) = 0;

    // Frees at most so many keys of what was cleared: a turn must not wait for millions of them. -> is any left?
    [[nodiscard]] virtual bool reclaim(std::size_t most) = 0;

    // Keys, and the bytes of keys and values, by themselves.
    struct Size {
        std::uint64_t keys = 0;
        std::uint64_t bytes = 0;
        friend bool operator==(const Size&, const Size&) = default;
    };
    [[nodiscard]] virtual Size size(PartitionId partition) const = 0;
    // Memory (or disk) that all of it takes, roughly.
    [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

}  // namespace ringkv
