// Nodes come and go while everything stays readable: joins, drains, failures that last.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using ::testing::HasSubstr;

constexpr unsigned keys = 500;

Finished kvctl(const ProcessCluster& cluster, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--registry", cluster.registry_endpoint(), "--timeout", "60s"});
    return run(KVCTL_PROGRAM, arguments, cluster.directory() / "kvctl");
}

void write_all(Client& client, const std::string& value) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (unsigned i = 0; i < keys; ++i) entries.emplace_back("key" + std::to_string(i), value + std::to_string(i));
    for (const auto& written : client.put_many(entries)) ASSERT_TRUE(written) << written.error().message();
}

void expect_all(Client& client, const std::string& value) {
    for (unsigned i = 0; i < keys; ++i) {
        const auto found = client.get("key" + std::to_string(i));
        ASSERT_TRUE(found && *found) << "key" << i;
        EXPECT_EQ((*found)->value, value + std::to_string(i));
    }
}

unsigned copies_of(const ClusterStatus& status, const std::string& name) {
    const NodeStatus* node = find_node(status, name);
    return node == nullptr ? 0 : node->copies;
}

// Nothing is being moved, nor to be moved.
bool at_rest(const ClusterStatus& status) {
    return status.learners == 0 && status.pending == 0 && status.full == status.total;
}

TEST(Movement, ANodeThatJoinsTakesItsShareAndADrainedOneIsEmptied) {
    ProcessCluster cluster;
    Client client = cluster.client();
    write_all(client, "a");
    cluster.add_node("n4", "rack-a");
    cluster.start_node("n4");
    // 64 partitions with 3 copies; n4 shares a rack with n1, and the others have the other two racks to themselves.
    cluster.wait_for_status(client, "n4 has its share", [](const ClusterStatus& status) {
        return at_rest(status) && copies_of(status, "n4") >= 28;
    });
    expect_all(client, "a");

    const Finished drained = kvctl(cluster, {"node", "drain", "n1", "--yes"});
    EXPECT_EQ(drained.code, 0) << drained.errors;
    const ClusterStatus status = cluster.wait_for_status(
        client, "n1 is empty", [](const ClusterStatus& now) { return at_rest(now) && copies_of(now, "n1") == 0; });
    EXPECT_EQ(find_node(status, "n1")->primaries, 0U);
    write_all(client, "b");
    cluster.kill_node("n1");  // it may be stopped: nobody notices
    expect_all(client, "b");

    const Finished refused = kvctl(cluster, {"node", "drain", "n2", "--yes"});
    EXPECT_EQ(refused.code, 6) << refused.errors;
    EXPECT_THAT(refused.errors, HasSubstr("2 nodes are left for 3 copies"));
}

TEST(Movement, TheCopiesOfANodeThatStaysAwayAreMadeElsewhere) {
    ProcessCluster cluster({.nodes = 4});
    Client client = cluster.client();
    write_all(client, "a");
    EXPECT_EQ(kvctl(cluster, {"settings", "set", "repair_after", "2s"}).code, 0);
    cluster.kill_node("n2");
    cluster.wait_for_status(client, "every partition has three copies without n2", [](const ClusterStatus& status) {
        return status.full == status.total && copies_of(status, "n2") == 0 && status.learners == 0;
    });
    expect_all(client, "a");
    cluster.start_node("n2");
    cluster.wait_for_status(client, "n2 has copies again", [](const ClusterStatus& status) {
        return at_rest(status) && copies_of(status, "n2") > 20;
    });
    expect_all(client, "a");
}

}  // namespace
}  // namespace ringkv::testing
