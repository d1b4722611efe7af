// Placement from where the data is: what stays, what moves, and how evenly, whatever came before.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "candidates.hpp"
#include "common/placement/moves.hpp"
#include "common/placement/placement.hpp"
#include "tests/benchmarks/planner_problem.hpp"

namespace ringkv {
namespace {

using benchmarks::least_possible;
using benchmarks::problem_of;

Candidate any_node(std::uint32_t id, std::uint32_t racks, bool weighted) {
    const auto rack = *rc::gen::inRange<std::uint32_t>(0, racks);
    const double weight = weighted ? *rc::gen::inRange(1, 41) / 10.0 : 1.0;
    return {NodeId(id), "n" + std::to_string(id * 7919 % 10007), "rack" + std::to_string(rack), weight};
}

// A cluster, and another one that came of it.
struct Change {
    std::vector<Candidate> before, after;
    std::uint32_t partitions = 64, replication_before = 3, replication = 3;
};

Change any_change(std::size_t most_nodes, std::uint32_t most_racks) {
    Change change;
    const auto racks = *rc::gen::inRange<std::uint32_t>(1, most_racks + 1);
    const bool weighted = *rc::gen::arbitrary<bool>();
    const auto size = *rc::gen::inRange<std::size_t>(1, most_nodes + 1);
    std::uint32_t id = 0;
    while (change.before.size() < size) change.before.push_back(any_node(++id, racks, weighted));
    change.after = change.before;
    const auto leaving = *rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(4, change.after.size()) + 1);
    for (std::size_t i = 0; i < leaving; ++i)
        change.after.erase(change.after.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(change.after)));
    const auto joining = *rc::gen::inRange<std::size_t>(change.after.empty() ? 1 : 0, 4);
    for (std::size_t i = 0; i < joining; ++i) change.after.push_back(any_node(++id, racks, weighted));
    change.partitions = testing::any_partitions();
    change.replication_before = testing::any_replication();
    change.replication = *rc::gen::arbitrary<bool>() ? change.replication_before : testing::any_replication();
    return change;
}

// Held by any nodes, as a cluster in the middle of many changes could be.
Holders any_holders(const std::vector<Candidate>& nodes, std::uint32_t partitions) {
    Holders held(partitions);
    for (std::vector<NodeId>& list : held)
        for (std::size_t count = *rc::gen::inRange<std::size_t>(0, 6); count > 0; --count) {
            const auto which = *rc::gen::inRange<std::size_t>(0, nodes.size() + 1);
            const NodeId id = which < nodes.size() ? nodes[which].id : NodeId(9999);  // no candidate (any more)
            if (std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
        }
    return held;
}

// What is wrong with it; empty if nothing is.
std::string unsound(const Holders& placement, const std::vector<Candidate>& nodes, std::uint32_t replication) {
    for (std::size_t partition = 0; partition < placement.size(); ++partition) {
        const std::vector<NodeId>& list = placement[partition];
        const std::string which = " of partition " + std::to_string(partition);
        if (list.size() != std::min<std::size_t>(replication, nodes.size())) return "number of nodes" + which;
        if (std::set<NodeId>(list.begin(), list.end()).size() != list.size()) return "a node twice" + which;
        if (!testing::takes_racks_in_turn(list, nodes)) return "racks" + which;
    }
    return "";
}

// In the order of the ring's nodes.
struct NodeLoads {
    Loads copies, primaries;
};

NodeLoads loads_of(const Holders& placement, const Ring& ring) {
    std::map<NodeId, std::uint32_t> copies, primaries;
    for (const std::vector<NodeId>& list : placement) {
        ++primaries[list.front()];
        for (const NodeId id : list) ++copies[id];
    }
    NodeLoads loads;
    for (const Candidate& node : ring.nodes()) {
        loads.copies.push_back(copies[node.id]);
        loads.primaries.push_back(primaries[node.id]);
    }
    return loads;
}

std::string imbalance(const Holders& placement, const std::vector<Candidate>& nodes, std::uint32_t replication) {
    const HashRing ring(nodes, 1);
    const NodeLoads loads = loads_of(placement, ring);
    const auto partitions = static_cast<std::uint32_t>(placement.size());
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(replication, nodes.size()));
    const LoadBounds of_copies = bounds_of_copies(ring, partitions, count, {}, {}, false);
    const LoadBounds of_primaries = bounds_of_primaries(ring, partitions, {}, {});
    const auto within = [](const Loads& load, const LoadBounds& bounds, std::size_t node) {
        return load[node] >= bounds.least[node] && load[node] <= bounds.most[node];
    };
    for (std::size_t node = 0; node < nodes.size(); ++node) {
        const std::string of = " of " + ring.nodes()[node].name;
        if (!within(loads.copies, of_copies, node)) return "copies" + of;
        if (!within(loads.primaries, of_primaries, node)) return "primaries" + of;
    }
    return "";
}

