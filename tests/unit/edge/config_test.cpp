// What a configuration accepts, what it fills in, and the rules between keys.
#include "config_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::node_yaml;
using testing::registry_yaml;

class Config : public testing::ConfigTest {};

// ---- what is accepted

TEST_F(Config, RegistryHasTheDocumentedDefaults) {
    const Result<RegistryConfig> config = registry(registry_yaml);
    ASSERT_TRUE(config) << config.error();
    ClusterSettings expected;
    expected.cluster = "demo";
    expected.publish = "tcp://127.0.0.1:7401";
    EXPECT_EQ(config->settings, expected);
    EXPECT_EQ(config->settings.partitions, 1024U);
    EXPECT_EQ(config->settings.replication, 3U);
    EXPECT_EQ(config->settings.vnodes, 128U);
    EXPECT_EQ(config->settings.pace.repair_after, seconds(30));
    EXPECT_EQ(config->settings.session_expiry, minutes(10));
    EXPECT_EQ(config->settings.lease.grace, milliseconds(700));
    EXPECT_EQ(config->settings.pace.max_bytes_per_second, 64U << 20U);
    EXPECT_EQ(config->listen, "tcp://127.0.0.1:7400");
    EXPECT_EQ(config->data_dir, "data/registry");
    EXPECT_EQ(config->form_with, 3U);
    EXPECT_FALSE(config->http);
    EXPECT_FALSE(config->insecure);
    EXPECT_TRUE(config->notices.empty());
}

TEST_F(Config, RegistryTakesEveryKey) {
    const Result<RegistryConfig> config = registry(
        "cluster: prod\nlisten: tcp://[::1]:7500\npublish: tcp://127.0.0.1:7600\nhttp: 127.0.0.1:7480\n"
        "data_dir: /var/lib/x\npartitions: 1\nreplication: 5\nform_with: 2\nvnodes: 64\nrepair_after: 0\n"
        "lease: {beacon: 50ms, duration: 200ms, grace: 1s}\nreads: confirmed\nsession_expiry: 1h\n"
        "rebalance:\n  max_bytes_per_second: 1GiB\n  max_moves_per_node: 9\n  max_moves_per_second: 70\n"
        "insecure: true\n");
    ASSERT_TRUE(config) << config.error();
    EXPECT_EQ(config->settings.partitions, 1U);
    EXPECT_EQ(config->settings.replication, 5U);
    EXPECT_EQ(config->settings.publish, "tcp://127.0.0.1:7600");
    EXPECT_EQ(config->form_with, 2U);
    EXPECT_EQ(config->settings.pace.repair_after, Duration::zero());
    EXPECT_EQ(config->settings.lease, (LeaseSettings{milliseconds(50), milliseconds(200), seconds(1)}));
    EXPECT_EQ(config->settings.reads, ReadMode::confirmed);
    EXPECT_EQ(config->settings.session_expiry, hours(1));
    EXPECT_EQ(config->settings.pace.max_bytes_per_second, std::uint64_t{1} << 30U);
    EXPECT_EQ(config->settings.pace.max_moves_per_node, 9U);
    EXPECT_EQ(config->settings.pace.max_moves_per_second, 70U);
    EXPECT_TRUE(config->insecure);
    EXPECT_EQ(config->http, "127.0.0.1:7480");
    EXPECT_TRUE(config->notices.empty());
}

TEST_F(Config, FormWithDefaultsToTheReplication) {
    EXPECT_EQ(registry(registry_yaml, {"replication=5"})->form_with, 5U);
}

TEST_F(Config, NodeHasTheDocumentedDefaults) {
    const Result<NodeConfig> config = node(node_yaml);
    ASSERT_TRUE(config) << config.error();
    EXPECT_EQ(config->name, "n1");
    EXPECT_EQ(config->rack, "rack-a");
    EXPECT_EQ(config->weight, 1.0);
    EXPECT_EQ(config->registries, std::vector<std::string>{"tcp://127.0.0.1:7400"});
    EXPECT_EQ(config->advertise, config->listen);
    EXPECT_EQ(config->shards, 1U);
    EXPECT_EQ(config->engine, EngineKind::memory);
    EXPECT_EQ(config->durability, Durability::memory);
    EXPECT_EQ(config->limits.key, 4096U);
    EXPECT_EQ(config->limits.value, 1U << 20U);
    EXPECT_EQ(config->limits.inflight, 65536U);
    EXPECT_EQ(config->limits.memory, 0U);
}

