// What another node, the registry or a client sends may be any bytes that the codec can read: it is refused where it
// enters, has no effect, and ends no process.
#include <gtest/gtest.h>

#include "common/partitioning.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

EntryPtr entry_of(std::uint64_t op, std::uint64_t view_number, const std::string& key = "k") {
    Entry entry;
    entry.op = OpNumber(op);
    entry.view = ShardByHand::view(view_number, 1, {}).id;
    entry.kind = EntryKind::set;
    entry.key = key;
    entry.value = "v";
    entry.client = ClientId(77);
    entry.sequence = Sequence(op);
    entry.lowest = Sequence(1);
    entry.version = entry.op;
    return share(entry);
}

// Node 3, a backup of node 1 in view 3, with two entries of view 2.
class Misled : public ShardTest {
  protected:
    Misled() : node_(NodeId(3), engine_, every_member_, in_order_) {
        node_.learn(view_);
        node_.from_node(1, StartView{PartitionId(0), view_, {}, {}, {}, {entry_of(1, 2), entry_of(2, 2)}});
        EXPECT_EQ(node_.sent<StartViewOk>().value().op, OpNumber(2));
    }

    [[nodiscard]] Prepare prepare(std::uint64_t first, Entries entries) const {
        return {PartitionId(0), view_.id, view_.since, {}, OpNumber(first), std::move(entries), OpNumber(0)};
    }
    [[nodiscard]] const PartitionLog& log() { return node_.shard().replica(PartitionId(0))->log(); }
    [[nodiscard]] const View& known_view() { return node_.shard().replica(PartitionId(0))->view(); }

    // It was refused, and node 3 goes on as if it had not come.
    void expect_no_effect() {
        node_.shard().check_invariants();
        EXPECT_GT(node_.shard().refused() + not_counted, 0U);
        EXPECT_EQ(known_view(), view_);
        EXPECT_EQ(log().last(), OpNumber(2));
        EXPECT_EQ(log().log_view(), view_.id);
        EXPECT_FALSE(node_.sent<PrepareOk>()) << "what is refused is not acknowledged";
        node_.from_node(1, prepare(3, {entry_of(3, 3)}));
        EXPECT_EQ(node_.sent<PrepareOk>().value().op, OpNumber(3));
        node_.shard().check_invariants();
    }

    const View view_ = ShardByHand::view(3, 1, {1, 2, 3});
    ShardByHand node_;
    std::uint64_t not_counted = 0;  // dropped without a word
};

TEST_F(Misled, ByAnEntryOfAnOlderViewThanTheOneBefore) {
    node_.from_node(1, prepare(3, {entry_of(3, 3), entry_of(4, 2)}));
    expect_no_effect();
}

TEST_F(Misled, ByAnEntryOfAnOlderViewThanTheLog) {
    node_.from_node(1, prepare(3, {entry_of(3, 1)}));
    expect_no_effect();
}

TEST_F(Misled, ByEntriesThatLeaveOutAnOp) {
    node_.from_node(1, prepare(3, {entry_of(3, 3), entry_of(5, 3)}));
    expect_no_effect();
}

TEST_F(Misled, ByAnEntryOfAViewThatIsStillToCome) {
    node_.from_node(1, prepare(3, {entry_of(3, 9)}));
    expect_no_effect();
}

TEST_F(Misled, ByTheLastOpNumberOfAll) {
    constexpr std::uint64_t last = ~std::uint64_t{0};
    node_.from_node(1, prepare(last, {entry_of(last, 3)}));
    node_.from_node(1, prepare(last, {entry_of(last, 3), entry_of(0, 3)}));
    expect_no_effect();
}

TEST_F(Misled, ByAnEntryWithoutAKey) {
    node_.from_node(1, prepare(3, {entry_of(3, 3, "")}));
    expect_no_effect();
}