// ---- the fewest moves

RC_GTEST_PROP(PlacementChange, MovesTheLeastThatIsPossible, ()) {
    const Change change = any_change(30, 10);
    const RingPlacement placement(16);
    const Holders held = placement.place(change.before, {}, change.partitions, change.replication_before);
    const Holders target = placement.place(change.after, held, change.partitions, change.replication);
    RC_ASSERT(unsound(target, change.after, change.replication) == "");
    const auto moves = static_cast<std::int64_t>(moves_between(held, target).copies.size());
    const std::int64_t least = least_possible(problem_of(change.after, held, change.partitions, change.replication));
    RC_ASSERT(static_cast<std::int64_t>(least_moves(change.after, held, change.partitions, change.replication)) ==
              least);
    // More only where primaries would not fit otherwise.
    RC_ASSERT(moves >= least);
    RC_ASSERT(moves <= least + 2 + least / 20);
}

RC_GTEST_PROP(PlacementChange, MovesTheLeastFromAnywhere, ()) {
    const Change change = any_change(12, 5);
    const Holders held = any_holders(change.after, 64);
    const Holders target = RingPlacement(16).place(change.after, held, 64, change.replication);
    RC_ASSERT(unsound(target, change.after, change.replication) == "");
    const std::int64_t least = least_possible(problem_of(change.after, held, 64, change.replication));
    RC_ASSERT(static_cast<std::int64_t>(least_moves(change.after, held, 64, change.replication)) == least);
    const auto moves = static_cast<std::int64_t>(moves_between(held, target).copies.size());
    RC_ASSERT(moves >= least && moves <= least + 2 + least / 20);
}

// Found by the property above. Node 1 has too much. The last partition has a node too many: straight from node 1 that
// costs a copy, and by way of what other nodes can spare it costs none.
TEST(PlacementChange, NodeThatPartitionHasTooManyIsMadeUseOfWhereThatCostsLeast) {
    const std::vector<Candidate> nodes = {{NodeId(1), "n7919", "rack1", 1.0},
                                          {NodeId(3), "n3743", "rack0", 1.0},
                                          {NodeId(5), "n9574", "rack3", 1.0},
                                          {NodeId(7), "n5398", "rack2", 1.0},
                                          {NodeId(8), "n3310", "rack0", 1.0}};
    Holders held(64);
    for (const std::size_t partition :
         {4, 8, 29, 30, 32, 33, 35, 36, 37, 38, 39, 40, 41, 42, 43, 45, 47, 48, 49, 50, 52, 53, 54, 55, 56, 62})
        held[partition] = {NodeId(1)};
    held[0] = held[1] = {NodeId(1), NodeId(3)};
    held[45] = held[50] = held[60] = {NodeId(3), NodeId(1)};
    held[58] = {NodeId(8), NodeId(1), NodeId(3)};
    held[63] = {NodeId(1), NodeId(5), NodeId(7)};
    EXPECT_EQ(static_cast<std::int64_t>(least_moves(nodes, held, 64, 3)),
              least_possible(problem_of(nodes, held, 64, 3)));
}

