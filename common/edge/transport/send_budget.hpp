// What ZeroMQ holds for the connections of a ROUTER, in bytes: its own high-water mark counts frames.
//
// A frame's bytes are charged when ZeroMQ takes them, and released when it lets go of them (the free function of
// zmq_msg_init_data), which is when the kernel has them or the connection is gone.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace ringkv {

// Thread-safe: released in ZeroMQ's I/O thread.
class HeldBytes {
  public:
    explicit HeldBytes(std::shared_ptr<HeldBytes> all) : all_(std::move(all)) {}
    void charge(std::size_t bytes) {
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
        if (all_) all_->charge(bytes);
    }
    void release(std::size_t bytes) {
        bytes_.fetch_sub(bytes, std::memory_order_relaxed);
        if (all_) all_->release(bytes);
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::size_t> bytes_{0};
    const std::shared_ptr<HeldBytes> all_;  // null: this is it
};

// Thread safety: none.
class SendBudget {
  public:
    // Bytes: of one connection, and of all together.
    SendBudget(std::size_t of_one, std::size_t of_all) : of_one_(of_one), of_all_(of_all) {}

    [[nodiscard]] std::size_t held() const { return all_->bytes(); }
    // No more should be made for it: it holds its budget; or all hold theirs and it has a part in that, be it a small
    // one where they hold half as much again.
    [[nodiscard]] bool over(std::uint64_t connection) const;
    // Nor would ever so much be sent: it was over its budget for a turn at least, and so much came on top. What holds
    // nothing is sent anything.
    [[nodiscard]] bool refuses(std::uint64_t connection, std::size_t bytes) const;
    [[nodiscard]] const std::shared_ptr<HeldBytes>& account(std::uint64_t connection);

  private:
    void forget_idle();

    const std::size_t of_one_;
    const std::size_t of_all_;
    const std::shared_ptr<HeldBytes> all_ = std::make_shared<HeldBytes>(nullptr);
    absl::flat_hash_map<std::uint64_t, std::shared_ptr<HeldBytes>> accounts_;
    std::size_t look_at_ = 64;  // accounts: as many as that, and the idle ones are looked for
};

}  // namespace ringkv
