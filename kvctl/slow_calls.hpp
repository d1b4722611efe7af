// What --slow tells of: the calls of a command that took long.
#pragma once

#include <ringkv/client.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace ringkv::kvctl {

struct Console;

// Thread-safe.
class SlowCalls {
  public:
    static constexpr std::size_t most = 10;

    // Makes a client tell them, those that take `threshold`, for as long as it is there.
    static void note(Options& options, std::chrono::milliseconds threshold, const std::shared_ptr<SlowCalls>& into);

    void add(SlowCall call);
    // The slowest of them, a line each on standard error, and how many there were.
    void report(const Console& console) const;

  private:
    mutable std::mutex mutex_;
    std::size_t count_ = 0;
    std::vector<SlowCall> slowest_;  // first
};

}  // namespace ringkv::kvctl
