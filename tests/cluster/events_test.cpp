// What operators are told by real servers: a node that dies under load and comes back, and a registry that is killed
// and knows it all afterwards; what happens while it is followed; and what nodes do, as `kvctl top` shows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/unit/edge/http_client.hpp"

namespace ringkv::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr unsigned partitions = 32;

class Events : public ::testing::Test {
  protected:
    [[nodiscard]] std::vector<std::string> with_registry(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"--registry", cluster_.registry_endpoint(), "--timeout", "30s"});
        return arguments;
    }
    [[nodiscard]] Finished kvctl(std::vector<std::string> arguments) const {
        return run(KVCTL_PROGRAM, with_registry(std::move(arguments)), cluster_.directory() / "kvctl");
    }
    [[nodiscard]] json kvctl_json(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"-o", "json"});
        const Finished done = kvctl(std::move(arguments));
        EXPECT_EQ(done.code, 0) << done.errors;
        return json::parse(done.output);
    }
    [[nodiscard]] json events(std::uint64_t after = 0) const {
        return kvctl_json({"events", "--after", std::to_string(after)});
    }
    // The first of that kind after the number; null: there is none.
    static json first(const json& events, const std::string& kind, std::uint64_t after = 0) {
        for (const json& event : events)
            if (event.at("kind") == kind && event.at("id") > after) return event;
        return nullptr;
    }
    // Its events, once that kind is among them.
    [[nodiscard]] json wait_for(const std::string& kind, std::uint64_t after = 0) const {
        json all;
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_TRUE(wait_until(patience,
                               [&] {
                                   all = events(after);
                                   return !first(all, kind, after).is_null();
                               }))
            << kind << " is never told: " << all.dump(1);
        std::cout << kind << " after "
                  << std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun).count()
                  << " ms\n";
        return all;
    }
    // Does the one follow from the other, over any number of events between?
    static bool follows(const json& events, json event, const json& from) {
        while (event.contains("cause") && event.at("cause") != from.at("id")) {
            const auto cause = event.at("cause");
            event = nullptr;
            for (const json& other : events)
                if (other.at("id") == cause) event = other;
            if (event.is_null()) return false;
        }
        return event.contains("cause");
    }
    static json beginning(const json& events, std::size_t count) {
        json some = json::array();
        for (std::size_t i = 0; i < std::min(count, events.size()); ++i) some.push_back(events[i]);
        return some;
    }
    static std::vector<std::uint64_t> ids_of(const json& events) {
        std::vector<std::uint64_t> ids;
        for (const json& event : events) ids.push_back(event.at("id"));
        return ids;
    }

    ProcessCluster cluster_{{.partitions = partitions, .http = true, .durability = "os"}};
};

