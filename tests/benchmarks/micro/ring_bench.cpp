// Where a key lives, and what a map costs: to plan, to take over as a client does, to change by a delta.
#include <benchmark/benchmark.h>

#include "client/ring_cache.hpp"
#include "common/edge/codec/codec.hpp"
#include "common/partitioning.hpp"
#include "tests/benchmarks/micro/samples.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks;

constexpr std::uint32_t partitions = 4096;

std::uint32_t nodes_of(const benchmark::State& state) {
    return static_cast<std::uint32_t>(state.range(0));
}

// From a key to the endpoint of its primary, keys in random order.
void ring_look_up(benchmark::State& state) {
    RingCache cache;
    cache.apply(sample_map(nodes_of(state), partitions));
    std::vector<std::string> keys;
    for (const std::uint32_t number : shuffled(65536)) keys.push_back(sample_key(number));
    std::size_t at = 0;
    for (auto _ : state) {
        const std::string& key = keys[at++ % keys.size()];
        benchmark::DoNotOptimize(cache.route(partition_of(key, cache.partitions())).endpoint.data());
    }
}

void map_plan(benchmark::State& state) {
    const auto nodes = sample_nodes(nodes_of(state));
    const RingPlacement placement(128);
    for (auto _ : state) benchmark::DoNotOptimize(placement.place(nodes, {}, partitions, 3));
}

// A client's first map, or one after deltas were missed: decoded, and the routes derived.
void map_snapshot(benchmark::State& state) {
    const std::string frame = encode({}, {}, {MapSnapshot{.map = sample_map(nodes_of(state), partitions)}});
    for (auto _ : state) {
        const auto envelope = decode(frame);
        RingCache cache;
        cache.apply(std::get<MapSnapshot>(envelope->messages.front()).map);
        benchmark::DoNotOptimize(cache.partitions());
    }
    state.counters["frame_bytes"] = static_cast<double>(frame.size());
}

// A node's death: 1/300 of the primaries get their next view.
void map_delta(benchmark::State& state) {
    const ClusterMap map = sample_map(nodes_of(state), partitions);
    MapDelta delta = death_of_node_1(map);
    RingCache cache;
    cache.apply(map);
    for (auto _ : state) {
        cache.apply(delta);
        delta.epoch = delta.epoch.next();  // the same change once more
    }
    state.counters["partitions"] = static_cast<double>(delta.partitions.size());
}

BENCHMARK(ring_look_up)->Arg(3)->Arg(300);
BENCHMARK(map_plan)->Arg(3)->Arg(300)->Unit(benchmark::kMillisecond);
BENCHMARK(map_snapshot)->Arg(3)->Arg(300)->Unit(benchmark::kMillisecond);
BENCHMARK(map_delta)->Arg(3)->Arg(300)->Unit(benchmark::kMicrosecond);

}  // namespace
