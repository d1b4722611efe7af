// One shard of a running node: its transport, log, engine, actor and event loop, on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "common/edge/running/event_loop.hpp"
#include "node/edge/shard_watch.hpp"
#include "node/log.hpp"
#include "node/memory_engine.hpp"
#include "node/shard.hpp"

namespace ringkv {

class ShardThread {
  public:
    // Binds the shard's endpoint. `watch`, which is the node's, must outlive it. Errors: configuration (endpoint in
    // use), storage.
    static Result<std::unique_ptr<ShardThread>> open(const NodeDescription& node, ShardIndex index,
                                                     const std::string& listen, const Limits& limits,
                                                     ShardWatch& watch);
    ~ShardThread();
    ShardThread(const ShardThread&) = delete;
    ShardThread& operator=(const ShardThread&) = delete;

    // `ended` is called on the shard's thread when it is over, whyever.
    void start(std::function<void()> ended);
    // Thread-safe: hand over and leave; the thread ends by itself.
    void stop();

    // After the thread has ended (or, for refusal, `ended` was called): why, if not because of stop().
    [[nodiscard]] const Result<void>& outcome() const { return outcome_; }

  private:
    ShardThread(const NodeDescription& node, ShardIndex index, const Limits& limits,
                std::unique_ptr<Transport> transport, ShardWatch& watch);
    void turn(Time now);
    void run();

    const ShardIndex index_;
    ShardWatch& watch_;

    MemoryEngine engine_;
    MemoryLog log_;
    EveryMember commit_rule_;
    PreferenceOrder succession_rule_;
    Shard shard_;
    std::unique_ptr<Transport> transport_;
    EventLoop loop_;
    std::atomic<bool> stopping_{false};
    Result<void> outcome_;
    std::function<void()> ended_;
    std::thread thread_;
};

}  // namespace ringkv
