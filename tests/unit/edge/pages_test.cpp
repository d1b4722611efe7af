// The pages of a server: how they are found, what status they have, and how often they are made.
#include "common/edge/observing/pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "common/edge/observing/loop_metrics.hpp"
#include "common/edge/observing/process_metrics.hpp"
#include "common/edge/system/clock.hpp"
#include "http_client.hpp"
#include "tests/unit/metrics_page.hpp"

namespace ringkv {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class PagesTest : public ::testing::Test {
  protected:
    PagesTest() {
        Pages pages;
        pages.metrics = [this] { return "made " + std::to_string(++made_) + "\n"; };
        pages.not_alive = [this] {
            ++made_;
            return std::vector<std::string>();
        };
        pages.not_ready = [this] {
            ++made_;
            return std::vector<std::string>{"shard 1: not joined", "shard 2: neither"};
        };
        pages.others = [](const HttpRequest& request) -> std::optional<HttpAnswer> {
            if (request.path != "/more" && request.path != "/metrics") return std::nullopt;
            return HttpAnswer{200, "text/plain", "more of " + std::string(request.query)};
        };
        auto opened = serve_pages("127.0.0.1:" + std::to_string(port_), pages);
        EXPECT_TRUE(opened) << opened.error();
        server_ = std::move(*opened);
    }

    std::uint16_t port_ = [] {
        const std::string endpoint = free_endpoint();
        return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
    }();
    std::atomic<int> made_{0};
    std::unique_ptr<HttpServer> server_;
};

TEST_F(PagesTest, SayWhatIsWrongAndThatNothingIs) {
    EXPECT_THAT(get_http(port_, "/livez"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(get_http(port_, "/livez"), EndsWith("\r\n\r\nok\n"));
    EXPECT_THAT(get_http(port_, "/readyz"), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_THAT(get_http(port_, "/readyz"), EndsWith("\r\n\r\nshard 1: not joined\nshard 2: neither\n"));
}

TEST_F(PagesTest, MetricsAreOfTheTypeThatPrometheusAsksFor) {
    EXPECT_THAT(get_http(port_, "/metrics"), HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
}

TEST_F(PagesTest, AnotherPathIsToldWhatThereIs) {
    for (const std::string path : {"/", "/metrics/", "/METRICS", "/../metrics", "/favicon.ico"}) {
        EXPECT_THAT(get_http(port_, path), StartsWith("HTTP/1.1 404")) << path;
        EXPECT_THAT(get_http(port_, path), HasSubstr("/readyz")) << path;
    }
}

TEST_F(PagesTest, AServerHasMoreOfItsOwnAndNoneInTheirPlace) {
    EXPECT_THAT(get_http(port_, "/more?x=1"), EndsWith("\r\n\r\nmore of x=1"));
    EXPECT_THAT(get_http(port_, "/metrics"), HasSubstr("made "));
}

TEST_F(PagesTest, EachIsMadeTenTimesASecondAtMost) {
    for (const std::string page : {"/metrics", "/livez", "/readyz"}) {
        made_ = 0;
        const Time begun = boot_time();
        for (int i = 0; i < 200; ++i) (void)get_http(port_, page);
        const auto most = (boot_time() - begun) / std::chrono::milliseconds(100) + 1;
        EXPECT_GE(made_, 1) << page;
        EXPECT_LE(made_, most) << page;
    }
}

TEST(Pages, WithoutAnAddressThereAreNone) {
    const auto none = serve_pages(std::nullopt, {});
    ASSERT_TRUE(none);
    EXPECT_EQ(*none, nullptr);
}

TEST(ProcessMetrics, TellOfThisProcess) {
    Exposition text;
    write_process(text);
    const auto page = test::read_page(text.take());
    EXPECT_GT(page.at("process_resident_memory_bytes"), 1 << 20);
    EXPECT_GT(page.at("process_virtual_memory_bytes"), page.at("process_resident_memory_bytes"));
    EXPECT_GE(page.at("process_cpu_seconds_total"), 0);
    EXPECT_GE(page.at("process_open_fds"), 3);
    EXPECT_GT(page.at("process_max_fds"), page.at("process_open_fds"));
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_GT(page.at("process_start_time_seconds"), now - 3600);
    EXPECT_LE(page.at("process_start_time_seconds"), now + 1);
    EXPECT_EQ(page.sum("ringkv_build_info{version="), 1);
    EXPECT_FALSE(commit().empty());
}

TEST(LoopMetrics, ShowEachCounterUnderItsOwnName) {
    LoopFigures figures;
    figures.transport.received(PeerKind::client) = {1, 2, 3};
    figures.transport.received(PeerKind::server) = {4, 5, 6};
    figures.transport.sent(PeerKind::subscriber) = {7, 8, 9};
    figures.transport.malformed = 10;
    figures.transport.overflowed = 11;
    figures.transport.dropped = 12;
    figures.transport.unreadable = 13;
    figures.transport.overloaded = 14;
    figures.transport.wake_ups = 15;
    figures.of_clients = {16, 17};
    figures.of_servers = {18, 19};
    figures.send_bytes = 20;
    figures.turns.add(std::chrono::milliseconds(1));
    Exposition text;
    write_loops(text, {{{{"shard", "3"}}, figures}});
    const auto page = test::read_page(text.take());
    const std::map<std::string, double> expected{
        {"ringkv_received_frames_total{shard=\"3\",peer=\"client\"}", 1},
        {"ringkv_received_messages_total{shard=\"3\",peer=\"client\"}", 2},
        {"ringkv_received_bytes_total{shard=\"3\",peer=\"client\"}", 3},
        {"ringkv_received_frames_total{shard=\"3\",peer=\"server\"}", 4},
        {"ringkv_received_messages_total{shard=\"3\",peer=\"server\"}", 5},
        {"ringkv_received_bytes_total{shard=\"3\",peer=\"server\"}", 6},
        {"ringkv_sent_frames_total{shard=\"3\",peer=\"subscriber\"}", 7},
        {"ringkv_sent_messages_total{shard=\"3\",peer=\"subscriber\"}", 8},
        {"ringkv_sent_bytes_total{shard=\"3\",peer=\"subscriber\"}", 9},
        {"ringkv_refused_frames_total{shard=\"3\",reason=\"malformed\"}", 10},
        {"ringkv_refused_frames_total{shard=\"3\",reason=\"too_much_waits\"}", 11},
        {"ringkv_dropped_messages_total{shard=\"3\",reason=\"not_sent\"}", 12},
        {"ringkv_dropped_messages_total{shard=\"3\",reason=\"newer_release\"}", 13},
        {"ringkv_requests_refused_unread_total{shard=\"3\"}", 14},
        {"ringkv_wake_ups_total{shard=\"3\"}", 15},
        {"ringkv_inbox_frames{shard=\"3\",peer=\"client\"}", 16},
        {"ringkv_inbox_bytes{shard=\"3\",peer=\"client\"}", 17},
        {"ringkv_inbox_frames{shard=\"3\",peer=\"server\"}", 18},
        {"ringkv_inbox_bytes{shard=\"3\",peer=\"server\"}", 19},
        {"ringkv_send_queue_bytes{shard=\"3\"}", 20},
        {"ringkv_turn_duration_seconds_count{shard=\"3\"}", 1},
        {"ringkv_turn_duration_seconds_sum{shard=\"3\"}", 0.001},
    };
    for (const auto& [sample, value] : expected) EXPECT_EQ(page.at(sample), value) << sample;
}

}  // namespace
}  // namespace ringkv
