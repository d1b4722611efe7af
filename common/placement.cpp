#include "common/placement.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/bounded_assignment.hpp"
#include "common/partitioning.hpp"

namespace ringkv {

std::uint32_t bound_of_share(double share) {
    constexpr double rounding = 1e-9;  // shares are quotients: 16.000000000000004 is 16
    const double bound = std::max(std::ceil(share - rounding), std::floor(1.05 * share + rounding));
    return static_cast<std::uint32_t>(std::clamp(bound, 0.0, 4e9));
}

namespace {

using Index = Ring::Index;

std::vector<double> weights_of(const Ring& ring) {
    std::vector<double> weights;
    for (const Candidate& node : ring.nodes()) weights.push_back(node.weight);
    return weights;
}

// Bounds when each partition is given to `count` nodes. Of copies also at most count times the bound
// of primaries: so a `count`-th of every partition each is a division of the primaries within their
// bounds, and hence a whole one exists (flows are integral).
std::vector<std::uint32_t> bounds_of(const std::vector<double>& weights, std::uint32_t partitions,
                                     std::uint32_t count) {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<std::uint32_t> bounds;
    for (const double weight : weights) {
        const double share = weight / total * partitions;
        bounds.push_back(std::min(bound_of_share(share * count), bound_of_share(share) * count));
    }
    return bounds;
}

// Which nodes hold which partition.
class Copies final : public BoundedAssignment {
  public:
    Copies(const Ring& ring, std::uint32_t partitions, std::uint32_t count)
        : BoundedAssignment(weights_of(ring), bounds_of(weights_of(ring), partitions, count)),
          ring_(ring),
          rule_(ring.rack_sizes(), count),
          count_(count),
          members_(partitions),
          rack_nodes_(ring.rack_sizes().size()) {
        for (Node node = 0; node < nodes(); ++node) rack_nodes_[ring_.rack_of(node)].push_back(node);
    }

    void place(Partition partition, std::uint64_t position) {
        const std::vector<Index>& members = members_[partition];
        ring_.walk(position, [&](Index node) {
            if (!full(node) && has_place(partition, ring_.rack_of(node))) assign(partition, nobody, node);
            return members.size() < count_;
        });
        while (members.size() < count_) augment(partition);
    }

    // In order of preference.
    [[nodiscard]] std::vector<Index> ordered(Partition partition, std::uint64_t position) const {
        std::vector<Index> clockwise;
        ring_.walk(position, [&](Index node) {
            if (holds(partition, node)) clockwise.push_back(node);
            return clockwise.size() < count_;
        });
        ring_.take_turns(clockwise);
        return clockwise;
    }

  private:
    [[nodiscard]] bool holds(Partition partition, Node node) const {
        const std::vector<Index>& members = members_[partition];
        return std::find(members.begin(), members.end(), node) != members.end();
    }
    [[nodiscard]] std::uint32_t in_rack(Partition partition, std::uint32_t rack) const {
        const std::vector<Index>& members = members_[partition];
        return static_cast<std::uint32_t>(
            std::count_if(members.begin(), members.end(), [&](Index node) { return ring_.rack_of(node) == rack; }));
    }
    // May the partition take one more node of that rack?
    [[nodiscard]] bool has_place(Partition partition, std::uint32_t rack) const {
        const std::uint32_t held = in_rack(partition, rack);
        if (held < rule_.least[rack]) return true;
        if (held >= rule_.most[rack]) return false;
        std::uint32_t extra = 0;
        for (std::uint32_t other = 0; other < rack_nodes_.size(); ++other)
            if (in_rack(partition, other) > rule_.least[other]) ++extra;
        return extra < rule_.extra;
    }

    void begin_search() override { unreached_ = rack_nodes_; }

