// What the load generators of scripts/bench have in common, so that every store is asked the same: which keys, how
// many at a time, for how long, and how an answer is counted. Each generator is a closed loop: an answer makes room
// for the next operation.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ringkv::benchmarks {

struct LoadOptions {
    enum class Operation : std::uint8_t {
        get,
        put,
        fill,  // puts each key once, in order; not for a time
    };
    Operation operation = Operation::get;
    std::uint64_t outstanding = 1;
    std::uint64_t keys = 100'000;
    std::uint64_t first_key = 0;  // fill
    std::uint64_t value_size = 100;
    std::chrono::duration<double> seconds{1};
    std::vector<std::string> endpoints;

    [[nodiscard]] bool writes() const { return operation != Operation::get; }
};

// Of the command line. Ends the process where that is wrong, or was --help.
LoadOptions load_options(int argc, char** argv, const std::string& what);

class Load {
  public:
    using Clock = std::chrono::steady_clock;

    // The clock of the run starts with the first key.
    explicit Load(const LoadOptions& options);

    // "key-" and 13 digits: 17 bytes. Uniform over all keys, or the next one of a fill; nullopt: it is over.
    [[nodiscard]] std::optional<std::string> next_key();
    // Letters that do not compress, the same in every run.
    [[nodiscard]] const std::string& value() const { return value_; }

    // Of answers that have come; only those after the warm-up count.
    void answered(Clock::time_point asked, Clock::time_point now, std::uint64_t operations = 1);

    // {"ops_per_second": ..., "p50_us": ..., "p99_us": ..., "operations": ...}
    void print() const;

  private:
    const LoadOptions options_;
    const std::string value_;
    std::mt19937_64 random_;
    std::uint64_t next_ = 0;  // fill
    Clock::time_point counted_from_{};
    Clock::time_point ends_{};
    Clock::time_point last_{};
    std::uint64_t operations_ = 0;
    std::vector<std::uint32_t> latencies_;  // 0.1 us
};

}  // namespace ringkv::benchmarks
