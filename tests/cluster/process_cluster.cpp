#include "tests/cluster/process_cluster.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace ringkv::testing {

namespace {

bool can_listen(unsigned port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;  // as ZeroMQ does: connections of an earlier server may still be dying
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free =
        ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(socket, 1) == 0;
    ::close(socket);
    return free;
}

std::string loopback(unsigned port) {
    return "tcp://127.0.0.1:" + std::to_string(port);
}

std::string last_lines(const std::string& text, std::size_t bytes = 4000) {
    return text.size() <= bytes ? text : "..." + text.substr(text.size() - bytes);
}

// In memory where there is such a place: a busy disk may hold up a sync of the registry's for a minute, and what is
// tested here are processes.
std::filesystem::path new_directory() {
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK | X_OK) == 0;
    std::string name = ((usable ? memory : std::filesystem::temp_directory_path()) / "ringkv-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + name);
    return name;
}

}  // namespace

// Below the range from which the kernel takes the ports of outgoing connections.
unsigned free_ports(unsigned count) {
    static std::mt19937 random{std::random_device{}()};
    std::uniform_int_distribution<unsigned> any(12000, 32000);
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const unsigned first = any(random);
        unsigned free = 0;
        while (free < count && can_listen(first + free)) ++free;
        if (free == count) return first;
    }
    throw std::runtime_error("no " + std::to_string(count) + " free ports in a row");
}

const NodeStatus* find_node(const ClusterStatus& status, std::string_view name) {
    for (const NodeStatus& node : status.nodes)
        if (node.name == name) return &node;
    return nullptr;
}

unsigned copies_of(const ClusterStatus& status, std::string_view name) {
    const NodeStatus* node = find_node(status, name);
    return node == nullptr ? 0 : node->copies;
}

bool at_rest(const ClusterStatus& status) {
    return status.total > 0 && status.learners == 0 && status.pending == 0 && status.full == status.total;
}

std::string describe(const ClusterStatus& status) {
    std::ostringstream text;
    text << status.cluster << ", epoch " << status.epoch << ", " << status.health << ": " << status.total
         << " partitions, " << status.full << " full, " << status.under_replicated << " under-replicated, "
         << status.unavailable << " unavailable, " << status.learners << " learners;";
    for (const NodeStatus& node : status.nodes)
        text << ' ' << node.name << " (" << node.rack << ") " << node.state << ' ' << node.primaries << '/'
             << node.copies << ';';
    return text.str();
}

unsigned setting(const char* variable, unsigned otherwise) {
    const char* value = std::getenv(variable);
    return value == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(value, nullptr, 10));
}

ProcessCluster::ProcessCluster(ClusterOptions options) : options_(std::move(options)), directory_(new_directory()) {
    registry_.port = free_ports(ports_of(registry_));
    for (unsigned number = 1; number <= options_.nodes; ++number) {
        const std::string rack = std::string("rack-") + static_cast<char>('a' + (number - 1) % 3);
        add_node("n" + std::to_string(number), rack);
    }
    if (!options_.start) return;
    start_registry();
    for (auto& [name, server] : nodes_) start(server);
    Client observer = client();
    wait_until_full(observer, options_.nodes);
}

ProcessCluster::~ProcessCluster() {
    std::vector<Server*> servers{&registry_};
    for (auto& [name, server] : nodes_) servers.push_back(&server);
    for (Server* server : servers) end(*server);
    if (!::testing::Test::HasFailure() && std::uncaught_exceptions() == 0) {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
        return;
    }
    for (const Server* server : servers) {
        std::cerr << "\n---- " << server->name << " ----\n"
                  << last_lines(read_file(log_of(*server).string() + ".out")) << "-- standard error --\n"
                  << last_lines(read_file(log_of(*server).string() + ".err"));
    }
    std::cerr << "\nThe whole logs are in " << directory_.string() << '\n';
}

