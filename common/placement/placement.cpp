#include "common/placement/placement.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "common/check.hpp"
#include "common/partitioning.hpp"
#include "common/placement/bounded_assignment.hpp"

namespace ringkv {
namespace {

using Index = Ring::Index;
using Lists = std::vector<std::vector<Index>>;  // of each partition

bool contains(const std::vector<Index>& list, Index node) {
    return std::find(list.begin(), list.end(), node) != list.end();
}

std::vector<double> weights_of(const Ring& ring) {
    std::vector<double> weights;
    for (const Candidate& node : ring.nodes()) weights.push_back(node.weight);
    return weights;
}

std::vector<std::uint32_t> racks_of(const Ring& ring) {
    std::vector<std::uint32_t> racks;
    for (Index node = 0; node < ring.nodes().size(); ++node) racks.push_back(ring.rack_of(node));
    return racks;
}

std::size_t place_in(const std::vector<Index>& list, Index node) {
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), node) - list.begin());
}

// What each candidate holds now.
struct Current {
    Lists holders;               // in order of preference
    std::vector<Index> primary;  // of each partition; none if that is no candidate
    Loads copies, primaries;     // of each node; empty if no node holds anything

    static constexpr Index none = std::numeric_limits<Index>::max();
};

Current current_of(const Ring& ring, const Holders& holders, std::uint32_t partitions) {
    RINGKV_CHECK(holders.empty() || holders.size() == partitions, "what is held is of every partition");
    std::map<NodeId, Index> index_of;
    for (Index node = 0; node < ring.nodes().size(); ++node) index_of[ring.nodes()[node].id] = node;
    Current current{Lists(partitions), std::vector<Index>(partitions, Current::none), {}, {}};
    Loads copies(ring.nodes().size()), primaries(ring.nodes().size());
    for (std::uint32_t partition = 0; partition < holders.size(); ++partition)
        for (const NodeId& id : holders[partition]) {
            const auto node = index_of.find(id);
            if (node == index_of.end() || contains(current.holders[partition], node->second)) continue;
            if (&id == &holders[partition].front()) current.primary[partition] = node->second;
            current.holders[partition].push_back(node->second);
            ++copies[node->second];
        }
    for (const Index node : current.primary)
        if (node != Current::none) ++primaries[node];
    if (copies == Loads(copies.size())) return current;
    current.copies = std::move(copies);
    current.primaries = std::move(primaries);
    return current;
}

// Which nodes hold which partition. A copy that is not there now costs 1.
class Copies final : public BoundedAssignment {
  public:
    Copies(const Ring& ring, const Lists& current, LoadBounds bounds, std::uint32_t count)
        : BoundedAssignment(racks_of(ring), weights_of(ring), RackRule(ring.rack_sizes(), count), std::move(bounds),
                            static_cast<Partition>(current.size())),
          ring_(ring),
          current_(current),
          count_(count),
          nodes_in_(ring.rack_sizes().size()),
          best_offer_(nodes_in_.size()),
          not_offered_(nodes_in_.size()),
          first_of_ring_(current.size()) {
        for (Index node = 0; node < ring.nodes().size(); ++node) nodes_in_[ring.rack_of(node)].push_back(node);
    }

    void place() {
        hold_current();
        for (Partition partition = 0; partition < partitions(); ++partition) fill(partition);
        solve();
    }

    // In the ring's order of preference.
    [[nodiscard]] std::vector<Index> ordered(Partition partition) const {
        std::vector<Index> clockwise;
        const std::size_t count = nodes_of(partition).size();
        ring_.walk(position(partition), [&](Index node) {
            if (on(partition, node)) clockwise.push_back(node);
            return clockwise.size() < count;
        });
        ring_.take_turns(clockwise);
        return clockwise;
    }

  private:
    [[nodiscard]] std::uint64_t position(Partition partition) const {
        return start_of(PartitionId(partition), partitions());
    }

    // The least preferred copies first, primaries last: that is the order in which they are given away.
    void hold_current() {
        std::size_t longest = 0;
        for (const std::vector<Index>& nodes : current_) longest = std::max(longest, nodes.size());
        for (std::size_t place = longest; place-- > 0;)
            for (Partition partition = 0; partition < partitions(); ++partition)
                if (place < current_[partition].size()) hold(partition, current_[partition][place]);
    }

