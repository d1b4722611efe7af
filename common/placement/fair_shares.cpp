#include "common/placement/fair_shares.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ringkv {
namespace {

constexpr double rounding = 1e-9;  // shares are quotients: 16.000000000000004 is 16

std::uint32_t whole(double count) {
    return static_cast<std::uint32_t>(std::clamp(count, 0.0, 4e9));
}

// What a rack holds of one copy of everything when its nodes hold `level` times their weight, once at most.
double held_at(const std::vector<double>& weights, double level) {
    double held = 0;
    for (const double weight : weights) held += std::min(1.0, level * weight);
    return held;
}

// The lowest level at which `held(level)`, which never falls, is as much as wanted.
template <class Held>
double level_for(double wanted, double highest, const Held& held) {
    double low = 0;
    for (int halving = 0; halving < 200 && low < highest; ++halving) {
        const double middle = low + (highest - low) / 2;
        if (middle <= low || middle >= highest) break;
        (held(middle) < wanted ? low : highest) = middle;
    }
    return highest;
}

std::vector<double> weighted_shares(const Ring& ring) {
    double total = 0;
    for (const Candidate& node : ring.nodes()) total += node.weight;
    std::vector<double> shares;
    for (const Candidate& node : ring.nodes()) shares.push_back(node.weight / total);
    return shares;
}

std::uint32_t load_now(const Loads& now, std::size_t node) {
    return now.empty() ? std::numeric_limits<std::uint32_t>::max() : now[node];
}

}  // namespace

std::uint32_t bound_of_share(double share, double above) {
    return whole(std::max(std::ceil(share - rounding), std::floor((1 + above) * share + rounding)));
}

std::uint32_t floor_of_share(double share, std::uint32_t now, Tolerance tolerance) {
    if (tolerance.below >= 1) return 0;
    const std::uint32_t enough = whole(std::floor((1 - tolerance.below) * share + rounding));
    const std::uint32_t least = std::max(enough, std::min(1U, whole(std::floor(share + rounding))));
    if (now >= least) return least;
    return whole(std::min(std::floor(share + rounding), std::ceil((1 - tolerance.filled) * share - rounding)));
}

std::vector<double> fair_shares(const Ring& ring, std::uint32_t count) {
    const std::size_t racks = ring.rack_sizes().size();
    const RackRule rule(ring.rack_sizes(), count);
    std::vector<std::vector<double>> weights(racks);
    double lightest = ring.nodes().front().weight;
    for (Ring::Index node = 0; node < ring.nodes().size(); ++node) {
        weights[ring.rack_of(node)].push_back(ring.nodes()[node].weight);
        lightest = std::min(lightest, ring.nodes()[node].weight);
    }
    const auto allowed = [&](std::size_t rack, double level) {
        return std::clamp(held_at(weights[rack], level), static_cast<double>(rule.least[rack]),
                          static_cast<double>(rule.most[rack]));
    };
    const double highest = 1 / lightest;
    const double level = level_for(count, highest, [&](double at) {
        double held = 0;
        for (std::size_t rack = 0; rack < racks; ++rack) held += allowed(rack, at);
        return held;
    });
    std::vector<double> level_of;  // each rack's own, so that it holds what it may
    for (std::size_t rack = 0; rack < racks; ++rack)
        level_of.push_back(
            level_for(allowed(rack, level), highest, [&](double at) { return held_at(weights[rack], at); }));
    std::vector<double> shares;
    for (Ring::Index node = 0; node < ring.nodes().size(); ++node)
        shares.push_back(std::min(1.0, level_of[ring.rack_of(node)] * ring.nodes()[node].weight));
    return shares;
}

LoadBounds bounds_of_copies(const Ring& ring, std::uint32_t partitions, std::uint32_t count, const Loads& now,
                            Tolerance tolerance, bool primaries_fit) {
    const std::vector<double> weighted = weighted_shares(ring);
    const std::vector<double> fair = fair_shares(ring, count);
    LoadBounds bounds;
    for (std::size_t node = 0; node < fair.size(); ++node) {
        const double share = weighted[node] * partitions;
        std::uint32_t most = bound_of_share(share * count, tolerance.above);
        if (primaries_fit) most = std::min(most, bound_of_share(share, tolerance.above) * count);
        most = std::max(most, bound_of_share(fair[node] * partitions, 0));
        bounds.most.push_back(std::min(most, partitions));
        bounds.least.push_back(
            floor_of_share(std::min(share * count, fair[node] * partitions), load_now(now, node), tolerance));
    }
    return bounds;
}

LoadBounds bounds_of_primaries(const Ring& ring, std::uint32_t partitions, const Loads& now, Tolerance tolerance) {
    LoadBounds bounds;
    for (const double weighted : weighted_shares(ring)) {
        const double share = weighted * partitions;
        bounds.least.push_back(floor_of_share(share, load_now(now, bounds.most.size()), tolerance));
        bounds.most.push_back(bound_of_share(share, tolerance.above));
    }
    return bounds;
}

}  // namespace ringkv
