// Nodes come and go while everything stays readable: joins, drains, failures that last.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

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

TEST(Moves, ANodeThatJoinsTakesItsShareAndADrainedOneIsEmptied) {
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
    cluster.kill_node("n1");  // it may be stopped: no call fails
    expect_all(client, "b");

    const Finished refused = kvctl(cluster, {"node", "drain", "n2", "--yes"});
    EXPECT_EQ(refused.code, 6) << refused.errors;
    EXPECT_THAT(refused.errors, HasSubstr("2 nodes are left for 3 copies"));
}

TEST(Moves, TheCopiesOfANodeThatStaysAwayAreMadeElsewhere) {
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

bool has_share(const ClusterStatus& status, const std::string& name) {
    const NodeStatus* node = find_node(status, name);
    const std::size_t nodes = status.nodes.size();
    return node != nullptr && node->copies * nodes * 2 >= std::size_t{status.total} * status.replication;
}

// All at once, under load: the cluster settles by itself, nothing is lost, and no call fails.
TEST(Moves, TwoNodesJoinWhileOneIsDrainedAndOneIsKilled) {
    ProcessCluster cluster({.nodes = 5});
    Client client = cluster.client();
    EXPECT_EQ(kvctl(cluster, {"settings", "set", "repair_after", "2s"}).code, 0);
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.add_node("n6", "rack-c");
    cluster.add_node("n7", "rack-a");
    EXPECT_EQ(kvctl(cluster, {"node", "drain", "n1", "--yes", "--detach"}).code, 0);
    cluster.start_node("n6");
    cluster.kill_node("n2");
    cluster.start_node("n7");
    cluster.wait_for_status(client, "n1 and n2 have nothing, n6 and n7 their shares", [](const ClusterStatus& status) {
        return at_rest(status) && copies_of(status, "n1") + copies_of(status, "n2") == 0 && has_share(status, "n6") &&
               has_share(status, "n7");
    });
    EXPECT_TRUE(load.every_key_written(patience));
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    EXPECT_EQ(report.violations.size(), 0U) << report.summary();
    EXPECT_EQ(report.failed(), 0U) << report.summary();
}

// A file is imported, all of it, while nodes come, go and die.
TEST(Moves, AnImportGoesOnThroughAllOfIt) {
    constexpr unsigned lines = 150000;
    ProcessCluster cluster({.nodes = 4});
    Client client = cluster.client();
    const auto file = cluster.directory() / "import.ndjson";
    {
        std::ofstream out(file);
        for (unsigned i = 0; i < lines; ++i) out << R"({"key":"import/)" << i << R"(","value":"value )" << i << "\"}\n";
    }
    ChildProcess import(KVCTL_PROGRAM,
                        {"--registry", cluster.registry_endpoint(), "--timeout", "60s", "import", file.string()},
                        cluster.directory() / "import");
    const auto imported = [&](unsigned line) {
        return wait_until(patience, [&] {
            const auto found = client.get("import/" + std::to_string(line));
            return found && *found;
        });
    };
    ASSERT_TRUE(imported(0));
    cluster.add_node("n5", "rack-b");
    cluster.start_node("n5");
    EXPECT_EQ(kvctl(cluster, {"node", "drain", "n1", "--yes", "--detach"}).code, 0);
    cluster.kill_node("n2");
    EXPECT_TRUE(import.running()) << "it is to be under way still";
    const auto code = import.wait_for_exit(5 * patience);
    EXPECT_EQ(code, 0) << import.errors();
    const auto found = client.scan("import/");
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->size(), lines);
    for (const KeyValue& entry : *found)
        ASSERT_EQ(entry.value, "value " + entry.key.substr(std::string("import/").size()));
}

}  // namespace
}  // namespace ringkv::testing
