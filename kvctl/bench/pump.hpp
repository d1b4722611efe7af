// Keeps a fixed number of operations outstanding on a client: each answer sends the next operation, on the client's
// own thread, so that measuring costs no wake-up of ours. Checks what it reads.
#pragma once

#include <ringkv/client.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kvctl/bench/histogram.hpp"
#include "kvctl/bench/values.hpp"
#include "kvctl/bench/workers.hpp"
#include "kvctl/bench/workload.hpp"
#include "kvctl/exit_code.hpp"

namespace ringkv::kvctl {

struct Failure {
    Error error;
    bool wrong_value = false;  // the store answered, with what it must not
};

struct PumpStatistics {
    std::array<Histogram, operation_kinds> latencies;  // of what succeeded; a count is how many did
    std::uint64_t errors = 0;
    std::uint64_t outcome_unknown = 0;
    std::uint64_t wrong_values = 0;       // reads that did not bring what they must
    std::chrono::milliseconds oldest{0};  // stale reads: none was older
    std::uint64_t conflicts = 0;          // compare-and-sets of a read-modify-write that found another version
    ExitCode worst = ExitCode::ok;
    std::optional<Error> first_error;  // a wrong value before any other
    std::optional<Error> fatal;        // repeating the operation cannot help: the pump has stopped

    void add(const PumpStatistics& other);
    // Of all kinds together.
    [[nodiscard]] Histogram all() const;
};

// What operations ask for. Read-modify-writes ask for the surest, whatever it says.
struct Consistency {
    WriteOptions write{};
    ReadOptions read{};

    [[nodiscard]] bool stale() const { return read.read == ReadConsistency::stale; }
};

// Thread-safe. Must be made by std::make_shared: operations under way share it. All that it refers to must outlive it.
class Pump : public std::enable_shared_from_this<Pump> {
  public:
    // `seed`: what is drawn is the same for the same seed. `workers`: for scans; nullptr: the source has none.
    Pump(Client& client, std::size_t slots, std::uint64_t seed, Source& source, const BenchValues& values,
         Workers* workers, const Consistency& consistency = {});

    // Once.
    void start();
    // Nothing new is sent.
    void stop() { stopped_ = true; }
    // Until every slot has ended, at most `patience`; false if some have not.
    bool wait(std::chrono::milliseconds patience);
    // Latencies and conflicts count from now on; what went wrong stays.
    void forget_latencies();
    [[nodiscard]] PumpStatistics statistics() const;

  private:
    using Clock = std::chrono::steady_clock;
    enum class Step : unsigned char { sending, sent, answered };
    struct Slot {
        std::atomic<Step> step{Step::sending};
        Clock::time_point began;
        Operation operation;
        Random random{0};
    };

    void run(std::size_t slot);
    void send(std::size_t slot);
    void send_get(std::size_t slot);
    void send_stale_get(std::size_t slot);
    void send_put(std::size_t slot);
    void send_scan(std::size_t slot);
    void read_to_modify(std::size_t slot);
    void modify(std::size_t slot, Version version);
    // What is wrong with what a get brought.
    [[nodiscard]] std::optional<Failure> wrong(std::uint64_t key, const std::optional<VersionedValue>& found) const;
    [[nodiscard]] std::optional<Failure> scan(const Operation& operation);
    // `failure` is empty for a success.
    void answered(std::size_t slot, std::optional<Failure> failure);
    void count(const Slot& slot, std::optional<Failure> failure);

    Client& client_;
    std::vector<Slot> slots_;
    Source& source_;
    const BenchValues& values_;
    Workers* const workers_;
    const Consistency consistency_;
    std::atomic<bool> stopped_{false};

    mutable std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t running_ = 0;
    PumpStatistics statistics_;
};

}  // namespace ringkv::kvctl
