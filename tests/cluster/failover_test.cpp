// Nodes die, stop, pause and come back under load: nothing acknowledged is lost, nothing happens twice,
// nothing stale is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <thread>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

void expect_nothing_lost(Load& load, const ProcessCluster& cluster) {
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_GT(report.acknowledged, 0U);
    EXPECT_GT(report.reads, 0U);
}

void expect_no_failed_request(Load& load, const ProcessCluster& cluster) {
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_GT(report.acknowledged, 0U);
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

// The gaps of the keys that the node was primary of, shortest first.
std::vector<milliseconds> gaps_of(const Load& load, const std::vector<std::string>& keys) {
    const auto all = load.gaps();
    std::vector<milliseconds> gaps;
    gaps.reserve(keys.size());
    for (const std::string& key : keys) gaps.push_back(all.at(key));
    std::sort(gaps.begin(), gaps.end());
    return gaps;
}

std::vector<std::string> keys_with_primary(Client& client, const Load& load, const std::string& name) {
    std::vector<std::string> keys;
    for (const std::string& key : load.keys())
        if (client.locate(key).primary == name) keys.push_back(key);
    return keys;
}

// RINGKV_FAILOVERS=5 for the median of five.
TEST(Failover, KilledPrimaryLosesNothingAndItsKeysAreWritableAgain) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    std::vector<milliseconds> worst;
    const unsigned rounds = setting("RINGKV_FAILOVERS", 2);
    for (unsigned round = 0; round < rounds; ++round) {
        const std::string victim = "n" + std::to_string(round % 3 + 1);
        ASSERT_TRUE(load.every_key_written(patience));
        cluster.wait_for_status(observer, victim + " is primary of something", [&](const ClusterStatus& status) {
            const NodeStatus* node = find_node(status, victim);
            return node != nullptr && node->primaries > 0;
        });
        const auto keys = keys_with_primary(observer, load, victim);
        ASSERT_FALSE(keys.empty());

        load.measure();
        cluster.kill_node(victim);
        cluster.wait_until_without(observer, victim);
        ASSERT_TRUE(load.every_key_written(30s));

        const auto gaps = gaps_of(load, keys);
        std::cout << "killed " << victim << ": its " << keys.size() << " keys were not writable for "
                  << gaps.front().count() << " to " << gaps.back().count() << " ms, median "
                  << gaps[gaps.size() / 2].count() << " ms\n";
        worst.push_back(gaps.back());
        cluster.start_node(victim);
        cluster.wait_until_full(observer, 3);
    }
    std::sort(worst.begin(), worst.end());
    std::cout << "longest gap: median of " << rounds << ' ' << worst[worst.size() / 2].count() << " ms, worst "
              << worst.back().count() << " ms\n";
    expect_nothing_lost(load, cluster);
}

TEST(Failover, TwoOfThreeMembersKilledOneAfterTheOtherLoseNothing) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.kill_node("n1");
    cluster.wait_until_without(observer, "n1");
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.kill_node("n2");
    const ClusterStatus status = cluster.wait_until_without(observer, "n2");
    EXPECT_EQ(find_node(status, "n3")->primaries, status.total);
    EXPECT_TRUE(load.every_key_written(patience));
    expect_nothing_lost(load, cluster);
}

TEST(Failover, StoppedNodeTransfersLeadershipAndNoRequestFails) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    load.measure();
    cluster.node("n1").signal(SIGTERM);
    EXPECT_EQ(cluster.node("n1").wait_for_exit(patience), 0);
    cluster.wait_until_without(observer, "n1");
    ASSERT_TRUE(load.every_key_written(patience));
    const auto gaps = gaps_of(load, load.keys());
    std::cout << "n1 stopped: longest stall of a key " << gaps.back().count() << " ms, median "
              << gaps[gaps.size() / 2].count() << " ms\n";
    expect_no_failed_request(load, cluster);
}

TEST(Failover, WholeClusterStopsWhenAsked) {
    ProcessCluster cluster;
    Client client = cluster.client();
    ASSERT_TRUE(client.put("key", "value"));
    for (const char* name : {"n1", "n2", "n3"}) cluster.node(name).signal(SIGTERM);
    for (const char* name : {"n1", "n2", "n3"}) EXPECT_EQ(cluster.node(name).wait_for_exit(patience), 0) << name;
    cluster.registry().signal(SIGTERM);
    EXPECT_EQ(cluster.registry().wait_for_exit(patience), 0);
}

// Its storage was memory: it comes back blank, and still under the same name.
TEST(Failover, KilledNodeStartedAgainIsAMemberAgainWithoutACommand) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    const unsigned copies_before = find_node(cluster.wait_until_full(observer, 3), "n2")->copies;
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.kill_node("n2");
    cluster.wait_until_without(observer, "n2");
    cluster.start_node("n2");
    const ClusterStatus status = cluster.wait_until_full(observer, 3);
    EXPECT_EQ(find_node(status, "n2")->copies, copies_before);
    EXPECT_EQ(status.health, "ok");
    // What it copied counts: it is the only one left.
    cluster.kill_node("n1");
    cluster.wait_until_without(observer, "n1");
    cluster.kill_node("n3");
    cluster.wait_until_without(observer, "n3");
    ASSERT_TRUE(load.every_key_written(patience));
    expect_nothing_lost(load, cluster);
}

// Killed and started again before any other node noticed: the old identity must not count as alive.
TEST(Failover, NodeStartedAgainAtOnceLosesNothing) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.kill_node("n3");
    cluster.start_node("n3");
    cluster.wait_until_full(observer, 3);
    ASSERT_TRUE(load.every_key_written(patience));
    expect_nothing_lost(load, cluster);
}

TEST(Failover, CompareAndSetCountsEachIncrementOnce) {
    constexpr unsigned increments = 1000;
    ProcessCluster cluster;
    Client observer = cluster.client();
    ASSERT_TRUE(observer.put("counter", "0"));
    std::atomic<unsigned> done{0};
    std::vector<std::string> errors(2);
    const auto count = [&](Client& client, std::string& error) {
        for (unsigned mine = 0; mine < increments;) {
            const auto now = client.get("counter");
            if (!now || !*now) {
                error = now ? "the counter is gone" : now.error().message();
                return;
            }
            const auto next = std::to_string(std::stoul((*now)->value) + 1);
            const auto result = client.compare_and_set("counter", (*now)->version, next);
            if (result) {
                ++mine;
                ++done;
            } else if (result.error().code() != ErrorCode::condition_failed) {
                error = result.error().message();
                return;
            }
        }
    };
    std::vector<Client> clients;
    clients.push_back(cluster.client());
    clients.push_back(cluster.client());
    std::thread first(count, std::ref(clients[0]), std::ref(errors[0]));
    std::thread second(count, std::ref(clients[1]), std::ref(errors[1]));
    const bool half_way = wait_until(patience, [&] { return done > increments; });
    cluster.kill_node(observer.locate("counter").primary);
    first.join();
    second.join();
    EXPECT_TRUE(half_way);
    EXPECT_THAT(errors, ::testing::Each(IsEmpty()));
    const auto result = observer.get("counter");
    ASSERT_TRUE(result && *result);
    EXPECT_EQ((*result)->value, std::to_string(2 * increments));
}

}  // namespace
}  // namespace ringkv::testing
