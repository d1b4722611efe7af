#include "common/placement/placement.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <set>

#include "candidates.hpp"
#include "tests/unit/placement/rendezvous_placement.hpp"

namespace ringkv {
namespace {

using testing::any_cluster;
using testing::any_equal_racks;
using testing::any_partitions;
using testing::any_racks;
using testing::any_replication;

using Lists = Holders;

struct Counts {
    std::map<NodeId, std::uint32_t> copies, primaries;
};

Counts loads_of(const Lists& placement) {
    Counts loads;
    for (const std::vector<NodeId>& list : placement) {
        ++loads.primaries[list.front()];
        for (const NodeId id : list) ++loads.copies[id];
    }
    return loads;
}

std::unique_ptr<Placement> any_placement() {
    if (*rc::gen::arbitrary<bool>()) return std::make_unique<RendezvousPlacement>();
    return std::make_unique<RingPlacement>(*rc::gen::element<std::uint32_t>(1, 16, 128));
}

// ---- every placement

TEST(Placement, OfNobodyIsEmptyLists) {
    EXPECT_EQ(RingPlacement(16).place({}, {}, 64, 3), Lists(64));
    EXPECT_EQ(RendezvousPlacement().place({}, {}, 64, 3), Lists(64));
}

RC_GTEST_PROP(Placement, GivesDistinctNodesInDistinctRacksWhileRacksRemain, ()) {
    const std::vector<Candidate> nodes = any_cluster();
    const std::uint32_t partitions = any_partitions();
    const std::uint32_t replication = any_replication();
    const Lists placement = any_placement()->place(nodes, {}, partitions, replication);
    RC_ASSERT(placement.size() == partitions);
    for (const std::vector<NodeId>& list : placement) {
        RC_ASSERT(list.size() == std::min<std::size_t>(replication, nodes.size()));
        RC_ASSERT(std::set<NodeId>(list.begin(), list.end()).size() == list.size());
        RC_ASSERT(testing::takes_racks_in_turn(list, nodes));
    }
}

RC_GTEST_PROP(Placement, NeitherOrderNorIdsHaveASay, ()) {
    const std::vector<Candidate> nodes = any_cluster();
    std::vector<Candidate> others = nodes;
    for (Candidate& node : others) node.id = NodeId(1000 - node.id.value());
    std::reverse(others.begin(), others.end());
    std::rotate(others.begin(), others.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(others)),
                others.end());
    const std::unique_ptr<Placement> placement = any_placement();
    Lists theirs = placement->place(others, {}, 128, 3);
    for (std::vector<NodeId>& list : theirs)
        for (NodeId& id : list) id = NodeId(1000 - id.value());
    RC_ASSERT(placement->place(nodes, {}, 128, 3) == theirs);
}

// ---- the ring with bounded loads

TEST(RingPlacement, BoundIsTheShareRoundedUpOrFivePercentMore) {
    EXPECT_EQ(bound_of_share(0.2), 1U);
    EXPECT_EQ(bound_of_share(16.0), 16U);
    EXPECT_EQ(bound_of_share(16.000000000000004), 16U);
    EXPECT_EQ(bound_of_share(16.1), 17U);
    EXPECT_EQ(bound_of_share(40.96), 43U);
    EXPECT_EQ(bound_of_share(1000.0), 1050U);
}

RC_GTEST_PROP(RingPlacement, KeepsBothBoundsWhereRacksAndWeightsAreEqual, ()) {
    const std::vector<Candidate> nodes = any_equal_racks();
    const std::uint32_t partitions = any_partitions();
    const std::uint32_t replication = any_replication();
    const Counts loads = loads_of(RingPlacement(128).place(nodes, {}, partitions, replication));
    const double share = static_cast<double>(partitions) / static_cast<double>(nodes.size());
    const auto copies = static_cast<double>(std::min<std::size_t>(replication, nodes.size()));
    for (const auto& [id, count] : loads.copies) RC_ASSERT(count <= bound_of_share(share * copies));
    for (const auto& [id, count] : loads.primaries) RC_ASSERT(count <= bound_of_share(share));
}

// One rack, N = 1: nothing but the weights matters.
RC_GTEST_PROP(RingPlacement, KeepsBothBoundsForAnyWeightsWhereRacksDoNotMatter, ()) {
    std::vector<Candidate> nodes = any_racks();
    double total = 0;
    for (Candidate& node : nodes) total += node.weight = *rc::gen::inRange(1, 41) / 10.0;
    const std::uint32_t partitions = any_partitions();
    Counts loads = loads_of(RingPlacement(128).place(nodes, {}, partitions, 1));
    for (const Candidate& node : nodes) {
        RC_ASSERT(loads.copies[node.id] <= bound_of_share(node.weight / total * partitions));
        RC_ASSERT(loads.primaries[node.id] == loads.copies[node.id]);
    }
}

// The least possible highest load of copies, of nodes of equal weight and no more copies than racks: a rack
// holds `partitions` copies at most, and what the small racks cannot take the others share.
double level_that_racks_allow(const std::map<std::string, double>& rack_sizes, double partitions, double copies) {
    double low = 0, high = partitions;
    for (int i = 0; i < 100; ++i) {
        const double level = (low + high) / 2;
        double placed = 0;
        for (const auto& [rack, size] : rack_sizes) placed += std::min(partitions, level * size);
        (placed < partitions * copies ? low : high) = level;
    }
    return high;
}

RC_GTEST_PROP(RingPlacement, DoesTheBestThatUnequalRacksAllow, ()) {
    const std::vector<Candidate> nodes = any_racks();
    std::map<std::string, double> rack_sizes;
    for (const Candidate& node : nodes) ++rack_sizes[node.rack];
    const std::uint32_t partitions = any_partitions();
    const auto copies = std::min<std::uint32_t>(any_replication(), static_cast<std::uint32_t>(rack_sizes.size()));
    const double level = level_that_racks_allow(rack_sizes, partitions, copies);
    const double share = static_cast<double>(partitions) * copies / static_cast<double>(nodes.size());
    const double bound = std::max<double>(bound_of_share(share), 1.01 * std::ceil(level - 1e-6));
    for (const auto& [id, count] : loads_of(RingPlacement(128).place(nodes, {}, partitions, copies)).copies)
        RC_ASSERT(count <= bound);
}

// Five nodes, racks of 2, 2 and 1: the one alone must hold everything; primaries can still be equal.
// A ring that is not ours: the order of a position is that of the names, turned by the position. It shows that
// rings can be exchanged below the placement; the bounds are the placement's own.
class TurntableRing final : public Ring {
  public:
    using Ring::Ring;
    void walk(std::uint64_t position, const Visit& visit) const override {
        const auto size = static_cast<Index>(nodes().size());
        for (Index i = 0; i < size; ++i)
            if (!visit(static_cast<Index>((position >> 48U) + i) % size)) return;
    }
};

TEST(RingPlacement, AnotherRingCanBeExchanged) {
    const auto nodes = testing::racks_of({2, 2, 2});
    const RingPlacement placement(
        [](const std::vector<Candidate>& candidates) { return std::make_unique<const TurntableRing>(candidates); });
    const Lists lists = placement.place(nodes, {}, 64, 3);
    const TurntableRing ring(nodes);
    EXPECT_EQ(lists[0][0], ring.preference_list(PartitionId(0), 64, 3)[0]);
    EXPECT_NE(lists, RingPlacement(128).place(nodes, {}, 64, 3));
    for (const auto& [id, count] : loads_of(lists).copies) EXPECT_LE(count, 34U) << id.value();
}

TEST(RingPlacement, BalancesPrimariesEvenWhereCopiesCannotBe) {
    const std::vector<Candidate> nodes = testing::racks_of({2, 2, 1});
    Counts loads = loads_of(RingPlacement(128).place(nodes, {}, 1024, 3));
    EXPECT_EQ(loads.copies[nodes[4].id], 1024U);
    for (const Candidate& node : nodes) EXPECT_LE(loads.primaries[node.id], bound_of_share(1024 / 5.0)) << node.name;
    for (int i = 0; i < 4; ++i) EXPECT_LE(loads.copies[nodes[i].id], bound_of_share(1024 * 3 / 5.0));
}

// A node of nearly all the weight cannot hold a partition twice: the others take the rest evenly.
TEST(RingPlacement, OneHeavyNodeHoldsEverythingOnceAndTheRestIsShared) {
    std::vector<Candidate> nodes = testing::racks_of({1, 1, 1, 1, 1});
    nodes[0].weight = 1000;
    Counts loads = loads_of(RingPlacement(128).place(nodes, {}, 1024, 3));
    EXPECT_EQ(loads.copies[nodes[0].id], 1024U);
    for (int i = 1; i < 5; ++i) EXPECT_NEAR(loads.copies[nodes[i].id], 512, 6);
}

TEST(RingPlacement, FollowsTheRingWhereNothingIsFull) {
    const std::vector<Candidate> nodes = testing::racks_of({4, 4, 4});
    const HashRing ring(nodes, 128);
    const Lists placement = RingPlacement(128).place(nodes, {}, 1024, 3);
    int same = 0;
    for (std::uint32_t partition = 0; partition < 1024; ++partition)
        if (ring.preference_list(PartitionId(partition), 1024, 3) == placement[partition]) ++same;
    EXPECT_GT(same, 512);
}

// ---- rendezvous

TEST(RendezvousPlacement, SpreadsInProportionToWeights) {
    std::vector<Candidate> nodes = testing::racks_of({2, 1});
    nodes[0].weight = 2.0;
    Counts loads = loads_of(RendezvousPlacement().place(nodes, {}, 16384, 1));
    EXPECT_NEAR(loads.copies[nodes[0].id], 8192, 400);
    EXPECT_NEAR(loads.copies[nodes[1].id], 4096, 400);
    EXPECT_NEAR(loads.copies[nodes[2].id], 4096, 400);
}

RC_GTEST_PROP(RendezvousPlacement, NewNodeOnlyTakesAndNobodyElseGains, ()) {
    std::vector<Candidate> nodes = any_cluster();
    const std::uint32_t replication = any_replication();
    const Lists before = RendezvousPlacement().place(nodes, {}, 128, replication);
    nodes.push_back({NodeId(999), "added", nodes.front().rack, 1.0});
    const Lists after = RendezvousPlacement().place(nodes, {}, 128, replication);
    for (std::size_t partition = 0; partition < before.size(); ++partition)
        for (const NodeId id : after[partition]) {
            const std::vector<NodeId>& old = before[partition];
            RC_ASSERT(id == NodeId(999) || std::find(old.begin(), old.end(), id) != old.end());
        }
}

}  // namespace
}  // namespace ringkv
