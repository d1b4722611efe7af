// Where the applied state of a shard's partitions is kept. What makes data durable is the log (protocol.md, D0): an
// engine that ends with the process is made again from it. One that outlives the process comes back as it was at some
// moment, with all that was applied until then and nothing else, and spares the log the keys of a checkpoint
// (docs/decisions/0043).
//
// Thread safety: none, but for what says otherwise; each shard has its own. Errors: an engine that cannot read or write
// throws EngineFailure.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "common/entry.hpp"
#include "common/ids.hpp"
#include "ringkv/result.hpp"

namespace ringkv {

// What is applied cannot be read, or no more be written. The turn under way ends at once, so that nothing is said which
// follows from it, and with it the node.
class EngineFailure final : public std::exception {
  public:
    explicit EngineFailure(Error error) : error_(std::move(error)) {}
    [[nodiscard]] const Error& error() const { return error_; }
    [[nodiscard]] const char* what() const noexcept override { return "the engine failed"; }

  private:
    Error error_;
};

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
        std::string_view value;  // valid until the engine changes, or is asked again
        OpNumber version;
    };

    virtual ~Engine() = default;

    // The key of that hash (hash_of) will be looked for soon: memory that takes long to come may be asked for. In steps
    // with some time between them: where the partition's keys are, where among them the key may be, its place, its
    // content. They change nothing.
    virtual void expect_partition(PartitionId) const {}
    virtual void expect_group(PartitionId, std::uint64_t /*hash*/) const {}
    virtual void expect_place(PartitionId, std::uint64_t /*hash*/) const {}
    virtual void expect_content(PartitionId, std::uint64_t /*hash*/) const {}
    [[nodiscard]] virtual std::optional<Found> get(PartitionId partition, std::string_view key) const = 0;
    [[nodiscard]] virtual ScanPart scan(PartitionId partition, const ScanRange& range) const = 0;
    // The effect of one committed entry. Entries come in op order; replaying a whole run of them is harmless (P4).
    virtual void apply(PartitionId partition, const Entry& entry) = 0;
    // The two halves of a state transfer: nothing is held; then these keys. What was held may take memory until
    // reclaim() has freed it, or room until forget(). -> the number of what is held from here on; none: it ends with
    // the process.
    virtual ContentsNumber clear(PartitionId partition) = 0;
    virtual void load(PartitionId partition, const std::vector<KeyRecord>& records) = 0;

    // Frees at most so many keys of what was cleared: a turn must not wait for millions of them. -> is any left?
    [[nodiscard]] virtual bool reclaim(std::size_t most) = 0;

    // Of an engine that outlives the process; another one does nothing.
    //
    // While the log is replayed: the partition has these contents, as they were left, or none if they are not there.
    virtual void select(PartitionId, ContentsNumber) {}
    // After that: what was not selected is never asked for again.
    virtual void forget_unselected() {}
    // Earlier contents of the partition than these are never asked for again.
    virtual void forget(PartitionId, ContentsNumber) {}
    // The number of the next flush; none: there are none.
    [[nodiscard]] virtual FlushNumber next_flush() const { return {}; }
    // All that is applied by now becomes durable, beside the turn, as that flush.
    virtual void flush() {}
    // The newest that is durable; none: none is.
    [[nodiscard]] virtual FlushNumber flushed() const { return {}; }
    // The disk does not keep up with what is applied: for now no more should be committed. Thread-safe.
    [[nodiscard]] virtual bool lags() const { return false; }

    // Keys, and the bytes of keys and values, by themselves. An engine on disk estimates them.
    struct Size {
        std::uint64_t keys = 0;
        std::uint64_t bytes = 0;
        friend bool operator==(const Size&, const Size&) = default;
    };
    [[nodiscard]] virtual Size size(PartitionId partition) const = 0;
    // Memory that it takes, roughly.
    [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

}  // namespace ringkv
