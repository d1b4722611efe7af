// Counts what exists: one more while it lives. The counter must outlive it.
#pragma once

#include <cstdint>
#include <utility>

namespace ringkv {

class Slot {
  public:
    explicit Slot(std::uint64_t& count) : count_(&count) { ++*count_; }
    Slot(Slot&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
        if (this == &other) return *this;
        release();
        count_ = std::exchange(other.count_, nullptr);
        return *this;
    }
    ~Slot() { release(); }

  private:
    void release() {
        if (count_ != nullptr) --*count_;
        count_ = nullptr;
    }

    std::uint64_t* count_;
};

}  // namespace ringkv
