// A node's data directory: its identity (protocol.md, Words), the lock that keeps a second process out, and a folder
// for each shard's log.
//
//     identity      which node this is, how often it was started, of which cluster it is
//     lock          held by the process that uses the directory
//     shard-0/ ...  the logs; in each a folder `engine`, if the engine keeps what it holds
//     lost-ID/      what a reboot may have cost the end of (durability: os); nothing reads it
//
// Errors: refused: the directory is not this node's, is in use, or is not whole; storage. Each says what to do.
// Thread safety: joined() on any thread, all else on main's.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "common/cluster_map.hpp"
#include "node/edge/disk/disk_log.hpp"

namespace ringkv {

struct DataDirectoryOptions {
    std::filesystem::path path;
    std::string name;  // of the node
    std::uint32_t shards = 1;
    Durability durability = Durability::fsync;  // fsync or os
    std::string boot;                           // which start of the machine this is: machine_boot()
    std::uint64_t segment_bytes = DiskLogOptions{}.segment_bytes;
};

struct StoredIdentity {
    Uuid storage;
    StartNumber start;  // of this process
    NodeId id;          // none: it has joined no cluster yet
    Uuid cluster;       // likewise
};

class DataDirectory {
  public:
    // Begins a start: of the identity that is there, or of a new one in an empty directory. With durability `os`, after
    // a reboot that nothing announced, the identity is new as well, and what is there is set aside (D2).
    [[nodiscard]] static Result<std::unique_ptr<DataDirectory>> open(const DataDirectoryOptions& options);
    ~DataDirectory();
    DataDirectory(const DataDirectory&) = delete;
    DataDirectory& operator=(const DataDirectory&) = delete;

    [[nodiscard]] const StoredIdentity& identity() const { return identity_; }
    // A sentence for the operator about this start; empty: there is nothing to say.
    [[nodiscard]] const std::string& notice() const { return notice_; }

    // Each shard's once; to be replayed.
    [[nodiscard]] Result<std::unique_ptr<DiskLog>> open_log(ShardIndex shard);
    // Where that shard's engine keeps what it holds, if it does: in the folder of its log, so that they go together.
    [[nodiscard]] std::filesystem::path engine_path(ShardIndex shard) const { return shard_path(shard) / "engine"; }
    // An error of a log or an engine of ours, with what to do.
    [[nodiscard]] Error explain(const Error& error) const;

    // All logs are replayed: this start counts from now on. Before anything is served.
    [[nodiscard]] Result<void> started();
    // The node is this one of that cluster. Thread-safe; writes once.
    [[nodiscard]] Result<void> joined(const Uuid& cluster, NodeId id);
    // Others have shown that it is an older copy (D3): no start takes it up any more. `why`: a line.
    [[nodiscard]] Result<void> must_not_be_used(const std::string& why);
    // All logs are closed: nothing is lost, whatever happens to the machine.
    [[nodiscard]] Result<void> ended();

  private:
    DataDirectory(const DataDirectoryOptions& options, std::unique_ptr<DiskFolder> folder, int lock);

    [[nodiscard]] Result<void> take_up(const Facts& facts);
    [[nodiscard]] Result<void> begin_anew();
    [[nodiscard]] Result<void> set_aside();
    [[nodiscard]] Result<void> remove_logs();
    [[nodiscard]] Result<void> write(std::string_view state, bool clean, const std::string& why = {});
    [[nodiscard]] bool has_logs() const;
    [[nodiscard]] std::filesystem::path shard_path(ShardIndex shard) const;
    [[nodiscard]] Error refused(const std::string& what) const;

    const DataDirectoryOptions options_;
    const std::unique_ptr<DiskFolder> folder_;
    const int lock_;
    std::string notice_;
    bool fresh_ = false;  // the identity is new, and the logs are not there yet
    std::mutex mutex_;    // of the identity, once there are threads
    StoredIdentity identity_;
};

// The id that the kernel gives to each start of the machine.
[[nodiscard]] std::string machine_boot();

}  // namespace ringkv
