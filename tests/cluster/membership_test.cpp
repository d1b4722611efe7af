// The nodes of the cluster: any order of starts, late comers, taken names, nodes of another cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <iostream>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// RINGKV_LATE_SECONDS=10 for the long run.
milliseconds late() {
    return std::chrono::seconds(setting("RINGKV_LATE_SECONDS", 3));
}

void expect_served(Client& client, const std::string& key) {
    ASSERT_TRUE(client.put(key, "value"));
    const auto value = client.get(key);
    ASSERT_TRUE(value && *value);
    EXPECT_EQ((*value)->value, "value");
}

TEST(Membership, NodesMayStartLongBeforeTheRegistry) {
    ProcessCluster cluster({.start = false});
    for (const char* name : {"n1", "n2", "n3"}) cluster.start_node(name);
    sleep_for(late());
    cluster.start_registry();
    Client client = cluster.client();
    cluster.wait_until_full(client, 3);
    expect_served(client, "key");
}

TEST(Membership, FormationWaitsForANodeThatIsLate) {
    ProcessCluster cluster({.start = false});
    cluster.start_registry();
    cluster.start_node("n3");
    cluster.start_node("n1");
    sleep_for(late());
    cluster.start_node("n2");
    Client client = cluster.client();
    const ClusterStatus status = cluster.wait_until_full(client, 3);
    EXPECT_EQ(status.nodes.size(), 3U);
    expect_served(client, "key");
}

TEST(Membership, ClientMayStartBeforeTheClusterForms) {
    ProcessCluster cluster({.start = false});
    cluster.start_registry();
    for (const char* name : {"n1", "n2", "n3"}) cluster.start_node(name);
    Client client = cluster.client();  // waits for the map
    expect_served(client, "key");
}

// Copies of the file of n1, on other ports.
TEST(Membership, SecondHolderOfALivingNameIsRefused) {
    ProcessCluster cluster;
    Client client = cluster.client();
    const auto config = cluster.directory() / "impostor.yaml";
    write_file(config, read_file(cluster.config_of("n1")));
    const std::string port = std::to_string(free_ports(1));
    ChildProcess impostor(RINGKV_NODE_PROGRAM,
                          {"--config", config.string(), "--set", "listen=tcp://127.0.0.1:" + port, "--set",
                           "data_dir=" + (cluster.directory() / "impostor").string()},
                          cluster.directory() / "impostor");
    const auto code = impostor.wait_for_exit(patience);
    ASSERT_TRUE(code) << "the second n1 still runs";
    EXPECT_NE(*code, 0);
    EXPECT_THAT(impostor.errors(), HasSubstr("n1"));
    EXPECT_TRUE(cluster.node("n1").running());
    const ClusterStatus status = cluster.wait_until_full(client, 3);
    EXPECT_EQ("tcp://127.0.0.1:" + port == find_node(status, "n1")->address, false);
    expect_served(client, "key");
}

// B's nodes find A's registry where their own was.
TEST(Membership, NodesOfAnotherClusterAreRefused) {
    ProcessCluster ours;
    ProcessCluster theirs;
    Client our_client = ours.client();
    const std::string our_id = ours.wait_until_full(our_client, 3).cluster_id;
    Load load({.endpoints = theirs.node_endpoints()});
    ASSERT_TRUE(load.every_key_written(patience));
    ours.kill_registry();
    theirs.kill_registry();
    ChildProcess wrong(
        RINGKV_REGISTRY_PROGRAM,
        {"--config", ours.config_of("registry").string(), "--set", "listen=" + theirs.registry_endpoint()},
        theirs.directory() / "wrong-registry");
    ASSERT_TRUE(wrong.wait_for_output("ready", patience)) << wrong.errors();
    Client witness = theirs.client({theirs.registry_endpoint()});
    const auto status = witness.status();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(status->cluster_id, our_id);

    sleep_for(2s);  // many heartbeats long
    ASSERT_TRUE(load.every_key_written(patience)) << "its nodes stopped serving";
    const auto later = witness.status();
    ASSERT_TRUE(later) << later.error().message();
    for (const NodeStatus& node : later->nodes)
        EXPECT_THAT(ours.node_endpoints(), ::testing::Contains(node.address)) << node.name << " was taken over";
    EXPECT_TRUE(wrong.running());
    const LoadReport report = load.verify(theirs.node_endpoints());
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

void kill_one_under_load(ProcessCluster& cluster) {
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.kill_node("n2");
    cluster.wait_until_without(observer, "n2");
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.start_node("n2");
    cluster.wait_until_full(observer, 3);
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
}

TEST(Shards, TwoEventLoopsANodeServeAndFailOver) {
    ProcessCluster cluster({.shards = 2});
    Client client = cluster.client();
    for (const NodeStatus& node : cluster.wait_until_full(client, 3).nodes) EXPECT_EQ(node.shards, 2U);
    kill_one_under_load(cluster);
}

TEST(Partitions, AThousandFailOverTogether) {
    ProcessCluster cluster({.partitions = 1024});
    kill_one_under_load(cluster);
}

}  // namespace
}  // namespace ringkv::testing
