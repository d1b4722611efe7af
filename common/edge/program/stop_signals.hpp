// SIGTERM and SIGINT: how a server is asked to stop.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace ringkv {

// From now on neither signal ends the process: both wait for an OnStopSignal. Call it before any other thread is
// started, for threads inherit it; a thread that did not would take the signal and end the process.
void block_stop_signals();

// Calls `stop` once for each such signal while the object lives, on a thread of its own: also for one that came
// between block_stop_signals() and now. When the destructor returns, `stop` is not running and is not called again.
class OnStopSignal {
  public:
    explicit OnStopSignal(std::function<void()> stop);
    ~OnStopSignal();
    OnStopSignal(const OnStopSignal&) = delete;
    OnStopSignal& operator=(const OnStopSignal&) = delete;

  private:
    void wait();

    std::function<void()> stop_;
    std::atomic<bool> ended_{false};
    std::thread waiter_;
};

}  // namespace ringkv