// The rack with one node left must hold a copy of everything: bounds of primaries rise, and what did not fit before
// pays now. A search that goes back and forth by way of the sink would never end.
TEST(PlacementChange, EndsWhereBoundsMustRise) {
    std::vector<Candidate> nodes = {{NodeId(1), "n7919", "rack0", 0.1}, {NodeId(2), "n5831", "rack0", 0.6},
                                    {NodeId(3), "n3743", "rack1", 0.5}, {NodeId(4), "n1655", "rack0", 1.3},
                                    {NodeId(5), "n9574", "rack0", 1.5}, {NodeId(6), "n7486", "rack0", 1.4},
                                    {NodeId(7), "n5398", "rack1", 0.3}};
    const RingPlacement placement(16);
    const Holders held = placement.place(nodes, {}, 1024, 2);
    nodes.erase(nodes.begin() + 2);
    EXPECT_EQ(unsound(placement.place(nodes, held, 1024, 2), nodes, 2), "");
}

RC_GTEST_PROP(PlacementChange, WhatIsWellPlacedStays, ()) {
    const Change change = any_change(40, 6);
    const RingPlacement placement(16);
    const Holders held = placement.place(change.before, {}, change.partitions, change.replication_before);
    const Holders target = placement.place(change.after, held, change.partitions, change.replication);
    RC_ASSERT(placement.place(change.after, target, change.partitions, change.replication) == target);
}

RC_GTEST_PROP(PlacementChange, NeitherOrderNorIdsHaveASay, ()) {
    const Change change = any_change(30, 6);
    const RingPlacement placement(16);
    const Holders held = placement.place(change.before, {}, change.partitions, change.replication_before);
    const Holders target = placement.place(change.after, held, change.partitions, change.replication);
    std::vector<Candidate> others = change.after;
    std::reverse(others.begin(), others.end());
    const auto renumber = [](Holders holders) {
        for (std::vector<NodeId>& list : holders)
            for (NodeId& id : list) id = NodeId(1000 - id.value());
        return holders;
    };
    for (Candidate& node : others) node.id = NodeId(1000 - node.id.value());
    RC_ASSERT(placement.place(others, renumber(held), change.partitions, change.replication) == renumber(target));
}

// ---- balance

TEST(PlacementChange, NodeThatJoinsIsGivenItsPartEvenWhereNobodyHasTooMuch) {
    std::vector<Candidate> nodes = testing::racks_of({9, 8, 8});
    const RingPlacement placement(128);
    const Holders held = placement.place(nodes, {}, 1024, 3);
    nodes.push_back({NodeId(99), "joined", "rack1", 1.0});
    const HashRing ring(nodes, 1);
    const auto joined =
        static_cast<std::size_t>(std::find_if(ring.nodes().begin(), ring.nodes().end(),
                                              [](const Candidate& node) { return node.id == NodeId(99); }) -
                                 ring.nodes().begin());
    const NodeLoads loads = loads_of(placement.place(nodes, held, 1024, 3), ring);
    EXPECT_GE(loads.copies[joined], 109U);    // of 113.8, which is what its rack can hold
    EXPECT_GE(loads.primaries[joined], 38U);  // of 39.4

    const RingPlacement only_bounded(128, {0.05, 1.0, 1.0});
    const Holders bounded = only_bounded.place(nodes, {}, 1024, 3);
    EXPECT_EQ(only_bounded.place(nodes, bounded, 1024, 3), bounded);
}

// One cluster, changed hundreds of times; a few of them, by seed.
void change_often(std::uint32_t seed) {
    std::mt19937 random(seed);
    const std::uint32_t racks = 1 + seed % 6;
    const RingPlacement placement(16);
    std::vector<Candidate> nodes;
    Holders held;
    std::uint32_t id = 0;
    for (int change = 0; change < 300; ++change) {
        if (nodes.size() < 2 || (nodes.size() < 30 && random() % 2 == 0)) {
            ++id;
            const double weight = seed % 2 == 0 ? 1.0 : 0.5 + static_cast<double>(random() % 4) / 2;
            nodes.push_back({NodeId(id), "n" + std::to_string(id * 7919 % 10007),
                             "rack" + std::to_string(random() % racks), weight});
        } else {
            nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(random() % nodes.size()));
        }
        const Holders target = placement.place(nodes, held, 128, 3);
        const std::size_t least = least_moves(nodes, held, 128, 3);
        const std::size_t moves = moves_between(held, target).copies.size();
        ASSERT_GE(moves, least);
        ASSERT_LE(moves, least + 2 + least / 20) << "change " << change;
        held = target;
    }
    EXPECT_EQ(unsound(held, nodes, 3), "");
    EXPECT_EQ(imbalance(held, nodes, 3), "");
}

