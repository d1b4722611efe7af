// ringkv-node: stores partitions, replicates them, changes views.
#include <iostream>
#include <semaphore>

#include "common/edge/configuration/config.hpp"
#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/program/server_program.hpp"
#include "common/edge/program/stop_signals.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "node/edge/disk/data_directory.hpp"
#include "node/edge/node_pages.hpp"
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

// What outlives the process; with durability `memory` nothing does.
struct Storages {
    std::unique_ptr<DataDirectory> directory;     // null: memory
    std::vector<std::unique_ptr<DiskLog>> disks;  // one a shard
    std::vector<MemoryLog> memory;                // likewise

    [[nodiscard]] ShardStorage of(ShardIndex shard, const NodeConfig& config) {
        if (directory == nullptr) return {memory.at(shard)};
        return {*disks.at(shard), true, config.disk_stall, config.log.checkpoint / config.shards};
    }
};

Result<Storages> open_storages(const NodeConfig& config) {
    Storages storages;
    if (config.durability == Durability::memory) {
        storages.memory.resize(config.shards);
        return storages;
    }
    auto directory = DataDirectory::open(
        {config.data_dir, config.name, config.shards, config.durability, machine_boot(), config.log.segment});
    if (!directory) return directory.error();
    storages.directory = std::move(*directory);
    if (!storages.directory->notice().empty()) log(LogLevel::warning, storages.directory->notice());
    for (ShardIndex index = 0; index < config.shards; ++index) {
        auto disk = storages.directory->open_log(index);
        if (!disk) return disk.error();
        storages.disks.push_back(std::move(*disk));
    }
    return storages;
}

Result<NodeDescription> describe(const NodeConfig& config, const DataDirectory* directory) {
    NodeDescription node;
    node.name = config.name;
    node.rack = config.rack;
    node.weight = config.weight;
    node.registries = config.registries;
    node.durability = config.durability;
    if (directory == nullptr) {  // every start is a new identity (protocol.md, Words)
        node.storage = random_uuid();
        node.start = StartNumber(1);
    } else {
        const StoredIdentity& identity = directory->identity();
        node.storage = identity.storage;
        node.start = identity.start;
        node.id = identity.id;
        node.cluster = identity.cluster;
    }
    for (std::uint32_t shard = 0; shard < config.shards; ++shard) {
        auto endpoint = endpoint_plus(config.advertise, shard);
        if (!endpoint) return endpoint.error();
        node.endpoints.push_back(*endpoint);
    }
    return node;
}

Result<Shards> open_shards(const NodeConfig& config, Storages& storages, ShardWatch& watch, ActivityBoard& board) {
    const auto node = describe(config, storages.directory.get());
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
        auto shard = ShardThread::open(*node, index, *listen, limits, storages.of(index, config), watch, board);
        if (!shard) return storages.directory ? storages.directory->explain(shard.error()) : shard.error();
        shards.push_back(std::move(*shard));
    }
    if (storages.directory)
        if (auto started = storages.directory->started(); !started) return started.error();
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

// Nothing is written any more. With that said, a reboot loses nothing, whatever the durability.
Result<void> close(Storages& storages) {
    if (storages.directory == nullptr) return {};
    for (const auto& disk : storages.disks)
        if (auto closed = disk->close(); !closed) return closed;
    return storages.directory->ended();
}

Result<void> run(const NodeConfig& config, Storages& storages) {
    ShardWatch watch(config.shards);
    ActivityBoard board(config.shards);
    auto shards = open_shards(config, storages, watch, board);
    if (!shards) return shards.error();
    const auto pages = serve_pages(config.http, node_pages(*shards));
    if (!pages) return pages.error();
    std::counting_semaphore<> ended(0);
    const auto joined = [&storages](const Identity& identity) {
        return storages.directory ? storages.directory->joined(identity.cluster, identity.node) : Result<void>();
    };
    for (auto& shard : *shards) shard->start(joined, [&ended] { ended.release(); });
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

Result<void> serve(const NodeConfig& config) {
    block_stop_signals();
    auto storages = open_storages(config);
    if (!storages) return storages.error();
    if (auto outcome = run(config, *storages); !outcome) return outcome;
    return close(*storages);
}

}  // namespace

int main(int argc, char** argv) {
    ServerProgram program("ringkv-node", "Stores partitions of a RingKV cluster", "configs/node-1.yaml");
    return program.run<NodeConfig>(
        argc, argv, load_node_config, [](const NodeConfig& config) { return config.name; }, serve);
}