std::filesystem::path ProcessCluster::log_of(const Server& server) const {
    return directory_ / (server.name + "-" + std::to_string(server.starts));
}

void ProcessCluster::end(Server& server) {
    if (server.process == nullptr) return;
    if (server.process->ended_by_itself())
        ADD_FAILURE() << server.name << " ended by itself with " << *server.process->wait_for_exit(milliseconds(0));
    server.process.reset();
}

unsigned ProcessCluster::ports_of(const Server& server) const {
    return (server.rack.empty() ? 2 : options_.shards) + 1;  // control and publications; one a shard; pages
}

void ProcessCluster::add_node(const std::string& name, const std::string& rack) {
    Server& server = nodes_[name];
    server.name = name;
    server.rack = rack;
    server.port = free_ports(ports_of(server));
}

void ProcessCluster::write_config(const Server& server) const {
    std::ostringstream yaml;
    if (server.rack.empty()) {
        yaml << "cluster: test\n"
             << "listen: " << loopback(server.port) << '\n'
             << "data_dir: " << data_of("registry").string() << '\n'
             << "partitions: " << options_.partitions << '\n'
             << "replication: " << options_.replication << '\n';
        // All of them, so that the first placement is the last one.
        if (options_.start) yaml << "form_with: " << options_.nodes << '\n';
    } else {
        yaml << "name: " << server.name << '\n'
             << "rack: " << server.rack << '\n'
             << "registry: " << registry_endpoint() << '\n'
             << "listen: " << loopback(server.port) << '\n'
             << "shards: " << options_.shards << '\n'
             << "data_dir: " << data_of(server.name).string() << '\n'
             << "durability: " << options_.durability << '\n'
             << options_.node_settings;
    }
    if (options_.http) yaml << "http: 127.0.0.1:" << http_port(server.name) << '\n';
    write_file(config_of(server.name), yaml.str());
}

ChildProcess& ProcessCluster::start(Server& server) {
    std::vector<std::string> command;
    if (options_.node_launcher && !server.rack.empty()) command = options_.node_launcher(server.name);
    command.emplace_back(server.rack.empty() ? RINGKV_REGISTRY_PROGRAM : node_program_);
    command.insert(command.end(), {"--config", config_of(server.name).string()});
    end(server);
    const bool known_to_others = server.starts > 0 || server.rack.empty();
    for (int attempt = 1;; ++attempt) {
        write_config(server);
        ++server.starts;
        server.process = std::make_unique<ChildProcess>(
            command.front(), std::vector<std::string>(command.begin() + 1, command.end()), log_of(server));
        if (server.process->wait_for_output("ready", patience)) break;
        // Another process may have taken the port between our look and the start.
        const bool exited = !server.process->running();
        if (!exited || known_to_others || attempt == 5)
            throw std::runtime_error(server.name + " is not ready: " + last_lines(server.process->errors()));
        server.port = free_ports(ports_of(server));
    }
    return *server.process;
}

ChildProcess& ProcessCluster::start_registry() {
    return start(registry_);
}
ChildProcess& ProcessCluster::start_node(const std::string& name) {
    return start(nodes_.at(name));
}

ChildProcess& ProcessCluster::registry() {
    return *registry_.process;
}
ChildProcess& ProcessCluster::node(const std::string& name) {
    return *nodes_.at(name).process;
}

void ProcessCluster::kill_registry() {
    registry().signal(SIGKILL);
    registry().wait_for_exit(patience);
}

unsigned ProcessCluster::first_segment(const std::string& name) const {
    const std::string head = read_file(data_of(name) / "shard-0" / "head");
    const auto at = head.find("\nfirst ");
    return at == std::string::npos ? 1 : static_cast<unsigned>(std::stoul(head.substr(at + 7)));
}

void ProcessCluster::kill_node(const std::string& name) {
    node(name).signal(SIGKILL);
    node(name).wait_for_exit(patience);
}

