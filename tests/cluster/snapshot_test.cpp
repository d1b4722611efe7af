// kvctl snapshot, from one real cluster to another of another size, while the first is written to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

Finished kvctl(const ProcessCluster& cluster, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--registry", cluster.registry_endpoint(), "--timeout", "30s"});
    return run(KVCTL_PROGRAM, arguments, cluster.directory() / "kvctl");
}

TEST(SnapshotOfACluster, FillsAnotherOneOfAnotherSize) {
    constexpr int quiet_keys = 2000;
    ProcessCluster first;
    Client client = first.client();
    std::vector<std::pair<std::string, std::string>> entries;
    entries.reserve(quiet_keys);
    for (int key = 0; key < quiet_keys; ++key)
        entries.emplace_back("quiet " + std::to_string(key), std::string(key % 300, 'v') + std::to_string(key));
    for (const auto& result : client.put_many(entries)) ASSERT_TRUE(result) << result.error();

    // "busy" grows all the time: what is saved of it is some value that it had meanwhile.
    ASSERT_TRUE(client.put("busy", "0"));
    std::atomic<bool> stop{false};
    std::atomic<int> reached{0};
    std::thread writer([&] {
        for (int value = 1; !stop; ++value)
            if (client.put("busy", std::to_string(value))) reached = value;
    });
    const int before = reached;
    const std::string saved = (first.directory() / "saved").string();
    const Finished save = kvctl(first, {"snapshot", "save", saved});
    const int after = reached + 1;
    stop = true;
    writer.join();
    ASSERT_EQ(save.code, 0) << save.errors;
    EXPECT_EQ(kvctl(first, {"snapshot", "verify", saved}).code, 0);

    ProcessCluster second({.nodes = 2, .replication = 2, .partitions = 16});
    const Finished restore = kvctl(second, {"snapshot", "restore", saved});
    ASSERT_EQ(restore.code, 0) << restore.errors;
    EXPECT_THAT(restore.output, ::testing::HasSubstr("restored 2 001 of 2 001 keys"));

    Client reader = second.client();
    for (const auto& [key, value] : entries) {
        const auto found = reader.get(key);
        ASSERT_TRUE(found && *found) << key;
        EXPECT_EQ((*found)->value, value) << key;
    }
    const auto busy = reader.get("busy");
    ASSERT_TRUE(busy && *busy);
    EXPECT_GE(std::stoi((*busy)->value), before);
    EXPECT_LE(std::stoi((*busy)->value), after);

    EXPECT_EQ(kvctl(second, {"snapshot", "restore", saved}).code, 6) << "it has keys already";
}

}  // namespace
}  // namespace ringkv::testing
