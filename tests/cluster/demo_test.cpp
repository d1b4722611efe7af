// kvctl demo as people use it: the program itself, and others that talk to it from another terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/kvctl/json_shapes.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr unsigned ports_of_a_demo = 202;

class Demo : public ::testing::Test {
  protected:
    // Whatever the programs make for a while is made here.
    Demo() {
        ::setenv("TMPDIR", directory_.string().c_str(), 1);
        ::unsetenv("XDG_RUNTIME_DIR");
    }
    ~Demo() override { ::unsetenv("TMPDIR"); }

    // -> what it says when it is ready.
    json start(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"demo", "--port", std::to_string(port_), "-o", "json"});
        demo_ = std::make_unique<ChildProcess>(KVCTL_PROGRAM, options, directory_.path() / "demo");
        EXPECT_TRUE(demo_->wait_for_output("\n", patience)) << demo_->errors();
        expect_as_documented("demo", demo_->output());
        return json::parse(demo_->output());
    }
    [[nodiscard]] std::string registry() const { return "tcp://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] Finished kvctl(std::vector<std::string> words) const {
        words.insert(words.begin(), {"--registry", registry(), "--timeout", "30s", "-o", "json"});
        return run(KVCTL_PROGRAM, words, directory_.path() / "kvctl");
    }
    [[nodiscard]] Finished demo(std::vector<std::string> words) const {
        words.insert(words.begin(), {"demo", "--port", std::to_string(port_)});
        return kvctl(std::move(words));
    }
    [[nodiscard]] json told(const std::vector<std::string>& words) const {
        const Finished done = demo(words);
        EXPECT_EQ(done.code, 0) << done.errors;
        expect_as_documented(words.front() == "nodes" ? "demo nodes" : "demo kill", done.output);
        return json::parse(done.output);
    }
    // docs/json.md
    static void expect_as_documented(const std::string& section, const std::string& output) {
        auto shapes = kvctl::JsonShapes::of_the_documents();
        EXPECT_THAT(shapes.faults(section, output), IsEmpty()) << output;
    }
    [[nodiscard]] Client client() const {
        auto client = Client::connect({.registries = {registry()}, .deadline = patience});
        EXPECT_TRUE(client) << client.error();
        return std::move(*client);
    }
    static bool becomes(Client& client, const std::function<bool(const ClusterStatus&)>& condition) {
        std::string last;
        const bool did = wait_until(patience, [&] {
            const auto status = client.status();
            last = status ? describe(*status) : status.error().message();
            return status && condition(*status);
        });
        EXPECT_TRUE(did) << last;
        return did;
    }
    static bool becomes_whole(Client& client, unsigned nodes) {
        return becomes(client, [nodes](const ClusterStatus& status) {
            unsigned up = 0;
            for (const NodeStatus& node : status.nodes) up += node.state == "up" ? 1U : 0U;
            return up == nodes && at_rest(status) && status.unavailable == 0;
        });
    }
    // The newest number of an event of that kind about that node; 0: there is none.
    [[nodiscard]] std::uint64_t event(const std::string& kind, const std::string& node) const {
        const Finished done = kvctl({"events", "--kind", kind, "--node", node});
        EXPECT_EQ(done.code, 0) << done.errors;
        const json events = json::parse(done.output);
        return events.empty() ? 0 : events.back().at("id").get<std::uint64_t>();
    }
    void end_with(int signal) {
        demo_->signal(signal);
        EXPECT_EQ(demo_->wait_for_exit(patience), 0) << demo_->errors();
    }

    test::TemporaryDirectory directory_;
    const unsigned port_ = free_ports(ports_of_a_demo);
    std::unique_ptr<ChildProcess> demo_;
};

