#include "common/published_endpoint.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

TEST(PublishedEndpoint, AWildcardIsTheHostOfTheSource) {
    for (const char* wildcard : {"tcp://*:7401", "tcp://0.0.0.0:7401", "tcp://[::]:7401"}) {
        EXPECT_TRUE(has_wildcard_host(wildcard)) << wildcard;
        EXPECT_EQ(reachable_endpoint(wildcard, "tcp://10.0.0.5:7400"), "tcp://10.0.0.5:7401") << wildcard;
        EXPECT_EQ(reachable_endpoint(wildcard, "tcp://[fe80::1]:7400"), "tcp://[fe80::1]:7401") << wildcard;
    }
}

TEST(PublishedEndpoint, AnyOtherIsUsedAsItIs) {
    for (const char* published :
         {"tcp://10.0.0.1:7401", "tcp://0.0.0.0.example:7401", "tcp://[::1]:7401", "tcp://*", "registry", ""}) {
        EXPECT_FALSE(has_wildcard_host(published)) << published;
        EXPECT_EQ(reachable_endpoint(published, "tcp://10.0.0.5:7400"), published);
    }
    EXPECT_EQ(reachable_endpoint("tcp://*:7401", ""), "tcp://*:7401");  // there is no host to take
}

}  // namespace
}  // namespace ringkv