TEST_F(Config, OverridesGoOverTheFileInTheirOrder) {
    const Result<NodeConfig> config =
        node(node_yaml, {"name=n7", "limits.key=8KiB", "registry=[tcp://a:1,\"tcp://[::1]:2\"]", "shards=99",
                         "shards=4", "limits.value=512", "data_dir=/tmp/a b #c=d"});
    ASSERT_TRUE(config) << config.error();
    EXPECT_EQ(config->name, "n7");
    EXPECT_EQ(config->limits.key, 8192U);
    EXPECT_EQ(config->limits.value, 512U);
    EXPECT_EQ(config->limits.inflight, 65536U);
    EXPECT_EQ(config->registries, (std::vector<std::string>{"tcp://a:1", "tcp://[::1]:2"}));
    EXPECT_EQ(config->shards, 4U);
    EXPECT_EQ(config->data_dir, "/tmp/a b #c=d");
}

TEST_F(Config, OverrideGoesIntoAMappingOfTheFileAndKeepsItsOtherKeys) {
    const auto config =
        registry(registry_yaml + std::string("lease: {beacon: 50ms, grace: 2s}\n"), {"lease.duration=300ms"});
    ASSERT_TRUE(config) << config.error();
    EXPECT_EQ(config->settings.lease, (LeaseSettings{milliseconds(50), milliseconds(300), seconds(2)}));
}

TEST_F(Config, ShippedFilesAreValidAndShowTheDefaults) {
    const std::string configs = std::string(RINGKV_SOURCE_DIR) + "/configs/";
    const Result<RegistryConfig> shipped = load_registry_config(configs + "registry.yaml");
    ASSERT_TRUE(shipped) << shipped.error();
    EXPECT_EQ(shipped->settings, registry(registry_yaml)->settings);
    EXPECT_EQ(shipped->form_with, 3U);
    EXPECT_TRUE(shipped->notices.empty());

    const std::vector<std::string> racks = {"rack-a", "rack-a", "rack-b", "rack-b", "rack-c"};
    for (std::size_t i = 1; i <= racks.size(); ++i) {
        const Result<NodeConfig> one = load_node_config(configs + "node-" + std::to_string(i) + ".yaml");
        ASSERT_TRUE(one) << one.error();
        EXPECT_EQ(one->name, "n" + std::to_string(i));
        EXPECT_EQ(one->rack, racks[i - 1]);
        EXPECT_EQ(one->listen, "tcp://127.0.0.1:" + std::to_string(7401 + 10 * i));
        EXPECT_EQ(one->registries, std::vector{shipped->listen});
        EXPECT_EQ(one->data_dir, "data/n" + std::to_string(i));
        EXPECT_EQ(one->durability, Durability::fsync);
        EXPECT_TRUE(one->notices.empty());
    }
}

// ---- rules between keys

TEST_F(Config, LeaseSettingsMustBeSafe) {
    EXPECT_EQ(registry_error(registry_yaml, {"lease.beacon=5s"}),
              "--set lease.beacon=5s: lease.duration must be at least twice lease.beacon");
    EXPECT_NE(registry_error(std::string(registry_yaml) + "lease: {duration: 600ms}\n").find("x.yaml:4: lease.grace"),
              std::string::npos);
}

TEST_F(Config, ListeningBeyondLoopbackMustBeMeant) {
    for (const char* host : {"0.0.0.0", "10.1.2.3", "[::]", "example.org", "*"}) {
        const std::string listen = "listen=tcp://" + std::string(host) + ":7411";
        const std::string error = error_of(node(node_yaml, {listen, "advertise=tcp://10.1.2.3:7411"}));
        EXPECT_NE(error.find("set `insecure: true`"), std::string::npos) << error;
        EXPECT_TRUE(node(node_yaml, {listen, "advertise=tcp://10.1.2.3:7411", "insecure=true"})) << host;
    }
    for (const char* host : {"127.0.0.1", "127.9.9.9", "localhost", "[::1]"})
        EXPECT_EQ(with_override("listen=tcp://" + std::string(host) + ":7411"), "(no error)") << host;
    EXPECT_NE(with_override("http=0.0.0.0:80").find("insecure"), std::string::npos);
    EXPECT_NE(registry_error(registry_yaml, {"listen=tcp://10.1.2.3:7400"}).find("insecure"), std::string::npos);
    EXPECT_NE(registry_error(registry_yaml, {"publish=tcp://10.1.2.3:7400"}).find("insecure"), std::string::npos);
}