// Its log view would be one that no view of the registry's reaches: made primary later, it ended.
TEST_F(Misled, ByAPrepareOfAViewThatWasNotAnnounced) {
    Prepare message = prepare(3, {entry_of(3, 3)});
    message.view = ShardByHand::view(1000, 1, {}).id;
    node_.from_node(1, message);
    const auto answer = node_.sent<PrepareOk>();
    EXPECT_TRUE(!answer || answer->gap) << "it asks for the view";
    EXPECT_EQ(log().log_view(), view_.id);
    node_.learn(ShardByHand::view(4, 3, {2, 3}));
    node_.pass(milliseconds(1500));
    node_.shard().check_invariants();
}

TEST_F(Misled, ByAViewOlderThanItsTerm) {
    node_.from_node(1, StartView{PartitionId(0), ShardByHand::view(4, 1, {1, 2, 3}, 9), {}, {}, {}, {}});
    expect_no_effect();
}

TEST_F(Misled, ByAViewThatGoesBackWithinTheLog) {
    // Known now: view 5 of a term that began in view 8.
    node_.from_node(1, NewerView{PartitionId(0), ShardByHand::view(5, 1, {1, 2, 3}, 8)});
    node_.from_node(1, StartView{PartitionId(0), ShardByHand::view(2, 1, {1, 2, 3}, 8), {}, {}, {}, {}});
    expect_no_effect();
}

TEST_F(Misled, ByAViewWithoutItsPrimary) {
    node_.from_node(1, NewerView{PartitionId(0), ShardByHand::view(4, 1, {2, 3})});
    node_.from_node(1, NewerView{PartitionId(0), ShardByHand::view(4, 3, {1, 2})});
    node_.from_node(1, NewerView{PartitionId(0), ShardByHand::view(4, 0, {0, 1})});
    expect_no_effect();
}

TEST_F(Misled, ByAViewThatNamesAMemberTwice) {
    node_.from_node(1, NewerView{PartitionId(0), ShardByHand::view(4, 3, {3, 2, 2})});
    expect_no_effect();
}

TEST_F(Misled, ByAViewOfAnotherPrimaryThanItsSender) {
    node_.from_node(1, StartView{PartitionId(0), ShardByHand::view(4, 2, {1, 2, 3}, 3), {}, {}, {}, {}});
    node_.shard().check_invariants();
    expect_no_effect();
}

TEST_F(Misled, ByAMessageInItsOwnName) {
    Prepare message = prepare(3, {entry_of(3, 3)});
    node_.from_node(3, message);
    node_.from_node(3, StartView{PartitionId(0), view_, {}, {}, {}, {}});
    not_counted = 1;
    expect_no_effect();
}

TEST_F(ShardTest, APrimaryIsNotMisledByMessagesInItsOwnName) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    const View view = ShardByHand::view(1, 1, {1, 2, 3});
    node.from_node(1, Prepare{PartitionId(0), view.id, view.since, {}, OpNumber(2), {entry_of(2, 1)}, OpNumber(2)});
    node.shard().check_invariants();
    EXPECT_EQ(node.shard().replica(PartitionId(0))->log().last(), OpNumber(1));
}

// A term has one primary. The replica that is it took the next view for one of its own.
TEST_F(ShardTest, IsNotMisledByAViewOfItsTermWithAnotherPrimary) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.from_node(2, NewerView{PartitionId(0), ShardByHand::view(2, 2, {1, 2, 3}, 1)});
    node.shard().check_invariants();
}

// Node 3 as a learner.
class MisledLearner : public ShardTest {
  protected:
    MisledLearner() : node_(NodeId(3), engine_, every_member_, in_order_) {
        node_.learn(view_);
        node_.from_node(1, StartView{PartitionId(0), view_, OpNumber(9), view_.id, OpNumber(9), {}});
        ticket_ = node_.sent<StartViewOk>().value().ticket;
    }

