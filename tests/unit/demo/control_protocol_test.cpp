// What is said over the control socket, and what is no such thing.
#include "demo/control_protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringkv::demo {
namespace {

using ::testing::HasSubstr;

TEST(DemoProtocol, ARequestIsReadAsItWasWritten) {
    const auto request = decode_request(encode(DemoRequest{"kill", "n3"}));
    ASSERT_TRUE(request) << request.error();
    EXPECT_EQ(request->verb, "kill");
    EXPECT_EQ(request->node, "n3");
}

TEST(DemoProtocol, AnAnswerIsReadAsItWasWritten) {
    DemoAnswer answer;
    answer.text = "n3 is \"killed\"";
    answer.nodes = {{"n3", "rack-c", "failed", "tcp://127.0.0.1:1", "http://127.0.0.1:2/metrics", "no disk"}, {}};
    answer.partitions = 128;
    answer.not_served = 7;
    const auto read = decode_answer(encode(Result<DemoAnswer>(answer)));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->text, answer.text);
    EXPECT_EQ(read->partitions, 128U);
    EXPECT_EQ(read->not_served, 7U);
    ASSERT_EQ(read->nodes.size(), 2U);
    const DemoNode& node = read->nodes.front();
    EXPECT_EQ(node.name + node.rack + node.state, "n3rack-cfailed");
    EXPECT_EQ(node.address + node.http + node.error, "tcp://127.0.0.1:1http://127.0.0.1:2/metricsno disk");
}

TEST(DemoProtocol, AnErrorKeepsItsCode) {
    for (unsigned number = 1; number <= 12; ++number) {
        const Error error(static_cast<ErrorCode>(number), "why");
        const auto read = decode_answer(encode(Result<DemoAnswer>(error)));
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code(), error.code());
        EXPECT_EQ(read.error().message(), "why");
    }
    EXPECT_EQ(decode_answer(R"({"error":"of a later release","message":"m"})").error().code(), ErrorCode::internal);
}

TEST(DemoProtocol, MembersOfALaterReleaseArePassedOver) {
    EXPECT_EQ(decode_request(R"({"verb":"nodes","force":true})")->verb, "nodes");
    EXPECT_EQ(decode_answer(R"({"text":"t","nodes":[{"name":"n1","cores":2}]})")->nodes.front().name, "n1");
}

TEST(DemoProtocol, WhatIsNoRequestIsRefused) {
    for (const std::string& bytes :
         std::vector<std::string>{"", "kill n3", "[]", "null", "{", "{\"verb\":1}", "{\"verb\":\"kill\",\"node\":[]}",
                                  std::string("\0\xFF", 2), std::string(most_request_bytes + 1, ' '),
                                  std::string(most_request_bytes, '[')}) {
        const auto request = decode_request(bytes);
        ASSERT_FALSE(request) << bytes;
        EXPECT_EQ(request.error().code(), ErrorCode::malformed) << bytes;
        EXPECT_THAT(request.error().message(), HasSubstr("another release"));
    }
}

TEST(DemoProtocol, WhatIsNoAnswerIsRefused) {
    for (const std::string& bytes :
         std::vector<std::string>{"", "ok", "[]", R"({"nodes":3})", R"({"nodes":["n1"]})", R"({"nodes":[{"name":1}]})",
                                  R"({"text":{}})", R"({"not_served":-1})", R"({"error":7})"}) {
        const auto answer = decode_answer(bytes);
        ASSERT_FALSE(answer) << bytes;
        EXPECT_EQ(answer.error().code(), ErrorCode::malformed) << bytes;
    }
}

// What peers send is in answers: nothing of it may end the one that writes them.
TEST(DemoProtocol, BytesThatAreNoTextAreReplaced) {
    const auto read = decode_answer(encode(Result<DemoAnswer>(Error(ErrorCode::refused, "no \xFF here"))));
    EXPECT_THAT(read.error().message(), HasSubstr("no \xEF\xBF\xBD here"));
}

}  // namespace
}  // namespace ringkv::demo
