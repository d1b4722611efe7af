// Cuts the links of a ProcessCluster with nft, in a network namespace of our own.
//
// Each node runs as a user of its own, and so do the threads of the clients; so nft can tell which opened a
// connection, and conntrack carries that over to the answers. Any pair of parties can be cut, one way or both,
// while all share the loopback. All clients of a process share
// ZeroMQ's one I/O thread, and so are one party; other clients are processes of their own (nemesis_caller.hpp). What
// cannot be had here: delay, loss by chance, messages out of order or
// twice (packets are dropped, or refused with a TCP reset). The simulator does all of these.
//
// It needs root, nft, setpriv and a kernel with nf_tables and conntrack. One thread: the cluster's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {

// A party is a node ("n1", ...) or one of these.
inline constexpr const char* registry_party = "registry";
inline constexpr const char* clients_party = "clients";
inline constexpr const char* other_clients_party = "other clients";

class Links {
  public:
    // Moves this thread, and all threads and processes that it starts later, into a network namespace of its
    // own, where only a loopback is. Call it before any other thread or socket is there.
    // -> why links cannot be cut here; empty if they can. Then nothing has changed.
    static std::string enter_own_network();

    // Runs each node as a user of its own, and so other clients. For ClusterOptions::node_launcher.
    static std::vector<std::string> launcher(const std::string& party);

    // This thread, and those that it starts, act for the clients: the party of a process's clients is that of the
    // thread which made the first one.
    static void act_for_clients();
    static void act_for_nobody();

    // The nodes of the cluster, which run under launcher(). Throws std::runtime_error if nft refuses.
    Links(const ProcessCluster& cluster, const std::vector<std::string>& nodes);

    enum class Manner : unsigned char { drop, reset };
    // Nothing goes from `from` to `to` any more, over whichever connection.
    void cut(const std::string& from, const std::string& to, Manner manner);
    void heal_all();

  private:
    struct Party {
        unsigned user = 0;
        std::vector<unsigned> ports;
    };

    void add(const std::string& party, std::vector<unsigned> ports);
    [[nodiscard]] std::size_t place(const std::string& party) const;
    [[nodiscard]] unsigned mark(const std::string& opener, const std::string& target) const;
    void nft(const std::string& script) const;

    std::filesystem::path scratch_;
    std::vector<std::string> names_;  // a party's number is its place
    std::vector<Party> parties_;
};

}  // namespace ringkv::testing
