// An upgrade, and the way back: nodes are replaced one after the other by those of a build whose every struct and
// message has one field more on the wire, while registry and clients stay what they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/cluster/raw_client.hpp"

namespace ringkv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* added_field = "a field of the next release";

// What the node answers to a client that has no map, byte by byte.
std::string answer_of(const ProcessCluster& cluster, const std::string& node) {
    RawClient raw(cluster.node_endpoint(node));
    raw.send(Identity{}, MapRequest{});
    return raw.receive(patience).value_or("");
}

// Each node is stopped and comes back as that program, before the next one is.
void roll_to(ProcessCluster& cluster, Client& observer, const std::string& program) {
    cluster.use_node_program(program);
    for (const char* name : {"n1", "n2", "n3"}) {
        cluster.stop_node(name);
        cluster.start_node(name);
        cluster.wait_until_full(observer, 3);
        cluster.wait_for_status(observer, "nothing is moved", at_rest);
    }
}

TEST(TwoBuilds, ARollingRestartFromOneToTheOtherAndBackFailsNoRequest) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    EXPECT_THAT(answer_of(cluster, "n1"), Not(HasSubstr(added_field)));

    roll_to(cluster, observer, RINGKV_NODE_NEXT_PROGRAM);
    EXPECT_THAT(answer_of(cluster, "n1"), HasSubstr(added_field)) << "it is another build";
    ASSERT_TRUE(load.every_key_written(patience));
    roll_to(cluster, observer, RINGKV_NODE_PROGRAM);
    EXPECT_THAT(answer_of(cluster, "n1"), Not(HasSubstr(added_field)));
    ASSERT_TRUE(load.every_key_written(patience));

    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_GT(report.acknowledged, 0U);
    EXPECT_GT(report.reads, 0U);
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

}  // namespace
}  // namespace ringkv::testing
