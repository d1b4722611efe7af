// What is on disk outlives the processes: all of them killed at once, disks wiped, a disk that is not whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <random>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/small_disk.hpp"

namespace ringkv::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> three = {"n1", "n2", "n3"};

// What the log of a node's shard 0 holds, one record a line.
std::string log_of(const ProcessCluster& cluster, const std::string& node) {
    std::string lines;
    std::vector<std::filesystem::path> segments;
    for (const auto& file : std::filesystem::directory_iterator(cluster.data_of(node) / "shard-0"))
        if (file.path().filename().string().starts_with("segment-")) segments.push_back(file.path());
    std::sort(segments.begin(), segments.end());
    for (const auto& segment : segments) {
        const Finished read = run(KVCTL_PROGRAM, {"debug", "log", segment.string()}, cluster.directory() / "debug");
        EXPECT_EQ(read.code, 0) << read.errors;
        lines += read.output;
    }
    return lines;
}

// Durability, and how often all are killed (RINGKV_KILLS=50 for the long run).
class Durability : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Classes, Durability, ::testing::Values("fsync", "os"));

// D4. Writers are at full speed when every process, the registry too, is killed; which starts first is random.
TEST_P(Durability, EveryProcessKilledAtOnceAndStartedInAnyOrderLosesNothing) {
    ProcessCluster cluster({.partitions = 16, .shards = 2, .durability = GetParam()});
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    std::mt19937 random(7);
    for (unsigned round = setting("RINGKV_KILLS", 3); round > 0; --round) {
        ASSERT_TRUE(load.every_key_written(patience));
        cluster.kill_all();
        std::vector<std::string> order = three;
        order.emplace_back("registry");
        std::shuffle(order.begin(), order.end(), random);
        for (const std::string& name : order)
            (void)(name == "registry" ? cluster.start_registry() : cluster.start_node(name));
        cluster.wait_until_full(observer, 3);
    }
    ASSERT_TRUE(load.every_key_written(patience));
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    for (const std::string& name : three)
        EXPECT_THAT(log_of(cluster, name), Not(HasSubstr(" reset "))) << name << " was given a copy instead of entries";
}

// The logs are made shorter all the time; an engine on disk has what they do not have any more.
class Checkpoints : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(Classes, Checkpoints,
                         ::testing::Values(std::pair("memory", "fsync"), std::pair("memory", "os"),
                                           std::pair("rocksdb", "fsync")));

TEST_P(Checkpoints, NothingIsLostBehindThem) {
    const auto& [engine, durability] = GetParam();
    ProcessCluster cluster({.partitions = 16,
                            .shards = 2,
                            .durability = durability,
                            .node_settings = "engine: " + std::string(engine) +
                                             "\nlog: {segment: 64KiB, checkpoint: 512KiB}\nlimits: {cache: 8MiB}\n"});
    Client observer = cluster.client();
    ASSERT_TRUE(observer.put("idle", "since long ago"));
    Load load({.endpoints = {cluster.registry_endpoint()}});
    for (unsigned round = 1; round <= setting("RINGKV_KILLS", 3); ++round) {
        for (const std::string& name : three)
            ASSERT_TRUE(wait_until(2 * patience, [&] { return cluster.first_segment(name) > 10 * round; })) << name;
        cluster.kill_all();
        cluster.start_registry();
        for (const std::string& name : three) cluster.start_node(name);
        cluster.wait_until_full(observer, 3);
        ASSERT_TRUE(load.every_key_written(patience));
    }
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    const auto idle = observer.get("idle");
    ASSERT_TRUE(idle && *idle);
    EXPECT_EQ((*idle)->value, "since long ago");
    for (const std::string& name : three) {
        std::uintmax_t bytes = 0;
        for (const auto& file : std::filesystem::directory_iterator(cluster.data_of(name) / "shard-0"))
            if (file.is_regular_file()) bytes += file.file_size();
        EXPECT_LT(bytes, std::uintmax_t{4} << 20U) << name << " keeps its log";
    }
}

