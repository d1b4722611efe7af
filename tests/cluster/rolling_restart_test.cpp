// scripts/rolling-restart on a real cluster: no request fails, and where it is not safe it does not go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <sstream>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int refused = 6;

// Runs the script, and does what its commands ask for: they write a line each, such as "stop n1".
class Operator {
  public:
    explicit Operator(ProcessCluster& cluster) : cluster_(cluster), file_(cluster.directory() / "asked") {}

    // Returns when the script has ended; throws if it never does.
    Finished run_script(const std::vector<std::string>& more = {});

    // By default as they are asked for.
    bool starts_nodes = true;
    // Everything that was asked for, in order.
    [[nodiscard]] const std::vector<std::string>& asked() const { return asked_; }

  private:
    void serve();
    void obey(const std::string& verb, const std::string& name);

    ProcessCluster& cluster_;
    const std::filesystem::path file_;
    std::vector<std::string> asked_;
};

Finished Operator::run_script(const std::vector<std::string>& more) {
    static const auto root = std::filesystem::path(RINGKV_SOURCE_DIR);
    std::vector<std::string> arguments = {"--kvctl",    KVCTL_PROGRAM,
                                          "--registry", cluster_.registry_endpoint(),
                                          "--stop",     "echo stop {name} >> " + file_.string(),
                                          "--start",    "echo start {name} >> " + file_.string(),
                                          "--yes"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ChildProcess script(root / "scripts" / "rolling-restart", arguments, cluster_.directory() / "rolling-restart");
    const bool ended = wait_until(4 * patience, [&] {
        const bool running = script.running();  // first: what it asked for before it ended is served
        serve();
        return !running;
    });
    if (!ended) throw std::runtime_error("it does not end: " + script.output() + script.errors());
    Finished finished{*script.wait_for_exit(milliseconds(0)), script.output(), script.errors()};
    std::cout << finished.output << finished.errors;
    return finished;
}

void Operator::serve() {
    std::istringstream lines(read_file(file_));
    std::size_t number = 0;
    for (std::string verb, name; lines >> verb >> name; ++number) {
        if (number < asked_.size()) continue;
        obey(verb, name);
    }
}

void Operator::obey(const std::string& verb, const std::string& name) {
    asked_.push_back(verb + ' ' + name);
    if (verb == "stop") {
        cluster_.node(name).signal(SIGTERM);
        EXPECT_EQ(cluster_.node(name).wait_for_exit(patience), 0) << name;
    } else if (starts_nodes) {
        cluster_.start_node(name);
    }
}

TEST(RollingRestart, EveryNodeIsRestartedUnderLoadAndNoRequestFails) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}});
    ASSERT_TRUE(load.every_key_written(patience));
    load.measure();

    Operator the_operator(cluster);
    const Finished finished = the_operator.run_script();
    EXPECT_EQ(finished.code, 0);
    EXPECT_THAT(the_operator.asked(), ElementsAre("stop n1", "start n1", "stop n2", "start n2", "stop n3", "start n3"));
    EXPECT_THAT(finished.output, AllOf(HasSubstr("1/3  n1  rack-a  stopped in"), HasSubstr("3 restarted in")));

    const auto status = observer.status();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(status->health, "ok");  // at once: it has waited for that
    ASSERT_TRUE(load.every_key_written(patience));
    milliseconds longest{0};
    for (const auto& [key, gap] : load.gaps()) longest = std::max(longest, gap);
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << "\nlongest stall of a key: " << longest.count() << " ms\n";
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_GT(report.acknowledged, 0U);
    EXPECT_GT(report.reads, 0U);
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

void expect_refused(Operator& the_operator, const std::string& why) {
    const Finished finished = the_operator.run_script();
    EXPECT_EQ(finished.code, refused);
    EXPECT_THAT(finished.errors, HasSubstr(why));
    EXPECT_THAT(the_operator.asked(), IsEmpty());
}

TEST(RollingRestart, NothingIsStoppedWhileANodeIsDown) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    cluster.kill_node("n2");
    cluster.wait_for_status(observer, "n2 is down",
                            [](const ClusterStatus& status) { return find_node(status, "n2")->state == "down"; });
    Operator the_operator(cluster);
    expect_refused(the_operator, "not up: n2");
}

TEST(RollingRestart, NothingIsStoppedWherePartitionsHaveOneCopy) {
    ProcessCluster cluster({.replication = 1});
    Operator the_operator(cluster);
    expect_refused(the_operator, "one copy");
}

TEST(RollingRestart, NodeThatDoesNotComeBackIsTheLastAndTheRestIsDoneLater) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Operator the_operator(cluster);
    the_operator.starts_nodes = false;
    const Finished stopped = the_operator.run_script({"--timeout", "15s"});
    EXPECT_EQ(stopped.code, refused);
    EXPECT_THAT(stopped.errors, AllOf(HasSubstr("n1 did not come back"), HasSubstr("--from n2")));
    EXPECT_THAT(the_operator.asked(), ElementsAre("stop n1", "start n1"));
    EXPECT_TRUE(cluster.node("n2").running());
    EXPECT_TRUE(cluster.node("n3").running());

    cluster.start_node("n1");
    cluster.wait_until_full(observer, 3);
    the_operator.starts_nodes = true;
    const Finished finished = the_operator.run_script({"--from", "n2"});
    EXPECT_EQ(finished.code, 0);
    EXPECT_THAT(the_operator.asked(), ElementsAre("stop n1", "start n1", "stop n2", "start n2", "stop n3", "start n3"));
}

}  // namespace
}  // namespace ringkv::testing
