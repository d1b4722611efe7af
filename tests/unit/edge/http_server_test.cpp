// What an HTTP client gets, and what one that is slow, hostile or broken cannot do.
#include "common/edge/http/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "common/edge/system/clock.hpp"
#include "http_client.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

HttpAnswer echo(const HttpRequest& request) {
    HttpAnswer answer;
    if (request.path == "/missing") answer.status = 404;
    answer.body = "path " + std::string(request.path);
    if (!request.query.empty()) answer.body += " query " + std::string(request.query);
    if (request.path == "/large") answer.body = std::string(std::size_t{32} << 20U, 'x');
    return answer;
}

std::unique_ptr<HttpServer> open(HttpOptions options = {}, HttpServer::Handler handler = echo) {
    options.listen = "127.0.0.1:0";
    auto server = HttpServer::open(options, std::move(handler));
    EXPECT_TRUE(server) << server.error();
    return std::move(*server);
}

TEST(HttpServer, TellsPathAndQueryApart) {
    const auto server = open();
    EXPECT_THAT(get_http(server->port(), "/a?b=c?d=%20"), EndsWith("\r\n\r\npath /a query b=c?d=%20"));
    EXPECT_THAT(get_http(server->port(), "/a?"), EndsWith("\r\n\r\npath /a"));
    EXPECT_THAT(get_http(server->port(), "/?b"), EndsWith("\r\n\r\npath / query b"));
}

