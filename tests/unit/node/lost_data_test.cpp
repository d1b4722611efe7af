// A node whose disk has lost what it has acknowledged, though nothing of the disk shows it (D3): the others do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Optional;

class LostData : public ShardTest {
  protected:
    LostData() : node_(NodeId(1), engine_, every_member_, in_order_) { node_.learn(view_); }

    void has_committed(std::uint32_t node, std::uint64_t op) {
        node_.from_node(node, StartViewOk{PartitionId(0), view_.id, OpNumber(op), false, OpNumber(op), {}});
        node_.pass(milliseconds(10));
    }

    const View view_ = ShardByHand::view(1, 1, {1, 2});
    ShardByHand node_;
};

// 1. A primary began again with less than it had. 2. A member answered that it had committed more, and was left alone.
// 3. It was removed for want of progress, and what it had with it.
TEST_F(LostData, APrimaryThatLacksWhatAMemberHasCommittedEnds) {
    has_committed(2, 7);
    EXPECT_TRUE(node_.shard().finished());
    EXPECT_THAT(node_.shard().refusal(),
                Optional(HasSubstr("its log of partition 0 ends at op 0, and node 2 has committed op 7")));
}

TEST_F(LostData, OneThatHasAllOfItServes) {
    has_committed(2, 0);
    EXPECT_FALSE(node_.shard().finished());
    EXPECT_EQ(node_.shard().refusal(), std::nullopt);
}

// It is no member: what it has may be of a view that was given up, on an operator's word.
TEST_F(LostData, ALearnerThatHasMoreIsLeftAlone) {
    has_committed(2, 0);
    has_committed(3, 7);
    EXPECT_FALSE(node_.shard().finished());
    EXPECT_EQ(node_.shard().refusal(), std::nullopt);
}

}  // namespace
}  // namespace ringkv
