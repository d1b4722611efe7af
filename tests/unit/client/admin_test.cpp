// The operators' library over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ringkv/admin.hpp>

#include "tests/unit/client/loopback_cluster.hpp"

namespace ringkv::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AdminLibrary : public ::testing::Test {
  protected:
    AdminLibrary() { cluster.start(); }
    Admin connect(milliseconds deadline = seconds(60)) const {
        auto admin = Admin::connect({.registries = {cluster.registry_endpoint}, .deadline = deadline});
        if (!admin) throw std::runtime_error(admin.error().message());
        return std::move(*admin);
    }
    LoopbackCluster cluster;
};

TEST_F(AdminLibrary, ChangesAreMadeByTheRegistry) {
    Admin admin = connect();
    for (const auto& change : {admin.drain("n1"), admin.undrain("n1"), admin.remove("n1")}) {
        ASSERT_TRUE(change) << change.error();
        EXPECT_EQ(change->text, "done: n1");
        EXPECT_EQ(change->epoch, 1U);
    }
    EXPECT_TRUE(admin.resume_repair());
    EXPECT_TRUE(admin.change_settings({.repair_after = seconds(1)}));
    EXPECT_GE(cluster.registry->changes, 5);
    EXPECT_EQ(admin.drain("full").error().code(), ErrorCode::refused);
    EXPECT_EQ(admin.drain("full").error().message(), "nowhere to go");
}

TEST_F(AdminLibrary, WhatNodesHoldIsGathered) {
    Admin admin = connect();
    const auto holdings = admin.holdings();
    ASSERT_TRUE(holdings) << holdings.error();
    ASSERT_EQ(holdings->partitions.size(), 8U);
    EXPECT_EQ(holdings->partitions[7].bytes, 700U);
    EXPECT_EQ(holdings->partitions[6].keys, 6U);
    EXPECT_TRUE(holdings->silent.empty());
    cluster.nodes[1]->silent = true;
    const auto fewer = admin.holdings();
    ASSERT_TRUE(fewer) << fewer.error();
    EXPECT_THAT(fewer->silent, testing::ElementsAre("n2"));
    EXPECT_EQ(fewer->partitions[7].bytes, 0U);
    const auto plan = admin.plan({.remove = {"n1"}}, *holdings);
    ASSERT_TRUE(plan) << plan.error();
    EXPECT_EQ(plan->moves, 4U);
    EXPECT_EQ(plan->bytes, 0U + 200 + 400 + 600);
    EXPECT_EQ(admin.plan({.remove = {"n9"}}, *holdings).error().code(), ErrorCode::invalid_argument);
}

TEST_F(AdminLibrary, TheMapIsReadThroughANodeWhileTheRegistryIsAway) {
    Admin admin = connect(seconds(20));
    cluster.registry.reset();
    const auto settings = admin.settings();
    ASSERT_TRUE(settings) << settings.error();
    EXPECT_EQ(settings->repair_after, seconds(30));
    const auto moves = admin.moves_of("n1");
    ASSERT_TRUE(moves) << moves.error();
    EXPECT_EQ(moves->state, "up");
    EXPECT_TRUE(admin.repair_status());
}

TEST_F(AdminLibrary, TellsNothingChangedFromNobodyKnows) {
    Admin admin = connect(milliseconds(600));
    cluster.registry->takes_changes = false;
    EXPECT_EQ(admin.drain("n1").error().code(), ErrorCode::outcome_unknown);
    cluster.registry->silent = true;
    EXPECT_EQ(admin.drain("n1").error().code(), ErrorCode::unavailable);
    const std::string node = cluster.map.nodes.at(NodeId(1)).endpoints.front();
    auto through_a_node = Admin::connect({.registries = {node}, .deadline = milliseconds(1500)});
    ASSERT_TRUE(through_a_node) << through_a_node.error();
    EXPECT_TRUE(through_a_node->settings());
    const auto drained = through_a_node->drain("n1");
    ASSERT_FALSE(drained);
    EXPECT_EQ(drained.error().code(), ErrorCode::unavailable);
    EXPECT_THAT(drained.error().message(), testing::HasSubstr("only the registry"));
}

TEST(AdminOptions, AreChecked) {
    EXPECT_EQ(Admin::connect({}).error().code(), ErrorCode::configuration);
    EXPECT_EQ(Admin::connect({.registries = {"nonsense"}}).error().code(), ErrorCode::configuration);
    EXPECT_EQ(Admin::connect({.registries = {"tcp://127.0.0.1:7400"}, .deadline = milliseconds(0)}).error().code(),
              ErrorCode::configuration);
}

}  // namespace
}  // namespace ringkv::test
