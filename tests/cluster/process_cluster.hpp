// A real cluster on loopback: one ringkv-registry and any number of ringkv-node processes, with YAML
// and data in a directory of its own. Ends every process with the object; keeps the directory and
// prints the ends of all logs if the test has failed. A server that ends by itself fails the test:
// the others would cover up its crash.
//
// Errors of the set-up itself throw std::runtime_error, which fails the test with its message.
// Thread safety: the test's main thread only (ChildProcess says why).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringkv/admin.hpp"
#include "ringkv/client.hpp"
#include "tests/cluster/child_process.hpp"

namespace ringkv::testing {

// Sanitized programs on a busy machine with two cores are slow: only what never comes waits so long.
inline constexpr milliseconds patience{60000};

struct ClusterOptions {
    unsigned nodes = 3;  // n1, n2, ..., in racks rack-a, rack-b, rack-c in turn
    unsigned replication = 3;
    unsigned partitions = 64;
    unsigned shards = 1;  // of each node
    bool http = false;    // each serves its pages
    bool start = true;    // false: only prepared; the test starts what it wants
    std::string durability = "memory";
    std::string node_settings{};  // more lines of each node's configuration
    // A command that becomes the node's when the node's own is put after it: to run it as another user, say.
    std::function<std::vector<std::string>(const std::string& name)> node_launcher{};
};

class ProcessCluster {
  public:
    // Started, formed, and every partition full, unless options say otherwise.
    explicit ProcessCluster(ClusterOptions options = {});
    ~ProcessCluster();
    ProcessCluster(const ProcessCluster&) = delete;
    ProcessCluster& operator=(const ProcessCluster&) = delete;

    // Each starts the process with the name and address that it has (and had before), and waits for
    // its "ready" line. A node's first start tries other ports if its own are taken.
    ChildProcess& start_registry();
    ChildProcess& start_node(const std::string& name);
    // Nodes that are started from now on run this program.
    void use_node_program(std::string path) { node_program_ = std::move(path); }
    // A node more, in that rack; not started.
    void add_node(const std::string& name, const std::string& rack);

    [[nodiscard]] ChildProcess& registry();
    [[nodiscard]] ChildProcess& node(const std::string& name);
    // Sends SIGKILL and waits for the end.
    void kill_registry();
    void kill_node(const std::string& name);
    // Of the registry and all nodes that run, at once.
    void kill_all();
    // Sends SIGTERM and waits for the end.
    void stop_node(const std::string& name);

    [[nodiscard]] std::string registry_endpoint() const;
    [[nodiscard]] std::string node_endpoint(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> node_endpoints() const;
    // "registry" or a node's name; where its pages are (ClusterOptions::http).
    [[nodiscard]] std::uint16_t http_port(const std::string& name) const;
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] std::filesystem::path config_of(const std::string& name) const;
    // The data directory of a node, or of "registry".
    [[nodiscard]] std::filesystem::path data_of(const std::string& name) const { return directory_ / name; }
    // The oldest segment that the log of the node's shard 0 needs; those before it are dropped.
    [[nodiscard]] unsigned first_segment(const std::string& name) const;

    // By default of the registry's endpoint.
    [[nodiscard]] Client client(std::vector<std::string> endpoints = {}, milliseconds deadline = patience) const;
    [[nodiscard]] Admin admin() const;
    // Waits until the client's status satisfies the condition; throws, with the status last seen, if it
    // never does.
    ClusterStatus wait_for_status(Client& client, const std::string& what,
                                  const std::function<bool(const ClusterStatus&)>& condition) const;
    // Every partition has all its copies, and so many nodes are up.
    ClusterStatus wait_until_full(Client& client, unsigned nodes_up) const;
    // The same, and the map has not changed for two seconds: nothing is under way, or about to be.
    ClusterStatus wait_until_settled(Client& client, unsigned nodes_up) const;
    // The node is a member of no view any more, and every partition is served by others.
    ClusterStatus wait_until_without(Client& client, const std::string& name) const;

  private:
    struct Server {
        std::string name;
        std::string rack;  // empty: the registry
        unsigned port = 0;
        unsigned starts = 0;  // each has logs of its own: NAME-START.out and .err
        std::unique_ptr<ChildProcess> process;
    };

    ChildProcess& start(Server& server);
    static void end(Server& server);
    [[nodiscard]] std::filesystem::path log_of(const Server& server) const;
    void write_config(const Server& server) const;
    [[nodiscard]] unsigned ports_of(const Server& server) const;

    ClusterOptions options_;
    std::string node_program_ = RINGKV_NODE_PROGRAM;
    std::filesystem::path directory_;
    Server registry_{"registry", "", 0, 0, nullptr};
    std::map<std::string, Server> nodes_;
};

// The first of `count` free loopback ports in a row; others each time.
unsigned free_ports(unsigned count);
// What the client's status shows of a node; nullptr if it does not name it.
const NodeStatus* find_node(const ClusterStatus& status, std::string_view name);
// The copies that the node has; 0 if it is not named.
unsigned copies_of(const ClusterStatus& status, std::string_view name);
// Every partition has its copies, and nothing is being moved, nor to be moved.
bool at_rest(const ClusterStatus& status);
std::string describe(const ClusterStatus& status);
// The value of an environment variable, for longer runs by hand.
unsigned setting(const char* variable, unsigned otherwise);

}  // namespace ringkv::testing
