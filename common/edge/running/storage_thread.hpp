// Storage whose commit() does not wait: batches are stored on a thread of their own, in order, so that a slow sync
// holds up nothing but what depends on it. A commit of more than a second is a warning in the log.
//
// Batches that come while one is stored gather, and go on as one: the records of all, in order, under the number of the
// newest, so that one write and one sync store them. Then either all of them are stored or none is.
//
// A batch for which there is no room (Storage::commit) is tried again until there is: batches wait behind it, nothing
// that depends on them is said, and the log has an error each second.
//
// As many batches wait here as the actor has under way; the registry has one, and gathers what changes meanwhile
// for the next (registry/publication.hpp).
//
// Thread safety: used by one thread, that of the loop, but for what says otherwise.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "common/actor.hpp"
#include "common/metrics/histogram.hpp"

namespace ringkv {

class StorageThread final : public Storage {
  public:
    // `inner`: durable when its commit() returns; used by this thread alone from now on. `wake` is called, on the
    // thread, whenever durable() has something new to say. Both must outlive this.
    StorageThread(Storage& inner, std::function<void()> wake);
    // Waits until all that was committed is stored, or there is no room for it, or abandon() was called. An error that
    // durable() has not reported yet is logged.
    ~StorageThread() override;
    StorageThread(const StorageThread&) = delete;
    StorageThread& operator=(const StorageThread&) = delete;

    // Takes the batch and returns. An error, here and below: an earlier batch failed, and nothing was stored after it.
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch&& batch) override;
    [[nodiscard]] Result<BatchNumber> durable() const override;
    // Since when the disk owes what it was given; none: nothing is under way. What waits for room counts.
    [[nodiscard]] std::optional<Time> busy_since() const;

    // All three are thread-safe, and leave to its end what is being stored at the call.
    // Nothing is stored until resume(), or the destructor: as for a process after SIGSTOP, and after SIGCONT.
    void pause();
    void resume();
    // What waits, and what comes, is never stored: as if the process had been killed.
    void abandon();

    struct Figures {
        LatencyHistogram commits;   // of those that are stored: how long each took, with the wait for room
        std::uint64_t waiting = 0;  // batches, but for the one that is being stored
    };
    [[nodiscard]] Figures figures() const;

  private:
    struct Waiting {
        BatchNumber number;
        StorageBatch batch;
    };

    void run();
    // What is stored next; waiting_ has something.
    [[nodiscard]] Waiting gather();
    [[nodiscard]] Result<BatchNumber> store(Waiting& waiting);
    // Time passes, for another attempt. False: this ends.
    [[nodiscard]] bool await_attempt();

    Storage& inner_;
    const std::function<void()> wake_;

    Time complained_at_{};  // the thread's

    mutable std::mutex mutex_;  // of all below
    std::condition_variable changed_;
    std::deque<Waiting> waiting_;
    Result<BatchNumber> durable_;
    mutable bool told_ = false;  // of its error
    LatencyHistogram commits_;
    bool paused_ = false;
    bool stopping_ = false;
    std::optional<Time> busy_since_;

    std::thread thread_;
};

}  // namespace ringkv