// It was away while others wrote, and is told what it missed, not everything.
TEST_P(Durability, ANodeThatComesBackGetsTheEntriesThatItMissedAndNoCopy) {
    ProcessCluster cluster({.partitions = 16, .durability = GetParam()});
    Client client = cluster.client();
    const auto put = [&](const std::string& prefix) {
        for (int key = 0; key < 200; ++key) ASSERT_TRUE(client.put(prefix + std::to_string(key), prefix));
    };
    put("before");
    cluster.kill_node("n3");
    cluster.wait_until_without(client, "n3");
    put("meanwhile");
    const std::string before = log_of(cluster, "n3");
    EXPECT_THAT(before, AllOf(HasSubstr("'before199'"), Not(HasSubstr("'meanwhile"))));
    cluster.start_node("n3");
    cluster.wait_until_full(client, 3);
    const std::string after = log_of(cluster, "n3");
    EXPECT_THAT(after, AllOf(HasSubstr("'meanwhile199'"), Not(HasSubstr(" reset ")), Not(HasSubstr(" state_chunk "))));
    EXPECT_EQ(after.find("'before199'"), after.rfind("'before199'")) << "an entry came twice";
    // The others may go now: it has everything.
    cluster.kill_node("n1");
    cluster.kill_node("n2");
    for (const std::string prefix : {"before", "meanwhile"})
        for (int key = 0; key < 200; ++key) {
            const auto found = client.get(prefix + std::to_string(key));
            ASSERT_TRUE(found && *found) << prefix << key;
        }
}

TEST_P(Durability, AllDisksButOneMayBeWiped) {
    ProcessCluster cluster({.partitions = 16, .durability = GetParam()});
    Client client = cluster.client();
    for (int key = 0; key < 100; ++key) ASSERT_TRUE(client.put("key" + std::to_string(key), "value"));
    for (const std::string& name : three) cluster.kill_node(name);
    for (const char* name : {"n1", "n3"}) std::filesystem::remove_all(cluster.data_of(name));
    for (const std::string& name : three) cluster.start_node(name);
    cluster.wait_until_settled(client, 3);
    for (int key = 0; key < 100; ++key) {
        const auto found = client.get("key" + std::to_string(key));
        ASSERT_TRUE(found && *found) << key;
    }
    EXPECT_THAT(log_of(cluster, "n3"), HasSubstr("'key99'")) << "the copies are made again";
}

// Nothing is served empty by itself. An operator says that nothing will come back, and it is empty then.
TEST_P(Durability, AllDisksWipedIsServedAgainOnlyWhenAnOperatorSaysSo) {
    ProcessCluster cluster({.partitions = 16, .durability = GetParam()});
    Client client = cluster.client();
    std::uint64_t newest = 0;
    for (int key = 0; key < 100; ++key) {
        const auto stored = client.put("key" + std::to_string(key), "value");
        ASSERT_TRUE(stored) << stored.error();
        newest = std::max(newest, *stored);
    }
    for (const std::string& name : three) cluster.kill_node(name);
    for (const std::string& name : three) std::filesystem::remove_all(cluster.data_of(name));
    for (const std::string& name : three) cluster.start_node(name);
    cluster.wait_for_status(client, "all is lost", [](const ClusterStatus& status) { return status.lost == 16; });
    Client impatient = cluster.client({}, milliseconds(2000));
    const auto refused = impatient.get("key1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::unavailable) << refused.error();

    const auto reset = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"--registry", cluster.registry_endpoint(), "partition", "reset"});
        return run(KVCTL_PROGRAM, words, cluster.directory() / "reset");
    };
    EXPECT_EQ(reset({"all"}).code, 2);
    const Finished done = reset({"all", "--accept-data-loss"});
    EXPECT_EQ(done.code, 0) << done.errors;
    EXPECT_THAT(done.output, HasSubstr("16 partitions begun anew"));
    cluster.wait_until_full(client, 3);
    const auto gone = client.get("key1");
    ASSERT_TRUE(gone) << gone.error();
    EXPECT_FALSE(*gone);
    const auto stored = client.put("key1", "new");
    ASSERT_TRUE(stored) << stored.error();
    EXPECT_GT(*stored, newest);
    EXPECT_EQ(reset({"3", "--accept-data-loss"}).code, 6) << "it has members";

    // What was begun anew outlives its nodes as anything does.
    cluster.kill_all();
    cluster.start_registry();
    for (const std::string& name : three) cluster.start_node(name);
    cluster.wait_until_full(client, 3);
    const auto found = client.get("key1");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->value, "new");
}