TEST(PlacementChange, StaysBalancedOverHundredsOfChanges) {
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(seed);
        change_often(seed);
    }
}

RC_GTEST_PROP(PlacementChange, IsSoundAndBalancedUpToThreeHundredNodes, ()) {
    Change change = any_change(300, 10);
    change.partitions = 1024;
    const RingPlacement placement(32);
    const Holders held = placement.place(change.before, {}, change.partitions, change.replication_before);
    const Holders target = placement.place(change.after, held, change.partitions, change.replication);
    RC_ASSERT(unsound(target, change.after, change.replication) == "");
    RC_ASSERT(imbalance(target, change.after, change.replication) == "");
}

// ---- fewer nodes than copies

TEST(PlacementChange, FewerNodesThanCopiesHoldEverythingAndGrowWhenNodesCome) {
    std::vector<Candidate> nodes = testing::racks_of({1, 1});
    const RingPlacement placement(128);
    Holders held = placement.place(nodes, {}, 64, 3);
    for (const std::vector<NodeId>& list : held) EXPECT_EQ(list.size(), 2U);
    nodes.push_back({NodeId(3), "third", "rack2", 1.0});
    const Holders grown = placement.place(nodes, held, 64, 3);
    const PlannedMoves moves = moves_between(held, grown);
    EXPECT_EQ(moves.copies.size(), 64U);
    for (const PlannedMove& move : moves.copies) EXPECT_EQ(move.to, NodeId(3));
    EXPECT_EQ(moves.dropped, 0U);
    const Holders shrunk = placement.place(nodes, grown, 64, 1);
    EXPECT_EQ(moves_between(grown, shrunk).copies.size(), 0U);
    EXPECT_EQ(moves_between(grown, shrunk).dropped, 128U);
    EXPECT_EQ(moves_between(grown, shrunk).primaries, 0U);
}

TEST(PlacementChange, NobodyLeftIsEmptyLists) {
    EXPECT_EQ(RingPlacement(16).place({}, Holders(64, {NodeId(1)}), 64, 3), Holders(64));
    EXPECT_EQ(least_moves({}, Holders(64, {NodeId(1)}), 64, 3), 0U);
}

// ---- primaries

TEST(PlacementChange, PrimariesThatCanStayDo) {
    std::vector<Candidate> nodes = testing::racks_of({3, 3, 3});
    const RingPlacement placement(128);
    const Holders held = placement.place(nodes, {}, 1024, 3);
    const NodeId leaving = nodes[4].id;
    nodes.erase(nodes.begin() + 4);
    const Holders target = placement.place(nodes, held, 1024, 3);
    std::size_t of_leaving = 0, changed = 0, not_there_yet = 0;
    for (std::size_t partition = 0; partition < 1024; ++partition) {
        const std::vector<NodeId>& before = held[partition];
        const NodeId primary = target[partition].front();
        of_leaving += before.front() == leaving ? 1 : 0;
        changed += primary != before.front() ? 1 : 0;
        not_there_yet += std::find(before.begin(), before.end(), primary) == before.end() ? 1 : 0;
    }
    EXPECT_EQ(changed, of_leaving);
    EXPECT_EQ(not_there_yet, 0U);
}

TEST(PlacementChange, NodeThatJoinsIsGivenItsPartOfThePrimariesAndFewOthersChange) {
    std::vector<Candidate> nodes = testing::racks_of({3, 3, 3});
    const RingPlacement placement(128);
    const Holders held = placement.place(nodes, {}, 1024, 3);
    nodes.push_back({NodeId(99), "joined", "rack0", 1.0});
    const Holders target = placement.place(nodes, held, 1024, 3);
    std::size_t of_joined = 0;
    for (const std::vector<NodeId>& list : target) of_joined += list.front() == NodeId(99) ? 1 : 0;
    EXPECT_GE(of_joined, 97U);  // 0.95 of 102.4
    EXPECT_LE(moves_between(held, target).primaries, of_joined * 3 / 2);
}

}  // namespace
}  // namespace ringkv
