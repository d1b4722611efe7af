// Load with a memory: writers that each own their keys and count up in them, readers that look at
// all keys, and a book of what was acknowledged, so that every broken promise shows:
//
//   - an acknowledged write is there afterwards, or a newer one of the same key is;
//   - a read never returns an older value than was acknowledged, or read, before it began;
//   - a write that was refused never shows;
//   - no write happens twice: a value has one version, versions grow with the values, and a chain of
//     compare_and_set (every other key) never finds a version that it did not write.
//
// A key has one write under way at any time, and all keys have one, so that the time without an
// acknowledged write is known for each key.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ringkv/client.hpp"

namespace ringkv::testing {

using Instant = std::chrono::steady_clock::time_point;

struct LoadOptions {
    std::vector<std::string> endpoints;
    unsigned clients = 8;           // each with a thread and a ringkv::Client of its own
    unsigned keys_per_client = 16;  // and so many writes under way
    unsigned readers = 2;
    std::chrono::milliseconds deadline{60000};
    std::chrono::milliseconds pause{5};  // a client looks after its keys so often
    std::string prefix = "load/";
};

// What is known of one key. A value is a number as text; 0 = nothing was written yet.
class KeyHistory {
  public:
    explicit KeyHistory(std::string key) : key_(std::move(key)) {}

    [[nodiscard]] const std::string& key() const { return key_; }

    // The owner's side.
    void attempted(std::uint64_t value);
    void acknowledged(std::uint64_t value, Version version, Instant now);
    void refused(std::uint64_t value);

    // The readers' side: what a read that begins now must at least return, and what it did return.
    [[nodiscard]] std::uint64_t oldest_allowed() const;
    void was_read(std::uint64_t value, Version version, std::uint64_t oldest_allowed);

    // The longest time between acknowledged writes, from the last one before measure() on until `now`.
    void measure(Instant now);
    [[nodiscard]] std::chrono::milliseconds longest_gap(Instant now) const;
    [[nodiscard]] bool written_since(Instant then) const;

    [[nodiscard]] std::vector<std::string> violations() const;

  private:
    void record_version(std::uint64_t value, Version version);
    void violation(const std::string& what);

    const std::string key_;
    mutable std::mutex mutex_;
    std::uint64_t attempted_ = 0;                // highest
    std::uint64_t acknowledged_ = 0;             // highest
    std::uint64_t seen_ = 0;                     // highest that a finished read returned
    std::map<std::uint64_t, Version> versions_;  // of the values acknowledged or read
    std::map<std::uint64_t, bool> refused_;
    Instant last_ack_{};  // or measure(), if there was none before it
    std::chrono::milliseconds longest_gap_{0};
    std::vector<std::string> violations_;
};

struct LoadReport {
    std::uint64_t acknowledged = 0;
    std::uint64_t unknown = 0;  // writes with an unknown outcome
    std::uint64_t refused = 0;  // writes not applied
    std::uint64_t reads = 0;
    std::uint64_t failed_reads = 0;
    std::uint64_t keys = 0;
    std::string last_error;
    std::vector<std::string> violations;

    [[nodiscard]] std::uint64_t failed() const { return unknown + refused + failed_reads; }
    [[nodiscard]] std::string summary() const;
};

class Load {
  public:
    // Connects the clients and starts. Throws std::runtime_error if one cannot connect.
    explicit Load(LoadOptions options);
    ~Load();  // stops
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    // From now on gaps are measured, from each key's last acknowledged write on.
    void measure();
    // Whether every key has an acknowledged write after the call, within the deadline.
    bool every_key_written(std::chrono::milliseconds deadline);
    // The longest gap of each key since measure(), or since the start.
    [[nodiscard]] std::map<std::string, std::chrono::milliseconds> gaps() const;
    [[nodiscard]] std::vector<std::string> keys() const;
    // Writes, so far.
    [[nodiscard]] std::uint64_t acknowledged() const { return counters_.acknowledged; }

    // Lets what is under way finish; no more writes and reads after it.
    void stop();
    // Stops, reads every key once more through a new client, and says what is known.
    LoadReport verify(const std::vector<std::string>& endpoints);

  private:
    struct Chain;
    struct Counters {
        std::atomic<std::uint64_t> acknowledged{0}, unknown{0}, refused{0}, reads{0}, failed_reads{0};
    };

    void write(unsigned client);
    void read(unsigned reader);
    // Each true as long as the chain has something under way.
    bool advance(Client& client, Chain& chain);
    void start_write(Client& client, Chain& chain);
    void finish_write(Chain& chain, const Result<Version>& result);
    void finish_read(Chain& chain, const Result<std::optional<VersionedValue>>& result);
    void note_error(const Error& error);
    void note_violation(const std::string& what);

    LoadOptions options_;
    std::vector<std::unique_ptr<KeyHistory>> histories_;  // of client c: those from c * keys_per_client on
    std::vector<Client> clients_;                         // the writers', then the readers'
    std::vector<std::thread> threads_;
    std::atomic<bool> stopping_{false};
    Counters counters_;
    mutable std::mutex mutex_;
    std::string last_error_;
    std::vector<std::string> violations_;
};

}  // namespace ringkv::testing
