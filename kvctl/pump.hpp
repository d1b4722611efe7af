// Keeps a fixed number of requests outstanding on a client: each answer sends the next request, on the client's
// own thread, so that measuring costs no wake-up of ours.
#pragma once

#include <ringkv/client.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kvctl/exit_code.hpp"
#include "kvctl/histogram.hpp"

namespace ringkv::kvctl {

struct Request {
    bool write = false;
    std::uint64_t key = 0;  // "bench:" and ten digits
};

struct PumpStatistics {
    Histogram latencies;  // of what succeeded; its count is how many did
    std::uint64_t errors = 0;
    std::uint64_t outcome_unknown = 0;
    ExitCode worst = ExitCode::ok;
    std::optional<Error> first_error;
    std::optional<Error> fatal;  // repeating the request cannot help: the pump has stopped
};

// Thread-safe. Must be made by std::make_shared: requests under way share it. The client must outlive it.
class Pump : public std::enable_shared_from_this<Pump> {
  public:
    // What a slot sends next; nullopt: nothing more. Called by one thread at a time for a slot, by several at
    // once for different slots.
    using Next = std::function<std::optional<Request>(std::size_t slot)>;

    Pump(Client& client, std::size_t slots, std::string value, Next next)
        : client_(client), slots_(slots), value_(std::move(value)), next_(std::move(next)) {}

    // Once.
    void start();
    // Nothing new is sent.
    void stop() { stopped_ = true; }
    // Until every slot has ended, at most `patience`; false if some have not.
    bool wait(std::chrono::milliseconds patience);
    [[nodiscard]] PumpStatistics statistics() const;

  private:
    using Clock = std::chrono::steady_clock;
    enum class Step : unsigned char { sending, sent, answered };
    struct Slot {
        std::atomic<Step> step{Step::sending};
        Clock::time_point began;
    };

    void run(std::size_t slot);
    void send(std::size_t slot, const Request& request);
    // `failure` is empty for a success.
    void answered(std::size_t slot, std::optional<Error> failure);
    void count(std::chrono::nanoseconds latency, std::optional<Error> failure);

    Client& client_;
    std::vector<Slot> slots_;
    const std::string value_;
    const Next next_;
    std::atomic<bool> stopped_{false};

    mutable std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t running_ = 0;
    PumpStatistics statistics_;
};

}  // namespace ringkv::kvctl
