// ringkv-node: stores partitions, replicates them, changes views.
#include <csignal>
#include <cstdio>
#include <semaphore>
#include <thread>

#include <CLI/CLI.hpp>

#include "common/edge/configuration/config.hpp"
#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "node/edge/shard_thread.hpp"
#include "ringkv/version.hpp"

namespace {

using namespace ringkv;

// Exit codes as kvctl's (README).
constexpr int exit_configuration = 2;
constexpr int exit_refused = 6;
constexpr int exit_failure = 7;

int fail(const Error& error) {
    std::fprintf(stderr, "ringkv-node: %s\n", error.message().c_str());
    switch (error.code()) {
        case ErrorCode::configuration: return exit_configuration;
        case ErrorCode::refused: return exit_refused;
        default: return exit_failure;
    }
}

Result<NodeDescription> describe(const NodeConfig& config) {
    NodeDescription node;
    node.name = config.name;
    node.rack = config.rack;
    node.weight = config.weight;
    node.registries = config.registries;
    node.durability = config.durability;
    // Nothing outlives the process: every start is a new identity (protocol.md, Words).
    node.storage = random_uuid();
    node.start = StartNumber(1);
    for (std::uint32_t shard = 0; shard < config.shards; ++shard) {
        auto endpoint = endpoint_plus(config.advertise, shard);
        if (!endpoint) return endpoint.error();
        node.endpoints.push_back(*endpoint);
    }
    return node;
}

int run(const NodeConfig& config) {
    // Before any thread starts, so that all of them leave these signals to the one that waits for them.
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    auto node = describe(config);
    if (!node) return fail(node.error());
    const Limits limits{config.limits.key, config.limits.value, config.limits.inflight,
                        config.limits.memory / config.shards};
    std::vector<std::unique_ptr<ShardThread>> shards;
    for (ShardIndex index = 0; index < config.shards; ++index) {
        auto listen = endpoint_plus(config.listen, index);
        if (!listen) return fail(listen.error());
        auto shard = ShardThread::open(*node, index, *listen, limits);
        if (!shard) return fail(shard.error());
        shards.push_back(std::move(*shard));
    }
    std::counting_semaphore<> ended(0);
    for (auto& shard : shards) shard->start([&ended] { ended.release(); });
    std::printf("ringkv-node ready: %s listening on %s\n", config.name.c_str(), config.listen.c_str());
    std::fflush(stdout);

    // SIGUSR1 is our own: every shard has ended.
    std::jthread waiter([&signals, &shards] {
        int signal = 0;
        while (sigwait(&signals, &signal) == 0 && signal != SIGUSR1) {
            log(LogLevel::info, "stopping: primaries are handed over first");
            for (auto& shard : shards) shard->stop();
        }
    });
    int code = 0;
    for (std::size_t count = 0; count < shards.size(); ++count) {
        ended.acquire();
        // One that failed takes the node with it: the others would serve a node that is half dead.
        for (auto& shard : shards) shard->stop();
    }
    pthread_kill(waiter.native_handle(), SIGUSR1);
    waiter.join();
    for (auto& shard : shards)
        if (!shard->outcome()) code = fail(shard->outcome().error());
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"ringkv-node: stores partitions of a RingKV cluster"};
    app.set_version_flag("--version", "ringkv-node " + std::string(version()));
    std::string path;
    std::vector<std::string> overrides;
    bool check_only = false;
    app.add_option("--config", path, "the node's YAML file (configs/node-1.yaml explains every key)")->required();
    app.add_option("--set", overrides, "key=value over the file's, any number of times; dotted keys: limits.key=8KiB");
    app.add_flag("--check-config", check_only, "validate the configuration and exit");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_configuration;
    }
    auto config = load_node_config(path, overrides);
    if (!config) return fail(config.error());
    if (check_only) {
        for (const std::string& notice : config->notices) std::fprintf(stderr, "warning: %s\n", notice.c_str());
        std::printf("%s: ok\n", path.c_str());
        return 0;
    }
    start_logging("ringkv-node", config->name);
    for (const std::string& notice : config->notices) log(LogLevel::warning, notice);
    return run(*config);
}
