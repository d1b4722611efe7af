// What the pages of real servers tell of a node that dies under load and comes back, of a registry that is away; and
// what a hostile scraper can do: nothing to the data path.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <iostream>
#include <thread>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/sanitized.hpp"
#include "tests/unit/edge/http_client.hpp"
#include "tests/unit/metrics_page.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr unsigned partitions = 32;

class Metrics : public ::testing::Test {
  protected:
    [[nodiscard]] std::string get(const std::string& server, const std::string& path) const {
        return get_http(cluster_.http_port(server), path);
    }
    [[nodiscard]] std::string body(const std::string& server) const {
        const std::string answer = get(server, "/metrics");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
        return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
    }
    [[nodiscard]] test::MetricsPage page(const std::string& server) const { return test::read_page(body(server)); }
    // -> how long it took.
    milliseconds wait_for(const std::string& what, const std::function<bool()>& condition) const {
        const Instant begun = std::chrono::steady_clock::now();
        while (!condition()) {
            if (std::chrono::steady_clock::now() - begun > patience) {
                ADD_FAILURE() << "never: " << what;
                break;
            }
            std::this_thread::sleep_for(20ms);
        }
        const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
        std::cout << what << " after " << took.count() << " ms\n";
        return took;
    }

    ProcessCluster cluster_{{.partitions = partitions, .http = true}};
};

TEST_F(Metrics, TellOfANodeThatIsKilledUnderLoadAndComesBack) {
    Client observer = cluster_.client();
    Load load({.endpoints = {cluster_.registry_endpoint()}, .clients = 2});
    ASSERT_TRUE(load.every_key_written(patience));

    const test::MetricsPage registry = page("registry");
    const test::MetricsPage before = page("n1");
    EXPECT_EQ(registry.types, test::documented("registry"));
    EXPECT_EQ(before.types, test::documented("node"));
    EXPECT_EQ(registry.at(R"(ringkv_registry_nodes{state="up"})"), 3);
    EXPECT_EQ(registry.at(R"(ringkv_registry_partitions{state="full"})"), partitions);
    EXPECT_GE(registry.sum("ringkv_storage_commit_duration_seconds_count"), 1);
    EXPECT_EQ(before.sum("ringkv_replicas{"), partitions);
    EXPECT_EQ(before.at(R"(ringkv_epoch{shard="0"})"), registry.at("ringkv_epoch"));
    EXPECT_GT(before.at(R"(ringkv_request_duration_seconds_count{shard="0",kind="write"})"), 0);
    EXPECT_GT(before.at(R"(ringkv_replication_duration_seconds_sum{shard="0"})"), 0);
    EXPECT_GT(before.at(R"(ringkv_received_bytes_total{shard="0",peer="client"})"), 0);
    EXPECT_GT(before.at(R"(ringkv_sent_messages_total{shard="0",peer="server"})"), 0);
    EXPECT_GT(before.at(R"(ringkv_keys{shard="0"})"), 0);
    for (const std::string server : {"registry", "n1", "n2", "n3"}) {
        EXPECT_THAT(get(server, "/livez"), EndsWith("\r\n\r\nok\n")) << server;
        wait_for(server + " is ready", [&] { return get(server, "/readyz").ends_with("\r\n\r\nok\n"); });
    }

    cluster_.kill_node("n3");
    wait_for("the registry says that a node is down, and no partition is full", [&] {
        const test::MetricsPage now = page("registry");
        return now.at(R"(ringkv_registry_nodes{state="down"})") == 1 &&
               now.at(R"(ringkv_registry_partitions{state="under_replicated"})") == partitions;
    });
    EXPECT_GT(page("registry").at("ringkv_registry_unavailable_partition_seconds_total"), 0);
    wait_for("the survivors have the partitions", [&] {
        return page("n1").at(R"(ringkv_primaries{shard="0",phase="serving"})") +
                   page("n2").at(R"(ringkv_primaries{shard="0",phase="serving"})") ==
               partitions;
    });
    const test::MetricsPage after = page("n1");
    EXPECT_GT(after.at(R"(ringkv_view_changes_total{shard="0"})"),
              before.at(R"(ringkv_view_changes_total{shard="0"})"));
    EXPECT_GT(after.at(R"(ringkv_terms_total{shard="0"})"), before.at(R"(ringkv_terms_total{shard="0"})"));
    EXPECT_GT(page("n1").sum("ringkv_primaries_under_replicated{"), 0);
    ASSERT_TRUE(load.every_key_written(patience));
    EXPECT_GT(page("n1").sum(R"(ringkv_requests_total{shard="0",kind="write",outcome="done"})"),
              before.sum(R"(ringkv_requests_total{shard="0",kind="write",outcome="done"})"));

    cluster_.start_node("n3");
    wait_for("the registry says that all is full again", [&] {
        const test::MetricsPage now = page("registry");
        return now.at(R"(ringkv_registry_nodes{state="up"})") == 3 &&
               now.at(R"(ringkv_registry_partitions{state="full"})") == partitions;
    });
    const test::MetricsPage back = page("n3");
    EXPECT_EQ(back.sum("ringkv_replicas{"), partitions);
    EXPECT_GT(back.at(R"(ringkv_keys{shard="0"})"), 0);
    EXPECT_THAT(load.verify({cluster_.registry_endpoint()}).violations, IsEmpty());
}

