#include "common/placement/hash_ring.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "candidates.hpp"
#include "common/partitioning.hpp"

namespace ringkv {
namespace {

using testing::any_cluster;
using testing::any_replication;

constexpr std::uint32_t vnodes = 32;

std::vector<std::vector<NodeId>> lists_of(const HashRing& ring, std::uint32_t partitions, std::uint32_t count) {
    std::vector<std::vector<NodeId>> lists;
    for (std::uint32_t partition = 0; partition < partitions; ++partition)
        lists.push_back(ring.preference_list(PartitionId(partition), partitions, count));
    return lists;
}

TEST(HashRing, OfNobodyGivesNobody) {
    EXPECT_TRUE(HashRing({}, vnodes).preference_list(PartitionId(3), 64, 3).empty());
}

TEST(HashRing, GivesAllNodesWhereThereAreFewerThanAskedFor) {
    const HashRing ring(testing::racks_of({1, 1}), vnodes);
    EXPECT_EQ(ring.preference_list(PartitionId(0), 1, 5).size(), 2U);
    EXPECT_TRUE(ring.preference_list(PartitionId(0), 1, 0).empty());
}

// What the definition says, computed the slow way: all tokens in order, nothing clever.
TEST(HashRing, ListIsTheNodesClockwiseOfThePositionOneRackAfterAnother) {
    const std::vector<Candidate> nodes = testing::racks_of({3, 1, 2});
    const HashRing ring(nodes, vnodes);
    for (std::uint32_t partition = 0; partition < 64; ++partition) {
        std::vector<std::pair<std::uint64_t, const Candidate*>> tokens;
        for (const Candidate& node : nodes)
            for (std::uint32_t i = 0; i < vnodes; ++i)  // distances wrap round
                tokens.push_back(
                    {hash_of(node.name + "#" + std::to_string(i)) - start_of(PartitionId(partition), 64), &node});
        std::sort(tokens.begin(), tokens.end());
        std::vector<NodeId> expected;
        std::set<NodeId> taken;
        while (expected.size() < nodes.size()) {
            std::set<std::string> used;
            for (const auto& [distance, node] : tokens)
                if (!taken.contains(node->id) && used.insert(node->rack).second) {
                    taken.insert(node->id);
                    expected.push_back(node->id);
                }
        }
        for (std::uint32_t count = 1; count <= nodes.size(); ++count)
            EXPECT_EQ(ring.preference_list(PartitionId(partition), 64, count),
                      std::vector<NodeId>(expected.begin(), expected.begin() + count));
    }
}

TEST(HashRing, GivesPartitionsInProportionToWeights) {
    std::vector<Candidate> nodes = testing::racks_of({1, 1});
    nodes[0].weight = 3.0;
    const auto lists = lists_of(HashRing(nodes, 512), 16384, 1);
    const auto first = std::count(lists.begin(), lists.end(), std::vector{nodes[0].id});
    EXPECT_NEAR(static_cast<double>(first) / 16384, 0.75, 0.05);
}

TEST(HashRing, NodeOfLittleWeightStillOwnsAToken) {
    std::vector<Candidate> nodes = testing::racks_of({2});
    nodes[0].weight = 1e-9;
    EXPECT_EQ(HashRing(nodes, vnodes).preference_list(PartitionId(0), 1, 2).size(), 2U);
}

TEST(HashRing, HugeAndSenselessWeightsDoNoHarm) {
    std::vector<Candidate> nodes = testing::racks_of({4});
    nodes[0].weight = 1e300;
    nodes[1].weight = std::numeric_limits<double>::quiet_NaN();
    nodes[2].weight = -5;
    EXPECT_EQ(HashRing(nodes, vnodes).preference_list(PartitionId(0), 1, 4).size(), 4U);
}

RC_GTEST_PROP(HashRing, ListHoldsDistinctNodesAndTakesRacksInTurn, ()) {
    const std::vector<Candidate> nodes = any_cluster();
    const std::uint32_t count = any_replication();
    for (const std::vector<NodeId>& list : lists_of(HashRing(nodes, vnodes), 64, count)) {
        RC_ASSERT(list.size() == std::min<std::size_t>(count, nodes.size()));
        RC_ASSERT(std::set<NodeId>(list.begin(), list.end()).size() == list.size());
        RC_ASSERT(testing::takes_racks_in_turn(list, nodes));
    }
}

RC_GTEST_PROP(HashRing, NeitherOrderNorIdsHaveASay, ()) {
    std::vector<Candidate> nodes = any_cluster();
    const auto lists = lists_of(HashRing(nodes, vnodes), 64, 3);
    std::vector<Candidate> others = nodes;
    for (Candidate& node : others) node.id = NodeId(1000 - node.id.value());
    std::rotate(others.begin(), others.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(others)),
                others.end());
    if (*rc::gen::arbitrary<bool>()) std::reverse(others.begin(), others.end());
    auto other_lists = lists_of(HashRing(others, vnodes), 64, 3);
    for (std::vector<NodeId>& list : other_lists)
        for (NodeId& id : list) id = NodeId(1000 - id.value());
    RC_ASSERT(lists == other_lists);
}

RC_GTEST_PROP(HashRing, NewNodeOnlyTakesAndNobodyElseGains, ()) {
    std::vector<Candidate> nodes = any_cluster();
    const std::uint32_t count = any_replication();
    const auto before = lists_of(HashRing(nodes, vnodes), 256, count);
    Candidate added = nodes.front();  // in a rack that exists, or a new one
    added.id = NodeId(999);
    added.name = "added" + std::to_string(*rc::gen::inRange(0, 1000));
    if (*rc::gen::arbitrary<bool>()) added.rack = "rack-new";
    nodes.push_back(added);
    const auto after = lists_of(HashRing(nodes, vnodes), 256, count);
    for (std::size_t partition = 0; partition < before.size(); ++partition)
        for (const NodeId id : after[partition]) {
            const std::vector<NodeId>& old = before[partition];
            RC_ASSERT(id == added.id || std::find(old.begin(), old.end(), id) != old.end());
        }
}

TEST(HashRing, NewNodeTakesAboutItsShare) {
    std::vector<Candidate> nodes = testing::racks_of({3, 3, 3});
    nodes.push_back({NodeId(99), "added", "rack1", 1.0});
    int taken = 0;
    for (const std::vector<NodeId>& list : lists_of(HashRing(nodes, 128), 4096, 3))
        if (std::find(list.begin(), list.end(), NodeId(99)) != list.end()) ++taken;
    EXPECT_NEAR(taken, 4096 / 4.0, 4096 / 10.0);  // one of the four of its rack
}

}  // namespace
}  // namespace ringkv
