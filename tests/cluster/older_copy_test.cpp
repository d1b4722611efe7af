// D3: a data directory that is put back as it was earlier, of which nothing on the disk tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

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

// D3. A directory is put back as it was earlier, and all begin again with what they have: the node lacks what it has
// acknowledged, and its log shows nothing of that. The others do.
TEST(Durability, AnOlderCopyOfADirectoryIsNeverServed) {
    ProcessCluster cluster({.partitions = 16, .durability = "fsync"});
    Client client = cluster.client();
    const auto put = [&](const std::string& value) {
        for (int key = 0; key < 200; ++key) ASSERT_TRUE(client.put("key" + std::to_string(key), value));
    };
    cluster.wait_until_full(client, 3);
    ASSERT_NO_FATAL_FAILURE(put("before"));
    const std::filesystem::path older = cluster.directory() / "older";
    std::filesystem::copy(cluster.data_of("n1"), older, std::filesystem::copy_options::recursive);
    ASSERT_NO_FATAL_FAILURE(put("after"));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));  // how far all is committed is known to all
    cluster.kill_all();
    std::filesystem::remove_all(cluster.data_of("n1"));
    std::filesystem::rename(older, cluster.data_of("n1"));

    cluster.start_registry();
    cluster.start_node("n2");
    cluster.start_node("n3");
    expect_refused(cluster, "has committed op");
    for (int key = 0; key < 200; ++key) {
        const auto found = client.get("key" + std::to_string(key));
        ASSERT_TRUE(found && *found) << key;
        EXPECT_EQ((*found)->value, "after");
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
