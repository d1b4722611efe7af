#include "common/placement/hash_ring.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "common/check.hpp"
#include "common/partitioning.hpp"

namespace ringkv {
namespace {

constexpr double most_tokens = 65536;

std::uint32_t token_count(double weight, std::uint32_t vnodes) {
    return static_cast<std::uint32_t>(std::clamp(std::round(weight * vnodes), 1.0, most_tokens));
}

}  // namespace

RackRule::RackRule(const std::vector<std::uint32_t>& sizes, std::uint32_t count) {
    std::uint32_t rounds = 0;  // complete ones
    std::uint32_t taken = 0;
    while (true) {
        const auto open = static_cast<std::uint32_t>(
            std::count_if(sizes.begin(), sizes.end(), [&](std::uint32_t size) { return size > rounds; }));
        if (open == 0) break;
        if (taken + open > count) {
            extra = count - taken;
            break;
        }
        taken += open;
        ++rounds;
    }
    for (const std::uint32_t size : sizes) {
        least.push_back(std::min(size, rounds));
        most.push_back(extra == 0 ? least.back() : std::min(size, rounds + 1));
    }
}

Ring::Ring(std::vector<Candidate> nodes) : nodes_(std::move(nodes)) {
    std::sort(nodes_.begin(), nodes_.end(), [](const Candidate& a, const Candidate& b) { return a.name < b.name; });
    for (Index node = 0; node < nodes_.size(); ++node) {
        Candidate& candidate = nodes_[node];
        RINGKV_CHECK(node == 0 || nodes_[node - 1].name != candidate.name, "names on the ring are distinct");
        if (!std::isfinite(candidate.weight) || candidate.weight <= 0) candidate.weight = 1;
    }
    number_racks();
}

void Ring::number_racks() {
    std::set<std::string> names;
    for (const Candidate& node : nodes_) names.insert(node.rack);
    rack_sizes_.resize(names.size());
    for (const Candidate& node : nodes_) {
        const auto rack = static_cast<std::uint32_t>(std::distance(names.begin(), names.find(node.rack)));
        rack_of_.push_back(rack);
        ++rack_sizes_[rack];
    }
}

HashRing::HashRing(std::vector<Candidate> nodes, std::uint32_t vnodes) : Ring(std::move(nodes)) {
    for (Index node = 0; node < this->nodes().size(); ++node) {
        const Candidate& candidate = this->nodes()[node];
        const std::uint32_t count = token_count(candidate.weight, vnodes);
        for (std::uint32_t i = 0; i < count; ++i)
            tokens_.push_back({hash_of(candidate.name + "#" + std::to_string(i)), node});
    }
    std::sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) {
        return a.position != b.position ? a.position < b.position : a.node < b.node;
    });
    index_tokens();
}

void HashRing::walk(std::uint64_t position, const Visit& visit) const {
    std::vector<bool> seen(nodes().size());
    std::size_t unseen = nodes().size();
    for (std::size_t token = first_token(position); unseen > 0; ++token) {
        if (token >= tokens_.size()) token = 0;
        const Index node = tokens_[token].node;
        if (seen[node]) continue;
        seen[node] = true;
        --unseen;
        if (!visit(node)) return;
    }
}

void HashRing::index_tokens() {
    const std::size_t slices = std::bit_ceil(std::max<std::size_t>(tokens_.size(), 2));
    const int shift = 64 - std::countr_zero(slices);
    first_in_slice_.reserve(slices);
    std::uint32_t token = 0;
    for (std::uint64_t slice = 0; slice < slices; ++slice) {
        while (token < tokens_.size() && tokens_[token].position < slice << shift) ++token;
        first_in_slice_.push_back(token);
    }
}

std::size_t HashRing::first_token(std::uint64_t position) const {
    const int shift = 64 - std::countr_zero(first_in_slice_.size());
    std::size_t token = first_in_slice_[position >> shift];
    while (token < tokens_.size() && tokens_[token].position < position) ++token;
    return token;
}

void Ring::take_turns(std::vector<Index>& in_order) const {
    struct Turn {
        std::uint32_t turn;  // how many of its rack are before it
        Index node;
    };
    std::vector<Turn> turns;
    for (const Index node : in_order) {
        const auto before = std::count_if(turns.begin(), turns.end(),
                                          [&](const Turn& other) { return rack_of_[other.node] == rack_of_[node]; });
        turns.push_back({static_cast<std::uint32_t>(before), node});
    }
    std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.turn < b.turn; });
    std::transform(turns.begin(), turns.end(), in_order.begin(), [](const Turn& turn) { return turn.node; });
}

std::vector<NodeId> Ring::preference_list(PartitionId partition, std::uint32_t partitions, std::uint32_t count) const {
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(count, nodes_.size()));
    if (wanted == 0) return {};
    const RackRule rule(rack_sizes_, wanted);
    std::vector<std::uint32_t> taken(rack_sizes_.size());
    std::uint32_t extra = 0;
    std::vector<Index> chosen;
    walk(start_of(partition, partitions), [&](Index node) {
        const std::uint32_t rack = rack_of_[node];
        const bool beyond_least = taken[rack] >= rule.least[rack];
        if (taken[rack] == rule.most[rack] || (beyond_least && extra == rule.extra)) return true;
        if (beyond_least) ++extra;
        ++taken[rack];
        chosen.push_back(node);
        return chosen.size() < wanted;
    });
    take_turns(chosen);
    std::vector<NodeId> ids;
    ids.reserve(chosen.size());
    for (const Index node : chosen) ids.push_back(nodes_[node].id);
    return ids;
}

}  // namespace ringkv
