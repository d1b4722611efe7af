// Keys and values of requests are parts of the frame that they came in, and those of answers must outlive what they
// were read from (common/byte_string.hpp). The fixture overwrites each frame as soon as the shard has its message.
#include "shard_fixture.hpp"

namespace ringkv {

using std::chrono::milliseconds;

class RequestBytesTest : public ShardTest {
  protected:
    RequestBytesTest() : node_(NodeId(1), engine_, every_member_, in_order_) {}

    void commit(std::uint64_t op) {
        for (std::uint32_t node : {2U, 3U}) node_.from_node(node, ShardByHand::ok(1, op));
    }
    [[nodiscard]] std::string stored(const std::string& key) const {
        const auto found = engine_.get(PartitionId(0), key);
        return found ? std::string(found->value) : "nothing";
    }

    ShardByHand node_;
    const std::string key_ = "a key that is longer than a string keeps in itself";
};

TEST_F(RequestBytesTest, AWriteThatWaitsForThePrimaryIsKept) {
    node_.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    node_.from_client(ShardByHand::put(1, key_, "value"));
    node_.backups_follow();
    commit(1);
    EXPECT_EQ(stored(key_), "value");
}

TEST_F(RequestBytesTest, AWriteIsStoredAsItCame) {
    node_.start_serving();
    node_.from_client(ShardByHand::put(1, key_, std::string(1000, 'v')));
    commit(1);
    EXPECT_EQ(stored(key_), std::string(1000, 'v'));
}

TEST_F(RequestBytesTest, AReadThatWaitsForALeaseIsKept) {
    node_.start_serving();
    node_.from_client(ShardByHand::put(1, key_, "value"));
    commit(1);
    node_.pass(milliseconds(500));  // the leases run out
    node_.from_client(Get{RequestId(2), PartitionId(0), key_});
    ASSERT_FALSE(node_.sent<GetAnswer>());
    node_.grant_leases({2, 3});
    const auto answer = node_.sent<GetAnswer>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->value, "value");
}

// In the turn in which the read was answered a write overwrites the value, in place.
TEST_F(RequestBytesTest, AnAnswerSaysWhatWasThereWhenItWasGiven) {
    for (const std::size_t size : {std::size_t{5}, std::size_t{5000}}) {
        SCOPED_TRACE(size);
        MemoryEngine engine;
        ShardByHand node(NodeId(1), engine, every_member_, in_order_);
        node.start_serving();
        node.from_client(ShardByHand::put(1, key_, std::string(size, 'a')));
        for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
        node.from_client(ShardByHand::put(2, key_, std::string(size, 'b')));
        node.from_node(2, ShardByHand::ok(1, 2));

        const Origin client{Address::back(1), ShardByHand::cluster(), {}, {}, NodeId(1)};
        node.shard().receive(node.now(), client, Get{RequestId(3), PartitionId(0), key_});
        node.from_node(3, ShardByHand::ok(1, 2));
        EXPECT_EQ(engine.get(PartitionId(0), key_)->value, std::string(size, 'b'));
        const auto answer = node.sent<GetAnswer>();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->value, std::string(size, 'a'));
    }
}

// More than there is room for at once.
TEST_F(RequestBytesTest, AllAnswersOfATurnHaveTheirValues) {
    node_.start_serving();
    node_.from_client(ShardByHand::put(1, key_, std::string(1000, 'v')));
    commit(1);
    for (int turn = 0; turn < 3; ++turn) {
        const Origin client{Address::back(1), ShardByHand::cluster(), {}, {}, NodeId(1)};
        for (std::uint64_t i = 1; i <= 300; ++i)
            node_.shard().receive(node_.now(), client, Get{RequestId(i), PartitionId(0), key_});
        node_.pass(milliseconds(5));
        std::size_t answers = 0;
        for (const Outgoing& outgoing : node_.take_all())
            if (const auto* answer = std::get_if<GetAnswer>(&outgoing.message))
                answers += answer->value == std::string(1000, 'v') ? 1U : 0U;
        EXPECT_EQ(answers, 300U);
    }
}

}  // namespace ringkv
