// Answers that are less than linearizable: writes that the primary alone acknowledges (P6), stale reads (P7).
#include <gtest/gtest.h>

#include "node/freshness.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

const PartitionId only{0};
// Of the answer to that beacon by a node of the fixture, whose start is 1.
Nonce answer_to(std::uint64_t beacon) {
    return Nonce(beacon + (std::uint64_t{1} << 40U));
}

Write early_put(std::uint64_t sequence, const std::string& key, const std::string& value) {
    Write write = ShardByHand::put(sequence, key, value);
    write.ack = Ack::primary;
    return write;
}
Get get(const std::string& key) {
    return {RequestId(1000), only, key};
}
Get stale_get(const std::string& key, std::optional<Duration> max_age = {}) {
    return {RequestId(1000), only, key, StaleRead{max_age}};
}

// ---------------------------------------------------------------- P6

class EarlyAnswers : public ShardTest {
  protected:
    void both_ok(std::uint64_t op) {
        for (std::uint32_t peer : {2U, 3U}) node_.from_node(peer, ShardByHand::ok(1, op));
    }
    void let_leases_lapse() {
        node_.pass(milliseconds(410));
        (void)node_.take_all();
    }
    ShardByHand node_{NodeId(1), engine_, every_member_, in_order_};
};

TEST_F(EarlyAnswers, ComeBeforeTheCommitAndNameNoVersion) {
    node_.start_serving();
    node_.from_client(early_put(1, "k", "v"));
    const auto answer = node_.sent<WriteAnswer>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, WriteStatus::done);
    EXPECT_TRUE(answer->version.none());
    EXPECT_FALSE(engine_.get(only, "k"));
    both_ok(1);
    EXPECT_FALSE(node_.sent<WriteAnswer>()) << "once is enough";
    EXPECT_TRUE(engine_.get(only, "k"));
    node_.from_client(early_put(1, "k", "v"));
    EXPECT_TRUE(node_.sent<WriteAnswer>().value().version.none()) << "a retry, after the commit";
}

TEST_F(EarlyAnswers, AReadOfTheKeyWaitsForTheCommitAndOthersDoNot) {
    node_.start_serving();
    node_.from_client(early_put(1, "k", "v"));
    node_.from_client(get("other"));
    EXPECT_TRUE(node_.sent<GetAnswer>());
    node_.from_client(get("k"));
    node_.from_client(Scan{RequestId(1001), only, "", {}, 0, false});
    EXPECT_FALSE(node_.sent<GetAnswer>());
    EXPECT_FALSE(node_.sent<ScanAnswer>());
    both_ok(1);
    EXPECT_EQ(node_.sent<GetAnswer>().value().value, "v");
    EXPECT_EQ(node_.sent<ScanAnswer>().value().records.size(), 1U);
}

TEST_F(EarlyAnswers, AReadThatWaitedForACommitNeedsTheLeasesAllTheSame) {
    node_.start_serving();
    node_.from_client(early_put(1, "k", "v"));
    node_.from_client(get("k"));
    let_leases_lapse();
    both_ok(1);
    EXPECT_FALSE(node_.sent<GetAnswer>());
    node_.pass(milliseconds(10));
    node_.grant_leases({2, 3});
    EXPECT_TRUE(node_.sent<GetAnswer>());
}

TEST_F(EarlyAnswers, WaitForTheLeasesOfAllMembers) {
    node_.start_serving();
    let_leases_lapse();
    node_.from_client(early_put(1, "k", "v"));
    EXPECT_FALSE(node_.sent<WriteAnswer>());
    node_.pass(milliseconds(110));
    node_.grant_leases({2});
    EXPECT_FALSE(node_.sent<WriteAnswer>());
    node_.pass(milliseconds(110));
    node_.grant_leases({2, 3});
    EXPECT_TRUE(node_.sent<WriteAnswer>());
}

TEST_F(EarlyAnswers, WithoutLeasesComeWithTheCommit) {
    node_.start_serving();
    let_leases_lapse();
    node_.from_client(early_put(1, "k", "v"));
    both_ok(1);
    EXPECT_TRUE(node_.sent<WriteAnswer>().value().version.none());
    node_.pass(milliseconds(110));
    node_.grant_leases({2, 3});
    EXPECT_FALSE(node_.sent<WriteAnswer>());
}

TEST_F(EarlyAnswers, WaitForThePrimarysOwnDisk) {
    node_.start_serving();
    node_.disk_answers = false;
    node_.from_client(early_put(1, "k", "v"));
    EXPECT_FALSE(node_.sent<WriteAnswer>());
    node_.disk_answers = true;
    node_.pass(milliseconds(5));
    EXPECT_TRUE(node_.sent<WriteAnswer>());
}

