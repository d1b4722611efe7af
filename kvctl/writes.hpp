// Writes of which a bounded number is under way: import and restore read as fast as the cluster takes them.
#pragma once

#include <ringkv/client.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ringkv::kvctl {

struct FailedWrite {
    std::uint64_t line;  // or whatever number the caller gave it
    std::string key;
    Error error;
};

// Thread-safe: writes are begun on the caller's thread, results come on the client's. Made by std::make_shared: the
// writes under way share it, for their results may come when the caller has gone.
class Writes : public std::enable_shared_from_this<Writes> {
  public:
    // Waits, at most `patience`, until there is room for a write of so many bytes; false if there is none yet.
    [[nodiscard]] bool room_for(std::uint64_t bytes, std::chrono::milliseconds patience);
    // Precondition: there is room.
    void put(Client& client, std::uint64_t line, const std::string& key, const std::string& value);
    // False while something is still under way after `patience`.
    [[nodiscard]] bool all_done(std::chrono::milliseconds patience);

    [[nodiscard]] std::uint64_t stored();
    [[nodiscard]] std::uint64_t stored_bytes();
    // Those that came since it was called last.
    [[nodiscard]] std::vector<FailedWrite> take_failures();

  private:
    void end(std::uint64_t bytes, std::optional<FailedWrite> failure);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t keys_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t stored_ = 0;
    std::uint64_t stored_bytes_ = 0;
    std::vector<FailedWrite> failures_;
};

}  // namespace ringkv::kvctl
