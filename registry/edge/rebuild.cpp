#include "registry/edge/rebuild.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>

#include "common/edge/program/stop_signals.hpp"
#include "common/edge/running/event_loop.hpp"
#include "common/edge/running/storage_thread.hpp"
#include "common/edge/system/clock.hpp"
#include "registry/edge/store.hpp"
#include "registry/map_change.hpp"
#include "registry/rebuild_actor.hpp"

namespace ringkv {

namespace {

Error has_a_state(const RegistryConfig& config, const ClusterMap& map) {
    return {ErrorCode::refused,
            fmt::format("{} has a registry's state, of generation {}, epoch {}: start the registry on it; if it is an "
                        "old copy, move registry.db away, and rebuild",
                        config.data_dir, map.generation.value(), map.epoch.value())};
}

Error interrupted(const RebuildActor& actor) {
    std::vector<std::string> names;
    for (const auto& [name, partitions] : actor.missing()) names.push_back(name);
    return {ErrorCode::unavailable,
            names.empty()
                ? "interrupted; nothing was stored: no node has told the cluster's map yet"
                : fmt::format("interrupted; nothing was stored: {} had not reported", fmt::join(names, ", "))};
}

void tell(const RebuildActor& actor) {
    const ClusterMap& map = actor.map();
    std::cout << fmt::format("rebuilt: generation {}, epoch {}, {} and {} of cluster '{}'; {} had reported\n",
                             map.generation.value(), map.epoch.value(), registry::counted(map.nodes.size(), "node"),
                             registry::counted(map.partitions.size(), "partition"), map.settings.cluster,
                             fmt::join(actor.reported(), ", "))
              << "start ringkv-registry now" << std::endl;
}

}  // namespace

Result<void> rebuild_registry(const RegistryConfig& config, const std::vector<std::string>& without,
                              bool accept_data_loss) {
    block_stop_signals();
    auto store = MapStore::open(config.data_dir);
    if (!store) return store.error();
    const auto there = (*store)->load();
    if (!there) return there.error();
    if (there->formed()) return has_a_state(config, *there);

    TransportOptions sockets;
    sockets.listen = config.listen;
    sockets.publish = config.settings.publish;
    auto transport = Transport::open(sockets);
    if (!transport) return transport.error();

    RebuildOptions options;
    options.settings = config.settings;
    options.given_up = [&without](const NodeInfo& node) {
        return std::find(without.begin(), without.end(), node.name) != without.end();
    };
    options.lost = [accept_data_loss](PartitionId) { return accept_data_loss; };
    RebuildActor actor(std::move(options), random_uuid(), (*store)->fence());
    actor.set_clock(wall_offset());
    StorageThread storage(**store, [&transport] { (*transport)->wake(); });
    EventLoop loop(actor, storage, **transport);
    const OnStopSignal on_stop([&loop] { loop.stop(); });
    if (auto ran = loop.run(); !ran) return ran;
    if (actor.failure()) return *actor.failure();
    if (!actor.finished()) return interrupted(actor);
    tell(actor);
    return {};
}

}  // namespace ringkv
