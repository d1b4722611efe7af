// Ends a poll() of another thread.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace ringkv {

// Level, not count: raised twice before it is lowered is raised once. raise() is thread-safe, and safe in a
// signal handler.
class WakeSignal {
  public:
    WakeSignal() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    ~WakeSignal() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    WakeSignal(const WakeSignal&) = delete;
    WakeSignal& operator=(const WakeSignal&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }
    void raise() const {
        const std::uint64_t one = 1;
        // The only failure is a counter that is full, and then it is raised already.
        [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
    }
    void lower() const {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(descriptor_, &count, sizeof count);
    }

  private:
    int descriptor_;
};

}  // namespace ringkv
