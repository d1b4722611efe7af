// What the thread that owns something knows of it, for another thread to look at. A copy is made only when one is asked
// for, by the owner, at its next turn: so what is not looked at costs a turn one look at a flag, and nothing is shared
// that the owner writes in between. The owner never waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "common/edge/system/clock.hpp"

namespace ringkv {

template <class T>
class Observed {
  public:
    // The owner's thread, in every turn. `make`: () -> T.
    template <class Make>
    void offer(Make&& make) {
        if (!asked_.load(std::memory_order_relaxed)) return;
        auto value = std::make_shared<const T>(std::forward<Make>(make)());
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (!lock) return;  // the next turn
        value_ = std::move(value);
        asked_.store(false, std::memory_order_relaxed);
        changed_.notify_all();
    }

    // Any other thread: wants a new copy.
    void ask() {
        const std::lock_guard lock(mutex_);
        asked_.store(true, std::memory_order_relaxed);
    }
    // Waits for it, until then. False: the owner has not taken a turn since ask().
    [[nodiscard]] bool wait_until(Time then) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, then - boot_time(), [this] { return !asked_.load(std::memory_order_relaxed); });
    }
    // The newest copy, or null.
    [[nodiscard]] std::shared_ptr<const T> value() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

  private:
    // Written when it is looked at, and not beside what the owner writes in each turn.
    alignas(64) std::atomic<bool> asked_{false};
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const T> value_;
};

}  // namespace ringkv
