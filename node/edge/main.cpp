// ringkv-node: stores partitions, replicates them, changes views.
#include <iostream>
#include <semaphore>

#include "common/edge/configuration/config.hpp"
#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/program/server_program.hpp"
#include "common/edge/program/stop_signals.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "node/edge/shard_thread.hpp"

// What jemalloc is asked for (its manual, "TUNING"); the environment's MALLOC_CONF comes after it. Memory in pages of
// 2 MiB, where the kernel has them: nearly each look-up of a key is on another page, and with pages of 4 KiB the
// processor finds few of them without a walk through its tables (docs/decisions/0028).
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,metadata_thp:always";
}

namespace {

using namespace ringkv;

using Shards = std::vector<std::unique_ptr<ShardThread>>;

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

Result<Shards> open_shards(const NodeConfig& config, ShardWatch& watch) {
    const auto node = describe(config);
    if (!node) return node.error();
    const Limits limits{config.limits.key,
                        config.limits.value,
                        config.limits.inflight,
                        config.limits.memory / config.shards,
                        config.limits.sessions / config.shards,
                        config.limits.log / config.shards};
    Shards shards;
    for (ShardIndex index = 0; index < config.shards; ++index) {
        auto listen = endpoint_plus(config.listen, index);
        if (!listen) return listen.error();
        auto shard = ShardThread::open(*node, index, *listen, limits, watch);
        if (!shard) return shard.error();
        shards.push_back(std::move(*shard));
    }
    return shards;
}

void stop(const Shards& shards) {
    for (const auto& shard : shards) shard->stop();
}

// The error of one that failed; those of the others are logged.
Result<void> outcome_of(const Shards& shards) {
    Result<void> outcome;
    for (const auto& shard : shards) {
        if (shard->outcome()) continue;
        if (!outcome) log(LogLevel::error, outcome.error().message());
        outcome = shard->outcome();
    }
    return outcome;
}

Result<void> serve(const NodeConfig& config) {
    block_stop_signals();
    ShardWatch watch(config.shards);
    auto shards = open_shards(config, watch);
    if (!shards) return shards.error();
    std::counting_semaphore<> ended(0);
    for (auto& shard : *shards) shard->start([&ended] { ended.release(); });
    std::cout << "ringkv-node ready: " << config.name << " listening on " << config.listen << std::endl;

    const OnStopSignal on_stop([&shards] {
        log(LogLevel::info, "stopping: primaries are handed over first");
        stop(*shards);
    });
    for (std::size_t count = 0; count < shards->size(); ++count) {
        ended.acquire();
        stop(*shards);  // one that failed takes the node with it: the others would serve a node that is half dead
    }
    return outcome_of(*shards);
}

}  // namespace

int main(int argc, char** argv) {
    ServerProgram program("ringkv-node", "Stores partitions of a RingKV cluster", "configs/node-1.yaml");
    return program.run<NodeConfig>(
        argc, argv, load_node_config, [](const NodeConfig& config) { return config.name; }, serve);
}
