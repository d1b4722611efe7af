// Nodes whose engine is on disk: data that is larger than memory, engines that are not as their node left them, and
// full disks. (All processes killed at once: durability_test.cpp.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "tests/cluster/process_cluster.hpp"
#include "tests/small_disk.hpp"

namespace ringkv::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> three = {"n1", "n2", "n3"};

// Checkpoints come all the time.
constexpr const char* on_disk =
    "engine: rocksdb\nlog: {segment: 64KiB, checkpoint: 512KiB}\nlimits: {cache: 8MiB, log: 1MiB}\n";

// 64 MiB a node, of which it may have 8 in memory. One is filled from another one's disk, too.
TEST(Rocksdb, DataMayBeLargerThanMemory) {
    ProcessCluster cluster({.partitions = 16, .durability = "fsync", .node_settings = on_disk});
    Client client = cluster.client();
    const auto value_of = [](int key) { return std::string(std::size_t{64} << 10U, 'v') + std::to_string(key); };
    for (int key = 0; key < 1000; ++key) ASSERT_TRUE(client.put("key" + std::to_string(key), value_of(key))) << key;
    cluster.kill_node("n3");
    fs::remove_all(cluster.data_of("n3"));
    cluster.start_node("n3");
    cluster.wait_until_settled(client, 3);
    cluster.kill_all();
    cluster.start_registry();
    for (const std::string& name : three) cluster.start_node(name);
    cluster.kill_node("n1");
    cluster.kill_node("n2");
    for (int key = 0; key < 1000; ++key) {
        const auto found = client.get("key" + std::to_string(key));
        ASSERT_TRUE(found && *found) << key;
        ASSERT_EQ((*found)->value, value_of(key));
    }
}

// D3: nothing is served from an engine that lacks what its log counts on.
TEST(Rocksdb, AnEngineThatIsNotAsItWasLeftIsRefused) {
    ProcessCluster cluster({.partitions = 16, .durability = "fsync", .node_settings = on_disk});
    Client client = cluster.client();
    const auto write_until_dropped = [&](unsigned above) {
        const std::string value(10'000, 'v');
        for (int key = 0; cluster.first_segment("n1") <= above || cluster.first_segment("n2") <= above; ++key)
            ASSERT_TRUE(client.put("key" + std::to_string(key % 100), value));
    };
    ASSERT_NO_FATAL_FAILURE(write_until_dropped(1));
    cluster.kill_node("n2");
    const fs::path shard = cluster.data_of("n2") / "shard-0";
    const fs::path older = cluster.directory() / "older";
    fs::copy(shard / "engine", older, fs::copy_options::recursive);
    cluster.start_node("n2");
    cluster.wait_until_full(client, 3);
    ASSERT_NO_FATAL_FAILURE(write_until_dropped(cluster.first_segment("n2") + 10));
    cluster.kill_node("n2");
    cluster.wait_until_without(client, "n2");
    cluster.kill_node("n1");

    const std::vector<std::string> arguments = {"--config", cluster.config_of("n2").string()};
    const auto refused = [&](const char* name, std::vector<std::string> more = {}) {
        more.insert(more.begin(), arguments.begin(), arguments.end());
        const Finished ended = run(RINGKV_NODE_PROGRAM, more, cluster.directory() / name);
        EXPECT_NE(ended.code, 0) << name;
        EXPECT_THAT(ended.output, Not(HasSubstr("ready"))) << name;
        EXPECT_THAT(ended.errors, HasSubstr("start this node with an empty one")) << name;
        return ended.errors;
    };
    EXPECT_THAT(refused("memory", {"--set", "engine=memory"}), HasSubstr("the configuration says `engine: memory`"));
    fs::rename(shard / "engine", shard / "kept");
    EXPECT_THAT(refused("missing"), HasSubstr("that is missing"));
    fs::remove_all(shard / "engine");
    fs::copy(older, shard / "engine", fs::copy_options::recursive);
    EXPECT_THAT(refused("older"), HasSubstr("the one that is there is an older copy"));
    fs::remove_all(shard / "engine");
    fs::copy(cluster.data_of("n1") / "shard-0" / "engine", shard / "engine", fs::copy_options::recursive);
    EXPECT_THAT(refused("other"), HasSubstr("(storage, log, shard), and not of "));
    fs::remove_all(shard / "engine");
    fs::rename(shard / "kept", shard / "engine");
    for (const auto& file : fs::directory_iterator(shard / "engine"))
        if (file.path().extension() == ".sst") fs::resize_file(file.path(), file.file_size() / 2);
    EXPECT_THAT(refused("cut"), HasSubstr("the engine in "));

    fs::remove_all(cluster.data_of("n2"));
    cluster.start_node("n1");
    cluster.start_node("n2");
    cluster.wait_until_settled(client, 3);
}

// The disk of one of three becomes full, for its log and its engine. The others go on without it.
class RocksdbOnAFullDisk : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!disk_.mounted()) GTEST_SKIP() << "a file system of its own cannot be mounted here: " << disk_.why_not();
        cluster_.start_registry();
        for (const std::string& name : three) cluster_.start_node(name);
        client_.emplace(cluster_.client());
        cluster_.wait_until_full(*client_, 3);
        while (keys_ < 320) put();  // 40 MiB
        EXPECT_TRUE(cluster_.node("n2").running()) << cluster_.node("n2").errors();
        EXPECT_THAT(cluster_.node("n2").errors(), HasSubstr("other nodes take over"));
        cluster_.wait_until_without(*client_, "n2");
        put();
    }

    void put() {
        const auto stored = client_->put("key" + std::to_string(keys_), value_ + std::to_string(keys_));
        EXPECT_TRUE(stored) << stored.error();
        ++keys_;
    }
    void expect_all_on(const std::string& node) {
        cluster_.kill_all();
        cluster_.start_registry();
        for (const std::string& name : three) cluster_.start_node(name);
        for (const std::string& name : three)
            if (name != node) cluster_.kill_node(name);
        for (int key = 0; key < keys_; ++key) {
            const auto found = client_->get("key" + std::to_string(key));
            ASSERT_TRUE(found && *found) << key;
            EXPECT_EQ((*found)->value, value_ + std::to_string(key));
        }
    }

    const std::string value_ = std::string(std::size_t{128} << 10U, 'v');
    int keys_ = 0;
    ProcessCluster cluster_{{.partitions = 16, .start = false, .durability = "fsync", .node_settings = on_disk}};
    test::SmallDisk disk_{cluster_.data_of("n2"), 24};
    std::optional<Client> client_;
};

TEST_F(RocksdbOnAFullDisk, ANodeGoesOnWhenThereIsRoom) {
    ASSERT_TRUE(disk_.resize(400));
    cluster_.wait_until_settled(*client_, 3);
    EXPECT_THAT(cluster_.node("n2").errors(), HasSubstr("the disk stores again"));
    expect_all_on("n2");
}

TEST_F(RocksdbOnAFullDisk, ANodeEndsWhenItIsAskedTo) {
    cluster_.stop_node("n2");
    ASSERT_TRUE(disk_.resize(400));
    cluster_.start_node("n2");
    cluster_.wait_until_settled(*client_, 3);
    expect_all_on("n2");
}

}  // namespace
}  // namespace ringkv::testing
