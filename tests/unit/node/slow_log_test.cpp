// What a slow request leaves in the log: its ids, how long it took, and what it waited for.
#include "node/slow_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

using Fields = std::map<std::string, std::string>;

std::vector<Fields> lines(const ShardByHand& shard, std::string_view text) {
    std::vector<Fields> found;
    for (const LogLine& line : shard.logged)
        if (line.text == text) found.emplace_back(line.fields.begin(), line.fields.end());
    return found;
}
std::vector<Fields> slow_requests(const ShardByHand& shard) {
    return lines(shard, "slow request");
}

Limits slow_after(milliseconds threshold) {
    Limits limits;
    limits.slow_request = threshold;
    return limits;
}

class SlowLogTest : public ShardTest {
  protected:
    void SetUp() override { shard_.start_serving(); }

    ShardByHand shard_{NodeId(1), engine_, every_member_, in_order_, slow_after(milliseconds(50))};
};

TEST_F(SlowLogTest, AWriteNamesTheBackupThatItWaitedFor) {
    shard_.from_client(ShardByHand::put(1, "k", "v"));
    shard_.pass(milliseconds(5));
    shard_.from_node(2, ShardByHand::ok(1, 1));
    shard_.pass(milliseconds(65));
    EXPECT_THAT(slow_requests(shard_), IsEmpty()) << "it is not answered yet";
    shard_.from_node(3, ShardByHand::ok(1, 1));
    ASSERT_THAT(slow_requests(shard_), SizeIs(1));
    EXPECT_THAT(slow_requests(shard_).front(), testing::IsSupersetOf(Fields{{"request", "0000000000000001"},
                                                                            {"client", "000000000000004d"},
                                                                            {"sequence", "1"},
                                                                            {"kind", "write"},
                                                                            {"partition", "0"},
                                                                            {"view", "v1"},
                                                                            {"took_ms", "70"},
                                                                            {"queued_ms", "0"},
                                                                            {"waited_ms", "70"},
                                                                            {"waited_for", "n3 70 ms"}}));
}

TEST_F(SlowLogTest, AWriteThatIsAnsweredInTimeLeavesNothing) {
    shard_.from_client(ShardByHand::put(1, "k", "v"));
    shard_.pass(milliseconds(45));
    for (const std::uint32_t node : {2U, 3U}) shard_.from_node(node, ShardByHand::ok(1, 1));
    ASSERT_TRUE(shard_.sent<WriteAnswer>());
    EXPECT_THAT(slow_requests(shard_), IsEmpty());
}

TEST_F(SlowLogTest, NothingIsSlowAtAThresholdOfZero) {
    MemoryEngine engine;
    ShardByHand shard(NodeId(1), engine, every_member_, in_order_, slow_after(milliseconds(0)));
    shard.start_serving();
    shard.from_client(ShardByHand::put(1, "k", "v"));
    shard.pass(milliseconds(500));
    for (const std::uint32_t node : {2U, 3U}) shard.from_node(node, ShardByHand::ok(1, 1));
    ASSERT_TRUE(shard.sent<WriteAnswer>());
    EXPECT_THAT(slow_requests(shard), IsEmpty());
}

TEST_F(SlowLogTest, AWriteNamesTheDiskAndEachBackupThatWasLate) {
    shard_.disk_answers = false;
    shard_.from_client(ShardByHand::put(1, "k", "v"));
    shard_.pass(milliseconds(60));
    shard_.from_node(2, ShardByHand::ok(1, 1));
    shard_.pass(milliseconds(20));
    shard_.from_node(3, ShardByHand::ok(1, 1));
    shard_.pass(milliseconds(20));
    shard_.disk_answers = true;
    shard_.pass(milliseconds(5));
    ASSERT_THAT(slow_requests(shard_), SizeIs(1));
    EXPECT_THAT(slow_requests(shard_).front(), Contains(Pair("waited_for", "disk 105 ms, n2 60 ms, n3 80 ms")));
}

TEST_F(SlowLogTest, AMemberThatIsRemovedIsNamedToo) {
    shard_.from_client(ShardByHand::put(1, "k", "v"));
    shard_.from_node(2, ShardByHand::ok(1, 1));
    shard_.pass(milliseconds(60));
    shard_.learn(ShardByHand::view(2, 1, {1, 2}, 1));
    shard_.pass(milliseconds(20));
    shard_.from_node(2, ShardByHand::ok(2, 1));
    ASSERT_TRUE(shard_.sent<WriteAnswer>());
    ASSERT_THAT(slow_requests(shard_), SizeIs(1));
    EXPECT_THAT(slow_requests(shard_).front(), Contains(Pair("waited_for", "n3 never")));
}

// The second op is committed with the first, and the third is another matter.
TEST_F(SlowLogTest, WhatTheOldestWaitedForIsToldOfThoseWithItAndOfNoOther) {
    shard_.from_client(ShardByHand::put(1, "k", "v"));
    shard_.pass(milliseconds(10));
    shard_.from_client(ShardByHand::put(2, "k", "w"));
    for (const std::uint64_t op : {1U, 2U}) shard_.from_node(2, ShardByHand::ok(1, op));
    shard_.pass(milliseconds(70));
    shard_.from_node(3, ShardByHand::ok(1, 2));
    ASSERT_THAT(slow_requests(shard_), SizeIs(2));
    EXPECT_THAT(slow_requests(shard_).front(), Contains(Pair("waited_for", "n3 80 ms")));
    EXPECT_THAT(slow_requests(shard_).back(), Contains(Pair("waited_for", "n3 70 ms")));

    // It waited in the transport alone.
    shard_.from_client(ShardByHand::put(3, "k", "x"), milliseconds(90));
    for (const std::uint32_t node : {2U, 3U}) shard_.from_node(node, ShardByHand::ok(1, 3));
    ASSERT_THAT(slow_requests(shard_), SizeIs(3));
    EXPECT_THAT(slow_requests(shard_).back(), Contains(Pair("queued_ms", "90")));
    EXPECT_THAT(slow_requests(shard_).back(), Contains(Pair("waited_ms", "0")));
    EXPECT_FALSE(slow_requests(shard_).back().contains("waited_for"));
}

