// A shard's log, which takes nothing while the engine lags behind: what is not stored is not committed, and so it is
// not applied either. To the rest of the node that is a disk that is slow, or full.
#pragma once

#include <chrono>
#include <thread>
#include <utility>

#include "node/engine.hpp"
#include "node/log.hpp"

namespace ringkv {

class PacedStorage final : public Storage {
  public:
    // Both must outlive it.
    PacedStorage(Log& log, Engine& engine) : log_(log), engine_(engine) {}

    // Waits for the engine, and for room for no longer than a moment: then it is `unavailable`, and nothing is stored.
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch&& batch) override {
        for (int waits = 0; engine_.lags(); ++waits) {
            if (waits == most_waits)
                return Error(ErrorCode::unavailable,
                             "the engine on disk does not get rid of what is applied: is the disk full, or too slow? "
                             "Nothing is stored until it does");
            std::this_thread::sleep_for(step);
        }
        return log_.commit(number, std::move(batch));
    }
    [[nodiscard]] Result<BatchNumber> durable() const override { return log_.durable(); }

    // While the log is replayed, and nothing else looks after the engine.
    void await_engine() {
        (void)engine_.reclaim(0);
        for (; engine_.lags(); (void)engine_.reclaim(0)) std::this_thread::sleep_for(step);
    }

  private:
    static constexpr auto step = std::chrono::milliseconds(5);
    static constexpr int most_waits = 200;

    Log& log_;
    Engine& engine_;
};

}  // namespace ringkv
