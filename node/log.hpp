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
};

// `durability: memory`: nothing on disk. A node with it is a new identity at every start, so that no other node
// counts on what it has forgotten.
class MemoryLog final : public Log {
  public:
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch) override {
        durable_ = number;
        return {};
    }
    [[nodiscard]] Result<BatchNumber> durable() const override { return durable_; }
    [[nodiscard]] Result<void> replay(const std::function<void(const StorageRecord&)>&) override { return {}; }

  private:
    BatchNumber durable_;
};

}  // namespace ringkv
