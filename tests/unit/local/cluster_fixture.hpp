// What the tests of LocalCluster share.
#pragma once

#include <ringkv/local_cluster.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ringkv::testing {

// Moves, as they are told.
class Log {
  public:
    [[nodiscard]] LocalCluster::Options options(std::uint32_t replication) {
        LocalCluster::Options options;
        options.replication = replication;
        options.on_moves = [this](const MoveSummary& moved) {
            const std::lock_guard lock(mutex_);
            lines_.push_back(moved);
        };
        return options;
    }
    [[nodiscard]] std::vector<MoveSummary> lines() {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        lines_.clear();
    }

  private:
    std::mutex mutex_;
    std::vector<MoveSummary> lines_;
};

// "": none.
template <class T>
std::string error(const Result<T>& result) {
    return result ? std::string() : std::string(to_string(result.error().code())) + ": " + result.error().message();
}

// The value; nullopt if there is no such key, or no answer, which is said.
inline std::optional<std::string> read(LocalCluster& cluster, const std::string& key) {
    const auto found = cluster.get(key);
    if (!found) return "error: " + found.error().message();
    return *found ? std::optional<std::string>((*found)->value) : std::nullopt;
}

inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

}  // namespace ringkv::testing