TEST_F(SlowLogTest, AReadNamesTheLeasesThatItWaitedFor) {
    shard_.pass(milliseconds(450));  // they run out
    shard_.from_client(Get{RequestId(9), PartitionId(0), "k", {}});
    shard_.pass(milliseconds(60));
    shard_.grant_leases({2, 3});
    ASSERT_TRUE(shard_.sent<GetAnswer>());
    ASSERT_THAT(slow_requests(shard_), SizeIs(1));
    EXPECT_THAT(slow_requests(shard_).front(),
                testing::IsSupersetOf(Fields{
                    {"request", "0000000000000009"}, {"kind", "get"}, {"took_ms", "60"}, {"waited_for", "leases"}}));
}

TEST_F(SlowLogTest, AReadThatWaitedInTheTransportSaysSo) {
    shard_.from_client(Get{RequestId(9), PartitionId(0), "k", {}}, milliseconds(80));
    ASSERT_THAT(slow_requests(shard_), SizeIs(1));
    EXPECT_THAT(slow_requests(shard_).front(), Contains(Pair("queued_ms", "80")));
    EXPECT_THAT(slow_requests(shard_).front(), Contains(Pair("waited_ms", "0")));
    EXPECT_FALSE(slow_requests(shard_).front().contains("waited_for"));
}

TEST_F(SlowLogTest, ManyAreCountedAndNotWritten) {
    const std::uint64_t many = SlowLog::most_lines + 25;
    for (std::uint64_t n = 1; n <= many; ++n)
        shard_.from_client(Get{RequestId(n), PartitionId(0), "k", {}}, milliseconds(80));
    EXPECT_THAT(slow_requests(shard_), SizeIs(SlowLog::most_lines));
    EXPECT_EQ(shard_.shard().figures(shard_.now()).counters.of(RequestKind::get).slow, many);
    for (int n = 0; n < 20; ++n) {  // a second, in which the leases are kept
        shard_.pass(milliseconds(60));
        shard_.grant_leases({2, 3});
    }
    shard_.from_client(Get{RequestId(many + 1), PartitionId(0), "k", {}}, milliseconds(80));
    ASSERT_THAT(slow_requests(shard_), SizeIs(SlowLog::most_lines + 1));
    EXPECT_THAT(slow_requests(shard_).back(), Contains(Pair("left_out", "25")));
}

class SlowBackupTest : public ShardTest {
  protected:
    // Node 2 follows node 1, and its disk stores nothing for now.
    void follow() {
        backup_.learn(view_);
        backup_.from_node(1, StartView{PartitionId(0), view_, OpNumber(0), {}, OpNumber(0), {}});
        ASSERT_TRUE(backup_.sent<StartViewOk>(1));
        backup_.disk_answers = false;
    }
    void prepare(std::uint64_t op, std::uint64_t commit) {
        Entry entry;
        entry.op = OpNumber(op);
        entry.view = view_.id;
        entry.client = ClientId(77);
        entry.sequence = Sequence(op + 4);
        entry.kind = EntryKind::set;
        entry.key = "k";
        entry.value = "v";
        backup_.from_node(
            1, Prepare{PartitionId(0), view_.id, view_.since, {}, OpNumber(op), {share(entry)}, OpNumber(commit)});
    }
    static Limits limits() {
        Limits limits = slow_after(milliseconds(50));
        limits.log = 1;  // nothing is kept that need not be
        return limits;
    }

    const View view_ = ShardByHand::view(1, 1, {1, 2, 3});
    ShardByHand backup_{NodeId(2), engine_, every_member_, in_order_, limits()};
};

TEST_F(SlowBackupTest, ItNamesTheWriteThatItsDiskWasSlowToStore) {
    follow();
    prepare(1, 0);
    backup_.pass(milliseconds(75));
    backup_.disk_answers = true;
    backup_.pass(milliseconds(5));
    ASSERT_TRUE(backup_.sent<PrepareOk>(1));
    const std::vector<Fields> said = lines(backup_, "the disk is slow to store what is replicated");
    ASSERT_THAT(said, SizeIs(1));
    EXPECT_THAT(said.front(),
                testing::IsSupersetOf(Fields{{"client", "000000000000004d"}, {"sequence", "5"}, {"took_ms", "80"}}));
}

// As a learner has them: the members committed them long ago.
TEST_F(SlowBackupTest, WhatIsCutOffBeforeItIsStoredIsNotAskedFor) {
    follow();
    for (const std::uint64_t op : {1U, 2U, 3U}) prepare(op, op);
    ASSERT_GT(backup_.shard().replica(PartitionId(0))->log().suffix().start(), OpNumber(0));
    backup_.pass(milliseconds(75));
    backup_.disk_answers = true;
    backup_.pass(milliseconds(5));
    EXPECT_TRUE(backup_.sent<PrepareOk>(1));
    EXPECT_THAT(lines(backup_, "the disk is slow to store what is replicated"), IsEmpty());
}

}  // namespace
}  // namespace ringkv
