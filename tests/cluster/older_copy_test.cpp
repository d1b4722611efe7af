// D3: a data directory that is put back as it was earlier, of which nothing on the disk tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// n1 starts and ends, with that reason; started again, by whatever does so, it gets no further.
void expect_refused(const ProcessCluster& cluster, const char* why) {
    for (int start = 1; start <= 3; ++start) {
        const Finished ended = run(RINGKV_NODE_PROGRAM, {"--config", cluster.config_of("n1").string()},
                                   cluster.directory() / ("older-n1-" + std::to_string(start)));
        EXPECT_NE(ended.code, 0);
        EXPECT_THAT(ended.errors, AllOf(HasSubstr(why), HasSubstr("start this node with an empty one")));
        EXPECT_EQ(ended.output.find("ready") != std::string::npos, start == 1) << ended.output;
    }
}

// Does the log of one of them say of each partition that all of it is committed?
bool all_is_known_to_be_committed(const ProcessCluster& cluster, const std::vector<std::string>& nodes) {
    std::map<int, std::uint64_t> newest;
    std::map<int, std::uint64_t> committed;
    for (const std::string& node : nodes)
        for (const auto& file : std::filesystem::directory_iterator(cluster.data_of(node) / "shard-0")) {
            if (!file.path().filename().string().starts_with("segment-")) continue;
            std::istringstream lines(
                run(KVCTL_PROGRAM, {"debug", "log", file.path().string(), "-o", "json"}, cluster.directory() / "debug")
                    .output);
            for (std::string line; std::getline(lines, line);) {
                const auto json = nlohmann::json::parse(line);
                const auto& record = json["record"];
                if (json["type"] != "append" && json["type"] != "commit") continue;
                std::uint64_t& op = committed[record["partition"]];
                op = std::max(op, record["commit"].get<std::uint64_t>());
                if (json["type"] == "commit") continue;
                std::uint64_t& last = newest[record["partition"]];
                last = std::max(last, record["entry"]["op"].get<std::uint64_t>());
            }
        }
    return newest == committed;
}

// D3. A directory is put back as it was earlier, and all begin again with what they have: of each partition the node
// lacks one entry that it has acknowledged, the newest, and its log shows nothing of that. The others do.
TEST(Durability, AnOlderCopyOfADirectoryIsNeverServed) {
    ProcessCluster cluster({.partitions = 16, .durability = "fsync"});
    Client client = cluster.client();
    cluster.wait_until_full(client, 3);
    std::map<std::string, std::string> expected;
    const auto put = [&](const std::string& key, const std::string& value) {
        ASSERT_TRUE(client.put(key, value));
        expected[key] = value;
    };
    std::map<std::uint32_t, std::string> of_partition;  // a key of each
    for (int i = 0; i < 200; ++i) {
        const std::string key = "key" + std::to_string(i);
        ASSERT_NO_FATAL_FAILURE(put(key, "before"));
        of_partition[client.locate(key).partition] = key;
    }
    ASSERT_EQ(of_partition.size(), 16U);
    const std::filesystem::path older = cluster.directory() / "older";
    std::filesystem::copy(cluster.data_of("n1"), older, std::filesystem::copy_options::recursive);
    for (const auto& [partition, key] : of_partition) ASSERT_NO_FATAL_FAILURE(put(key, "after"));
    ASSERT_TRUE(wait_until(patience, [&] { return all_is_known_to_be_committed(cluster, {"n2", "n3"}); }));
    cluster.kill_all();
    std::filesystem::remove_all(cluster.data_of("n1"));
    std::filesystem::rename(older, cluster.data_of("n1"));

    cluster.start_registry();
    cluster.start_node("n2");
    cluster.start_node("n3");
    expect_refused(cluster, "has committed op");
    for (const auto& [key, value] : expected) {
        const auto found = client.get(key);
        ASSERT_TRUE(found && *found) << key;
        EXPECT_EQ((*found)->value, value) << key;
    }
    std::filesystem::remove_all(cluster.data_of("n1"));
    cluster.start_node("n1");
    cluster.wait_until_settled(client, 3);
}

// The same of one node alone, with the copy of an earlier start: its number has been used.
TEST(Durability, AnOlderCopyOfTheStartBeforeIsRefused) {
    ProcessCluster cluster({.partitions = 16, .durability = "fsync"});
    Client client = cluster.client();
    cluster.wait_until_full(client, 3);
    const std::filesystem::path older = cluster.directory() / "older";
    std::filesystem::copy(cluster.data_of("n1"), older, std::filesystem::copy_options::recursive);
    cluster.kill_node("n1");
    cluster.start_node("n1");
    ASSERT_TRUE(wait_until(
        patience, [&] { return cluster.node("n1").errors().find("\"text\":\"joined\"") != std::string::npos; }));
    cluster.wait_until_settled(client, 3);  // two seconds in which it is heard
    ASSERT_TRUE(client.put("key", "after"));
    cluster.kill_node("n1");
    std::filesystem::remove_all(cluster.data_of("n1"));
    std::filesystem::rename(older, cluster.data_of("n1"));
    expect_refused(cluster, "older copy, of the start before");
    std::filesystem::remove_all(cluster.data_of("n1"));
    cluster.start_node("n1");
    cluster.wait_until_settled(client, 3);
}

}  // namespace
}  // namespace ringkv::testing