TEST(HttpServer, EachAnswerKeepsBrowsersHere) {
    const auto server = open();
    for (const std::string path : {"/metrics", "/missing"}) {
        const std::string answer = get_http(server->port(), path);
        EXPECT_THAT(answer,
                    HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
                              "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                              "frame-ancestors 'none'\r\n"));
        EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
        EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store\r\n"));
        EXPECT_THAT(answer, HasSubstr("Referrer-Policy: no-referrer\r\n"));
    }
}

TEST(HttpServer, AnswersAGet) {
    const auto server = open();
    const std::string answer = get_http(server->port(), "/metrics");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 13\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\npath /metrics"));
    EXPECT_THAT(get_http(server->port(), "/missing"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST(HttpServer, AnswersAHeadWithTheHeadersAlone) {
    const auto server = open();
    const std::string answer = ask_http(server->port(), "HEAD /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 13\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, TakesNoOtherMethodAndNoBody) {
    const auto server = open();
    for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
        const std::string answer = ask_http(server->port(), method + " / HTTP/1.1\r\nHost: here\r\n\r\n");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n")) << method;
        EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n")) << method;
    }
    // A body is not read; what came of it does not take the answer away.
    const std::string with_body =
        ask_http(server->port(), "GET / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'x'));
    EXPECT_THAT(with_body, StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, RefusesWhatIsNoRequest) {
    const auto server = open();
    EXPECT_THAT(ask_http(server->port(), "what is this\r\n\r\n"), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(ask_http(server->port(), std::string("\0\1\2\3\r\n\r\n", 8)), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(get_http(server->port(), "/still"), HasSubstr("path /still"));
}

TEST(HttpServer, RefusesHeadersThatAreTooLarge) {
    const auto server = open();
    const std::string one = "GET / HTTP/1.1\r\nX: " + std::string(std::size_t{1} << 20U, 'x') + "\r\n\r\n";
    EXPECT_THAT(ask_http(server->port(), one), StartsWith("HTTP/1.1 431"));
    std::string many = "GET / HTTP/1.1\r\n";
    while (many.size() < (std::size_t{1} << 20U)) many += "X: y\r\n";
    EXPECT_THAT(ask_http(server->port(), many + "\r\n"), StartsWith("HTTP/1.1 431"));
    const std::string path = "GET /" + std::string(std::size_t{1} << 20U, 'x') + " HTTP/1.1\r\n\r\n";
    EXPECT_THAT(ask_http(server->port(), path), StartsWith("HTTP/1.1 4"));
}

TEST(HttpServer, ClosesAConnectionThatTakesTooLong) {
    HttpOptions options;
    options.longest = milliseconds(300);
    const auto server = open(options);
    const Time begun = boot_time();
    const HttpConnection silent(server->port());
    // One byte at a time is as slow.
    const HttpConnection slow(server->port());
    std::thread trickle([&slow] {
        for (int i = 0; i < 600 && slow.send("G"); ++i) std::this_thread::sleep_for(milliseconds(20));
    });
    const HttpConnection unread(server->port());
    unread.send("GET /large HTTP/1.1\r\n\r\n");
    EXPECT_EQ(silent.read_all(), "");
    trickle.join();
    EXPECT_LT(boot_time() - begun, seconds(10));
    EXPECT_GE(boot_time() - begun, options.longest);
    std::this_thread::sleep_for(options.longest);
    EXPECT_LT(unread.read_all().size(), std::size_t{32} << 20U);
}

TEST(HttpServer, ANewConnectionClosesTheOldest) {
    HttpOptions options;
    options.connections = 4;
    options.longest = seconds(60);
    const auto server = open(options);
    std::deque<HttpConnection> idle;
    for (int i = 0; i < 4; ++i) idle.emplace_back(server->port());
    EXPECT_THAT(get_http(server->port(), "/late"), HasSubstr("path /late"));
    const Time begun = boot_time();
    EXPECT_EQ(idle[0].read_all(), "");
    EXPECT_LT(boot_time() - begun, seconds(10));  // it was closed at once, not after a minute
    idle[3].send("GET /young HTTP/1.1\r\n\r\n");
    EXPECT_THAT(idle[3].read_all(), HasSubstr("path /young"));
}

TEST(HttpServer, GoesOnAfterAThousandConnectionsThatSayNothing) {
    const auto server = open();
    std::deque<HttpConnection> idle;
    for (int i = 0; i < 1000; ++i) {
        idle.emplace_back(server->port());
        if (i % 100 == 0) {
            EXPECT_THAT(get_http(server->port(), "/now"), HasSubstr("path /now"));
        }
    }
    EXPECT_THAT(get_http(server->port(), "/after"), HasSubstr("path /after"));
}

TEST(HttpServer, GoesOnAfterAHandlerThatThrows) {
    const auto server = open({}, [](const HttpRequest& request) -> HttpAnswer {
        if (request.path == "/bad") throw std::runtime_error("of a handler");
        return echo(request);
    });
    for (int i = 0; i < 50; ++i) {
        const HttpConnection connection(server->port());
        connection.send("GET /bad HTTP/1.1\r\n\r\n");
    }
    EXPECT_THAT(get_http(server->port(), "/good"), HasSubstr("path /good"));
}

TEST(HttpServer, EndsWhileConnectionsAreOpen) {
    auto server = open();
    const HttpConnection idle(server->port());
    const HttpConnection unread(server->port());
    unread.send("GET /large HTTP/1.1\r\n\r\n");
    const Time begun = boot_time();
    server.reset();
    EXPECT_LT(boot_time() - begun, seconds(3));
    EXPECT_EQ(idle.read_all(), "");
}

TEST(HttpServer, SaysWhereItCannotListen) {
    const auto server = open();
    HttpOptions taken;
    taken.listen = "127.0.0.1:" + std::to_string(server->port());
    const auto second = HttpServer::open(taken, echo);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::configuration);
    EXPECT_THAT(second.error().message(), HasSubstr(taken.listen));
    for (const std::string nowhere : {"", "7480", "127.0.0.1:x", "192.0.2.1:7480", "no.such.host.invalid:7480"}) {
        taken.listen = nowhere;
        EXPECT_FALSE(HttpServer::open(taken, echo)) << nowhere;
    }
}

TEST(HttpServer, ListensOnIPv6) {
    HttpOptions options;
    options.listen = "[::1]:0";
    const auto server = HttpServer::open(options, echo);
    if (!server) GTEST_SKIP() << "no IPv6 here: " << server.error();
    EXPECT_NE((*server)->port(), 0);
}

TEST(HttpServer, AnswersNothingWhileItIsPaused) {
    std::atomic<int> asked{0};
    const auto server = open({}, [&](const HttpRequest& request) {
        ++asked;
        return echo(request);
    });
    server->pause();
    const HttpConnection connection(server->port());
    ASSERT_TRUE(connection.send("GET /a HTTP/1.1\r\n\r\n"));
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(asked, 0);
    server->resume();
    EXPECT_THAT(connection.read_all(), EndsWith("\r\n\r\npath /a"));
    server->pause();  // and ends all the same
}

}  // namespace
}  // namespace ringkv
