// Clients that keep histories: every call of every key, with when it was made and what came of it. A key gets
// at most so many calls; then a fresh one takes its place and its history is judged.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ringkv/client.hpp"
#include "tests/cluster/nemesis_caller.hpp"
#include "tests/cluster/nemesis_judge.hpp"

namespace ringkv::testing {

struct RecordedLoadOptions {
    // Called first on the thread of each client.
    std::function<void()> on_thread{};
    // Each client is given one of these lists, in turn: the registry's endpoint, the nodes', ...
    std::vector<std::vector<std::string>> endpoints;
    // Half of the clients are processes of their own, started with these words; none: all are here.
    std::vector<std::string> launcher{};
    std::uint64_t seed = 1;
    unsigned clients = 12;  // each with a thread and a ringkv::Client of its own
    unsigned keys = 16;     // in use at a time
    std::size_t calls_per_key = 400;
    // Of a call; short, so that outcomes are unknown sometimes. Each client has one of these, in turn.
    std::vector<std::chrono::milliseconds> deadlines{std::chrono::milliseconds(60), std::chrono::milliseconds(150),
                                                     std::chrono::milliseconds(400), std::chrono::milliseconds(1000)};
    std::chrono::microseconds pause{6000};  // at most, between a client's calls
    unsigned calls_per_client = 3000;       // then it is closed, and a new one connects
};

// Thread safety: the constructor and finish() from one thread.
class RecordedLoad {
  public:
    RecordedLoad(RecordedLoadOptions options, Judge& judge);
    ~RecordedLoad();  // stops
    RecordedLoad(const RecordedLoad&) = delete;
    RecordedLoad& operator=(const RecordedLoad&) = delete;

    // Calls that were answered, in either way, so far.
    [[nodiscard]] std::uint64_t answered() const { return answered_; }
    // The instant 0 of its histories.
    [[nodiscard]] std::chrono::steady_clock::time_point start() const { return start_; }
    // Stops, reads each key in use once more through the client, and has it judged. -> what could not be read.
    std::vector<std::string> finish(Client& client);

  private:
    struct Key;
    struct Worker;

    void stop();
    void work(Worker& worker);
    // -> can that client make another?
    bool call(Worker& worker, Caller& caller);
    // A key on which a call may be made; retires it if it was the last.
    std::shared_ptr<Key> take_key(Worker& worker);
    void record(const std::shared_ptr<Key>& key, linearizability::Call call);
    [[nodiscard]] linearizability::Instant now() const;

    const RecordedLoadOptions options_;
    Judge& judge_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::vector<std::shared_ptr<Key>> keys_;
    std::uint64_t keys_made_ = 0;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::thread> threads_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> answered_{0};
};

}  // namespace ringkv::testing
