// Counts what exists: one more, or so many bytes more, while it lives. The counter must outlive it.
#pragma once

#include <cstdint>
#include <utility>

namespace ringkv {

class Slot {
  public:
    explicit Slot(std::uint64_t& count, std::uint64_t amount = 1) : count_(&count), amount_(amount) {
        *count_ += amount_;
    }
    Slot(Slot&& other) noexcept : count_(other.count_), amount_(std::exchange(other.amount_, 0)) {}
    Slot& operator=(Slot&& other) noexcept {
        if (this == &other) return *this;
        *count_ -= amount_;
        count_ = other.count_;
        amount_ = std::exchange(other.amount_, 0);
        return *this;
    }
    ~Slot() { *count_ -= amount_; }

  private:
    std::uint64_t* count_;
    std::uint64_t amount_;
};

}  // namespace ringkv
