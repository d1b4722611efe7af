#include "common/placement/moves.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

Holders lists(const std::vector<std::vector<std::uint32_t>>& numbers) {
    Holders holders;
    for (const std::vector<std::uint32_t>& list : numbers) {
        holders.emplace_back();
        for (const std::uint32_t number : list) holders.back().push_back(NodeId(number));
    }
    return holders;
}

TEST(Moves, NameWhoseSlotIsTaken) {
    const PlannedMoves moves = moves_between(lists({{1, 2, 3}, {4, 5}}), lists({{1, 6, 3}, {5, 4}}));
    ASSERT_EQ(moves.copies.size(), 1U);
    EXPECT_EQ(moves.copies[0], (PlannedMove{PartitionId(0), NodeId(2), NodeId(6)}));
    EXPECT_EQ(moves.dropped, 0U);
    EXPECT_EQ(moves.primaries, 1U);  // only the order of the second
}

TEST(Moves, CopiesMoreAndFewerTakeNobodysSlot) {
    const PlannedMoves moves = moves_between(lists({{1}, {2, 3}, {}}), lists({{1, 4}, {2}, {5}}));
    ASSERT_EQ(moves.copies.size(), 2U);
    EXPECT_EQ(moves.copies[0], (PlannedMove{PartitionId(0), NodeId(), NodeId(4)}));
    EXPECT_EQ(moves.copies[1], (PlannedMove{PartitionId(2), NodeId(), NodeId(5)}));
    EXPECT_EQ(moves.dropped, 1U);
    EXPECT_EQ(moves.primaries, 0U);
}

TEST(Moves, WhereNothingIsHeldEverythingMoves) {
    EXPECT_EQ(moves_between({}, lists({{1, 2}, {3}})).copies.size(), 3U);
}

}  // namespace
}  // namespace ringkv
