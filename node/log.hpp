// A shard's log: what makes its data durable, whatever the engine (protocol.md, D0). The rest of the node
// sees batches go in (Storage) and, after a restart, the same records come out again.
#pragma once

#include <functional>

#include "common/actor.hpp"

namespace ringkv {

class Log : public Storage {
  public:
    // Every record of every durable batch, in order; before the first commit().
    [[nodiscard]] virtual Result<void> replay(const std::function<void(const StorageRecord&)>& each) = 0;

    // A log grows with all that is committed, until its oldest part is dropped; it goes by segments for that. These may
    // be called on another thread than commit().
    //
    // The segment that is written to, by what is committed after this call at the earliest.
    [[nodiscard]] virtual std::uint64_t newest() const { return 0; }
    // Segments below that one are of no use any more, and go soon.
    virtual void drop_before(std::uint64_t) {}
    // Bytes of those that are of use, roughly.
    [[nodiscard]] virtual std::uint64_t bytes() const { return 0; }
    // Was its oldest part dropped before it was opened?
    [[nodiscard]] virtual bool begins_late() const { return false; }
};

// `durability: memory`: nothing on disk. A node with it is a new identity at every start, so that no other node
// counts on what it has forgotten.
class MemoryLog final : public Log {
  public:
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch&&) override {
        durable_ = number;
        return {};
    }
    [[nodiscard]] Result<BatchNumber> durable() const override { return durable_; }
    [[nodiscard]] Result<void> replay(const std::function<void(const StorageRecord&)>&) override { return {}; }

  private:
    BatchNumber durable_;
};

}  // namespace ringkv
