// One shard of a running node: its transport, log, engine, actor and event loop, on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "common/edge/observing/observed.hpp"
#include "common/edge/running/event_loop.hpp"
#include "common/edge/running/storage_thread.hpp"
#include "node/edge/activity_board.hpp"
#include "node/edge/node_metrics.hpp"
#include "node/edge/paced_storage.hpp"
#include "node/edge/shard_watch.hpp"
#include "node/engine.hpp"
#include "node/log.hpp"
#include "node/log_shortening.hpp"
#include "node/shard.hpp"

namespace ringkv {

// What a shard's data goes to.
struct ShardStorage {
    Log& log;
    Engine& engine;
    bool beside = false;  // its commits take time, and go on a thread of their own
    Duration stall{};     // with `beside`: the disk counts as stuck when a commit takes longer
    // Likewise: at so many bytes the log is made shorter by a checkpoint; where that has the keys, not before it has
    // twice the bytes of the data.
    std::uint64_t checkpoint = 0;
};

class ShardThread {
  public:
    // Binds the shard's endpoint, and replays the log. Log and engine, and `watch` and `board`, which are the node's,
    // must outlive it.
    // Errors: configuration (endpoint in use), the log's and the engine's; storage, they do not belong together.
    static Result<std::unique_ptr<ShardThread>> open(const NodeDescription& node, ShardIndex index,
                                                     const std::string& listen, const Limits& limits,
                                                     const ShardStorage& storage, ShardWatch& watch,
                                                     ActivityBoard& board);
    ~ShardThread();
    ShardThread(const ShardThread&) = delete;
    ShardThread& operator=(const ShardThread&) = delete;

    // Both are called on the shard's thread: `joined` once the node is a member of the cluster, before anything is
    // stored for it, and its error ends the shard; `ended` when it is over, whyever.
    void start(std::function<Result<void>(const Identity&)> joined, std::function<void()> ended);
    // Thread-safe: hand over and leave; the thread ends by itself.
    void stop();
    // Thread-safe: the thread ends after the turn under way, without a hand-over, and what the log had not yet written
    // is not written: as if the process had been killed.
    void kill();
    // Thread-safe: loop and disk stand still, and go on, as for a process after SIGSTOP, and after SIGCONT.
    void pause();
    void resume();

    // What is seen of it; its thread offers it in every turn.
    [[nodiscard]] Observed<ShardObservation>& observed() { return observed_; }

    // After the thread has ended (or, for refusal, `ended` was called): why, if not because of stop().
    [[nodiscard]] const Result<void>& outcome() const { return outcome_; }
    // It ended because what is stored here lacks what this node has acknowledged (D3).
    [[nodiscard]] bool has_older_data() const { return has_older_data_; }

  private:
    ShardThread(const NodeDescription& node, ShardIndex index, const Limits& limits, const ShardStorage& storage,
                std::unique_ptr<Transport> transport, ShardWatch& watch, ActivityBoard& board);
    [[nodiscard]] Result<void> replay();
    // The log is replayed.
    void begin();
    void each_turn(Time now);
    void keep_log_short();
    // Shard 0: what all shards have done, about once a second.
    void tell_activity(Time now);
    void fail(const Error& error);
    void run();

    const ShardIndex index_;
    std::atomic<bool> stopping_{false};
    bool joined_ = false;
    ShardWatch& watch_;
    ActivityBoard& board_;

    const ShardStorage storage_;
    EveryMember commit_rule_;
    PreferenceOrder succession_rule_;
    Shard shard_;
    std::unique_ptr<Transport> transport_;
    PacedStorage paced_;
    std::optional<StorageThread> beside_;  // ends before the transport, which it wakes
    std::optional<EventLoop> loop_;        // once the log is replayed
    LogShortening shortening_;
    Observed<ShardObservation> observed_;
    Time told_activity_at_{};
    Result<void> outcome_;
    bool has_older_data_ = false;
    std::function<Result<void>(const Identity&)> on_joined_;
    std::function<void()> ended_;
    std::thread thread_;
};

}  // namespace ringkv