    [[nodiscard]] StateChunk chunk() const {
        StateChunk made{PartitionId(0), view_, 7, ticket_, 0, OpNumber(3), view_.id, {{"k", "value", OpNumber(1)}}, {}};
        made.end = StateEnd{OpNumber(3), {}, {{view_.id, OpNumber(1)}}};
        return made;
    }
    void expect_refused(const StateChunk& wrong) {
        node_.from_node(1, wrong);
        EXPECT_FALSE(node_.sent<StateChunkOk>());
        node_.shard().check_invariants();
        node_.from_node(1, chunk());
        EXPECT_TRUE(node_.sent<StateChunkOk>()) << "the right one is taken";
        node_.from_node(1, Prepare{PartitionId(0), view_.id, view_.since, {}, OpNumber(4), {entry_of(4, 3)}, {}});
        EXPECT_EQ(node_.sent<PrepareOk>().value().op, OpNumber(4));
        node_.shard().check_invariants();
    }

    const View view_ = ShardByHand::view(3, 1, {1, 2});
    ShardByHand node_;
    std::uint64_t ticket_ = 0;
};

TEST_F(MisledLearner, ByAHistoryOfAViewStillToCome) {
    StateChunk wrong = chunk();
    wrong.end->history = {{ShardByHand::view(9, 1, {}).id, OpNumber(1)}};
    expect_refused(wrong);
}

TEST_F(MisledLearner, ByAHistoryThatGoesBack) {
    StateChunk wrong = chunk();
    wrong.end->history = {{view_.id, OpNumber(2)}, {ShardByHand::view(2, 1, {}).id, OpNumber(1)}};
    expect_refused(wrong);
}

TEST_F(MisledLearner, ByAnEndBeforeTheStart) {
    StateChunk wrong = chunk();
    wrong.end->applied = OpNumber(2);
    expect_refused(wrong);
}

TEST_F(MisledLearner, ByARecordWithoutAKey) {
    StateChunk wrong = chunk();
    wrong.records.push_back({});
    expect_refused(wrong);
}

TEST_F(MisledLearner, BySessionsOfNoClient) {
    StateChunk wrong = chunk();
    wrong.end->sessions.sessions = {{ClientId(), Sequence(1), OpNumber(1), {}}};
    expect_refused(wrong);
}

// ---------------------------------------------------------------- the registry

class MisledByTheMap : public ShardTest {
  protected:
    MisledByTheMap() : node_(NodeId(1), engine_, every_member_, in_order_) {
        node_.from_registry(MapSnapshot{ShardByHand::map(view_)});
    }
    void expect_no_effect() {
        EXPECT_EQ(node_.shard().map(), ShardByHand::map(view_));
        node_.pass(milliseconds(50));
        node_.shard().check_invariants();
    }
    [[nodiscard]] static MapDelta next() { return {Generation(1), Epoch(2), {}, {}, {}, {}}; }

    const View view_ = ShardByHand::view(1, 1, {1, 2, 3});
    ShardByHand node_;
};

TEST_F(MisledByTheMap, OfAsManyPartitionsAsANumberHas) {
    MapDelta delta = next();
    delta.settings = ShardByHand::map(view_).settings;
    delta.settings->partitions = ~std::uint32_t{0};
    node_.from_registry(delta);
    expect_no_effect();
}

TEST_F(MisledByTheMap, OfAnotherNumberOfPartitions) {
    ClusterMap map = ShardByHand::map(view_, 2);
    map.settings.partitions = 3;
    map.partitions.resize(3, map.partitions.front());
    node_.from_registry(MapSnapshot{map});
    expect_no_effect();
}

TEST_F(MisledByTheMap, OfLeasesThatDoNotEnd) {
    ClusterMap map = ShardByHand::map(view_, 2);
    map.settings.lease.grace = -map.settings.lease.grace;
    node_.from_registry(MapSnapshot{map});
    expect_no_effect();
}

TEST_F(MisledByTheMap, OfAViewWithoutItsPrimary) {
    MapDelta delta = next();
    delta.partitions = {{PartitionId(0), {ShardByHand::view(2, 1, {2, 3}), {}, {}}}};
    node_.from_registry(delta);
    expect_no_effect();
}

