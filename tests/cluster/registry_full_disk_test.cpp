// The registry's disk is full: it says so, nothing is thought dead, nothing is acknowledged that is not stored, and it
// goes on by itself when there is room. On a small file system in memory, which only root may mount.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/cluster/process_cluster.hpp"
#include "tests/small_disk.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;

std::size_t lines_with(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

TEST(RegistryFullDisk, ItWaitsForRoomAndSaysSo) {
    ProcessCluster cluster({.nodes = 4, .start = false});
    test::SmallDisk disk(cluster.directory() / "registry");
    if (!disk.mounted()) GTEST_SKIP() << "a file system of its own cannot be mounted here: " << disk.why_not();
    ChildProcess& registry = cluster.start_registry();
    for (const char* name : {"n1", "n2", "n3", "n4"}) cluster.start_node(name);
    Client client = cluster.client();
    cluster.wait_until_settled(client, 4);
    Admin admin = cluster.admin();

    ASSERT_TRUE(disk.fill());
    const auto full_since = std::chrono::steady_clock::now();
    cluster.kill_node("n4");  // something that has to be stored
    ASSERT_TRUE(wait_until(patience, [&] { return lines_with(registry.errors(), "the disk is full") >= 2; }));
    const auto refused = admin.change_settings({.max_moves_per_node = 5});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("make room"), std::string::npos) << refused.error();
    const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - full_since);
    EXPECT_LE(lines_with(registry.errors(), "the disk is full"), static_cast<std::size_t>(lasted.count()) + 1);
    EXPECT_TRUE(registry.running());

    // Those that live are served meanwhile, and are up still when it goes on.
    sleep_for(3s);
    EXPECT_EQ(lines_with(registry.errors(), "n1 is down"), 0U);
    disk.make_room();
    cluster.wait_until_without(client, "n4");
    const auto changed = admin.change_settings({.max_moves_per_node = 6});
    ASSERT_TRUE(changed) << changed.error();
    const ClusterStatus status = cluster.wait_until_settled(client, 3);
    for (const char* name : {"n1", "n2", "n3"}) EXPECT_EQ(find_node(status, name)->state, "up") << name;

    // What was acknowledged is on the disk.
    cluster.kill_registry();
    cluster.start_registry();
    const auto settings = cluster.admin().settings();
    ASSERT_TRUE(settings) << settings.error();
    EXPECT_EQ(settings->max_moves_per_node, 6U);
}

}  // namespace
}  // namespace ringkv::testing