TEST_F(Metrics, AreWhatPrometheusWants) {
    for (const std::string server : {"registry", "n1"}) {
        const std::filesystem::path file = cluster_.directory() / (server + ".metrics");
        std::ofstream(file) << body(server);
        const std::string command =
            std::string(RINGKV_SOURCE_DIR) + "/scripts/promtool check metrics < " + file.string() + " 2>&1";
        FILE* const pipe = ::popen(command.c_str(), "r");
        ASSERT_NE(pipe, nullptr);
        std::string said;
        char buffer[256];
        while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) said += buffer;
        const int status = ::pclose(pipe);
        if (WEXITSTATUS(status) == 77) GTEST_SKIP() << said;
        EXPECT_EQ(WEXITSTATUS(status), 0) << server << '\n' << said;
        EXPECT_EQ(said, "") << server;
    }
}

TEST_F(Metrics, ANodeWithoutItsRegistryIsAliveAndNotReady) {
    cluster_.kill_registry();
    wait_for("n1 says that the registry is out of reach",
             [&] { return get("n1", "/readyz").find("registry is out of reach") != std::string::npos; });
    EXPECT_THAT(get("n1", "/readyz"), StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(get("n1", "/livez"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(page("n1").at(R"(ringkv_registry_in_reach{shard="0"})"), 0);
    cluster_.start_registry();
    wait_for("n1 is ready again", [&] { return get("n1", "/readyz").starts_with("HTTP/1.1 200 "); });
    EXPECT_EQ(page("registry").at("ringkv_registry_formed"), 1);
}

// A thousand connections that say nothing, headers of a megabyte, answers that are never read, and pages asked for
// without a pause, of every server and all at once.
TEST_F(Metrics, AHostileScraperHarmsNoWrite) {
    Load load({.endpoints = {cluster_.registry_endpoint()}, .clients = 2});
    ASSERT_TRUE(load.every_key_written(patience));
    const test::MetricsPage before = page("n1");
    load.measure();

    rlimit files{};  // of this process: its own end of all of them
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    std::atomic<bool> over{false};
    std::vector<std::thread> scrapers;
    for (const std::string server : {"registry", "n1", "n2", "n3"}) {
        const std::uint16_t port = cluster_.http_port(server);
        scrapers.emplace_back([port, &over] {
            const std::string large =
                "GET /metrics HTTP/1.1\r\nX: " + std::string(std::size_t{1} << 20U, 'x') + "\r\n\r\n";
            std::deque<HttpConnection> silent;
            while (!over) {
                if (silent.size() < 250) {
                    silent.emplace_back(port);
                    silent.emplace_back(port).send("GET /metrics HTTP/1.1\r\n\r\n");  // and does not read
                }
                (void)ask_http(port, large);
                (void)get_http(port, "/metrics");
            }
        });
    }
    std::this_thread::sleep_for(3s);
    // The probe of another gets through meanwhile.
    wait_for("a probe is answered", [&] { return get("n1", "/livez").starts_with("HTTP/1.1 200 "); });
    ASSERT_TRUE(load.every_key_written(patience));
    const test::MetricsPage during = page("n1");
    over = true;
    for (std::thread& scraper : scrapers) scraper.join();

    EXPECT_LT(during.at("process_open_fds"), before.at("process_open_fds") + 40);
    if (!test::sanitized) {
        EXPECT_LT(during.at("process_resident_memory_bytes"), before.at("process_resident_memory_bytes") + (64 << 20));
    }
    milliseconds longest{0};
    for (const auto& [key, gap] : load.gaps()) longest = std::max(longest, gap);
    std::cout << "the longest time without a write of a key: " << longest.count() << " ms\n";
    const LoadReport report = load.verify({cluster_.registry_endpoint()});
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.failed(), 0U) << report.summary();
    EXPECT_EQ(page("registry").at(R"(ringkv_registry_nodes{state="up"})"), 3);
}

}  // namespace
}  // namespace ringkv::testing