TEST_F(EarlyAnswers, SayOnlyWhatIsDone) {
    node_.start_serving();
    Write erase = early_put(1, "k", "");
    erase.value.reset();
    node_.from_client(erase);
    EXPECT_FALSE(node_.sent<WriteAnswer>()) << "that there is no such key is of the state before";
    both_ok(1);
    EXPECT_EQ(node_.sent<WriteAnswer>().value().status, WriteStatus::not_found);
    node_.from_client(early_put(2, "k", "v"));
    erase.sequence = Sequence(3);
    node_.from_client(erase);
    EXPECT_EQ(node_.sent<WriteAnswer>().value().status, WriteStatus::done);
}

TEST_F(EarlyAnswers, AreNotForConditionalWrites) {
    node_.start_serving();
    Write write = early_put(1, "k", "v");
    write.expected = OpNumber(0);
    node_.from_client(write);
    EXPECT_EQ(node_.sent<RequestRefused>().value().reason, RefusalReason::bad_value);
    EXPECT_FALSE(node_.sent<Prepare>());
}

TEST_F(EarlyAnswers, AnAttemptThatAsksForAllWaitsForAll) {
    node_.start_serving();
    node_.from_client(early_put(1, "k", "v"));
    ASSERT_TRUE(node_.sent<WriteAnswer>());
    node_.from_client(ShardByHand::put(1, "k", "v"));
    EXPECT_FALSE(node_.sent<WriteAnswer>());
    both_ok(1);
    EXPECT_EQ(node_.sent<WriteAnswer>().value().version, OpNumber(1));
}

TEST_F(EarlyAnswers, OfMoreThanMayWaitForBackupsAreRefused) {
    Limits limits;
    limits.log = 20'000;
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_, limits);
    node.start_serving();
    std::uint64_t answered = 0;
    for (std::uint64_t sequence = 1; sequence <= 100 && !node.sent<RequestRefused>(); ++sequence) {
        Write write = early_put(sequence, "k", std::string(1000, 'v'));
        write.lowest = write.sequence;
        node.from_client(write);
        answered += node.sent<WriteAnswer>() ? 1 : 0;
    }
    EXPECT_GT(answered, 2U);
    EXPECT_LT(answered, 8U) << "a quarter of what is kept of the logs: a half is for all partitions";
}

TEST_F(EarlyAnswers, OfAClusterThatTrustsNoLeaseComeWithTheCommit) {
    ClusterMap map = ShardByHand::map(ShardByHand::view(1, 1, {1, 2, 3}));
    map.settings.reads = ReadMode::confirmed;
    node_.from_registry(MapSnapshot{map});
    node_.backups_follow();
    node_.from_client(early_put(1, "k", "v"));
    EXPECT_FALSE(node_.sent<WriteAnswer>());
    both_ok(1);
    EXPECT_TRUE(node_.sent<WriteAnswer>());
}

// ---------------------------------------------------------------- P7

TEST(Freshness, IsOfWhatIsReached) {
    const Time start = Time{} + std::chrono::hours(1);
    Freshness freshness;
    EXPECT_FALSE(freshness.as_of(OpNumber(9)));
    freshness.told(start, OpNumber(5), OpNumber(4));
    EXPECT_FALSE(freshness.as_of(OpNumber(4)));
    EXPECT_EQ(freshness.as_of(OpNumber(5)), start);
    freshness.told(start + milliseconds(100), OpNumber(7), OpNumber(5));
    EXPECT_EQ(freshness.as_of(OpNumber(5)), start);
    // While one is not reached, the next is left alone: else none would be, under load.
    freshness.told(start + milliseconds(200), OpNumber(9), OpNumber(6));
    EXPECT_EQ(freshness.as_of(OpNumber(8)), start + milliseconds(100));
    freshness.told(start + milliseconds(50), OpNumber(8), OpNumber(8));
    EXPECT_EQ(freshness.as_of(OpNumber(8)), start + milliseconds(100)) << "an old word is no news";
    EXPECT_FALSE(freshness.as_of(OpNumber(0))) << "the copy was deleted";
}

TEST(Freshness, CountsInAClockThatIsWrongByAFifth) {
    EXPECT_EQ(true_at_most(milliseconds(80)), milliseconds(100));
    EXPECT_EQ(true_at_most(Duration(1)), milliseconds(1));
    EXPECT_EQ(true_at_most(milliseconds(-5)), Duration(0));
}

