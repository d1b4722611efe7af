// The registry is away: reads and writes go on, clients start, and what needs it waits until it is back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

// RINGKV_OUTAGE_SECONDS=60 for the long run.
milliseconds outage() {
    return std::chrono::seconds(setting("RINGKV_OUTAGE_SECONDS", 5));
}

TEST(RegistryOutage, NoRequestFailsAndClientsStartFromNodes) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.wait_until_settled(observer, 3);
    load.measure();
    cluster.kill_registry();

    Client newcomer = cluster.client(cluster.node_endpoints());
    ASSERT_TRUE(newcomer.put("started without the registry", "yes"));
    const auto value = newcomer.get("started without the registry");
    ASSERT_TRUE(value && *value);
    EXPECT_EQ((*value)->value, "yes");
    sleep_for(outage());  // the outage itself
    milliseconds longest{0};
    for (const auto& [key, gap] : load.gaps()) longest = std::max(longest, gap);
    std::cout << "longest time without an acknowledged write on a key: " << longest.count() << " ms\n";
    EXPECT_LT(longest, outage()) << "a key waited for the registry";

    cluster.start_registry();
    ASSERT_TRUE(load.every_key_written(patience));
    const LoadReport report = load.verify(cluster.node_endpoints());
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

// Four nodes, three copies: a quarter of the partitions has nothing to do with the node that dies.
TEST(RegistryOutage, PartitionsOfANodeThatDiesMeanwhileWaitAndComeBackWithTheRegistry) {
    ProcessCluster cluster({.nodes = 4});
    Client observer = cluster.client(cluster.node_endpoints());
    Load load({.endpoints = cluster.node_endpoints()});
    ASSERT_TRUE(load.every_key_written(patience));
    // A change of members that is under way when the registry dies makes its partition wait, too (V6).
    const ClusterStatus settled = cluster.wait_until_settled(observer, 4);
    const auto touches_n1 = [&](const std::string& key) {
        const auto& members = settled.partitions[observer.locate(key).partition].members;
        return std::any_of(members.begin(), members.end(), [](const auto& member) { return member.name == "n1"; });
    };
    std::string waiting;
    std::string untouched;
    for (int i = 0; waiting.empty() || untouched.empty(); ++i) {
        const std::string key = "key " + std::to_string(i);
        (touches_n1(key) ? waiting : untouched) = key;
    }

    cluster.kill_registry();
    cluster.kill_node("n1");
    Client impatient = cluster.client({cluster.node_endpoint("n2"), cluster.node_endpoint("n3")}, 2s);
    const auto refused = impatient.put(waiting, "too early");
    EXPECT_FALSE(refused);
    const auto served = impatient.put(untouched, "as always");
    EXPECT_TRUE(served) << served.error().message();

    cluster.start_registry();
    cluster.wait_until_without(observer, "n1");
    ASSERT_TRUE(load.every_key_written(patience));
    const auto accepted = impatient.put(waiting, "in time");
    EXPECT_TRUE(accepted) << accepted.error().message();
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

TEST(RegistryOutage, StateSurvivesARestart) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    const ClusterStatus before = cluster.wait_until_full(observer, 3);
    cluster.kill_registry();
    cluster.start_registry();
    Client afterwards = cluster.client({cluster.registry_endpoint()});
    const ClusterStatus after = cluster.wait_until_full(afterwards, 3);
    EXPECT_EQ(after.cluster_id, before.cluster_id);
    EXPECT_GE(after.epoch, before.epoch);
    ASSERT_EQ(after.partitions.size(), before.partitions.size());
    for (std::size_t i = 0; i < after.partitions.size(); ++i)
        EXPECT_EQ(after.partitions[i].primary, before.partitions[i].primary) << "partition " << i;
}

TEST(RegistryOutage, RegistryThatLostItsStateDoesNotFormASecondCluster) {
    ProcessCluster cluster;
    Load load({.endpoints = cluster.node_endpoints()});
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.kill_registry();
    std::filesystem::remove_all(cluster.directory() / "registry");
    ChildProcess& blank = cluster.start_registry();
    EXPECT_TRUE(wait_until(patience, [&] { return blank.errors().find("newest copy") != std::string::npos; }))
        << "it does not say what to do";
    ASSERT_TRUE(load.every_key_written(patience));
    Options options;
    options.registries = {cluster.registry_endpoint()};
    options.deadline = 1s;
    EXPECT_FALSE(Client::connect(options)) << "it formed a cluster";
    const LoadReport report = load.verify(cluster.node_endpoints());
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

}  // namespace
}  // namespace ringkv::testing
