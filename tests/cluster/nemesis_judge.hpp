// Judges the histories of keys on a thread of its own, as they are retired, and forgets the legal ones.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/linearizability/checker.hpp"

namespace ringkv::testing {

inline constexpr std::size_t kinds_of_calls = 5;     // linearizability::Kind
inline constexpr std::size_t kinds_of_outcomes = 5;  // linearizability::Outcome

struct JudgeReport {
    // By kind and outcome.
    std::array<std::array<std::uint64_t, kinds_of_outcomes>, kinds_of_calls> calls{};
    std::uint64_t legal = 0;
    std::uint64_t illegal = 0;
    std::uint64_t undecided = 0;
    std::size_t longest = 0;              // calls of one history
    std::size_t most_configurations = 0;  // that a history took
    // Of each history that is not legal: where it was written to, and the checker's explanation.
    std::vector<std::string> findings;

    [[nodiscard]] std::uint64_t total() const;
    [[nodiscard]] std::uint64_t with(linearizability::Outcome outcome) const;
    [[nodiscard]] std::uint64_t of(linearizability::Kind kind) const;
    // Of the writes: the share whose outcome is unknown.
    [[nodiscard]] double unknown_share() const;
    [[nodiscard]] std::string summary() const;
};

// Thread-safe.
class Judge {
  public:
    // Histories that are not legal are written to the directory.
    explicit Judge(std::filesystem::path directory);
    ~Judge();
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    void judge(std::string key, linearizability::History history);
    [[nodiscard]] bool found_something() const;
    // Judges what is waiting, and ends.
    JudgeReport finish();

  private:
    struct Case {
        std::string key;
        linearizability::History history;
    };

    void run();
    void decide(const Case& one);

    const std::filesystem::path directory_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Case> waiting_;
    bool finishing_ = false;
    JudgeReport report_;
    std::thread thread_;
};

}  // namespace ringkv::testing
