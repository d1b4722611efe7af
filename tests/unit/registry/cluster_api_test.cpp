// The shapes of the registry's API (docs/http-api.md), and that they say what the map says.
#include "registry/edge/cluster_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "common/edge/http/query.hpp"
#include "common/partitioning.hpp"
#include "driver.hpp"
#include "registry/edge/dashboard.hpp"

namespace ringkv {
namespace {

using nlohmann::json;
using registry::Dashboard;
using registry::Layout;
using registry::ObservedOverview;
using registry::Overview;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Driver;
using ::testing::HasSubstr;

NodeInfo node(std::uint32_t id, const std::string& name, NodeState state = NodeState::up) {
    NodeInfo made;
    made.id = NodeId(id);
    made.name = name;
    made.rack = "rack-" + std::to_string(id);
    made.endpoints = {"tcp://127.0.0.1:" + std::to_string(7000 + id)};
    made.state = state;
    return made;
}

PartitionState partition(const std::vector<std::uint32_t>& members, const std::vector<std::uint32_t>& target,
                         const std::vector<std::uint32_t>& learners = {}) {
    PartitionState made;
    made.view.id = {Generation(1), ViewNumber(4)};
    for (const std::uint32_t id : members) made.view.members.emplace_back(id);
    made.view.primary = made.view.members.front();
    for (const std::uint32_t id : target) made.target.emplace_back(id);
    for (const std::uint32_t id : learners) made.learners.emplace_back(id);
    return made;
}

// Four nodes, of which n3 is down and n4 is gone; partitions in every state.
ClusterMap example_map() {
    ClusterMap map;
    map.generation = Generation(1);
    map.epoch = Epoch(9);
    map.settings.cluster = "example";
    map.settings.replication = 2;
    map.nodes = {{NodeId(1), node(1, "n1")},
                 {NodeId(2), node(2, "n2")},
                 {NodeId(3), node(3, "n3", NodeState::down)},
                 {NodeId(4), node(4, "n4", NodeState::gone)}};
    map.partitions = {partition({1, 2}, {1, 2}),      partition({2, 1}, {2, 1}),  // full
                      partition({1, 3}, {1, 2}, {2}),                             // a copy is being made
                      partition({1}, {1, 2}),                                     // one is planned
                      partition({3, 1}, {3, 1}),                                  // its primary is down
                      partition({4}, {1, 2}),                                     // no copy is left
                      partition({1, 2, 3}, {1, 2}),                               // n3 is to leave
                      partition({2, 1}, {2, 1})};
    map.settings.partitions = static_cast<std::uint32_t>(map.partitions.size());
    return map;
}

Overview overview_of(const ClusterMap& map) {
    Overview seen;
    seen.layout = std::make_shared<const Layout>(registry::layout_of(map));
    seen.silent[NodeId(3)] = milliseconds(1234);
    return seen;
}

json body_of(const HttpAnswer& answer, unsigned status = 200) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.content_type, "application/json");
    return json::parse(answer.body);
}

json cluster_of(const ClusterMap& map) {
    return body_of(registry::cluster_answer(overview_of(map), "2026-01-31T23:59:59.999Z"));
}

json located(const ClusterMap& map, std::string_view query, unsigned status = 200) {
    return body_of(registry::locate_answer(overview_of(map), query), status);
}

// The paths of all values: "partitions.full", "nodes[].name".
void add_paths(const json& value, const std::string& path, std::set<std::string>& paths) {
    if (value.is_object() && !value.empty()) {
        for (const auto& [name, inner] : value.items())
            add_paths(inner, path.empty() ? name : std::string(path).append(".").append(name), paths);
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
        for (const json& inner : value) add_paths(inner, path + "[]", paths);
    } else {
        paths.insert(path);
    }
}

// Those that the tables of docs/http-api.md name under the heading of the endpoint.
std::set<std::string> documented(const std::string& endpoint) {
    std::ifstream file(std::string(RINGKV_SOURCE_DIR) + "/docs/http-api.md");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t begin = text.find("\n## GET " + endpoint);
    EXPECT_NE(begin, std::string::npos) << endpoint << " has no section";
    const std::string section = text.substr(begin, text.find("\n## ", begin + 1) - begin);
    const std::regex row("\n\\| `([^`]+)` \\|");
    std::set<std::string> paths;
    for (std::sregex_iterator at(section.begin(), section.end(), row), end; at != end; ++at) paths.insert((*at)[1]);
    return paths;
}

std::set<std::string> paths_of(const json& value) {
    std::set<std::string> paths;
    add_paths(value, "", paths);
    return paths;
}

TEST(ClusterApi, HasTheFieldsOfTheDocument) {
    Driver driver;
    driver.form(3);
    for (int i = 0; i < 3; ++i) {
        Heartbeat beat = driver.beat(1);
        beat.activity = NodeActivity{};
        beat.activity->writes = static_cast<std::uint64_t>(i);
        driver.give(driver.node(1).origin(), beat);
        driver.advance(seconds(1));
    }
    const Overview seen = driver.actor().overview(driver.now());
    EXPECT_EQ(paths_of(cluster_of(example_map())), documented("/api/cluster"));
    EXPECT_EQ(paths_of(body_of(registry::activity_answer(seen))), documented("/api/activity"));
    EXPECT_EQ(paths_of(located(example_map(), "key=k")), documented("/api/locate"));
    EXPECT_EQ(paths_of(body_of(registry::node_answer(seen, "name=n1"))), documented("/api/node"));
    EXPECT_EQ(paths_of(body_of(registry::error_answer(404, "no"), 404)), documented("errors"));
}

