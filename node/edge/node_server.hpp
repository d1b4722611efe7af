// A node between its configuration and its end: data directory, shards and pages. What the program ringkv-node is made
// of, and each node of `kvctl demo`.
//
//     auto server = NodeServer::open(config);
//     (*server)->start();
//     auto ended = (*server)->wait();                // after stop(), or an error
//     if (ended) ended = (*server)->close();
//
// Thread safety: stop(), kill(), pause(), resume() and not_ready() on any thread, while wait() runs too; all else on
// one.
#pragma once

#include <atomic>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "common/edge/configuration/config.hpp"
#include "common/edge/http/http_server.hpp"
#include "node/edge/disk/data_directory.hpp"
#include "node/edge/shard_thread.hpp"

namespace ringkv {

class NodeServer {
  public:
    // Reads what is in the data directory, binds every address, and serves the pages. Errors: those of DataDirectory,
    // ShardThread::open and serve_pages.
    [[nodiscard]] static Result<std::unique_ptr<NodeServer>> open(const NodeConfig& config);
    // Ends what runs without a hand-over, as if it had failed; what was committed is stored.
    ~NodeServer();
    NodeServer(const NodeServer&) = delete;
    NodeServer& operator=(const NodeServer&) = delete;

    // The shards begin to turn. Once.
    void start();
    // Hand over the primaries, and leave: wait() returns when that is done.
    void stop();
    // As SIGKILL: every shard ends after the turn under way, with no hand-over and no goodbye; what no log had written
    // yet is not written. wait() returns at once, without an error; the sockets are closed with the object.
    void kill();
    // As SIGSTOP and SIGCONT: shards, disks and pages stand still until resume(), or the end. Sockets stay open,
    // nothing is answered, and leases lapse meanwhile. (What ZeroMQ itself answers is not ours, and the process's: its
    // heartbeats.)
    void pause();
    void resume();
    // After start(): until every shard has ended. The error of one that failed, which takes the others with it; those
    // of the others are logged.
    [[nodiscard]] Result<void> wait();
    // After wait() without an error, and no stop() after it: nothing is written any more, and with that said a reboot
    // loses nothing, whatever the durability.
    [[nodiscard]] Result<void> close();

    // What /readyz says: reasons, a line each; empty: it can do all that it is there for. Waits a second for a shard
    // that does not turn.
    [[nodiscard]] std::vector<std::string> not_ready() const;

  private:
    using Shards = std::vector<std::unique_ptr<ShardThread>>;

    // What outlives the process; with durability `memory` nothing does.
    struct Storages {
        std::unique_ptr<DataDirectory> directory;      // null: memory
        std::vector<std::unique_ptr<DiskLog>> disks;   // one a shard
        std::vector<MemoryLog> memory;                 // likewise
        std::vector<std::unique_ptr<Engine>> engines;  // likewise

        [[nodiscard]] static Result<Storages> open(const NodeConfig& config);
        [[nodiscard]] Result<void> open_engine(ShardIndex shard, const NodeConfig& config);
        [[nodiscard]] ShardStorage of(ShardIndex shard, const NodeConfig& config);
    };

    NodeServer(NodeConfig config, Storages storages);
    [[nodiscard]] Result<void> open_shards();
    [[nodiscard]] Result<void> outcome() const;

    // In the order of their use: what stands below refers to what stands above.
    const NodeConfig config_;
    Storages storages_;
    ShardWatch watch_;
    ActivityBoard board_;
    std::atomic<bool> killed_{false};
    std::counting_semaphore<> ended_{0};  // shards
    Shards shards_;
    std::unique_ptr<HttpServer> pages_;
};

}  // namespace ringkv
