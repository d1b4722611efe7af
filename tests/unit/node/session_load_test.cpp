// Session tables under load: as large as a state transfer must carry, and as fast as they must be emptied.
#include <gtest/gtest.h>

#include "common/edge/codec/codec.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What a message is at the other end of a connection; nothing: no receiver could read it.
template <class M>
std::optional<M> carried(const M& message) {
    const auto envelope = decode(encode({ShardByHand::cluster(), NodeId(1), StartNumber(1)}, NodeId(3), {message}));
    if (!envelope || envelope->messages.size() != 1) return std::nullopt;
    return std::get<M>(envelope->messages.front());
}

class ManySessions : public ShardTest {
  protected:
    static constexpr std::uint64_t clients = 500000;  // each with one outcome: more than one frame may have

    // Node 1, which has such a table, is the primary; node 3 asks for a state transfer.
    ManySessions()
        : primary_(NodeId(1), engine_, every_member_, in_order_),
          learner_(NodeId(3), learners_engine_, every_member_, in_order_) {
        SessionSnapshot table{OpNumber(clients), OpNumber(7), {}};
        for (std::uint64_t n = 1; n <= clients; ++n)
            table.sessions.push_back(
                {ClientId(n), Sequence(1), OpNumber(n), {{Sequence(1), WriteStatus::done, OpNumber(n)}}});
        const ViewId first = ShardByHand::view(1, 1, {}).id;
        primary_.shard().restore(ResetRecord{PartitionId(0), OpNumber(clients), first});
        primary_.shard().restore(
            StateDoneRecord{PartitionId(0), OpNumber(clients), std::move(table), {{first, OpNumber(1)}}});
        primary_.shard().restore(LogViewRecord{PartitionId(0), first});
        for (ShardByHand* node : {&primary_, &learner_}) node->learn(view_);
        primary_.from_node(2, StartViewOk{PartitionId(0), view_.id, OpNumber(clients), false, OpNumber(clients), {}});
        primary_.pass(milliseconds(1000));
    }

    [[nodiscard]] static const PartitionLog& log(ShardByHand& node) {
        return node.shard().replica(PartitionId(0))->log();
    }
    void keep_leases() { primary_.grant_leases({2, 3}); }

    // Until no chunk comes any more. -> how many came; nothing: one could not be read.
    std::optional<std::size_t> transfer(const std::function<void()>& meanwhile) {
        primary_.from_node(3, learner_.sent<StartViewOk>(1).value());
        std::size_t chunks = 0;
        for (int patience = 0; patience < 30; ++patience) {
            primary_.pass(milliseconds(5));
            keep_leases();
            while (const auto chunk = primary_.sent<StateChunk>(3)) {
                const auto arrived = carried(*chunk);
                if (!arrived) return std::nullopt;
                meanwhile();
                learner_.from_node(1, *arrived);
                const auto answer = learner_.sent<StateChunkOk>(1);
                if (!answer) return std::nullopt;
                primary_.from_node(3, *answer);
                patience = 0;
                ++chunks;
            }
        }
        return chunks;
    }

    MemoryEngine learners_engine_;
    const View view_ = ShardByHand::view(2, 1, {1, 2});
    ShardByHand primary_;
    ShardByHand learner_;
};

TEST_F(ManySessions, ATableThatNoFrameCouldHoldIsTransferred) {
    const auto question = primary_.sent<StartView>(3);
    ASSERT_TRUE(question);
    learner_.from_node(1, *question);
    const auto chunks = transfer([] {});
    ASSERT_TRUE(chunks) << "a chunk could not be read";
    EXPECT_FALSE(log(learner_).incomplete());
    EXPECT_EQ(log(learner_).sessions().snapshot(OpNumber(clients)),
              log(primary_).sessions().snapshot(OpNumber(clients)));
}

// A learner of a release that knows nothing of parts gets the table as it always was: whole, in the last chunk.
TEST_F(ShardTest, AnOldLearnerGetsTheSessionsInTheLastChunk) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(1, 1, {1});
    node.learn(view);
    node.pass(milliseconds(50));
    for (std::uint64_t client = 1; client <= 2000; ++client) {
        Write write = ShardByHand::put(1, "k", "v");
        write.client = ClientId(client);
        node.from_client(write);
    }
    StartViewOk asks{PartitionId(0), view.id, {}, true, {}, {}, 5};
    ASSERT_FALSE(asks.session_parts);
    asks.commit_view = ShardByHand::view(9, 1, {}).id;
    asks.commit = OpNumber(5);
    node.from_node(3, asks);
    node.pass(milliseconds(50));
    const auto chunk = node.sent<StateChunk>(3);
    ASSERT_TRUE(chunk && chunk->end);
    EXPECT_TRUE(chunk->sessions.empty());
    EXPECT_EQ(chunk->end->sessions.sessions.size(), 2000U);
    EXPECT_EQ(chunk->end->sessions.applied, chunk->end->applied);
}

// C2: a session that is silent for longer than sessions last goes, however many there are of them.
TEST_F(ShardTest, ExpiryKeepsUpWithTenThousandNewClientsASecond) {
    constexpr std::uint64_t each_turn = 100;  // every 10 ms
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    ClusterMap map = ShardByHand::map(ShardByHand::view(1, 1, {1, 2, 3}));
    map.settings.session_expiry = seconds(1);
    node.from_registry(MapSnapshot{map});
    for (std::uint32_t peer : {2U, 3U})
        node.from_node(
            peer, StartViewOk{PartitionId(0), ShardByHand::view(1, 1, {}).id, OpNumber(0), false, OpNumber(0), {}});
    node.pass(milliseconds(10));
    const auto& log = node.shard().replica(PartitionId(0))->log();
    std::uint64_t client = 0;
    std::size_t most = 0;
    for (int turn = 0; turn < 250; ++turn) {
        for (std::uint64_t n = 0; n < each_turn; ++n) {
            Write write = ShardByHand::put(1, "k", "v");
            write.client = ClientId(++client);
            write.known = log.commit();
            node.from_client(write);
        }
        node.pass(milliseconds(10), milliseconds(10));
        node.grant_leases({2, 3});
        for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, log.last().value()));
        most = std::max(most, log.sessions().size());
    }
    EXPECT_GE(log.last().value(), client) << "they were all served";
    EXPECT_LE(most, 100 * each_turn * 3 / 2) << "those of the last second, and half as many that are on their way out";
}

}  // namespace
}  // namespace ringkv
