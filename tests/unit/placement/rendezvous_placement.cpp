#include "tests/unit/placement/rendezvous_placement.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/partitioning.hpp"

namespace ringkv {
namespace {

struct Ranked {
    const Candidate* node;
    double score;
    std::uint32_t turn = 0;  // how many of its rack are before it
};

// Finalizer of SplitMix64 (Steele et al. 2014): every bit of the input changes every bit of the output.
std::uint64_t mix(std::uint64_t bits) {
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
    return bits ^ (bits >> 31U);
}

// -weight / ln(u), u uniform in (0, 1): the largest of these is a node's with probability
// proportional to its weight.
double score_of(const Candidate& node, std::uint64_t name_hash, std::uint32_t partition) {
    const std::uint64_t bits = mix(name_hash ^ mix(partition));
    const double uniform = (static_cast<double>(bits >> 11U) + 0.5) / 9007199254740992.0;  // 2^53
    const double weight = std::isfinite(node.weight) && node.weight > 0 ? node.weight : 1.0;
    return -weight / std::log(uniform);
}

void take_turns(std::vector<Ranked>& ranked) {
    std::map<std::string_view, std::uint32_t> of_rack;
    for (Ranked& node : ranked) node.turn = of_rack[node.node->rack]++;
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.turn < b.turn; });
}

}  // namespace

Holders RendezvousPlacement::place(const std::vector<Candidate>& candidates, const Holders&, std::uint32_t partitions,
                                   std::uint32_t replication) const {
    std::vector<std::uint64_t> name_hashes;
    name_hashes.reserve(candidates.size());
    for (const Candidate& node : candidates) name_hashes.push_back(hash_of(node.name));
    Holders placement(partitions);
    for (std::uint32_t partition = 0; partition < partitions; ++partition) {
        std::vector<Ranked> ranked;
        ranked.reserve(candidates.size());
        for (std::size_t i = 0; i < candidates.size(); ++i)
            ranked.push_back({&candidates[i], score_of(candidates[i], name_hashes[i], partition)});
        std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
            return a.score != b.score ? a.score > b.score : a.node->name < b.node->name;
        });
        take_turns(ranked);
        if (ranked.size() > replication) ranked.erase(ranked.begin() + replication, ranked.end());
        for (const Ranked& node : ranked) placement[partition].push_back(node.node->id);
    }
    return placement;
}

}  // namespace ringkv