// Node 2, a backup of node 1.
class StaleReads : public ShardTest {
  protected:
    StaleReads() {
        node_.learn(view_);
        node_.from_node(1, StartView{only, view_, OpNumber(0), {}, OpNumber(0), {}});
        prepare(1, OpNumber(1));
        (void)node_.take_all();
    }
    void prepare(std::uint64_t op, OpNumber commit) {
        Entry entry;
        entry.op = OpNumber(op);
        entry.view = view_.id;
        entry.kind = EntryKind::set;
        const std::string value = "v" + std::to_string(op);
        entry.key = "k";
        entry.value = value;
        entry.version = entry.op;
        Prepare message{only, view_.id, view_.since, {}, entry.op, {}, commit};
        message.entries = std::vector<EntryPtr>{share(entry)};
        node_.from_node(1, message);
    }
    void beacon(std::uint64_t nonce, std::uint64_t heard = 0, std::optional<OpNumber> commit = {}) {
        Beacon message{Nonce(nonce), 1, std::vector{Claim{only, view_.id}}, false};
        if (heard == 0) return node_.from_node(1, message);
        message.heard = answer_to(heard);
        message.commits = {commit};
        node_.from_node(1, message);
    }
    std::optional<GetAnswer> read(std::optional<Duration> max_age = {}) {
        node_.from_client(stale_get("k", max_age));
        return node_.sent<GetAnswer>();
    }
    RefusalReason refusal(std::optional<Duration> max_age = {}) {
        EXPECT_FALSE(read(max_age));
        return node_.sent<RequestRefused>().value().reason;
    }

    const View view_ = ShardByHand::view(1, 1, {1, 2, 3});
    ShardByHand node_{NodeId(2), engine_, every_member_, in_order_};
};

TEST_F(StaleReads, CountTheirAgeFromTheAnswerThatThePrimaryHadHeard) {
    beacon(1);
    EXPECT_EQ(refusal(), RefusalReason::too_old) << "no age is known";
    node_.pass(milliseconds(80));
    beacon(2, 1, OpNumber(1));
    const auto found = read();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, "v1");
    EXPECT_EQ(found->version, OpNumber(1));
    EXPECT_EQ(found->age, milliseconds(100)) << "80, by a clock that may be wrong by a fifth";
    EXPECT_TRUE(read(milliseconds(100)));
    EXPECT_EQ(refusal(milliseconds(99)), RefusalReason::too_old);
    node_.pass(milliseconds(80));
    EXPECT_EQ(read().value().age, milliseconds(200));
}

TEST_F(StaleReads, NeverShowWhatIsNotCommitted) {
    beacon(1);
    beacon(2, 1, OpNumber(1));
    prepare(2, OpNumber(1));
    EXPECT_EQ(read().value().value, "v1");
}

TEST_F(StaleReads, HaveTheAgeOfWhatIsAppliedHere) {
    beacon(1);
    beacon(2, 1, OpNumber(1));
    node_.pass(milliseconds(80));
    beacon(3, 2, OpNumber(2));  // op 2 is committed, and has not come
    EXPECT_EQ(read().value().age, milliseconds(100));
    prepare(2, OpNumber(2));
    EXPECT_EQ(read().value().value, "v2");
    EXPECT_EQ(read().value().age, milliseconds(100)) << "of the answer to the second beacon, at the same time";
    node_.pass(milliseconds(40));
    beacon(4, 3, OpNumber(2));
    EXPECT_EQ(read().value().age, milliseconds(50));
}

TEST_F(StaleReads, TakeTheFirstAnswerToABeaconThatCameTwice) {
    beacon(1);
    node_.pass(milliseconds(80));
    beacon(1);
    beacon(2, 1, OpNumber(1));
    EXPECT_EQ(read().value().age, milliseconds(100));
}

TEST_F(StaleReads, KnowNoAgeWhereThePrimaryIsNotSureOrSpeaksOfAnotherAnswer) {
    beacon(1);
    beacon(2, 1, std::nullopt);
    EXPECT_EQ(refusal(), RefusalReason::too_old);
    beacon(3, 77, OpNumber(1));
    EXPECT_EQ(refusal(), RefusalReason::too_old);
    Beacon of_another_process{Nonce(4), 1, std::vector{Claim{only, view_.id}}, false};
    of_another_process.heard = Nonce(3 + (std::uint64_t{2} << 40U));
    of_another_process.commits = {OpNumber(1)};
    node_.from_node(1, of_another_process);
    EXPECT_EQ(refusal(), RefusalReason::too_old);
}