    // A chain may go through a partition more than once. That is sound: the first visit to a rack of it
    // reaches all of that rack's nodes, so no two links of a chain bring nodes of one rack to it.
    void propose(Partition partition, Node held) override {
        const std::uint32_t own_rack = held == nobody ? nobody : ring_.rack_of(held);
        const bool may_leave = held != nobody && in_rack(partition, own_rack) > rule_.least[own_rack];
        for (std::uint32_t rack = 0; rack < unreached_.size(); ++rack) {
            if (unreached_[rack].empty()) continue;
            const bool open = held == nobody ? has_place(partition, rack)
                                             : rack == own_rack || (may_leave && rule_.least[rack] < rule_.most[rack] &&
                                                                    in_rack(partition, rack) == rule_.least[rack]);
            if (open) reach_rack(partition, held, rack);
        }
    }
    void reach_rack(Partition partition, Node held, std::uint32_t rack) {
        std::erase_if(unreached_[rack], [&](Node node) {
            if (holds(partition, node)) return false;
            reach(node, partition, held);
            return true;
        });
    }

    void assigned(Partition partition, Node held, Node taken) override {
        std::vector<Index>& members = members_[partition];
        if (held == nobody)
            members.push_back(taken);
        else
            *std::find(members.begin(), members.end(), held) = taken;
    }

    const Ring& ring_;
    RackRule rule_;
    std::uint32_t count_;
    std::vector<std::vector<Index>> members_;  // of each partition
    std::vector<std::vector<Node>> rack_nodes_;
    std::vector<std::vector<Node>> unreached_;  // of each rack
};

// Which of a partition's nodes is its primary: the first in order of preference that has room.
class Primaries final : public BoundedAssignment {
  public:
    Primaries(const Ring& ring, const std::vector<std::vector<Index>>& members)
        : BoundedAssignment(weights_of(ring),
                            bounds_of(weights_of(ring), static_cast<std::uint32_t>(members.size()), 1)),
          members_(members),
          primary_(members.size(), nobody) {}

    void place(Partition partition) {
        const std::vector<Index>& members = members_[partition];
        const auto first = std::find_if(members.begin(), members.end(), [this](Index node) { return !full(node); });
        if (first != members.end())
            assign(partition, nobody, *first);
        else
            augment(partition);
    }
    [[nodiscard]] Index primary(Partition partition) const { return primary_[partition]; }

  private:
    void propose(Partition partition, Node held) override {
        for (const Index node : members_[partition]) reach(node, partition, held);
    }
    void assigned(Partition partition, Node, Node taken) override { primary_[partition] = taken; }

    const std::vector<std::vector<Index>>& members_;
    std::vector<Index> primary_;
};

}  // namespace

RingPlacement::RingPlacement(std::uint32_t vnodes)
    : RingPlacement([vnodes](const std::vector<Candidate>& candidates) -> std::unique_ptr<const Ring> {
          return std::make_unique<HashRing>(candidates, vnodes);
      }) {}

std::vector<std::vector<NodeId>> RingPlacement::place(const std::vector<Candidate>& candidates,
                                                      std::uint32_t partitions, std::uint32_t replication) const {
    std::vector<std::vector<NodeId>> placement(partitions);
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(replication, candidates.size()));
    if (count == 0) return placement;
    const std::unique_ptr<const Ring> made = make_ring_(candidates);
    const Ring& ring = *made;
    const auto position = [&](std::uint32_t partition) { return start_of(PartitionId(partition), partitions); };

    Copies copies(ring, partitions, count);
    for (std::uint32_t partition = 0; partition < partitions; ++partition) copies.place(partition, position(partition));
    std::vector<std::vector<Index>> members;
    for (std::uint32_t partition = 0; partition < partitions; ++partition)
        members.push_back(copies.ordered(partition, position(partition)));

    Primaries primaries(ring, members);
    for (std::uint32_t partition = 0; partition < partitions; ++partition) primaries.place(partition);
    for (std::uint32_t partition = 0; partition < partitions; ++partition) {
        std::vector<Index>& nodes = members[partition];
        const auto primary = std::find(nodes.begin(), nodes.end(), primaries.primary(partition));
        std::rotate(nodes.begin(), primary, primary + 1);
        for (const Index node : nodes) placement[partition].push_back(ring.nodes()[node].id);
    }
    return placement;
}

}  // namespace ringkv
