// A whole RingKV cluster inside one process, on real loopback ports: what `kvctl demo` runs, and how it is talked to
// from another process.
//
// The servers are those of ringkv-registry and ringkv-node, with their sockets, logs and pages; nodes are killed and
// paused one by one, as far as one process can (node/edge/node_server.hpp). What is not as with many processes: heap,
// processor time and ZeroMQ's I/O thread are shared, the metrics of the process are those of all, and its end is the
// end of all.
//
// With a base port P: the registry is at P, publishes at P + 1 and has its pages at P + 80; node i is at
// P + 1 + 10 i, with its pages at P + 101 + 10 i. Everything is on 127.0.0.1.
#pragma once

#include <ringkv/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ringkv {

inline constexpr std::uint16_t default_demo_port = 7400;
inline constexpr unsigned most_demo_nodes = 10;

struct DemoOptions {
    std::uint64_t port = default_demo_port;  // the base; 1024 .. 65000
    std::uint64_t nodes = 5;                 // n1, n2, ...; 1 .. most_demo_nodes
    std::uint64_t racks = 3;                 // rack-a, rack-b, ... in turn; 1 .. nodes
    bool verbose = false;                    // the servers' log lines on stderr: all, or warnings and errors alone
};

struct DemoNode {
    std::string name;
    std::string rack;
    std::string state;    // running, paused, killed; failed: it ended by itself
    std::string address;  // tcp://127.0.0.1:port
    std::string http;     // http://127.0.0.1:port/metrics
    std::string error;    // why it failed; empty: it has not
};

struct DemoRequest {
    std::string verb;  // nodes, kill, pause, resume
    std::string node;  // but for nodes
};

struct DemoAnswer {
    std::string text;             // what was done and what follows from it, for people; of nodes: empty
    std::vector<DemoNode> nodes;  // the one that was named; of nodes: all
    // kill, pause, resume: how many partitions there are, and how many have no member left that runs.
    std::uint32_t partitions = 0;
    std::uint32_t not_served = 0;
};

// Asks the demo of this user with that base port. Errors: unavailable: none runs, or it does not answer in time;
// invalid_argument: there is no such node, or verb; refused: it cannot be done to that node as it is; and what a node
// that is started again says.
[[nodiscard]] Result<DemoAnswer> ask_demo(std::uint64_t port, const DemoRequest& request,
                                          std::chrono::milliseconds timeout);

// Thread safety: one thread; what ask_demo() asks for is done on a thread of its own.
class DemoCluster {
  public:
    // Starts all of it, with data in a private directory below that for temporary files, and answers ask_demo() from
    // now on. What demos that were killed have left there is removed. Logging starts with it: once in a process.
    // Errors: invalid_argument: an option; configuration: a port is taken, or a demo runs there already: says which,
    // and what to try; storage.
    [[nodiscard]] static Result<std::unique_ptr<DemoCluster>> open(const DemoOptions& options);
    // All ends at once, and the directory is removed.
    ~DemoCluster();
    DemoCluster(const DemoCluster&) = delete;
    DemoCluster& operator=(const DemoCluster&) = delete;

    // What it waits for, a sentence each; empty: every partition has all its copies, and is served. Takes some
    // milliseconds, a second for what does not turn.
    [[nodiscard]] std::vector<std::string> not_ready();
    // An error: the registry has failed, and nothing is led any more.
    [[nodiscard]] Result<void> outcome() const;

    [[nodiscard]] std::string registry() const;  // tcp://127.0.0.1:7400
    [[nodiscard]] std::string page() const;      // http://127.0.0.1:7480/
    [[nodiscard]] std::string directory() const;
    [[nodiscard]] std::uint32_t partitions() const;
    [[nodiscard]] std::uint32_t replication() const;
    [[nodiscard]] std::chrono::seconds repair_after() const;
    [[nodiscard]] std::vector<DemoNode> nodes() const;

  private:
    class Impl;
    explicit DemoCluster(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringkv
