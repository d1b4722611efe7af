// A whole RingKV cluster inside one process, for tests and for embedding.
//
//     ringkv::LocalCluster cluster({.replication = 3});
//     cluster.add_node("node1", "rack-a");
//     cluster.put("key1", "value1");
//     auto found = cluster.get("key1");            // Result<std::optional<VersionedValue>>; nullopt: no such key
//     cluster.remove_node("node1");                // refused: it is the last one
//
// It runs the registry, the nodes and the client of the real programs, in memory and without sockets, on one thread of
// its own. So keys, values, consistency and the three outcomes of a write are those of ringkv/client.hpp, and nodes may
// be added and removed at any time while others read and write. Nothing outlives the object.
//
// Time: deadlines count on a clock that stands still while the cluster's thread cannot run (a debugger, an
// overloaded machine), so that the nodes do not take each other for dead.
//
// Thread safety: every member may be called from any thread, at the same time, but for the destructor. Clusters in
// one process know nothing of each other. Nothing throws (but for running out of memory, or of threads).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ringkv/client.hpp>
#include <ringkv/result.hpp>

namespace ringkv {

// Partitions that one node has taken over from another.
struct MoveSummary {
    std::string from;     // the node that had them; or, if `copied`, that sent the copy
    std::string to;       // the node that has a copy of each now
    bool copied = false;  // `from` keeps its own: there are more copies now than before
    std::size_t partitions = 0;
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;  // of keys and values

    // "moved 12 keys, 345 bytes, in 7 partitions from node2 to node4"
    [[nodiscard]] std::string to_string() const;
};

// One line on stderr.
void print_moves(const MoveSummary& moved);

struct LocalClusterOptions {
    std::uint32_t replication = 3;   // copies of each key, as far as there are nodes; 1 to 16
    std::uint32_t partitions = 128;  // a power of two, up to 65536: the finest grain of moves
    // For each read and write, retries included.
    std::chrono::milliseconds deadline{5000};
    // For add_node, remove_node and settle.
    std::chrono::milliseconds change_deadline{60000};
    // Called for each pair of nodes when all that is on its way to the second has arrived. Empty: not called.
    // Both callbacks run on the cluster's thread: they must not block, throw or destroy the cluster; calls to the
    // cluster fail there with invalid_argument.
    std::function<void(const MoveSummary&)> on_moves = print_moves;
    // What the registry and the nodes log, a line an event.
    std::function<void(const std::string& line)> on_event{};
};

// What to wait for after nodes came or went. Primaries move last, and in their own time: a second or so.
enum class Settled : unsigned char {
    copies,      // every partition has all its copies, and they are where they should be
    everything,  // and is served by the node that should
};

class LocalCluster {
  public:
    using Options = LocalClusterOptions;

    // Has no nodes yet. Options that make no sense: every call says so (configuration).
    explicit LocalCluster(Options options = {});
    // As close(). Not while another thread is inside a call, nor in a callback.
    ~LocalCluster();
    LocalCluster(const LocalCluster&) = delete;
    LocalCluster& operator=(const LocalCluster&) = delete;

    // Returns when the node is in the cluster; its share of the data comes meanwhile (settle() waits for that). Names
    // and racks are 1 to 64 letters, digits, '-', '_' or '.'; racks are kept apart as in any cluster. Errors:
    // invalid_argument (name, rack, weight; a node of that name is there), unavailable (the deadline), closed.
    Result<void> add_node(std::string_view name, std::string_view rack = "default", double weight = 1.0);
    // Its copies move to the others, then it stops; nothing is lost, and no read or write fails. Errors:
    // invalid_argument (no such node; it is being removed already), refused (it is the last one), unavailable (not
    // done by the deadline: it stays, nothing is lost, try again), closed.
    Result<void> remove_node(std::string_view name);
    // The node is gone from one moment to the next, as by SIGKILL. What only it had is lost for good, and its keys
    // stay unavailable. Errors: invalid_argument (no such node), closed.
    Result<void> kill_node(std::string_view name);
    // Waits until nothing is left to move. Errors: unavailable (not by the deadline), closed.
    Result<void> settle(Settled what = Settled::everything);

    // As the Client's of those names. Without any node: unavailable at once.
    Result<Version> put(std::string_view key, std::string_view value, const WriteOptions& options = {});
    Result<std::optional<VersionedValue>> get(std::string_view key);
    Result<StaleValue> read(std::string_view key, const ReadOptions& options);
    Result<std::optional<Version>> erase(std::string_view key, const WriteOptions& options = {});
    Result<Version> compare_and_set(std::string_view key, Version expected, std::string_view value);

    // The node that serves the key now: its primary. Errors: invalid_argument (empty key), unavailable (no nodes).
    Result<std::string> owner(std::string_view key);
    // All that have a copy of it or are being given one, the primary first. Errors as owner().
    Result<PartitionStatus> locate(std::string_view key);
    // Those added and not removed yet, by name.
    [[nodiscard]] std::vector<std::string> nodes();
    // Errors: unavailable (no nodes yet), closed.
    Result<ClusterStatus> status();

    // Ends calls under way with `closed`, or outcome_unknown, and all later ones with `closed`. May be called twice.
    void close();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringkv
