#include "node/edge/node_server.hpp"

#include <utility>

#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "node/edge/node_pages.hpp"
#include "node/edge/rocksdb/rocksdb_engine.hpp"
#include "node/memory_engine.hpp"

namespace ringkv {
namespace {

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

Limits limits_of_a_shard(const NodeConfig& config) {
    return {config.limits.key,
            config.limits.value,
            config.limits.inflight,
            config.limits.memory / config.shards,
            config.limits.sessions / config.shards,
            config.limits.log / config.shards,
            config.slow_request};
}

}  // namespace

// ---------------------------------------------------------------- storage

Result<NodeServer::Storages> NodeServer::Storages::open(const NodeConfig& config) {
    Storages storages;
    if (config.durability == Durability::memory) {
        storages.memory.resize(config.shards);
        for (ShardIndex index = 0; index < config.shards; ++index)
            if (auto opened = storages.open_engine(index, config); !opened) return opened.error();
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
        if (auto opened = storages.open_engine(index, config); !opened) return opened.error();
    }
    return storages;
}

Result<void> NodeServer::Storages::open_engine(ShardIndex shard, const NodeConfig& config) {
    if (config.engine == EngineKind::memory) {
        engines.push_back(std::make_unique<MemoryEngine>());
        return {};
    }
    const StoredIdentity& identity = directory->identity();
    auto engine = open_rocksdb_engine({directory->engine_path(shard), identity.storage, disks.at(shard)->id(), shard,
                                       identity.start, config.limits.cache / config.shards});
    if (!engine) return directory->explain(engine.error());
    engines.push_back(std::move(*engine));
    return {};
}

ShardStorage NodeServer::Storages::of(ShardIndex shard, const NodeConfig& config) {
    if (directory == nullptr) return {memory.at(shard), *engines.at(shard)};
    return {*disks.at(shard), *engines.at(shard), true, config.disk_stall, config.log.checkpoint / config.shards};
}

// ---------------------------------------------------------------- the server

NodeServer::NodeServer(NodeConfig config, Storages storages)
    : config_(std::move(config)), storages_(std::move(storages)), watch_(config_.shards), board_(config_.shards) {}

NodeServer::~NodeServer() = default;

Result<std::unique_ptr<NodeServer>> NodeServer::open(const NodeConfig& config) {
    auto storages = Storages::open(config);
    if (!storages) return storages.error();
    std::unique_ptr<NodeServer> server(new NodeServer(config, std::move(*storages)));
    if (auto opened = server->open_shards(); !opened) return opened.error();
    auto pages = serve_pages(config.http, node_pages(server->shards_));
    if (!pages) return pages.error();
    server->pages_ = std::move(*pages);
    return server;
}

Result<void> NodeServer::open_shards() {
    DataDirectory* const directory = storages_.directory.get();
    const auto node = describe(config_, directory);
    if (!node) return node.error();
    for (ShardIndex index = 0; index < config_.shards; ++index) {
        auto listen = endpoint_plus(config_.listen, index);
        if (!listen) return listen.error();
        auto shard = ShardThread::open(*node, index, *listen, limits_of_a_shard(config_), storages_.of(index, config_),
                                       watch_, board_);
        if (!shard) return directory != nullptr ? directory->explain(shard.error()) : shard.error();
        shards_.push_back(std::move(*shard));
    }
    return directory != nullptr ? directory->started() : Result<void>();
}

void NodeServer::start() {
    const auto joined = [this](const Identity& identity) {
        return storages_.directory ? storages_.directory->joined(identity.cluster, identity.node) : Result<void>();
    };
    for (const auto& shard : shards_) shard->start(joined, [this] { ended_.release(); });
}

void NodeServer::stop() {
    for (const auto& shard : shards_) shard->stop();
}

Result<void> NodeServer::wait() {
    for (std::size_t count = 0; count < shards_.size(); ++count) {
        ended_.acquire();
        // One that failed takes the node with it: the others would serve a node that is half dead.
        if (!killed_) stop();
    }
    Result<void> ended = outcome();
    const auto older = [](const auto& shard) { return shard->has_older_data(); };
    if (ended || !storages_.directory || std::none_of(shards_.begin(), shards_.end(), older)) return ended;
    // Whatever starts it again must not get further with it.
    if (const auto marked = storages_.directory->must_not_be_used(ended.error().message()); !marked)
        return marked.error();
    return storages_.directory->explain(ended.error());
}

void NodeServer::kill() {
    killed_ = true;  // before the first one ends, so that no other hands over
    for (const auto& shard : shards_) shard->kill();
}

void NodeServer::pause() {
    if (pages_) pages_->pause();
    for (const auto& shard : shards_) shard->pause();
}

void NodeServer::resume() {
    for (const auto& shard : shards_) shard->resume();
    if (pages_) pages_->resume();
}

std::vector<std::string> NodeServer::not_ready() const {
    return node_pages(shards_).not_ready();
}

Result<void> NodeServer::outcome() const {
    Result<void> outcome;
    for (const auto& shard : shards_) {
        if (shard->outcome()) continue;
        if (!outcome) log(LogLevel::error, outcome.error().message());
        outcome = shard->outcome();
    }
    return outcome;
}

Result<void> NodeServer::close() {
    pages_.reset();
    shards_.clear();  // what they had committed is stored then
    if (storages_.directory == nullptr) return {};
    for (const auto& disk : storages_.disks)
        if (auto closed = disk->close(); !closed) return closed;
    return storages_.directory->ended();
}

}  // namespace ringkv
