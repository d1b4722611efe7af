// A node is killed under load, and comes back: status, check, the page's API, metrics and events tell the same of it.
// How soon each does is printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/unit/edge/http_client.hpp"
#include "tests/unit/metrics_page.hpp"

namespace ringkv::testing {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;

constexpr unsigned partitions = 32;

class SameStory : public ::testing::Test {
  protected:
    // A place where it is told, and does it tell it?
    struct Teller {
        std::string name;
        std::function<bool()> tells;
    };

    [[nodiscard]] Finished kvctl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(),
                         {"--registry", cluster_.registry_endpoint(), "--timeout", "30s", "-o", "json"});
        return run(KVCTL_PROGRAM, arguments, cluster_.directory() / "kvctl");
    }
    [[nodiscard]] std::string page(const std::string& path) const {
        const std::string answer = get_http(cluster_.http_port("registry"), path);
        return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
    }
    static std::string state_of(const json& listed, const std::string& name) {
        for (const json& node : listed)
            if (node.at("name") == name) return node.at("state");
        return "";
    }
    // Of `kvctl status` and of the page's API, which name them alike.
    static bool says(const json& cluster, const std::string& node, const std::string& state, unsigned lacking) {
        return state_of(cluster.at("nodes"), node) == state && cluster.at("partitions").at("total") == partitions &&
               cluster.at("partitions").at("under_replicated") == lacking &&
               cluster.at("partitions").at("unavailable") == 0 &&
               cluster.at("health") == (lacking == 0 ? "ok" : "degraded");
    }
    [[nodiscard]] bool metrics_say(unsigned down, unsigned lacking) const {
        const test::MetricsPage now = test::read_page(page("/metrics"));
        return now.at(R"(ringkv_registry_nodes{state="down"})") == down &&
               now.at(R"(ringkv_registry_nodes{state="up"})") == nodes - down &&
               now.at(R"(ringkv_registry_partitions{state="under_replicated"})") == lacking &&
               now.at(R"(ringkv_registry_partitions{state="full"})") == partitions - lacking;
    }
    [[nodiscard]] json events_after(std::uint64_t id) const {
        return json::parse(kvctl({"events", "--after", std::to_string(id)}).output);
    }
    static bool told(const json& events, const std::string& kind, const std::string& text) {
        return std::ranges::any_of(events, [&](const json& event) {
            return event.at("kind") == kind && event.at("text").get<std::string>().find(text) != std::string::npos;
        });
    }
    static bool found(const Finished& check, const std::string& code, const std::string& text) {
        const json findings = json::parse(check.output).at("findings");
        return std::ranges::any_of(findings, [&](const json& finding) {
            return finding.at("code") == code && finding.at("what").get<std::string>().rfind(text, 0) == 0;
        });
    }
    // Until all tell it, each of them once those before it have told it: check waits for two seconds for a node that is
    // dead and not called so yet.
    static void wait_for(const std::string& what, std::vector<Teller> tellers) {
        const Instant begun = std::chrono::steady_clock::now();
        std::cout << what << ":";
        const bool all = wait_until(patience, [&] {
            while (!tellers.empty() && tellers.front().tells()) {
                const auto took = std::chrono::steady_clock::now() - begun;
                std::cout << ' ' << tellers.front().name << " after "
                          << std::chrono::duration_cast<milliseconds>(took).count() << " ms;";
                tellers.erase(tellers.begin());
            }
            return tellers.empty();
        });
        std::cout << '\n';
        ASSERT_TRUE(all) << what << " is never told by " << tellers.front().name;
    }

    static constexpr unsigned nodes = 4;
    ProcessCluster cluster_{{.nodes = nodes, .partitions = partitions, .http = true, .durability = "os"}};
};

TEST_F(SameStory, OfANodeThatIsKilledUnderLoadAndComesBack) {
    Client observer = cluster_.client();
    const ClusterStatus before = cluster_.wait_until_settled(observer, nodes);
    const unsigned lacking = copies_of(before, "n1");
    ASSERT_GT(lacking, 0U);
    ASSERT_LT(lacking, partitions) << "or the counts would be those of everything";
    Load load({.endpoints = {cluster_.registry_endpoint()}, .clients = 2});
    ASSERT_TRUE(load.every_key_written(patience));
    ASSERT_EQ(kvctl({"check"}).code, 0);
    const json all = events_after(0);
    const std::uint64_t newest = all.empty() ? 0 : all.back().at("id").get<std::uint64_t>();

    cluster_.kill_node("n1");
    const std::string fewer = std::to_string(lacking) + " partitions with fewer than 3 copies";
    wait_for("n1 is down",
             {{"status", [&] { return says(json::parse(kvctl({"status"}).output), "n1", "down", lacking); }},
              {"check",
               [&] {
                   const Finished check = kvctl({"check"});
                   return check.code == 7 && found(check, "node-down", "n1 is down") &&
                          found(check, "under-replicated", fewer);
               }},
              {"page", [&] { return says(json::parse(page("/api/cluster")), "n1", "down", lacking); }},
              {"metrics", [&] { return metrics_say(1, lacking); }},
              {"events", [&] {
                   const json now = events_after(newest);
                   return told(now, "node_down", "n1") && told(now, "under_replicated", "fewer than 3 copies");
               }}});

    cluster_.start_node("n1");
    wait_for("n1 is back, and all is whole",
             {{"status", [&] { return says(json::parse(kvctl({"status"}).output), "n1", "up", 0); }},
              {"check", [&] { return kvctl({"check"}).code == 0; }},
              {"page", [&] { return says(json::parse(page("/api/cluster")), "n1", "up", 0); }},
              {"metrics", [&] { return metrics_say(0, 0); }},
              {"events", [&] {
                   const json now = events_after(newest);
                   return told(now, "node_returned", "n1") && told(now, "fully_replicated", "");
               }}});
    const LoadReport report = load.verify({cluster_.registry_endpoint()});
    EXPECT_THAT(report.violations, IsEmpty());
}

}  // namespace
}  // namespace ringkv::testing