TEST_F(Demo, NodesAreKilledPausedAndResumedUnderLoadAndNothingIsLost) {
    const json ready = start();
    EXPECT_EQ(ready.at("nodes").size(), 5U);
    EXPECT_EQ(ready.at("registry"), registry());
    Client observer = client();
    ASSERT_TRUE(becomes_whole(observer, 5));
    Load load({.endpoints = {registry()}, .clients = 2});
    ASSERT_TRUE(load.every_key_written(patience));

    const json killed = told({"kill", "n3"});
    EXPECT_EQ(killed.at("state"), "killed");
    EXPECT_EQ(killed.at("not_served"), 0);
    ASSERT_TRUE(load.every_key_written(patience));
    ASSERT_TRUE(
        becomes(observer, [](const ClusterStatus& status) { return find_node(status, "n3")->state == "down"; }));
    EXPECT_GT(event("node_suspected", "n3"), 0U) << "it said no goodbye";
    EXPECT_EQ(told({"resume", "n3"}).at("state"), "running");
    ASSERT_TRUE(becomes_whole(observer, 5));
    EXPECT_GT(event("node_returned", "n3"), 0U);

    EXPECT_EQ(told({"pause", "n1"}).at("state"), "paused");
    ASSERT_TRUE(wait_until(patience, [&] { return event("node_down", "n1") > 0; }));
    ASSERT_TRUE(load.every_key_written(patience));
    EXPECT_EQ(told({"nodes"}).at(0).at("state"), "paused");
    EXPECT_EQ(told({"resume", "n1"}).at("state"), "running");
    ASSERT_TRUE(becomes_whole(observer, 5));
    ASSERT_TRUE(load.every_key_written(patience));
    EXPECT_THAT(load.verify({registry()}).violations, IsEmpty());

    ASSERT_TRUE(std::filesystem::exists(ready.at("directory").get<std::string>()));
    end_with(SIGINT);
    EXPECT_FALSE(std::filesystem::exists(ready.at("directory").get<std::string>()));
    EXPECT_EQ(demo({"nodes"}).code, 4);
}

TEST_F(Demo, AllNodesMayBeKilledAndComeBackWithTheirData) {
    (void)start({"--nodes", "3", "--racks", "1"});
    Client client = this->client();
    ASSERT_TRUE(client.put("user:1", "Ada"));
    for (const char* name : {"n1", "n2"}) EXPECT_EQ(told({"kill", name}).at("state"), "killed");
    const json last = told({"kill", "n3"});
    EXPECT_EQ(last.at("not_served"), last.at("partitions"));
    EXPECT_THAT(last.at("text").get<std::string>(), HasSubstr("NOT SERVED: 128 partitions"));
    EXPECT_EQ(kvctl({"get", "user:1", "--timeout", "500ms"}).code, 4);
    for (const char* name : {"n1", "n2", "n3"}) EXPECT_EQ(told({"resume", name}).at("state"), "running");
    const auto found = client.get("user:1");
    ASSERT_TRUE(found) << found.error();
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->value, "Ada");
    ASSERT_TRUE(becomes_whole(client, 3));
    end_with(SIGTERM);
}

TEST_F(Demo, WhatCannotBeDoneIsSaidWithWhatCan) {
    (void)start({"--nodes", "1", "--racks", "1"});
    const Finished unknown = demo({"kill", "n9"});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_THAT(unknown.errors, HasSubstr("there is no node 'n9' in this demo; there are n1"));
    EXPECT_EQ(told({"resume", "n1"}).at("state"), "running") << "it runs already";
    EXPECT_EQ(told({"kill", "n1"}).at("state"), "killed");
    const Finished paused = demo({"pause", "n1"});
    EXPECT_EQ(paused.code, 6);
    EXPECT_THAT(paused.errors, HasSubstr("kvctl demo resume n1"));
    const Finished second = demo({});
    EXPECT_EQ(second.code, 2);
    EXPECT_THAT(second.errors, AllOf(HasSubstr("a demo runs with base port"), HasSubstr("--port")));
    end_with(SIGHUP);
}

TEST_F(Demo, TheNextOneRemovesWhatOneThatWasKilledHasLeftAndEndsByItself) {
    const std::string left = start({"--nodes", "1", "--racks", "1"}).at("directory");
    demo_->signal(SIGKILL);
    (void)demo_->wait_for_exit(patience);
    ASSERT_TRUE(std::filesystem::exists(left));
    const std::string next = start({"--nodes", "2", "--racks", "2", "--seconds", "1"}).at("directory");
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_EQ(demo_->wait_for_exit(patience), 0) << demo_->errors();
    EXPECT_FALSE(std::filesystem::exists(next));
}

}  // namespace
}  // namespace ringkv::testing
