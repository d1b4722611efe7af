// Clusters for tests of the ring and of placements.
#pragma once

#include <rapidcheck.h>

#include <map>
#include <string>
#include <vector>

#include "common/placement/hash_ring.hpp"

namespace ringkv::testing {

// Racks of these sizes, all weights 1; ids from 1, names not in the order of ids.
inline std::vector<Candidate> racks_of(const std::vector<std::uint32_t>& sizes) {
    std::vector<Candidate> nodes;
    std::uint32_t id = 1;
    for (std::size_t rack = 0; rack < sizes.size(); ++rack)
        for (std::uint32_t i = 0; i < sizes[rack]; ++i, ++id)
            nodes.push_back({NodeId(id), "n" + std::to_string(id * 7919 % 10007), "rack" + std::to_string(rack), 1.0});
    return nodes;
}

// 1 .. 6 racks of equal size, at most 40 nodes.
inline std::vector<Candidate> any_equal_racks() {
    const auto racks = *rc::gen::inRange<std::uint32_t>(1, 7);
    const auto size = *rc::gen::inRange<std::uint32_t>(1, 40 / racks + 1);
    return racks_of(std::vector<std::uint32_t>(racks, size));
}

// 1 .. 40 nodes, each in any of at most 6 racks.
inline std::vector<Candidate> any_racks() {
    std::vector<std::uint32_t> sizes(*rc::gen::inRange<std::size_t>(1, 7));
    const auto nodes = *rc::gen::inRange<std::size_t>(1, 41);
    for (std::size_t i = 0; i < nodes; ++i) ++sizes[*rc::gen::inRange<std::size_t>(0, sizes.size())];
    return racks_of(sizes);
}

inline std::vector<Candidate> any_cluster() {
    std::vector<Candidate> nodes = *rc::gen::arbitrary<bool>() ? any_equal_racks() : any_racks();
    if (*rc::gen::arbitrary<bool>())
        for (Candidate& node : nodes) node.weight = *rc::gen::inRange(1, 41) / 10.0;
    return nodes;
}

inline std::uint32_t any_partitions() {
    return *rc::gen::element<std::uint32_t>(64, 128, 256, 512, 1024);
}
inline std::uint32_t any_replication() {
    return *rc::gen::inRange<std::uint32_t>(1, 5);
}

inline std::map<NodeId, Candidate> by_id(const std::vector<Candidate>& nodes) {
    std::map<NodeId, Candidate> found;
    for (const Candidate& node : nodes) found[node.id] = node;
    return found;
}

// Does the list give every rack its turn: no rack a node more before another that still has one?
inline bool takes_racks_in_turn(const std::vector<NodeId>& list, const std::vector<Candidate>& nodes) {
    const std::map<NodeId, Candidate> known = by_id(nodes);
    std::map<std::string, int> size, used;
    for (const Candidate& node : nodes) ++size[node.rack];
    for (const NodeId id : list) ++used[known.at(id).rack];
    for (const auto& [rack, count] : size)
        for (const auto& [other, other_used] : used)
            if (used[rack] < count && other_used > used[rack] + 1) return false;
    return true;
}

}  // namespace ringkv::testing
