// A wrong configuration is told with its place, exits with 2, and starts nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Configuration : public ::testing::Test {
  protected:
    Configuration() : cluster_({.start = false}) {}

    // The file starts with three right lines, so that what a test adds is in line 4.
    Finished node(const std::string& yaml, std::vector<std::string> more = {}) {
        return start(RINGKV_NODE_PROGRAM,
                     "name: n1\nrack: rack-a\nlisten: tcp://127.0.0.1:" + std::to_string(free_ports(1)) + "\n" + yaml,
                     std::move(more));
    }
    Finished registry(const std::string& yaml, std::vector<std::string> more = {}) {
        return start(RINGKV_REGISTRY_PROGRAM,
                     "cluster: test\nlisten: tcp://127.0.0.1:" + std::to_string(free_ports(2)) +
                         "\ndata_dir: " + data() + "\n" + yaml,
                     std::move(more));
    }
    [[nodiscard]] std::string data() const { return (cluster_.directory() / "data").string(); }
    [[nodiscard]] std::string rest() const {
        return "data_dir: " + data() + "\nregistry: tcp://127.0.0.1:7400\ndurability: memory\n";
    }

  private:
    Finished start(const std::string& program, const std::string& yaml, std::vector<std::string> more) {
        const auto file = cluster_.directory() / "bad.yaml";
        write_file(file, yaml);
        more.insert(more.begin(), {"--config", file.string()});
        return run(program, more, cluster_.directory() / "run");
    }

    ProcessCluster cluster_;
};

void expect_refused(const Finished& run, const std::string& place, const std::string& what) {
    EXPECT_EQ(run.code, 2) << run.errors;
    EXPECT_THAT(run.errors, AllOf(HasSubstr(place), HasSubstr(what)));
    EXPECT_THAT(run.output, IsEmpty());  // no "ready"
}

TEST_F(Configuration, RightFilesPassTheCheckAndStartNothing) {
    EXPECT_EQ(node(rest(), {"--check-config"}).code, 0);
    EXPECT_EQ(registry("", {"--check-config"}).code, 0);
}

TEST_F(Configuration, UnknownKeyIsToldWithItsLineAndTheNearestRightName) {
    expect_refused(node("shard: 2\n" + rest()), "bad.yaml:4", "shards");
    expect_refused(registry("replicaton: 3\n"), "bad.yaml:4", "replication");
}

TEST_F(Configuration, DuplicateKeyIsToldWithItsLine) {
    expect_refused(node("rack: rack-b\n" + rest()), "bad.yaml:4", "rack");
    expect_refused(registry("cluster: other\n"), "bad.yaml:4", "cluster");
}

TEST_F(Configuration, BadUnitIsToldWithItsLine) {
    expect_refused(node("limits: {value: 1MiG}\n" + rest()), "bad.yaml:4", "MiG");
    expect_refused(registry("repair_after: 30 parsecs\n"), "bad.yaml:4", "parsecs");
}

TEST_F(Configuration, MissingValueAndMissingKeyAreTold) {
    expect_refused(node("weight:\n" + rest()), "bad.yaml:4", "weight");
    expect_refused(node("registry: tcp://127.0.0.1:7400\n"), "bad.yaml", "data_dir");
}

TEST_F(Configuration, ValuesThatBreakARuleAreTold) {
    expect_refused(registry("partitions: 1000\n"), "bad.yaml:4", "1000");
    expect_refused(registry("lease: {beacon: 100ms, duration: 400ms, grace: 500ms}\n"), "bad.yaml:4", "grace");
    expect_refused(node(rest(), {"--set", "listen=tcp://127.0.0.1"}), "--set", "127.0.0.1");
}

TEST_F(Configuration, MissingFileAndMissingOptionAreUsageErrors) {
    const Finished no_file = run(RINGKV_NODE_PROGRAM, {"--config", data() + "/none.yaml"}, data() + "-run");
    EXPECT_EQ(no_file.code, 2);
    EXPECT_THAT(no_file.errors, HasSubstr("none.yaml"));
    EXPECT_EQ(run(RINGKV_NODE_PROGRAM, {}, data() + "-run").code, 2);
    EXPECT_EQ(run(RINGKV_REGISTRY_PROGRAM, {"--nonsense"}, data() + "-run").code, 2);
}

TEST_F(Configuration, PortInUseIsToldAndEndsTheProgram) {
    ProcessCluster other({.start = false});
    other.start_registry();
    const Finished second =
        run(RINGKV_REGISTRY_PROGRAM, {"--config", other.config_of("registry").string(), "--set", "data_dir=" + data()},
            data() + "-run");
    EXPECT_NE(second.code, 0);
    EXPECT_THAT(second.errors, HasSubstr(other.registry_endpoint()));
}

}  // namespace
}  // namespace ringkv::testing