TEST_F(Config, WhatOthersAreToldIsTheAddressOfOneMachine) {
    EXPECT_NE(error_of(node(node_yaml, {"listen=tcp://0.0.0.0:7411", "insecure=true"})).find("set `advertise`"),
              std::string::npos);
    EXPECT_NE(error_of(node(node_yaml, {"advertise=tcp://0.0.0.0:7411", "insecure=true"})).find("set `advertise`"),
              std::string::npos);
    EXPECT_NE(registry_error(registry_yaml, {"listen=tcp://*:7400", "insecure=true"}).find("set `publish`"),
              std::string::npos);
    EXPECT_TRUE(registry(registry_yaml, {"listen=tcp://*:7400", "insecure=true", "publish=tcp://10.0.0.1:7401"}));
}

TEST_F(Config, PortsMustSufficeForAllSockets) {
    EXPECT_TRUE(node(node_yaml, {"listen=tcp://127.0.0.1:65535"}));
    EXPECT_NE(error_of(node(node_yaml, {"listen=tcp://127.0.0.1:65535", "shards=2"})).find("no room for 1 more ports"),
              std::string::npos);
    EXPECT_NE(registry_error(registry_yaml, {"listen=tcp://127.0.0.1:65535"}).find("no room"), std::string::npos);
    EXPECT_NE(registry_error(registry_yaml, {"publish=tcp://127.0.0.1:7400"}).find("must differ"), std::string::npos);
}

TEST_F(Config, EveryDurabilityIsTakenAndFsyncIsTheDefault) {
    EXPECT_EQ(node(node_yaml, {"durability=os"})->durability, Durability::os);
    EXPECT_EQ(node(node_yaml, {"durability=fsync"})->durability, Durability::fsync);
    const std::string without = std::string(node_yaml).substr(0, std::string(node_yaml).find("durability"));
    EXPECT_EQ(node(without)->durability, Durability::fsync);
    EXPECT_EQ(node(node_yaml)->disk_stall, std::chrono::seconds(2));
    EXPECT_NE(with_override("disk_stall=10ms").find("disk_stall"), std::string::npos);
}

TEST_F(Config, WhatIsSlowIsSaidAndMayBeNothing) {
    EXPECT_EQ(node(node_yaml)->slow_request, std::chrono::milliseconds(100));
    EXPECT_EQ(node(node_yaml, {"slow_request=0ms"})->slow_request, Duration{});
    EXPECT_NE(with_override("slow_request=soon").find("slow_request"), std::string::npos);
}

TEST_F(Config, AnEngineOnDiskNeedsALogOnDisk) {
    EXPECT_EQ(node(node_yaml, {"engine=rocksdb", "durability=os"})->engine, EngineKind::rocksdb);
    EXPECT_EQ(error_of(node(node_yaml, {"engine=rocksdb", "durability=memory"})),
              "--set engine=rocksdb: engine: rocksdb needs a log on disk; set `durability: fsync` or `os`, or `engine: "
              "memory`");
}

TEST_F(Config, TheLimitOfMemoryLeavesRoomForTheCacheOfAnEngineOnDisk) {
    const auto limited = [&](const char* engine, const char* memory) {
        return node(node_yaml, {"durability=fsync", std::string("engine=") + engine, "limits.log=32MiB",
                                "limits.cache=100MiB", std::string("limits.memory=") + memory});
    };
    EXPECT_TRUE(limited("rocksdb", "264MiB"));
    EXPECT_NE(error_of(limited("rocksdb", "263MiB")).find("twice limits.log and limits.cache together"),
              std::string::npos);
    EXPECT_TRUE(limited("memory", "64MiB")) << "it has no such cache";
}

}  // namespace
}  // namespace ringkv