TEST(ClusterApi, CountsPartitionsByTheirState) {
    const json seen = cluster_of(example_map());
    EXPECT_EQ(seen["cluster"], "example");
    EXPECT_EQ(seen["epoch"], 9);
    EXPECT_EQ(seen["health"], "unavailable");
    EXPECT_EQ(seen["partitions"], json({{"total", 8},
                                        {"full", 4},
                                        {"under_replicated", 2},
                                        {"unavailable", 2},
                                        {"lost", 1},
                                        {"runs", "2f2 u1+1 u1 x1 l0 2f2"}}));
    EXPECT_EQ(seen["moves"]["active"], 1);
    EXPECT_EQ(seen["moves"]["list"], json::array({{{"partition", 2}, {"from", "n1"}, {"to", "n2"}}}));
    EXPECT_EQ(seen["moves"]["pending"], 3);
}

TEST(ClusterApi, SaysWhatEachNodeHas) {
    const json nodes = cluster_of(example_map())["nodes"];
    ASSERT_EQ(nodes.size(), 3U);  // n4 is gone
    EXPECT_EQ(nodes[0]["name"], "n1");
    EXPECT_EQ(nodes[0]["primaries"], 4);
    EXPECT_EQ(nodes[0]["copies"], 7);
    EXPECT_EQ(nodes[0]["awaiting"], 1);
    EXPECT_EQ(nodes[1]["receiving"], 1);
    EXPECT_EQ(nodes[1]["awaiting"], 2);
    EXPECT_EQ(nodes[2]["state"], "down");
    EXPECT_EQ(nodes[2]["silent_ms"], 1234);
    EXPECT_EQ(body_of(registry::node_answer(overview_of(example_map()), "name=n1"))["runs"], "p b 2p b w p b");
    EXPECT_EQ(body_of(registry::node_answer(overview_of(example_map()), "name=n2"))["runs"], "b p l w - w b p");
}

TEST(ClusterApi, ANodeThatIsNotThereIsSaidSo) {
    const Overview seen = overview_of(example_map());
    EXPECT_THAT(body_of(registry::node_answer(seen, "name=n9"), 404)["error"], HasSubstr("n9"));
    EXPECT_THAT(body_of(registry::node_answer(seen, ""), 400)["error"], HasSubstr("name="));
    EXPECT_THAT(body_of(registry::node_answer(seen, "name=%g"), 400)["error"], HasSubstr("hexadecimal"));
}

TEST(ClusterApi, LocatesAKeyByTheHashOfTheCluster) {
    for (const std::string key : {"user:1", "", "%00%ff", "a%26b"}) {
        const std::string bytes = *percent_decoded(key);
        EXPECT_EQ(located(example_map(), "key=" + key)["partition"], partition_of(bytes, 8).value()) << key;
    }
    EXPECT_EQ(located(example_map(), "partition=2"),
              json({{"partition", 2},
                    {"view", "v4"},
                    {"primary", "n1"},
                    {"members",
                     {{{"name", "n1"}, {"rack", "rack-1"}, {"role", "primary"}, {"state", "up"}},
                      {{"name", "n3"}, {"rack", "rack-3"}, {"role", "backup"}, {"state", "down"}},
                      {{"name", "n2"}, {"rack", "rack-2"}, {"role", "learner"}, {"state", "up"}}}},
                    {"available", true},
                    {"full", false}}));
    EXPECT_EQ(located(example_map(), "partition=3")["members"][1]["role"], "planned");
    EXPECT_EQ(located(example_map(), "partition=4")["available"], false);
}

TEST(ClusterApi, WhatIsNoQuestionIsAnsweredWithWhatToAsk) {
    const ClusterMap map = example_map();
    EXPECT_THAT(located(map, "", 400)["error"], HasSubstr("?key="));
    EXPECT_THAT(located(map, "key=a&partition=1", 400)["error"], HasSubstr("say which"));
    EXPECT_THAT(located(map, "key=%f", 400)["error"], HasSubstr("hexadecimal"));
    for (const std::string number : {"8", "-1", "1x", "", "99999999999999999999", "0x1"})
        EXPECT_THAT(located(map, "partition=" + number, 404)["error"], HasSubstr("0 to 7")) << number;
    EXPECT_THAT(located({}, "key=k", 503)["error"], HasSubstr("no cluster"));
}

TEST(ClusterApi, ARegistryWithoutAClusterSaysSo) {
    const json seen = cluster_of({});
    EXPECT_EQ(seen["health"], "forming");
    EXPECT_EQ(seen["partitions"]["total"], 0);
    EXPECT_EQ(seen["partitions"]["runs"], "");
}