TEST_F(MisledByTheMap, OfAnAnswerWithAViewWithoutItsPrimary) {
    node_.from_registry(
        ProposeAnswer{RequestId(1), {{PartitionId(0), true, {ShardByHand::view(2, 1, {2, 3}), {}, {}}}}});
    expect_no_effect();
}

// ---------------------------------------------------------------- keys of another partition

class TwoPartitions : public ShardTest {
  protected:
    static std::string key_of(std::uint32_t partition) {
        for (int i = 0;; ++i)
            if (std::string key = "k" + std::to_string(i); partition_of(key, 2) == PartitionId(partition)) return key;
    }
    static ClusterMap map(const View& view) {
        ClusterMap made = ShardByHand::map(view);
        made.settings.partitions = 2;
        made.partitions.resize(2, made.partitions.front());
        return made;
    }
};

TEST_F(TwoPartitions, AClientsKeyOfAnotherOneIsRefused) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    const View alone = ShardByHand::view(1, 1, {1});
    node.from_registry(MapSnapshot{map(alone)});
    node.pass(milliseconds(50));
    node.from_client(ShardByHand::put(1, key_of(1), "v"));  // names partition 0
    EXPECT_EQ(node.sent<RequestRefused>().value().reason, RefusalReason::bad_key);
    node.from_client(Get{RequestId(2), PartitionId(0), key_of(1)});
    EXPECT_EQ(node.sent<RequestRefused>().value().reason, RefusalReason::bad_key);
    node.from_client(ShardByHand::put(3, key_of(0), "v"));
    EXPECT_TRUE(node.sent<WriteAnswer>());
}

TEST_F(TwoPartitions, APeersKeyOfAnotherOneIsRefused) {
    ShardByHand node(NodeId(3), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(3, 1, {1, 2, 3});
    node.from_registry(MapSnapshot{map(view)});
    node.from_node(1, StartView{PartitionId(0), view, {}, {}, {}, {entry_of(1, 3, key_of(1))}});
    EXPECT_FALSE(node.sent<StartViewOk>());
    node.from_node(1, StartView{PartitionId(0), view, {}, {}, {}, {entry_of(1, 3, key_of(0))}});
    EXPECT_TRUE(node.sent<StartViewOk>());
    node.from_node(1, Prepare{PartitionId(0), view.id, view.since, {}, OpNumber(2), {entry_of(2, 3, key_of(1))}, {}});
    EXPECT_FALSE(node.sent<PrepareOk>());
}

TEST_F(TwoPartitions, ACopysKeyOfAnotherOneIsRefused) {
    ShardByHand node(NodeId(3), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(3, 1, {1, 2});
    node.from_registry(MapSnapshot{map(view)});
    node.from_node(1, StartView{PartitionId(0), view, OpNumber(9), view.id, OpNumber(9), {}});
    StateChunk chunk{PartitionId(0),
                     view,
                     7,
                     node.sent<StartViewOk>().value().ticket,
                     0,
                     OpNumber(3),
                     view.id,
                     {{key_of(1), "value", OpNumber(1)}},
                     {}};
    node.from_node(1, chunk);
    EXPECT_FALSE(node.sent<StateChunkOk>());
    chunk.records.front().key = key_of(0);
    node.from_node(1, chunk);
    EXPECT_TRUE(node.sent<StateChunkOk>());
}

// ---------------------------------------------------------------- floods

TEST_F(ShardTest, BeaconsOfEverNewStartsAreNotAllRemembered) {
    ShardByHand node(NodeId(3), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(1, 1, {1, 2, 3});
    node.learn(view);
    std::vector<Claim> everything(100000, Claim{PartitionId(0), view.id});
    node.from_node(1, Beacon{Nonce(1), 1, everything, false});
    EXPECT_FALSE(node.sent<BeaconAnswer>()) << "more claims than there are partitions";
    node.from_node(1, Beacon{Nonce(2), 1, std::vector{Claim{PartitionId(0), view.id}}, false});
    EXPECT_TRUE(node.sent<BeaconAnswer>());
}

}  // namespace
}  // namespace ringkv