    // The first nodes clockwise that have room. No cheaper way to begin: each costs 1, and nothing costs less.
    void fill(Partition partition) {
        if (nodes_of(partition).size() >= count_) return;
        ring_.walk(position(partition), [&](Index node) {
            if (has_room(node) && !on(partition, node) && has_place(partition, ring_.rack_of(node)))
                take(partition, node);
            return nodes_of(partition).size() < count_;
        });
    }

    [[nodiscard]] Label cost(Partition partition, Node node) const override {
        return contains(current_[partition], node) ? 0 : 1;
    }

    void begin_search() override { std::fill(best_offer_.begin(), best_offer_.end(), unreached); }

    // All nodes of a rack cost the same but for the few that the partition has, or had. So nearly all of them are
    // reached by the first partition that offers the lowest label, and need not be looked at again.
    void reach_options(Partition partition, Rack rack, Label label) override {
        for (const Node node : current_[partition])
            if (ring_.rack_of(node) == rack && !on(partition, node)) reach(node, label);
        const Label offer = label + 1;
        if (offer < best_offer_[rack]) {
            best_offer_[rack] = offer;
            not_offered_[rack] = nodes_in_[rack];
        }
        std::erase_if(not_offered_[rack], [&](Node node) {
            if (this->label(node) > offer && !on(partition, node)) reach(node, offer);
            return this->label(node) <= best_offer_[rack];
        });
    }

    bool try_options(Partition partition, Rack rack, Label label, Look look) override {
        if (look == Look::near)
            return any_open(rack, label + 1) && try_of_rack(first_of_ring(partition), 0, partition, rack, label);
        if (try_of_rack(current_[partition], 0, partition, rack, label)) return true;
        // Not in the ring's order, which would be much work for little; but each partition begins elsewhere.
        const std::size_t begin = partition * std::size_t{7919};
        if (look == Look::ends) return try_of_rack(ends_in(rack), begin, partition, rack, label);
        return any_open(rack, label + 1) && try_of_rack(nodes_in_[rack], begin, partition, rack, label);
    }
    bool try_of_rack(const std::vector<Node>& nodes, std::size_t begin, Partition partition, Rack rack, Label label) {
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const Node node = nodes[(begin + i) % nodes.size()];
            if (ring_.rack_of(node) == rack && try_option(partition, node, label)) return true;
        }
        return false;
    }

    [[nodiscard]] const std::vector<Node>& first_of_ring(Partition partition) {
        std::vector<Node>& first = first_of_ring_[partition];
        const std::size_t wanted = std::min<std::size_t>(4 * count_ + 4, ring_.nodes().size());
        if (first.empty())
            ring_.walk(position(partition), [&](Index node) {
                first.push_back(node);
                return first.size() < wanted;
            });
        return first;
    }

    const Ring& ring_;
    const Lists& current_;
    std::uint32_t count_;
    std::vector<std::vector<Node>> nodes_in_;  // each rack
    // Of the search under way, for each rack.
    std::vector<Label> best_offer_;
    std::vector<std::vector<Node>> not_offered_;  // whose label is above the best offer
    Lists first_of_ring_;
};

// Which of a partition's nodes is its primary.
class Primaries final : public BoundedAssignment {
  public:
    // `members`: the nodes of each partition, the preferred first.
    Primaries(const Ring& ring, const Current& current, const Lists& members, LoadBounds bounds)
        : BoundedAssignment(std::vector<Rack>(ring.nodes().size()), weights_of(ring),
                            RackRule({static_cast<std::uint32_t>(ring.nodes().size())}, 1), std::move(bounds),
                            static_cast<Partition>(members.size())),
          current_(current),
          members_(members) {}

    void place() {
        for (Partition partition = 0; partition < partitions(); ++partition)
            if (contains(members_[partition], current_.primary[partition]))
                hold(partition, current_.primary[partition]);
        solve();
    }
    [[nodiscard]] Index primary(Partition partition) const { return nodes_of(partition).front(); }

  private:
    // One more change is worse than any few copies that are not there yet.
    static constexpr Label change = 16;