TEST_F(Events, TellOfANodeThatIsKilledUnderLoadAndComesBackAndOutliveTheRegistry) {
    Client observer = cluster_.client();
    Load load({.endpoints = {cluster_.registry_endpoint()}, .clients = 2});
    ASSERT_TRUE(load.every_key_written(patience));
    const json formed = wait_for("cluster_formed");
    EXPECT_EQ(formed.at(0).at("kind"), "registry_started");
    EXPECT_EQ(formed.at(0).at("id"), 1);
    const std::uint64_t before = ids_of(formed).back();

    cluster_.kill_node("n3");
    json all = wait_for("node_down", before);
    const json suspected = first(all, "node_suspected", before);
    const json views = first(all, "views_changed", before);
    const json under = first(all, "under_replicated", before);
    const json down = first(all, "node_down", before);
    ASSERT_FALSE(suspected.is_null() || views.is_null() || under.is_null()) << all.dump(1);
    EXPECT_EQ(suspected.at("node"), "n3");
    EXPECT_TRUE(follows(all, down, suspected)) << all.dump(1);
    EXPECT_TRUE(follows(all, views, suspected)) << all.dump(1);
    EXPECT_TRUE(follows(all, under, views)) << all.dump(1);
    EXPECT_THAT(views.at("text").get<std::string>(), HasSubstr("without n3, which does not answer"));
    ASSERT_TRUE(load.every_key_written(patience));

    cluster_.start_node("n3");
    all = wait_for("fully_replicated", down.at("id"));
    EXPECT_EQ(first(all, "node_returned", down.at("id")).at("cause"), down.at("id")) << all.dump(1);
    cluster_.wait_until_settled(observer, 3);
    const json lived = events();

    cluster_.kill_registry();
    cluster_.start_registry();
    all = wait_for("registry_started", ids_of(lived).back());
    const json after = events();
    EXPECT_EQ(beginning(after, lived.size()), lived);
    std::vector<std::uint64_t> every(after.size());
    for (std::size_t i = 0; i < every.size(); ++i) every[i] = i + 1;
    EXPECT_EQ(ids_of(after), every) << "without a gap";
    EXPECT_THAT(kvctl({"events", "--node", "n3", "--kind", "node_down"}).output, HasSubstr("n3 is called down"));

    const std::string page = get_http(cluster_.http_port("registry"), "/api/events?after=0");
    EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(page, HasSubstr("Content-Type: application/json\r\n"));
    const json paged = json::parse(page.substr(page.find("\r\n\r\n") + 4)).at("events");
    EXPECT_EQ(beginning(paged, after.size()), after);
    EXPECT_THAT(load.verify({cluster_.registry_endpoint()}).violations, IsEmpty());
}

TEST_F(Events, AreFollowedUntilAnInterrupt) {
    (void)wait_for("cluster_formed");
    ChildProcess follower(KVCTL_PROGRAM, with_registry({"events", "--follow", "-o", "json"}),
                          cluster_.directory() / "follower");
    ASSERT_TRUE(follower.wait_for_output("cluster_formed", patience));
    EXPECT_EQ(kvctl({"settings", "set", "repair_after", "45s"}).code, 0);
    EXPECT_TRUE(follower.wait_for_output("repair_after from 30 s to 45 s", patience));
    cluster_.kill_registry();
    cluster_.start_registry();
    EXPECT_EQ(kvctl({"settings", "set", "repair_after", "46s"}).code, 0);
    EXPECT_TRUE(follower.wait_for_output("repair_after from 45 s to 46 s", patience));
    follower.signal(SIGINT);
    EXPECT_EQ(follower.wait_for_exit(patience), 0);
    std::istringstream lines(follower.output());
    std::uint64_t last = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::uint64_t id = json::parse(line).at("id");
        EXPECT_EQ(id, last + 1) << "each once";
        last = id;
    }
}

TEST_F(Events, TopShowsWhatTheNodesDo) {
    Client client = cluster_.client();
    Load load({.endpoints = {cluster_.registry_endpoint()}, .clients = 2});
    ASSERT_TRUE(load.every_key_written(patience));
    ASSERT_TRUE(client.put("the hot one", "x"));
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        while (!stop) (void)client.get("the hot one");
    });
    const json top = kvctl_json({"top", "--once", "--interval", "2s"});
    stop = true;
    reader.join();
    EXPECT_EQ(top.at("nodes").size(), 3U);
    EXPECT_THAT(top.at("silent"), IsEmpty());
    EXPECT_GT(top.at("total").at("gets"), 10) << top.dump(1);
    EXPECT_GT(top.at("total").at("puts"), 1) << top.dump(1);
    EXPECT_GT(top.at("total").at("written_bytes"), 0);
    EXPECT_FALSE(top.at("total").at("get_p99_us").is_null());
    EXPECT_EQ(top.at("hot_keys").at(0).at("key"), "the hot one") << top.dump(1);
    EXPECT_THAT(load.verify({cluster_.registry_endpoint()}).violations, IsEmpty());
}

}  // namespace
}  // namespace ringkv::testing