// All of them stopped, in the way that is meant for it.
TEST_P(Durability, AClusterThatWasStoppedHasEverything) {
    ProcessCluster cluster({.partitions = 16, .durability = GetParam()});
    Client client = cluster.client();
    for (int key = 0; key < 100; ++key) ASSERT_TRUE(client.put("key" + std::to_string(key), "value"));
    for (const std::string& name : three) cluster.node(name).signal(SIGTERM);
    for (const std::string& name : three) EXPECT_EQ(cluster.node(name).wait_for_exit(patience), 0) << name;
    for (const std::string& name : three) {
        EXPECT_THAT(read_file(cluster.data_of(name) / "identity"), HasSubstr("end clean"));
        cluster.start_node(name);
    }
    cluster.wait_until_full(client, 3);
    for (int key = 0; key < 100; ++key) {
        const auto found = client.get("key" + std::to_string(key));
        ASSERT_TRUE(found && *found) << key;
    }
}

// D3: nothing is served from a disk that is not whole, and the node that is begun anew is filled by the others.
TEST(DurabilityOnABadDisk, ANodeSaysWhatToDoAndEndsAndBeginsAnewWhenItsDiskIsEmptied) {
    ProcessCluster cluster({.partitions = 16, .durability = "fsync"});
    Client client = cluster.client();
    for (int key = 0; key < 100; ++key) ASSERT_TRUE(client.put("key" + std::to_string(key), "value"));
    cluster.kill_node("n2");
    cluster.wait_until_without(client, "n2");
    const std::vector<std::string> arguments = {"--config", cluster.config_of("n2").string()};
    const auto segment = cluster.data_of("n2") / "shard-0" / "segment-0000000001";
    std::string bytes = read_file(segment);
    bytes[300] = static_cast<char>(bytes[300] ^ 1);
    write_file(segment, bytes);
    const Finished damaged = run(RINGKV_NODE_PROGRAM, arguments, cluster.directory() / "damaged");
    EXPECT_EQ(damaged.code, 7);
    EXPECT_THAT(damaged.output, Not(HasSubstr("ready")));
    EXPECT_THAT(damaged.errors, AllOf(HasSubstr("segment 1, offset "), HasSubstr("is damaged"),
                                      HasSubstr("start this node with an empty one")));

    std::filesystem::remove(segment);
    const Finished missing = run(RINGKV_NODE_PROGRAM, arguments, cluster.directory() / "missing");
    EXPECT_EQ(missing.code, 7);
    EXPECT_THAT(missing.errors, HasSubstr("segment 1 of 1 to 1 is missing"));

    const Finished other =
        run(RINGKV_NODE_PROGRAM, {arguments[0], arguments[1], "--set", "shards=3"}, cluster.directory() / "other");
    EXPECT_EQ(other.code, 6);
    EXPECT_THAT(other.errors, HasSubstr("set `shards: 1`"));

    const Finished taken =
        run(RINGKV_NODE_PROGRAM, {arguments[0], arguments[1], "--set", "data_dir=" + cluster.data_of("n1").string()},
            cluster.directory() / "taken");
    EXPECT_EQ(taken.code, 6);
    EXPECT_THAT(taken.errors, HasSubstr("is in use by another process"));

    std::filesystem::remove_all(cluster.data_of("n2"));
    cluster.start_node("n2");
    cluster.wait_until_full(client, 3);
    EXPECT_THAT(log_of(cluster, "n2"), HasSubstr("'key99'"));
}