// 1. Its answer is given. 2. A newer beacon is. 3. The first comes again, perhaps when its time is no longer kept.
TEST_F(StaleReads, TakeNoAnswerToABeaconThatComesAfterANewerOne) {
    for (std::uint64_t nonce = 1; nonce <= 40; ++nonce) beacon(nonce);
    node_.pass(milliseconds(80));
    beacon(1);
    beacon(41, 1, OpNumber(1));
    EXPECT_EQ(refusal(), RefusalReason::too_old);
}

TEST_F(StaleReads, OfAnotherPartitionsKeyAreRefused) {
    beacon(1);
    beacon(2, 1, OpNumber(1));
    node_.from_client(stale_get(""));
    EXPECT_EQ(node_.sent<RequestRefused>().value().reason, RefusalReason::bad_key);
}

TEST_F(StaleReads, AScanIsAnsweredLikewise) {
    beacon(1);
    beacon(2, 1, OpNumber(1));
    node_.from_client(Scan{RequestId(1), only, "", {}, 0, false, StaleRead{}});
    EXPECT_EQ(node_.sent<ScanAnswer>().value().records.size(), 1U);
}

TEST_F(StaleReads, AreRefusedWhileACopyComes) {
    ShardByHand learner(NodeId(3), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(1, 1, {1, 2});
    learner.learn(view);
    learner.from_node(1, StartView{only, view, OpNumber(5), view.id, OpNumber(5), {}});
    const auto answer = learner.sent<StartViewOk>();
    ASSERT_TRUE(answer && answer->gap);
    StateChunk chunk{only, view, 1, answer->ticket, 0, OpNumber(5), view.id, {{"a", "1", OpNumber(3)}}, {}};
    chunk.read_at = OpNumber(5);
    chunk.through = "a";
    learner.from_node(1, chunk);
    learner.from_node(1, Beacon{Nonce(1), 1, std::vector{Claim{only, view.id}}, false});
    Beacon second{Nonce(2), 1, std::vector{Claim{only, view.id}}, false};
    second.heard = answer_to(1);
    second.commits = {OpNumber(5)};
    learner.from_node(1, second);
    learner.from_client(stale_get("a"));
    EXPECT_EQ(learner.sent<RequestRefused>().value().reason, RefusalReason::too_old);
}

TEST_F(StaleReads, OfThePrimaryAreAsOldAsItsLeases) {
    ShardByHand primary(NodeId(1), engine_, every_member_, in_order_);
    primary.start_serving();
    primary.from_client(stale_get("k"));
    EXPECT_EQ(primary.sent<GetAnswer>().value().age, Duration(0));
    primary.pass(milliseconds(1200));
    primary.from_client(stale_get("k"));
    const Duration age = primary.sent<GetAnswer>().value().age.value();
    EXPECT_GE(age, milliseconds(950)) << "the leases ended 400 ms after they were asked for";
    EXPECT_LE(age, milliseconds(1050));
}

TEST_F(StaleReads, APrimaryTellsCommitPointsOnlyUnderAllLeases) {
    ShardByHand primary(NodeId(1), engine_, every_member_, in_order_);
    primary.start_serving();
    primary.pass(milliseconds(110));
    const auto first = primary.sent<Beacon>(2);
    ASSERT_TRUE(first);
    primary.from_node(2, BeaconAnswer{first->nonce, false, {}, true, true});
    primary.pass(milliseconds(110));
    const auto sure = primary.sent<Beacon>(2);
    ASSERT_TRUE(sure);
    EXPECT_FALSE(sure->heard.none());
    EXPECT_EQ(sure->commits, (std::vector<std::optional<OpNumber>>{OpNumber(0)}));
    primary.pass(milliseconds(400));
    const auto unsure = primary.sent<Beacon>(2);
    ASSERT_TRUE(unsure);
    EXPECT_EQ(unsure->commits, (std::vector<std::optional<OpNumber>>{std::nullopt}));
}

TEST_F(StaleReads, MoreCommitPointsThanPartitionsAreRefused) {
    Beacon many{Nonce(1), 1, std::vector{Claim{only, view_.id}}, false};
    many.commits.resize(2);
    const std::uint64_t before = node_.shard().refused();
    node_.from_node(1, many);
    Beacon high{Nonce(2), 1, std::vector{Claim{only, view_.id}}, false};
    high.commits = {OpNumber(std::uint64_t{1} << 62U)};
    node_.from_node(1, high);
    EXPECT_EQ(node_.shard().refused(), before + 2);
    EXPECT_FALSE(node_.sent<BeaconAnswer>());
}

}  // namespace
}  // namespace ringkv