TEST(ClusterApi, NamesThatAreNoTextDoNoHarm) {
    ClusterMap map = example_map();
    map.nodes[NodeId(1)].name = "\xff<script>\"\n";
    EXPECT_THAT(registry::cluster_answer(overview_of(map), "").body, HasSubstr("<script>\\\"\\n"));
}

// What is shown of 65,536 partitions whose states alternate, the worst there is, is no more than a page may be.
TEST(ClusterApi, IsCompact) {
    ClusterMap map = example_map();
    map.partitions.clear();
    for (std::uint32_t p = 0; p < max_partitions; ++p)
        map.partitions.push_back(p % 2 == 0 ? partition({1, 2}, {1, 2}) : partition({1}, {1, 2}, {2}));
    map.settings.partitions = max_partitions;
    EXPECT_LT(registry::cluster_answer(overview_of(map), "").body.size(), 600'000U);
    for (PartitionState& state : map.partitions) state = partition({1, 2}, {1, 2});
    EXPECT_LT(registry::cluster_answer(overview_of(map), "").body.size(), 2'000U);
}

TEST(RegistryOverview, FollowsWhatIsPublished) {
    Driver driver;
    driver.form(3);
    const Overview before = driver.actor().overview(driver.now());
    EXPECT_EQ(before.layout->epoch, driver.map().epoch);
    EXPECT_EQ(driver.actor().overview(driver.now()).layout, before.layout);  // nothing has changed: nothing is made
    driver.beating.erase(3);
    driver.advance(seconds(3));
    const Overview after = driver.actor().overview(driver.now());
    EXPECT_GT(after.layout->epoch, before.layout->epoch);
    const NodeId third = driver.node(3).id;
    EXPECT_GE(after.silent.at(third), seconds(2));
    EXPECT_LT(after.silent.at(driver.node(1).id), milliseconds(200));
    EXPECT_EQ(after.layout->nodes.at(third).state, NodeState::down);
}

class DashboardTest : public ::testing::Test {
  protected:
    [[nodiscard]] HttpAnswer get(std::string_view path, std::string_view query = {}) {
        auto answer = dashboard_.answer({path, query});
        EXPECT_TRUE(answer) << path;
        return answer.value_or(HttpAnswer{});
    }

    bool turns_ = true;
    int looks_ = 0;
    Dashboard dashboard_{[this] {
        ++looks_;
        return ObservedOverview{std::make_shared<const Overview>(overview_of(example_map())), turns_};
    }};
};

TEST_F(DashboardTest, ServesItsFilesAndNoOthers) {
    EXPECT_EQ(get("/").content_type, "text/html; charset=utf-8");
    EXPECT_THAT(get("/").body, HasSubstr("<title>RingKV</title>"));
    EXPECT_EQ(get("/dashboard/main.js").content_type, "text/javascript; charset=utf-8");
    for (const registry::DashboardFile& file : registry::dashboard_files()) {
        const std::string name =
            file.path == "/" ? "index.html" : std::string(file.path.substr(file.path.rfind('/') + 1));
        std::ifstream source(std::string(RINGKV_SOURCE_DIR) + "/registry/edge/dashboard/" + name);
        const std::string content{std::istreambuf_iterator<char>(source), {}};
        EXPECT_EQ(file.content, content) << name;
    }
    for (const std::string path : {"/dashboard/", "/dashboard/../main.cpp", "/index.html", "/dashboard/main.js/"})
        EXPECT_FALSE(dashboard_.answer({path, {}})) << path;
}

// Everything comes from here, and nothing from elsewhere; nothing of the cluster's is taken for HTML.
TEST_F(DashboardTest, TheFilesNeedNothingFromElsewhereAndTakeNothingForHtml) {
    for (const registry::DashboardFile& file : registry::dashboard_files()) {
        const std::string text(file.content);
        for (const std::string word :
             {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"})
            EXPECT_EQ(text.find(word), std::string::npos) << file.path << " uses " << word;
        for (std::size_t at = 0; (at = text.find("://", at)) != std::string::npos; ++at)
            EXPECT_EQ(text.substr(at, 22), "://www.w3.org/2000/svg") << file.path;
    }
}

TEST_F(DashboardTest, LooksSeldomHoweverOftenItIsAsked) {
    const Time begun = boot_time();
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(get("/api/cluster").status, 200U);
        EXPECT_EQ(get("/api/locate", "partition=1").status, 200U);
    }
    EXPECT_LE(looks_, (boot_time() - begun) / milliseconds(250) + 1);
}

TEST_F(DashboardTest, SaysThatTheRegistryDoesNotTurn) {
    turns_ = false;
    for (const std::string path : {"/api/cluster", "/api/activity", "/api/locate", "/api/node"})
        EXPECT_THAT(body_of(get(path), 503)["error"], HasSubstr("does not turn"));
    EXPECT_EQ(get("/").status, 200U);  // the page is there, to say so
}

TEST_F(DashboardTest, AnotherPathOfTheApiIsToldWhatThereIs) {
    EXPECT_THAT(body_of(get("/api/nothing"), 404)["error"], HasSubstr("/api/cluster"));
}

}  // namespace
}  // namespace ringkv
