// Clients that call at a fixed rate and know what they must find.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ringkv/client.hpp"

namespace ringkv::benchmarks {

class PacedLoad {
  public:
    struct Options {
        unsigned rate = 2000;  // calls a second, of all clients together; every other one a write
        unsigned clients = 8;
        unsigned keys = 100'000;  // of all clients together
        unsigned value_bytes = 100;
    };

    struct Latencies {
        std::vector<std::uint32_t> microseconds;  // sorted
        std::uint64_t failed = 0;
        double seconds = 0;

        [[nodiscard]] std::size_t calls() const { return microseconds.size(); }
        // In milliseconds; 1 is the longest.
        [[nodiscard]] double quantile(double q) const;
    };

    // Connects, writes every key once, and goes on from then on. Throws std::runtime_error if it cannot.
    PacedLoad(std::vector<std::string> endpoints, Options options);
    ~PacedLoad();  // stops
    PacedLoad(const PacedLoad&) = delete;
    PacedLoad& operator=(const PacedLoad&) = delete;

    void begin_phase();
    // Of the calls that ended since begin_phase().
    Latencies end_phase();
    void stop();
    // After stop(): keys that a new client finds otherwise than their writers left them.
    [[nodiscard]] std::size_t wrong_at_the_end();
    // The first few calls that failed or found something wrong.
    [[nodiscard]] std::vector<std::string> troubles() const;

  private:
    struct Writer {
        Writer(Client its_client, std::size_t keys) : client(std::move(its_client)), counters(keys) {}

        Client client;
        std::vector<std::uint64_t> counters;  // of its keys: the value's number
        std::mutex mutex{};
        Latencies phase{};
    };

    [[nodiscard]] std::string key(std::size_t writer, std::size_t index) const;
    // All its bytes follow from key and number.
    [[nodiscard]] std::string value(const std::string& key, std::uint64_t number) const;
    void fill(std::size_t writer);
    void run(std::size_t writer);
    [[nodiscard]] bool call(Writer& writer, std::size_t number, std::uint64_t turn);
    void trouble(const std::string& what);

    std::vector<std::string> endpoints_;
    Options options_;
    std::vector<std::unique_ptr<Writer>> writers_;
    std::chrono::steady_clock::time_point phase_begin_{};
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> troubles_;
    std::vector<std::thread> threads_;
};

}  // namespace ringkv::benchmarks
