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

// The same of something that has so many bytes.
class ByteSlot {
  public:
    ByteSlot(std::uint64_t& total, std::uint64_t bytes) : total_(&total), bytes_(bytes) { *total_ += bytes_; }
    ByteSlot(ByteSlot&& other) noexcept : total_(other.total_), bytes_(std::exchange(other.bytes_, 0)) {}
    ByteSlot& operator=(ByteSlot&& other) noexcept {
        if (this == &other) return *this;
        *total_ -= bytes_;
        total_ = other.total_;
        bytes_ = std::exchange(other.bytes_, 0);
        return *this;
    }
    ~ByteSlot() { *total_ -= bytes_; }

  private:
    std::uint64_t* total_;
    std::uint64_t bytes_;
};

}  // namespace ringkv
