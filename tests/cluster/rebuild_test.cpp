// The registry's data directory is lost for good, and made anew from what the nodes know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Rebuild : public ::testing::Test {
  protected:
    std::unique_ptr<ChildProcess> begin(ProcessCluster& cluster, std::vector<std::string> more = {}) {
        std::vector<std::string> words{"--config", cluster.config_of("registry").string(), "rebuild"};
        words.insert(words.end(), more.begin(), more.end());
        return std::make_unique<ChildProcess>(RINGKV_REGISTRY_PROGRAM, words,
                                              cluster.directory() / ("rebuild-" + std::to_string(++count_)));
    }
    static void lose_registry(ProcessCluster& cluster) {
        cluster.kill_registry();
        std::filesystem::remove_all(cluster.data_of("registry"));
    }

    int count_ = 0;
};

TEST_F(Rebuild, UnderLoadNothingIsLostAndTheClusterHealsAgain) {
    ProcessCluster cluster({.nodes = 4, .shards = 2, .durability = "os"});
    Client observer = cluster.client(cluster.node_endpoints());
    Load load({.endpoints = cluster.node_endpoints()});
    ASSERT_TRUE(load.every_key_written(patience));
    const ClusterStatus before = cluster.wait_until_settled(observer, 4);
    load.measure();

    lose_registry(cluster);
    const auto rebuild = begin(cluster);
    ASSERT_EQ(rebuild->wait_for_exit(patience), 0) << rebuild->errors();
    EXPECT_THAT(rebuild->output(), HasSubstr("rebuilt: generation 2, epoch"));
    EXPECT_THAT(rebuild->output(), HasSubstr("n1, n2, n3, n4 had reported"));
    cluster.start_registry();
    const ClusterStatus after = cluster.wait_until_settled(observer, 4);
    EXPECT_EQ(after.cluster_id, before.cluster_id);

    // What only a registry does: a node dies, and one joins.
    cluster.kill_node("n2");
    cluster.wait_until_without(observer, "n2");
    cluster.start_node("n2");
    cluster.add_node("n5", "rack-b");
    cluster.start_node("n5");
    cluster.wait_until_full(observer, 5);
    ASSERT_TRUE(load.every_key_written(patience));
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

TEST_F(Rebuild, OfNodesThatHaveAllBeenKilledAsWell) {
    ProcessCluster cluster({.durability = "os"});
    {
        Client client = cluster.client();
        for (int i = 0; i < 100; ++i) ASSERT_TRUE(client.put("key " + std::to_string(i), std::to_string(i)));
    }
    cluster.kill_all();
    std::filesystem::remove_all(cluster.data_of("registry"));
    const auto rebuild = begin(cluster);
    // A node says that it is ready when it has joined: these wait for the registry.
    std::vector<std::unique_ptr<ChildProcess>> nodes;
    for (const std::string name : {"n1", "n2", "n3"})
        nodes.push_back(std::make_unique<ChildProcess>(
            RINGKV_NODE_PROGRAM, std::vector<std::string>{"--config", cluster.config_of(name).string()},
            cluster.directory() / (name + "-waiting")));
    ASSERT_EQ(rebuild->wait_for_exit(patience), 0) << rebuild->errors();
    cluster.start_registry();
    Client client = cluster.client();
    for (int i = 0; i < 100; ++i) {
        const auto value = client.get("key " + std::to_string(i));
        ASSERT_TRUE(value && *value) << i;
        EXPECT_EQ((*value)->value, std::to_string(i));
    }
}

TEST_F(Rebuild, WaitsForAMemberThatIsMissingAndNamesIt) {
    ProcessCluster cluster({.durability = "os"});
    lose_registry(cluster);
    cluster.kill_node("n3");
    const auto waits = begin(cluster);
    ASSERT_TRUE(wait_until(patience, [&] {
        return (waits->output() + waits->errors()).find("waits for n3 (64 partitions)") != std::string::npos;
    })) << waits->errors();
    waits->signal(SIGTERM);
    ASSERT_EQ(waits->wait_for_exit(patience), 4);
    EXPECT_THAT(waits->output() + waits->errors(), HasSubstr("nothing was stored: n3 had not reported"));

    const auto alone = begin(cluster, {"--without", "n3"});
    EXPECT_EQ(alone->wait_for_exit(patience), 2);
    EXPECT_THAT(alone->errors(), HasSubstr("--accept-data-loss"));

    const auto without = begin(cluster, {"--without", "n3", "--accept-data-loss"});
    ASSERT_EQ(without->wait_for_exit(patience), 0) << without->errors();
    cluster.start_registry();
    Client client = cluster.client();
    cluster.wait_until_without(client, "n3");
    EXPECT_TRUE(client.put("k", "v"));

    const auto again = begin(cluster);  // beside the registry that runs
    EXPECT_NE(again->wait_for_exit(patience), 0);
    EXPECT_THAT(again->output() + again->errors(), HasSubstr("is in use"));
    cluster.kill_registry();
    const auto needless = begin(cluster);
    EXPECT_NE(needless->wait_for_exit(patience), 0);
    EXPECT_THAT(needless->output() + needless->errors(), HasSubstr("has a registry's state, of generation"));
    cluster.start_registry();
}

}  // namespace
}  // namespace ringkv::testing
