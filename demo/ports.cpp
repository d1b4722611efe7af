#include "demo/ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace ringkv::demo {
namespace {

constexpr std::uint64_t least_base = 1024;
constexpr std::uint64_t most_base = 65000;
constexpr std::uint64_t next_base = 1000;  // further on, where another demo is suggested

struct Use {
    std::uint16_t port;
    std::string whose;
};

std::vector<Use> uses_of(const DemoOptions& options) {
    const Ports registry = registry_ports(options.port);
    std::vector<Use> uses = {{registry.listen, "the registry"},
                             {static_cast<std::uint16_t>(registry.listen + 1), "what the registry publishes"},
                             {registry.http, "the registry's page"}};
    for (unsigned number = 1; number <= options.nodes; ++number) {
        const Ports node = node_ports(options.port, number);
        uses.push_back({node.listen, "node " + name_of(number)});
        uses.push_back({node.http, "the pages of node " + name_of(number)});
    }
    return uses;
}

// A base whose ports are all free; 0: none was found.
std::uint64_t free_base(DemoOptions options) {
    for (options.port += next_base; options.port <= most_base; options.port += next_base) {
        const std::vector<Use> uses = uses_of(options);
        if (std::all_of(uses.begin(), uses.end(), [](const Use& use) { return is_free(use.port); }))
            return options.port;
    }
    return 0;
}

Error out_of_range(const std::string& what) {
    return {ErrorCode::invalid_argument, what};
}

}  // namespace

Ports registry_ports(std::uint64_t base) {
    return {static_cast<std::uint16_t>(base), static_cast<std::uint16_t>(base + 80)};
}

Ports node_ports(std::uint64_t base, unsigned number) {
    const std::uint64_t first = base + std::uint64_t{10} * number;
    return {static_cast<std::uint16_t>(first + 1), static_cast<std::uint16_t>(first + 101)};
}

std::string name_of(unsigned number) {
    return "n" + std::to_string(number);
}

std::string host_and(std::uint16_t port) {
    return "127.0.0.1:" + std::to_string(port);
}

// As ZeroMQ and the pages do: connections of an earlier server may still be dying.
bool is_free(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return false;
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                      ::listen(socket, 1) == 0;
    ::close(socket);
    return free;
}

Result<void> check_ranges(const DemoOptions& options) {
    if (options.port < least_base || options.port > most_base)
        return out_of_range("the base port is " + std::to_string(options.port) + ", and must be " +
                            std::to_string(least_base) + " to " + std::to_string(most_base));
    if (options.nodes < 1 || options.nodes > most_demo_nodes)
        return out_of_range("a demo has 1 to " + std::to_string(most_demo_nodes) + " nodes, not " +
                            std::to_string(options.nodes) + "; configs/ is for larger clusters");
    if (options.racks < 1 || options.racks > options.nodes)
        return out_of_range(std::to_string(options.racks) + " racks for " + std::to_string(options.nodes) +
                            " nodes: there is at least one rack, and a node in each");
    return {};
}

Result<void> check_ports(const DemoOptions& options) {
    for (const Use& use : uses_of(options)) {
        if (is_free(use.port)) continue;
        const std::uint64_t other = free_base(options);
        const std::string instead = other == 0 ? "--port BASE" : "--port " + std::to_string(other);
        return Error(ErrorCode::configuration, "port " + std::to_string(use.port) + ", which is for " + use.whose +
                                                   ", is taken by another process (`ss -ltnp` names it); stop that "
                                                   "one, or move all ports: kvctl demo " +
                                                   instead);
    }
    return {};
}

}  // namespace ringkv::demo