void ProcessCluster::kill_all() {
    std::vector<ChildProcess*> all;
    if (registry_.process) all.push_back(registry_.process.get());
    for (auto& [name, server] : nodes_)
        if (server.process) all.push_back(server.process.get());
    for (ChildProcess* process : all) process->signal(SIGKILL);
    for (ChildProcess* process : all) process->wait_for_exit(patience);
}

void ProcessCluster::stop_node(const std::string& name) {
    node(name).signal(SIGTERM);
    if (!node(name).wait_for_exit(patience)) throw std::runtime_error(name + " does not end");
}

std::uint16_t ProcessCluster::http_port(const std::string& name) const {
    const Server& server = name == registry_.name ? registry_ : nodes_.at(name);
    return static_cast<std::uint16_t>(server.port + ports_of(server) - 1);
}

std::string ProcessCluster::registry_endpoint() const {
    return loopback(registry_.port);
}
std::string ProcessCluster::node_endpoint(const std::string& name) const {
    return loopback(nodes_.at(name).port);
}

std::vector<std::string> ProcessCluster::node_endpoints() const {
    std::vector<std::string> endpoints;
    for (const auto& [name, server] : nodes_) endpoints.push_back(loopback(server.port));
    return endpoints;
}

std::filesystem::path ProcessCluster::config_of(const std::string& name) const {
    return directory_ / (name + ".yaml");
}

Client ProcessCluster::client(std::vector<std::string> endpoints, milliseconds deadline) const {
    if (endpoints.empty()) endpoints.push_back(registry_endpoint());
    Options options;
    options.registries = std::move(endpoints);
    options.deadline = deadline;
    auto client = Client::connect(options);
    if (!client) throw std::runtime_error("no client: " + client.error().message());
    return std::move(*client);
}

Admin ProcessCluster::admin() const {
    auto admin = Admin::connect({.registries = {registry_endpoint()}, .deadline = patience});
    if (!admin) throw std::runtime_error("no admin: " + admin.error().message());
    return std::move(*admin);
}

ClusterStatus ProcessCluster::wait_for_status(Client& client, const std::string& what,
                                              const std::function<bool(const ClusterStatus&)>& condition) const {
    std::string last = "no status";
    ClusterStatus found;
    const bool satisfied = wait_until(patience, [&] {
        auto status = client.status();
        if (!status) {
            last = status.error().message();
            return false;
        }
        last = describe(*status);
        found = std::move(*status);
        return condition(found);
    });
    if (!satisfied) throw std::runtime_error("never came: " + what + "; last seen: " + last);
    return found;
}

ClusterStatus ProcessCluster::wait_until_full(Client& client, unsigned nodes_up) const {
    return wait_for_status(client, "every partition full, " + std::to_string(nodes_up) + " nodes up",
                           [&](const ClusterStatus& status) {
                               unsigned up = 0;
                               for (const NodeStatus& node : status.nodes) up += node.state == "up" ? 1U : 0U;
                               return status.total > 0 && status.full == status.total && up == nodes_up;
                           });
}

ClusterStatus ProcessCluster::wait_until_settled(Client& client, unsigned nodes_up) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (ClusterStatus before = wait_until_full(client, nodes_up);;) {
        sleep_for(milliseconds(2000));
        ClusterStatus after = wait_until_full(client, nodes_up);
        if (after.epoch == before.epoch) return after;
        if (std::chrono::steady_clock::now() >= deadline)
            throw std::runtime_error("the map does not settle: " + describe(after));
        before = std::move(after);
    }
}

ClusterStatus ProcessCluster::wait_until_without(Client& client, const std::string& name) const {
    return wait_for_status(client, "every partition served without " + name, [&](const ClusterStatus& status) {
        const NodeStatus* node = find_node(status, name);
        return status.total > 0 && status.unavailable == 0 && (node == nullptr || node->copies == 0);
    });
}

}  // namespace ringkv::testing
