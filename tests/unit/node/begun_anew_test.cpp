// A partition that an operator has begun anew (V8; docs/decisions/0042): what its new primary keeps of what it had.
#include <gtest/gtest.h>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t begins = 1000;

// Node 1 alone has the partition and three writes; the next view is an operator's.
class BegunAnew : public ShardTest {
  protected:
    BegunAnew() : node_(NodeId(1), engine_, every_member_, in_order_) {
        node_.on_stored = [this](const StorageRecord& record) { records_.push_back(record); };
        node_.learn(ShardByHand::view(1, 1, {1}));
        node_.pass(milliseconds(50));
        for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
            node_.from_client(ShardByHand::put(sequence, "k", "old"));
            EXPECT_TRUE(node_.sent<WriteAnswer>());
        }
    }
    static View anew() {
        View view = ShardByHand::view(2, 1, {1});
        view.begins = OpNumber(begins);
        return view;
    }
    void begin_anew() {
        records_.clear();
        node_.learn(anew());
        node_.pass(milliseconds(50));
    }
    static std::optional<ByteString> value(ShardByHand& node) {
        node.from_client(Get{RequestId(99), PartitionId(0), "k"});
        const auto answer = node.sent<GetAnswer>();
        EXPECT_TRUE(answer) << "it does not serve";
        return answer ? answer->value : std::nullopt;
    }

    ShardByHand node_;
    std::vector<StorageRecord> records_;
};

TEST_F(BegunAnew, IsEmptyAndItsVersionsAreAboveThoseOfBefore) {
    ASSERT_EQ(value(node_), "old");
    begin_anew();
    EXPECT_EQ(value(node_), std::nullopt);
    Write write = ShardByHand::put(4, "k", "new");
    write.known = OpNumber(begins);
    node_.from_client(write);
    const auto written = node_.sent<WriteAnswer>();
    ASSERT_TRUE(written);
    EXPECT_EQ(written->version, OpNumber(begins + 1));
    EXPECT_EQ(value(node_), "new");
}

// It may have been executed: by the log that is no more.
TEST_F(BegunAnew, AWriteOfBeforeThatIsSentAgainIsRefused) {
    begin_anew();
    Write again = ShardByHand::put(3, "k", "old");
    again.known = OpNumber(2);
    node_.from_client(again);
    const auto refused = node_.sent<RequestRefused>();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, RefusalReason::session_expired);
    EXPECT_EQ(refused->commit, OpNumber(begins));
    EXPECT_EQ(value(node_), std::nullopt);
}

// 1. The node is told of the view, and stores it. 2. The machine goes down before it has stored that it holds nothing.
// 3. It would come back with old data under the new view, and serve it in the next.
TEST_F(BegunAnew, WhatItHadIsDroppedBeforeTheViewIsStored) {
    begin_anew();
    const auto place = [this](auto is) { return std::ranges::find_if(records_, is) - records_.begin(); };
    const auto view = place([](const StorageRecord& record) {
        const auto* stored = std::get_if<ViewRecord>(&record);
        return stored != nullptr && stored->view == anew();
    });
    const auto emptied = place([](const StorageRecord& record) {
        const auto* reset = std::get_if<ResetRecord>(&record);
        return reset != nullptr && reset->start == OpNumber(begins);
    });
    ASSERT_LT(view, std::ssize(records_));
    EXPECT_LT(emptied, view);
}

TEST_F(BegunAnew, ComesBackAsItWas) {
    std::vector<StorageRecord> before = records_;
    begin_anew();
    Write write = ShardByHand::put(4, "k", "new");
    write.known = OpNumber(begins);
    node_.from_client(write);
    ASSERT_TRUE(node_.sent<WriteAnswer>());
    node_.pass(milliseconds(50));
    MemoryEngine engine;
    ShardByHand again(NodeId(1), engine, every_member_, in_order_);
    for (const auto* records : {&before, &records_})
        for (const StorageRecord& record : *records) again.shard().restore(record);
    const PartitionLog& log = again.shard().replica(PartitionId(0))->log();
    EXPECT_FALSE(log.incomplete());
    EXPECT_EQ(log.last(), OpNumber(begins + 1));
    EXPECT_EQ(log.log_view(), anew().id);
    EXPECT_EQ(log.suffix().view_at(OpNumber(begins)), anew().id) << "or no copy of it can begin";
    const auto found = engine.get(PartitionId(0), "k");
    EXPECT_NE(found ? std::string(found->value) : "", "old");
}

// The map is told again and again.
TEST_F(BegunAnew, IsBegunOnce) {
    begin_anew();
    Write write = ShardByHand::put(4, "k", "new");
    write.known = OpNumber(begins);
    node_.from_client(write);
    begin_anew();
    EXPECT_EQ(value(node_), "new");
}

// The rebuild of a registry (R4) gives the view another number; what was written since is there.
TEST_F(BegunAnew, IsNotBegunAgainByALaterView) {
    begin_anew();
    Write write = ShardByHand::put(4, "k", "new");
    write.known = OpNumber(begins);
    node_.from_client(write);
    View rebuilt = anew();
    rebuilt.id = {rebuilt.id.generation.next(), ViewNumber(rebuilt.id.number.value() + 1)};
    node_.learn(rebuilt);
    node_.pass(milliseconds(50));
    EXPECT_EQ(value(node_), "new");
}

// Its log is below the beginning, and would pass for a part of the new one if that began at 0.
TEST_F(BegunAnew, ANodeWithAnOlderCopyDoesNotJoinTheLog) {
    MemoryEngine engine;
    ShardByHand other(NodeId(2), engine, every_member_, in_order_);
    const View old = ShardByHand::view(1, 1, {1, 2});
    other.learn(old);
    other.from_node(1, StartView{PartitionId(0), old, {}, {}, {}, {}});
    other.pass(milliseconds(10));
    View joined = anew();
    joined.members.emplace_back(2U);
    joined.id = joined.id.next();
    other.from_node(1, StartView{PartitionId(0), joined, OpNumber(begins), anew().id, OpNumber(begins), {}});
    other.pass(milliseconds(10));
    const auto answer = other.sent<StartViewOk>(1);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->gap);
}

}  // namespace
}  // namespace ringkv
