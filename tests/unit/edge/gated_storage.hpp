// A disk whose syncs take as long as a test wants them to.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "common/actor.hpp"

namespace ringkv {

// Thread safety: commit() and durable() on one thread, the rest on any.
class GatedStorage final : public Storage {
  public:
    explicit GatedStorage(Storage& inner) : inner_(inner) {}

    // commit() hangs from now on, until open().
    void close() { set(false); }
    void open() { set(true); }
    // Until a commit hangs.
    void await_commit() {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, patience, [this] { return hanging_; })) << "nothing was committed";
    }

    Result<void> commit(BatchNumber number, StorageBatch&& batch) override {
        {
            std::unique_lock lock(mutex_);
            hanging_ = !open_;
            changed_.notify_all();
            EXPECT_TRUE(changed_.wait_for(lock, patience, [this] { return open_; })) << "the gate was not opened";
            hanging_ = false;
        }
        return inner_.commit(number, std::move(batch));
    }
    [[nodiscard]] Result<BatchNumber> durable() const override { return inner_.durable(); }

  private:
    static constexpr std::chrono::seconds patience{60};

    void set(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        changed_.notify_all();
    }

    Storage& inner_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    bool hanging_ = false;
};

}  // namespace ringkv
