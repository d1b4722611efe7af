// A shard whose partitions have a learner each, and none of them keeps up: what is kept for all of them has a bound,
// too (M2; docs/decisions/0027).
#include <gtest/gtest.h>

#include "common/partitioning.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

// Node 1 is the primary of 16 partitions with node 2 as a member. Node 3 is a learner of each, and acknowledges what it
// is told to.
class ManyLearners : public ShardTest {
  protected:
    static constexpr std::uint32_t partitions = 16;
    static constexpr std::uint64_t log_limit = 16000;

    ManyLearners() : node_(NodeId(1), engine_, every_member_, in_order_, limits()) {
        ClusterMap map = ShardByHand::map(view_);
        map.settings.partitions = partitions;
        map.partitions.resize(partitions, map.partitions.front());
        node_.from_registry(MapSnapshot{map});
        for (std::uint32_t p = 0; p < partitions; ++p)
            for (const std::uint32_t node : {2U, 3U})
                node_.from_node(node, StartViewOk{PartitionId(p), view_.id, {}, false, {}, {}, 0, true, true});
        node_.pass(milliseconds(10));
        last_.resize(partitions);
    }
    static Limits limits() {
        Limits limits;
        limits.log = log_limit;
        return limits;
    }
    static std::string key_of(std::uint32_t partition) {
        for (int i = 0;; ++i)
            if (std::string key = "k" + std::to_string(i); partition_of(key, partitions) == PartitionId(partition))
                return key;
    }

    // Committed, unless it is refused.
    bool write(std::uint32_t partition, std::size_t size) {
        Write write = ShardByHand::put(++sequence_, key_of(partition), std::string(size, 'v'));
        write.partition = PartitionId(partition);
        write.lowest = write.sequence;
        node_.from_client(write);
        if (node_.sent<RequestRefused>()) return false;
        ++last_[partition];
        acknowledge(2, partition);
        node_.pass(milliseconds(5));
        EXPECT_TRUE(node_.sent<WriteAnswer>());
        return true;
    }
    void acknowledge(std::uint32_t node, std::uint32_t partition) {
        node_.from_node(node, PrepareOk{PartitionId(partition), view_.id, OpNumber(last_[partition]), false, {}});
    }

    const View view_ = ShardByHand::view(1, 1, {1, 2});
    ShardByHand node_;
    std::uint64_t sequence_ = 0;
    std::vector<std::uint64_t> last_;  // op, by partition
};

// 1. Each of 16 partitions keeps less than its own share, a quarter of limits.log. 2. All together had no bound: four
// times limits.log here, and 75 times with 300 of them.
TEST_F(ManyLearners, WritersWaitWhenAllTogetherLackTwiceWhatIsKeptOfLogs) {
    std::uint64_t written = 0;
    bool refused = false;
    for (int round = 0; round < 30 && !refused; ++round)
        for (std::uint32_t p = 0; p < partitions && !refused; ++p) {
            refused = !write(p, 100);
            if (!refused) written += 100;
        }
    EXPECT_TRUE(refused);
    EXPECT_GT(written, log_limit / 2) << "each may keep what all leave";
    EXPECT_LT(written, log_limit + log_limit / 4) << "of values: as much again is not the values'";
}

// A node comes back that lacks all that the logs keep: they would be kept without it.
TEST_F(ManyLearners, NoWriterWaitsWhileTheyLackNoMoreThanTheLogsKeep) {
    for (std::uint64_t written = 0; written < log_limit / 2; written += 100)  // as much again is not the value's
        ASSERT_TRUE(write(static_cast<std::uint32_t>(written / 100 % partitions), 100)) << written;
}

TEST_F(ManyLearners, WritersOfAPartitionWhoseLearnerHasAllGoOn) {
    while (write(0, 100)) ASSERT_LT(last_[0], 1000U);
    for (std::uint32_t p = 1; p < partitions; ++p) EXPECT_TRUE(write(p, 100)) << p;
    acknowledge(3, 0);
    node_.pass(milliseconds(5));
    EXPECT_TRUE(write(0, 100)) << "it has caught up";
}

}  // namespace
}  // namespace ringkv