    [[nodiscard]] Label cost(Partition partition, Node node) const override {
        if (current_.primary[partition] == node) return 0;
        return contains(current_.holders[partition], node) ? change : change + 1;
    }
    void reach_options(Partition partition, Rack, Label label) override {
        for (const Node node : members_[partition])
            if (!on(partition, node)) reach(node, label + cost(partition, node));
    }
    bool try_options(Partition partition, Rack, Label label, Look) override {
        for (const Node node : members_[partition])
            if (try_option(partition, node, label)) return true;
        return false;
    }

    const Current& current_;
    const Lists& members_;
};

struct Plan {
    Lists lists;  // the primary first
    bool primaries_fit = false;
};

Plan plan_of(const Ring& ring, const Current& current, std::uint32_t count, LoadBounds of_copies,
             LoadBounds of_primaries) {
    Copies copies(ring, current.holders, std::move(of_copies), count);
    copies.place();
    Plan plan;
    Lists members;  // as a primary is chosen: the nodes that have the data first
    for (std::uint32_t partition = 0; partition < current.holders.size(); ++partition) {
        plan.lists.push_back(copies.ordered(partition));
        members.push_back(plan.lists.back());
        std::stable_sort(members.back().begin(), members.back().end(), [&](Index a, Index b) {
            return place_in(current.holders[partition], a) < place_in(current.holders[partition], b);
        });
    }
    Primaries primaries(ring, current, members, std::move(of_primaries));
    primaries.place();
    plan.primaries_fit = !primaries.raised();
    for (std::uint32_t partition = 0; partition < plan.lists.size(); ++partition) {
        std::vector<Index>& nodes = plan.lists[partition];
        const auto primary = std::find(nodes.begin(), nodes.end(), primaries.primary(partition));
        std::rotate(nodes.begin(), primary, primary + 1);
    }
    return plan;
}

}  // namespace

RingPlacement::RingPlacement(std::uint32_t vnodes, Tolerance tolerance)
    : RingPlacement(
          [vnodes](const std::vector<Candidate>& candidates) -> std::unique_ptr<const Ring> {
              return std::make_unique<HashRing>(candidates, vnodes);
          },
          tolerance) {}

Holders RingPlacement::place(const std::vector<Candidate>& candidates, const Holders& current_holders,
                             std::uint32_t partitions, std::uint32_t replication) const {
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(replication, candidates.size()));
    if (count == 0) return Holders(partitions);
    const std::unique_ptr<const Ring> ring = make_ring_(candidates);
    const Current current = current_of(*ring, current_holders, partitions);
    const auto plan_with = [&](bool primaries_fit) {
        return plan_of(*ring, current, count,
                       bounds_of_copies(*ring, partitions, count, current.copies, tolerance_, primaries_fit),
                       bounds_of_primaries(*ring, partitions, current.primaries, tolerance_));
    };
    // Rarely do the copies that move least leave no division of the primaries within their bounds.
    Plan plan = plan_with(current.copies.empty());
    if (!plan.primaries_fit && !current.copies.empty())
        if (Plan other = plan_with(true); other.primaries_fit) plan = std::move(other);

    Holders placement(partitions);
    for (std::uint32_t partition = 0; partition < partitions; ++partition)
        for (const Index node : plan.lists[partition]) placement[partition].push_back(ring->nodes()[node].id);
    return placement;
}

std::size_t least_moves(const std::vector<Candidate>& candidates, const Holders& current_holders,
                        std::uint32_t partitions, std::uint32_t replication, Tolerance tolerance) {
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(replication, candidates.size()));
    if (count == 0) return 0;
    const HashRing ring(candidates, 1);  // its order has no say in how many
    const Current current = current_of(ring, current_holders, partitions);
    Copies copies(ring, current.holders, bounds_of_copies(ring, partitions, count, current.copies, tolerance, false),
                  count);
    copies.place();
    std::size_t moves = 0;
    for (std::uint32_t partition = 0; partition < partitions; ++partition)
        for (const Index node : copies.nodes_of(partition)) moves += contains(current.holders[partition], node) ? 0 : 1;
    return moves;
}

}  // namespace ringkv
