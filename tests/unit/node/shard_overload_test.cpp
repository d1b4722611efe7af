// What one connection may ask of a shard in one turn, and of what it does not take.
#include <gtest/gtest.h>

#include <algorithm>

#include "shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

class ShardOverload : public testing::Test {
  protected:
    ShardOverload() { node.start_serving(); }

    template <class M>
    [[nodiscard]] std::size_t answers() {
        const std::vector<Outgoing> sent = node.take_all();
        return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [](const Outgoing& outgoing) {
            return std::holds_alternative<M>(outgoing.message);
        }));
    }
    [[nodiscard]] Origin client(std::uint64_t connection, bool over_budget = false) const {
        return {Address::back(connection), ShardByHand::cluster(), {}, {}, {}, 0, over_budget};
    }
    void ask(const Origin& from, const Message& message) { node.shard().receive(node.now(), from, message); }

    MemoryEngine engine;
    EveryMember every_member;
    PreferenceOrder in_order;
    ShardByHand node{NodeId(1), engine, every_member, in_order};
};

TEST_F(ShardOverload, AConnectionGetsTheMapOnceATurn) {
    for (int i = 0; i < 1000; ++i) ask(client(1), MapRequest{});
    ask(client(2), MapRequest{});
    node.pass(milliseconds(5));
    EXPECT_EQ(answers<MapSnapshot>(), 2U);
    ask(client(1), MapRequest{});
    node.pass(milliseconds(5));
    EXPECT_EQ(answers<MapSnapshot>(), 1U);
}

TEST_F(ShardOverload, AConnectionIsToldOnceATurnWhatTheShardHolds) {
    for (std::uint64_t i = 0; i < 1000; ++i) ask(client(1), HoldingsRequest{RequestId(i)});
    ask(client(2), HoldingsRequest{RequestId(1)});
    node.pass(milliseconds(5));
    EXPECT_EQ(answers<HoldingsAnswer>(), 2U);
}

TEST_F(ShardOverload, AConnectionOverItsBudgetIsRefused) {
    ask(client(1, true), Get{RequestId(7), PartitionId(0), "k"});
    ask(client(1, true), ShardByHand::put(1, "k", "v"));
    node.pass(milliseconds(5));
    const auto refused = node.sent<RequestRefused>();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, RefusalReason::overloaded);
    EXPECT_FALSE(node.sent<Prepare>(2));
    ask(client(1, true), MapRequest{});
    ask(client(1, true), HoldingsRequest{RequestId(8)});
    node.pass(milliseconds(5));
    EXPECT_EQ(answers<MapSnapshot>(), 0U);
    ask(client(1), Get{RequestId(9), PartitionId(0), "k"});
    node.pass(milliseconds(5));
    EXPECT_TRUE(node.sent<GetAnswer>());
}

TEST_F(ShardOverload, SaysHowMuchItHasToSend) {
    EXPECT_EQ(node.shard().bytes_to_send(), 0U);
    node.from_client(ShardByHand::put(1, "k", std::string(100000, 'v')));
    node.pass(milliseconds(5));
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
    node.pass(milliseconds(5));
    EXPECT_EQ(node.shard().bytes_to_send(), 0U);
    for (std::uint64_t i = 1; i <= 10; ++i) ask(client(1), Get{RequestId(i), PartitionId(0), "k"});
    EXPECT_GE(node.shard().bytes_to_send(), 1000000U);
    EXPECT_LT(node.shard().bytes_to_send(), 1100000U);
}

}  // namespace
}  // namespace ringkv
