#include "tests/benchmarks/micro/samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace ringkv::benchmarks {

std::string sample_key(std::uint64_t number) {
    return fmt::format("key-{:013}", number);
}

std::string sample_value(std::size_t size) {
    std::mt19937_64 random(size);
    std::string value(size, '\0');
    for (char& letter : value) letter = static_cast<char>('a' + random() % 26);
    return value;
}

std::vector<std::uint32_t> shuffled(std::uint32_t below) {
    std::vector<std::uint32_t> numbers(below);
    std::iota(numbers.begin(), numbers.end(), 0U);
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(1));
    return numbers;
}

std::vector<Candidate> sample_nodes(std::uint32_t nodes) {
    std::vector<Candidate> candidates;
    for (std::uint32_t number = 1; number <= nodes; ++number) {
        candidates.push_back({NodeId(number), fmt::format("node{}", number), fmt::format("rack{}", number % 10), 1.0});
    }
    return candidates;
}

ClusterMap sample_map(std::uint32_t nodes, std::uint32_t partitions) {
    ClusterMap map;
    map.generation = Generation(1);
    map.epoch = Epoch(1);
    map.settings.cluster = "bench";
    map.settings.id.bytes[0] = 1;
    map.settings.partitions = partitions;
    map.settings.replication = 3;
    const auto candidates = sample_nodes(nodes);
    for (const Candidate& candidate : candidates) {
        NodeInfo node;
        node.id = candidate.id;
        node.name = candidate.name;
        node.rack = candidate.rack;
        node.start = StartNumber(1);
        node.endpoints = {fmt::format("tcp://10.0.{}.{}:7411", node.id.value() / 256, node.id.value() % 256)};
        map.nodes.emplace(node.id, std::move(node));
    }
    for (auto& holders : RingPlacement(128).place(candidates, {}, partitions, 3)) {
        PartitionState state;
        state.view.id = state.view.since = {Generation(1), ViewNumber(1)};
        state.view.primary = holders.front();
        state.view.members = holders;
        state.target = std::move(holders);
        map.partitions.push_back(std::move(state));
    }
    return map;
}

MapDelta death_of_node_1(const ClusterMap& map) {
    MapDelta delta;
    delta.generation = map.generation;
    delta.epoch = map.epoch.next();
    delta.nodes.push_back(map.nodes.at(NodeId(1)));
    delta.nodes.back().state = NodeState::down;
    for (std::uint32_t number = 0; number < map.partitions.size(); ++number) {
        PartitionState state = map.partitions[number];
        if (state.view.primary != NodeId(1)) continue;
        state.view.members.erase(state.view.members.begin());
        state.view.primary = state.view.members.front();
        state.view.id = state.view.since = state.view.id.next();
        delta.partitions.push_back({PartitionId(number), std::move(state)});
    }
    return delta;
}

}  // namespace ringkv::benchmarks
