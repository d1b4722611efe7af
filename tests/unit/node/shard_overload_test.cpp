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
    [[nodiscard]] Origin client(std::uint64_t connection) const {
        return {Address::back(connection), ShardByHand::cluster(), {}, {}, {}, 0};
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

TEST_F(ShardOverload, AConnectionGetsFiguresOnceATurn) {
    for (std::uint64_t i = 0; i < 1000; ++i) ask(client(1), FiguresRequest{RequestId(i)});
    ask(client(2), FiguresRequest{RequestId(1)});
    node.pass(milliseconds(5));
    EXPECT_EQ(answers<FiguresAnswer>(), 2U);
}

TEST_F(ShardOverload, SaysWhatItWasAskedFor) {
    node.from_client(ShardByHand::put(1, "k", std::string(100, 'v')));
    node.pass(milliseconds(5));
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
    node.pass(milliseconds(5));
    for (std::uint64_t i = 1; i <= 200; ++i) ask(client(1), Get{RequestId(i), PartitionId(0), "k"});
    ask(client(1), Get{RequestId(300), PartitionId(0), "nothing"});
    node.pass(milliseconds(5));
    ask(client(1), FiguresRequest{RequestId(1)});
    node.pass(milliseconds(5));
    const auto answer = node.sent<FiguresAnswer>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->puts, 1U);
    EXPECT_EQ(answer->erases, 0U);
    EXPECT_EQ(answer->gets, 201U);
    EXPECT_EQ(answer->write.answered, 1U);
    EXPECT_EQ(answer->get.answered + answer->get.refused, 201U);
    EXPECT_EQ(answer->written_bytes, 101U);
    EXPECT_GE(answer->samples, 2U);
    ASSERT_FALSE(answer->keys.empty());
    EXPECT_EQ(answer->keys[0].key, "k");
    ASSERT_FALSE(answer->partitions.empty());
    EXPECT_EQ(answer->partitions[0].partition, PartitionId(0));
}

TEST_F(ShardOverload, SaysWhatItsMemoryIsTakenBy) {
    node.from_client(ShardByHand::put(1, "k", std::string(10000, 'v')));
    node.pass(milliseconds(5));
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
    node.pass(milliseconds(5));
    ask(client(1), HoldingsRequest{RequestId(1)});
    node.pass(milliseconds(5));
    const auto answer = node.sent<HoldingsAnswer>();
    ASSERT_TRUE(answer && answer->memory);
    EXPECT_GT(answer->memory->data, 10000U);
    EXPECT_GT(answer->memory->log, 10000U);
    EXPECT_GT(answer->memory->sessions, 0U);
    EXPECT_EQ(answer->memory->limit, 0U);
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

// One key is overwritten again and again: what the engine has stays small, the log suffix does not.
TEST_F(ShardOverload, TheLogCountsAgainstTheLimitOfMemory) {
    Limits limits;
    limits.memory = std::uint64_t{64} << 10U;
    ShardByHand small{NodeId(1), engine, every_member, in_order, limits};
    small.start_serving();
    std::uint64_t op = 0;
    const auto put = [&](const std::optional<std::string>& value) {
        Write write = ShardByHand::put(op + 1, "k", "");
        write.lowest = write.sequence;
        write.value = value;
        small.from_client(write);
        if (small.sent<RequestRefused>()) return false;
        ++op;
        for (std::uint32_t peer : {2U, 3U}) small.from_node(peer, ShardByHand::ok(1, op));
        return true;
    };
    while (op < 1000 && put(std::string(1000, 'v'))) continue;
    EXPECT_GT(op, 40U);
    EXPECT_LT(op, 64U);
    EXPECT_LT(engine.bytes(), 2000U);
    EXPECT_GE(small.shard().memory().sum(), limits.memory);
    EXPECT_LT(small.shard().memory().sum(), limits.memory + 2000);
    EXPECT_TRUE(put(std::nullopt)) << "what is erased makes room";
}

TEST_F(ShardOverload, RequestsThatWaitCountAgainstTheLimitOfMemory) {
    Limits limits;
    limits.memory = std::uint64_t{64} << 10U;
    ShardByHand starting{NodeId(1), engine, every_member, in_order, limits};
    starting.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    std::uint64_t held = 0;
    do {
        starting.from_client(ShardByHand::put(held + 1, "k", std::string(1000, 'v')));
    } while (!starting.sent<RequestRefused>() && ++held < 1000);
    EXPECT_GT(held, 40U);
    EXPECT_LT(held, 65U);
    EXPECT_GE(starting.shard().memory().requests, held * 1000);
    starting.backups_follow();
    EXPECT_EQ(starting.shard().memory().requests, 0U) << "they are entries now";
}

TEST_F(ShardOverload, SessionsAreInTheAccount) {
    EXPECT_EQ(node.shard().memory().sessions, 0U);
    for (std::uint64_t client = 1; client <= 10; ++client) {
        Write write = ShardByHand::put(1, "k", "v");
        write.client = ClientId(client);
        node.from_client(write);
        for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, client));
    }
    EXPECT_EQ(node.shard().memory().sessions, 10 * SessionTable::bytes_a_session);
}

// 1. The leases lapse, and reads wait. 2. The leases come back. 3. All that waited was answered in one turn: gigabytes.
TEST_F(ShardOverload, ReadsThatWaitedAreAnsweredSomeInEachTurnTheOldestFirst) {
    node.from_client(ShardByHand::put(1, "k", std::string(1U << 20U, 'v')));
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
    node.pass(milliseconds(1000));
    for (std::uint64_t i = 1; i <= 32; ++i) ask(client(1), Get{RequestId(i), PartitionId(0), "k"});
    node.pass(milliseconds(5));
    EXPECT_FALSE(node.sent<GetAnswer>());
    for (std::uint32_t peer : {2U, 3U}) {
        const auto beacon = node.sent<Beacon>(peer);
        ASSERT_TRUE(beacon);
        ask({Address::back(100 + peer), ShardByHand::cluster(), NodeId(peer), StartNumber(1), NodeId(1)},
            BeaconAnswer{beacon->nonce, false, {}});
    }
    ask(client(1), Get{RequestId(33), PartitionId(0), "k"});
    EXPECT_LT(node.shard().bytes_to_send(), std::size_t{6} << 20U);
    std::uint64_t answered = 0;
    for (int turn = 0; turn < 40; ++turn) {
        node.pass(milliseconds(5));
        std::uint64_t now = 0;
        for (const Outgoing& outgoing : node.take_all()) {
            const auto* answer = std::get_if<GetAnswer>(&outgoing.message);
            if (answer == nullptr) continue;
            ++now;
            EXPECT_EQ(answer->request, RequestId(++answered));
        }
        EXPECT_LE(now, 5U);
    }
    EXPECT_EQ(answered, 33U);
}

}  // namespace
}  // namespace ringkv
