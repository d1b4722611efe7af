#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/transport/transport.hpp"

namespace ringkv {
namespace {

using testing::HasSubstr;

TEST(Endpoint, IsCheckedAndCountedUp) {
    for (const char* good :
         {"tcp://127.0.0.1:7400", "tcp://host-1.example:1", "tcp://*:65535", "tcp://[::1]:7400", "tcp://0.0.0.0:7400"})
        EXPECT_TRUE(check_endpoint(good)) << good;
    for (const char* bad :
         {"", "tcp://", "127.0.0.1:7400", "udp://127.0.0.1:7400", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://:7400",
          "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:74x", "tcp://127.0.0.1:-1", "tcp://a b:7400",
          "tcp://127.0.0.1:7400 ", "tcp://host/x:7400", "tcp://::1:7400", "tcp://[]:7400", "tcp://127.0.0.1:+7"}) {
        const auto checked = check_endpoint(bad);
        ASSERT_FALSE(checked) << bad;
        EXPECT_EQ(checked.error().code(), ErrorCode::configuration);
        EXPECT_THAT(checked.error().message(), HasSubstr(bad));
    }
    EXPECT_EQ(endpoint_plus("tcp://127.0.0.1:7400", 3).value(), "tcp://127.0.0.1:7403");
    EXPECT_EQ(endpoint_plus("tcp://[::1]:7400", 0).value(), "tcp://[::1]:7400");
    EXPECT_EQ(endpoint_plus("tcp://127.0.0.1:65535", 0).value(), "tcp://127.0.0.1:65535");
    EXPECT_EQ(endpoint_plus("tcp://127.0.0.1:65535", 1).error().code(), ErrorCode::configuration);
    EXPECT_EQ(endpoint_plus("nonsense", 1).error().code(), ErrorCode::configuration);
}

TEST(Endpoint, KnowsLoopback) {
    for (const char* loopback : {"tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://localhost:1", "tcp://[::1]:1"})
        EXPECT_TRUE(is_loopback(loopback)) << loopback;
    for (const char* beyond : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://10.0.0.1:1", "tcp://[::]:1",
                               "tcp://127.evil.example:1", "tcp://128.0.0.1:1", "nonsense"})
        EXPECT_FALSE(is_loopback(beyond)) << beyond;
}

}  // namespace
}  // namespace ringkv