// Room for one segment of n2's log and no more. The others go on without it; it comes back by itself.
TEST(DurabilityOnABadDisk, ANodeWhoseDiskIsFullIsReplacedAndGoesOnWhenThereIsRoom) {
    ProcessCluster cluster({.partitions = 16, .start = false, .durability = "fsync"});
    test::SmallDisk disk(cluster.data_of("n2"), 48);
    if (!disk.mounted()) GTEST_SKIP() << "a file system of its own cannot be mounted here: " << disk.why_not();
    cluster.start_registry();
    for (const std::string& name : three) cluster.start_node(name);
    Client client = cluster.client();
    cluster.wait_until_full(client, 3);

    const std::string value(std::size_t{512} << 10U, 'v');
    const auto put = [&](int key) {
        const auto stored = client.put("key" + std::to_string(key), value + std::to_string(key));
        EXPECT_TRUE(stored) << stored.error();
    };
    for (int key = 0; key < 80; ++key) put(key);  // 40 MiB
    EXPECT_TRUE(cluster.node("n2").running());
    EXPECT_THAT(cluster.node("n2").errors(), AllOf(HasSubstr("make room"), HasSubstr("other nodes take over")));
    cluster.wait_until_without(client, "n2");
    put(80);

    ASSERT_TRUE(disk.resize(400));
    cluster.wait_until_settled(client, 3);
    EXPECT_THAT(cluster.node("n2").errors(), HasSubstr("the disk stores again"));
    // All of it is on n2's disk, whatever it said while that was full.
    cluster.kill_all();
    cluster.start_registry();
    for (const std::string& name : three) cluster.start_node(name);
    cluster.kill_node("n1");
    cluster.kill_node("n3");
    for (int key = 0; key <= 80; ++key) {
        const auto found = client.get("key" + std::to_string(key));
        ASSERT_TRUE(found && *found) << key;
        EXPECT_EQ((*found)->value, value + std::to_string(key));
    }
}

// No node can store anything, so nothing is acknowledged; what is read is right, or unavailable where none can take
// over. With room all of it goes on by itself.
// RINGKV_FULL_SECONDS=30 for the long run.
TEST(DurabilityOnABadDisk, AllDisksFullUnderLoadCostNothingThatWasAcknowledged) {
    ProcessCluster cluster({.partitions = 16,
                            .start = false,
                            .durability = "fsync",
                            .node_settings = "log: {segment: 256KiB, checkpoint: 64MiB}\n"});
    std::vector<std::unique_ptr<test::SmallDisk>> disks;
    disks.reserve(three.size());
    for (const std::string& name : three) disks.push_back(std::make_unique<test::SmallDisk>(cluster.data_of(name), 64));
    if (!disks.front()->mounted())
        GTEST_SKIP() << "a file system of its own cannot be mounted here: " << disks.front()->why_not();
    cluster.start_registry();
    for (const std::string& name : three) cluster.start_node(name);
    Client client = cluster.client();
    cluster.wait_until_full(client, 3);
    ASSERT_TRUE(client.put("before", "it was full"));
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));

    for (const auto& disk : disks) ASSERT_TRUE(disk->fill());
    // The disk that is full first is left out, and the others go on until the end of their segments.
    ASSERT_TRUE(wait_until(patience, [&] {
        const std::uint64_t before = load.acknowledged();
        std::this_thread::sleep_for(std::chrono::seconds(3));
        return load.acknowledged() == before;
    }));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(setting("RINGKV_FULL_SECONDS", 3));
    const std::uint64_t acknowledged = load.acknowledged();
    Client reader = cluster.client({}, milliseconds(500));
    while (std::chrono::steady_clock::now() < until) {
        const auto found = reader.get("before");
        if (found) {
            ASSERT_TRUE(*found) << "what was acknowledged is gone";
            EXPECT_EQ((*found)->value, "it was full");
        } else {
            EXPECT_EQ(found.error().code(), ErrorCode::unavailable) << found.error();
        }
        std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_EQ(load.acknowledged(), acknowledged);

    for (const auto& disk : disks) disk->make_room();
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.wait_until_settled(client, 3);
    for (const std::string& name : three) EXPECT_TRUE(cluster.node(name).running()) << name;
    cluster.kill_all();
    cluster.start_registry();
    for (const std::string& name : three) cluster.start_node(name);
    cluster.wait_until_full(client, 3);
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
}

}  // namespace
}  // namespace ringkv::testing
