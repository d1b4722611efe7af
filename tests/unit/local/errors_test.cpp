// What goes wrong is said, and does no harm. Starting, ending, and two clusters side by side.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/local/cluster_fixture.hpp"

namespace ringkv {
namespace {

using testing::Log;
using testing::read;

template <class T>
ErrorCode code(const Result<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result ? ErrorCode::internal : result.error().code();
}

TEST(LocalCluster, SaysWhatIsWrongWithACall) {
    Log log;
    LocalCluster cluster(log.options(3));
    EXPECT_EQ(code(cluster.put("key", "value")), ErrorCode::unavailable);
    EXPECT_EQ(code(cluster.get("key")), ErrorCode::unavailable);
    EXPECT_EQ(code(cluster.owner("key")), ErrorCode::unavailable);
    EXPECT_EQ(code(cluster.remove_node("node1")), ErrorCode::invalid_argument);
    ASSERT_EQ(testing::error(cluster.add_node("node1")), "");
    EXPECT_EQ(code(cluster.add_node("node1")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.remove_node("node2")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.kill_node("node2")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.remove_node("node1")), ErrorCode::refused);
    EXPECT_EQ(code(cluster.put("", "value")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.owner("")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.put(std::string(4097, 'k'), "value")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.put("key", std::string((1U << 20U) + 1, 'v'))), ErrorCode::invalid_argument);
    ASSERT_TRUE(cluster.put(std::string(4096, 'k'), std::string(1U << 20U, 'v')).has_value());
    EXPECT_EQ(cluster.nodes(), std::vector<std::string>{"node1"});
}

TEST(LocalCluster, RefusesANodeThatNoClusterTakes) {
    Log log;
    LocalCluster cluster(log.options(3));
    EXPECT_EQ(code(cluster.add_node("")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.add_node("a name")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.add_node("node1", "")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(cluster.add_node("node1", "rack-a", -1.0)), ErrorCode::invalid_argument);
    EXPECT_TRUE(cluster.nodes().empty());
    ASSERT_EQ(testing::error(cluster.add_node("node1", "rack-a")), "");
}

TEST(LocalCluster, SaysThatItsOptionsMakeNoSense) {
    LocalCluster none({.replication = 0});
    EXPECT_EQ(code(none.add_node("node1")), ErrorCode::configuration);
    LocalCluster uneven({.partitions = 100});
    EXPECT_EQ(code(uneven.put("key", "value")), ErrorCode::configuration);
    uneven.close();
}

TEST(LocalCluster, WritesAndErasesAsTheClientDoes) {
    Log log;
    LocalCluster cluster(log.options(1));
    ASSERT_EQ(testing::error(cluster.add_node("node1")), "");
    const std::string key("a\0b", 3);
    const auto first = cluster.compare_and_set(key, 0, "one");
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(code(cluster.compare_and_set(key, 0, "two")), ErrorCode::condition_failed);
    ASSERT_TRUE(cluster.compare_and_set(key, *first, "two").has_value());
    const auto found = cluster.get(key);
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->value, "two");
    EXPECT_GT((*found)->version, *first);
    EXPECT_TRUE(cluster.erase(key).value_or(std::nullopt).has_value());
    EXPECT_FALSE(cluster.erase(key).value_or(1).has_value());
    EXPECT_EQ(read(cluster, key), std::nullopt);
}

TEST(LocalCluster, LeavesAnotherClusterInTheProcessAlone) {
    Log log;
    LocalCluster one(log.options(2));
    LocalCluster other(log.options(2));
    for (LocalCluster* cluster : {&one, &other}) {
        ASSERT_EQ(testing::error(cluster->add_node("node1")), "");
        ASSERT_EQ(testing::error(cluster->add_node("node2")), "");
    }
    ASSERT_TRUE(one.put("key", "one").has_value());
    EXPECT_EQ(read(other, "key"), std::nullopt);
    ASSERT_TRUE(other.put("key", "other").has_value());
    EXPECT_EQ(read(one, "key"), "one");
    one.close();
    EXPECT_EQ(read(other, "key"), "other");
}

TEST(LocalCluster, EndsCallsUnderWayWhenItIsClosed) {
    Log log;
    auto cluster = std::make_unique<LocalCluster>(log.options(2));
    ASSERT_EQ(testing::error(cluster->add_node("node1")), "");
    ASSERT_EQ(testing::error(cluster->add_node("node2")), "");
    std::atomic<int> written = 0;
    std::atomic<int> odd = 0;
    const auto ended = [&](ErrorCode code) {
        if (code != ErrorCode::closed && code != ErrorCode::outcome_unknown) ++odd;
    };
    std::vector<std::thread> threads;
    threads.reserve(5);
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (int i = 0;; ++i) {
                const auto put = cluster->put("key" + std::to_string(thread), std::to_string(i));
                if (!put) return ended(put.error().code());
                ++written;
            }
        });
    threads.emplace_back([&] {
        for (;;)
            if (const auto added = cluster->add_node("node3"); !added)
                return ended(added.error().code());
            else if (const auto removed = cluster->remove_node("node3"); !removed)
                return ended(removed.error().code());
    });
    EXPECT_TRUE(testing::eventually([&] { return written > 100; }));
    cluster->close();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(odd, 0);
    EXPECT_EQ(code(cluster->get("key0")), ErrorCode::closed);
    std::thread([&] { cluster.reset(); }).join();
}

TEST(LocalCluster, RefusesCallsOnItsOwnThread) {
    LocalCluster* inside = nullptr;
    std::atomic<int> refused = 0;
    LocalCluster::Options options;
    options.on_moves = [&](const MoveSummary&) {
        if (code(inside->get("key")) == ErrorCode::invalid_argument) ++refused;
    };
    LocalCluster cluster(options);
    inside = &cluster;
    ASSERT_EQ(testing::error(cluster.add_node("node1")), "");
    ASSERT_EQ(testing::error(cluster.add_node("node2")), "");
    ASSERT_EQ(testing::error(cluster.settle()), "");
    EXPECT_GT(refused, 0);
}

TEST(LocalCluster, SpeaksOfMovesInOneLine) {
    EXPECT_EQ((MoveSummary{"node2", "node4", false, 7, 12, 345}.to_string()),
              "moved 12 keys, 345 bytes, in 7 partitions from node2 to node4");
    EXPECT_EQ((MoveSummary{"node1", "node2", true, 1, 1, 1}.to_string()),
              "copied 1 key, 1 byte, in 1 partition from node1 to node2");
}

}  // namespace
}  // namespace ringkv
