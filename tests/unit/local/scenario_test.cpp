// The seed scenario: data stays readable while nodes come and go.
#include <gtest/gtest.h>

#include "tests/unit/local/cluster_fixture.hpp"

namespace ringkv {
namespace {

using testing::Log;
using testing::read;

TEST(LocalCluster, KeepsEveryKeyReadableWhileNodesComeAndGo) {
    Log log;
    LocalCluster cluster(log.options(3));
    for (const char* name : {"node1", "node2", "node3"}) ASSERT_EQ(testing::error(cluster.add_node(name)), "");
    for (int i = 1; i <= 3; ++i)
        ASSERT_TRUE(cluster.put("key" + std::to_string(i), "value" + std::to_string(i)).has_value());
    const auto all_readable = [&] {
        for (int i = 1; i <= 3; ++i)
            if (read(cluster, "key" + std::to_string(i)) != "value" + std::to_string(i)) return false;
        return true;
    };
    EXPECT_TRUE(all_readable());
    ASSERT_EQ(testing::error(cluster.add_node("node4")), "");
    EXPECT_TRUE(all_readable());
    ASSERT_EQ(testing::error(cluster.settle()), "");
    EXPECT_TRUE(all_readable());
    ASSERT_EQ(testing::error(cluster.remove_node("node2")), "");
    EXPECT_TRUE(all_readable());
    EXPECT_EQ(cluster.nodes(), (std::vector<std::string>{"node1", "node3", "node4"}));
    for (int i = 1; i <= 3; ++i) EXPECT_NE(cluster.owner("key" + std::to_string(i)).value_or("?"), "node2");
    EXPECT_EQ(read(cluster, "key4"), std::nullopt);
}

TEST(LocalCluster, AnswersSoonerWhereACallAsksForLess) {
    Log log;
    LocalCluster cluster(log.options(3));
    for (const char* name : {"node1", "node2", "node3"}) ASSERT_EQ(testing::error(cluster.add_node(name)), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    EXPECT_EQ(cluster.put("key", "value", {.ack = WriteAck::primary}).value_or(99), 0U) << "no version";
    EXPECT_EQ(read(cluster, "key"), "value");
    const ReadOptions stale{.read = ReadConsistency::stale, .max_age = std::chrono::seconds(5)};
    for (int i = 0; i < 3; ++i) {  // a replica each time
        const auto found = cluster.read("other", stale);
        ASSERT_TRUE(found) << found.error().message();
        EXPECT_FALSE(found->found);
        EXPECT_LE(found->age, std::chrono::seconds(5));
    }
    EXPECT_EQ(cluster.erase("key", {.ack = WriteAck::primary}).value_or(std::nullopt), std::optional<Version>(0));
    EXPECT_EQ(read(cluster, "key"), std::nullopt);
}

TEST(LocalCluster, MovesOnlyKeysWhoseOwnersChange) {
    Log log;
    LocalCluster cluster(log.options(1));
    for (const char* name : {"node1", "node2", "node3"}) ASSERT_EQ(testing::error(cluster.add_node(name)), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    std::map<std::string, std::string> before;
    for (int i = 0; i < 300; ++i) {
        const std::string key = "key" + std::to_string(i);
        ASSERT_TRUE(cluster.put(key, "some value").has_value());
        before[key] = cluster.owner(key).value();
    }
    log.clear();
    ASSERT_EQ(testing::error(cluster.add_node("node4")), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    std::uint64_t changed = 0;
    for (const auto& [key, owner] : before) {
        const std::string now = cluster.owner(key).value();
        if (now == owner) continue;
        ++changed;
        EXPECT_EQ(now, "node4") << key << " was " << owner << "'s";
    }
    EXPECT_GT(changed, 0U);
    EXPECT_LT(changed, 150U);  // a quarter of them, or so
    // And that is what the log says, key by key.
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
    for (const MoveSummary& moved : log.lines()) {
        EXPECT_EQ(moved.to, "node4");
        EXPECT_FALSE(moved.copied);
        EXPECT_GT(moved.partitions, 0U);
        keys += moved.keys;
        bytes += moved.bytes;
    }
    EXPECT_EQ(keys, changed);
    EXPECT_GT(bytes, changed * 10);
}

TEST(LocalCluster, GrowsToAsManyCopiesAsThereAreNodes) {
    Log log;
    LocalCluster cluster(log.options(3));
    ASSERT_EQ(testing::error(cluster.add_node("node1", "rack-a")), "");
    ASSERT_TRUE(cluster.put("key", "value").has_value());
    EXPECT_EQ(cluster.locate("key")->members.size(), 1U);
    ASSERT_EQ(testing::error(cluster.add_node("node2", "rack-b")), "");
    ASSERT_EQ(testing::error(cluster.add_node("node3", "rack-c")), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    EXPECT_EQ(cluster.locate("key")->members.size(), 3U);
    std::uint64_t copied = 0;
    for (const MoveSummary& moved : log.lines())
        if (moved.copied) copied += moved.keys;
    EXPECT_EQ(copied, 2U);
    // And down again, until one is left.
    ASSERT_EQ(testing::error(cluster.remove_node("node1")), "");
    EXPECT_EQ(read(cluster, "key"), "value");
    ASSERT_EQ(testing::error(cluster.remove_node("node3")), "");
    EXPECT_EQ(read(cluster, "key"), "value");
    EXPECT_EQ(cluster.owner("key").value_or("?"), "node2");
    ASSERT_EQ(testing::error(cluster.add_node("node5")), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    EXPECT_EQ(cluster.locate("key")->members.size(), 2U);
}

TEST(LocalCluster, RepairsWhatAKilledNodeHad) {
    Log log;
    LocalCluster cluster(log.options(2));
    for (const char* name : {"node1", "node2", "node3"}) ASSERT_EQ(testing::error(cluster.add_node(name)), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(cluster.put("key" + std::to_string(i), "value").has_value());
    ASSERT_EQ(testing::error(cluster.kill_node("node1")), "");
    for (int i = 0; i < 100; ++i) EXPECT_EQ(read(cluster, "key" + std::to_string(i)), "value") << i;
    const auto repaired = [&] {
        for (int i = 0; i < 100; ++i)
            if (cluster.locate("key" + std::to_string(i))->members.size() != 2) return false;
        return true;
    };
    EXPECT_TRUE(testing::eventually([&] { return cluster.settle().has_value() && repaired(); }));
    ASSERT_EQ(testing::error(cluster.kill_node("node2")), "");
    for (int i = 0; i < 100; ++i) EXPECT_EQ(read(cluster, "key" + std::to_string(i)), "value") << i;
}

TEST(LocalCluster, TakesANameAgainAfterItsNodeHasGone) {
    Log log;
    LocalCluster cluster(log.options(2));
    for (const char* name : {"node1", "node2"}) ASSERT_EQ(testing::error(cluster.add_node(name)), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    ASSERT_TRUE(cluster.put("key", "value").has_value());
    ASSERT_EQ(testing::error(cluster.remove_node("node2")), "");
    ASSERT_EQ(testing::error(cluster.add_node("node2")), "");
    ASSERT_EQ(testing::error(cluster.kill_node("node2")), "");
    ASSERT_EQ(testing::error(cluster.add_node("node2")), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    EXPECT_EQ(cluster.locate("key")->members.size(), 2U);
    EXPECT_EQ(read(cluster, "key"), "value");
}

}  // namespace
}  // namespace ringkv
