// A short run of the nemesis, and that its link cuts bite.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "tests/cluster/nemesis.hpp"
#include "tests/cluster/nemesis_caller.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using linearizability::Kind;
using linearizability::Outcome;
using ::testing::IsEmpty;

TEST(Nemesis, EveryHistoryIsLinearizableUnderEveryFault) {
    const auto report = run_nemesis({.seed = 20, .duration = 20s, .every_fault = true},
                                    [](const std::string& line) { std::cout << line << '\n'; });
    std::cout << report.summary();
    EXPECT_THAT(report.failures, IsEmpty());
    for (std::size_t kind = 0; kind < kinds_of_faults; ++kind) {
        const auto fault = static_cast<Fault>(kind);
        if (cuts_links(fault) && !report.links.empty()) continue;
        EXPECT_TRUE(report.fired.contains(fault)) << name_of(fault) << " never fired";
    }
    // It is only worth something if the clients got through, met with trouble, and met each other.
    EXPECT_GT(report.judged.legal, 20U);
    EXPECT_GT(report.judged.with(Outcome::done), 1000U);
    EXPECT_GT(report.judged.with(Outcome::unknown), 0U);
    EXPECT_GT(report.judged.with(Outcome::condition_failed), 0U);
    for (const Kind kind : {Kind::get, Kind::put, Kind::erase, Kind::compare_and_set, Kind::compare_and_erase})
        EXPECT_GT(report.judged.of(kind), 50U);
}

bool has_backup(const PartitionStatus& partition, const std::string& name) {
    return std::any_of(partition.members.begin(), partition.members.end(),
                       [&](const ReplicaStatus& member) { return member.name == name && member.role == "backup"; });
}

class NemesisLinks : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const std::string obstacle = Links::enter_own_network(); !obstacle.empty())
            GTEST_SKIP() << "links are not cut: " << obstacle;
        cluster_ = std::make_unique<ProcessCluster>(ClusterOptions{.node_launcher = Links::launcher});
        links_ = std::make_unique<Links>(*cluster_, std::vector<std::string>{"n1", "n2", "n3"});
    }

    Client client() {
        Links::act_for_clients();
        Client client = cluster_->client({}, 3000ms);
        Links::act_for_nobody();
        return client;
    }

    std::unique_ptr<ProcessCluster> cluster_;
    std::unique_ptr<Links> links_;
};

TEST_F(NemesisLinks, ClientsThatAreCutOffGetNoAnswerUntilTheLinksAreWhole) {
    for (const Links::Manner manner : {Links::Manner::drop, Links::Manner::reset}) {
        for (const char* node : {"n1", "n2", "n3"}) links_->cut(clients_party, node, manner);
        EXPECT_FALSE(client().put("key", "value"));
        EXPECT_TRUE(cluster_->client().put("key", "value")) << "another client is not cut off";
        links_->heal_all();
        EXPECT_TRUE(client().put("key", "value"));
    }
}

TEST_F(NemesisLinks, AGroupOfClientsIsCutOffOnItsOwn) {
    const auto others =
        connect_elsewhere(Links::launcher(other_clients_party), {cluster_->registry_endpoint()}, 3000ms);
    ASSERT_NE(others, nullptr);
    const auto outcome = [&others](const std::string& value) {
        linearizability::Call put{.kind = Kind::put, .value = value};
        EXPECT_TRUE(others->perform("key", put));
        return put.outcome;
    };
    EXPECT_EQ(outcome("first"), Outcome::done);
    for (const char* node : {"n1", "n2", "n3"}) links_->cut(other_clients_party, node, Links::Manner::drop);
    EXPECT_NE(outcome("second"), Outcome::done);
    EXPECT_TRUE(client().put("key", "of a client that is not cut off"));
    links_->heal_all();
    EXPECT_EQ(outcome("third"), Outcome::done);
}

TEST_F(NemesisLinks, AnswersCanBeCutAlone) {
    Client writer = client();
    ASSERT_TRUE(writer.put("key", "before"));
    for (const char* node : {"n1", "n2", "n3"}) links_->cut(node, clients_party, Links::Manner::drop);
    const auto result = writer.put("key", "after");
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().maybe_applied()) << result.error();
    links_->heal_all();
    const auto found = cluster_->client().get("key");
    ASSERT_TRUE(found) << found.error();
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->value, "after");
}

TEST_F(NemesisLinks, NodesThatAreCutFromEachOtherLeaveTheirViews) {
    Client observer = cluster_->client();
    links_->cut("n1", "n2", Links::Manner::drop);
    links_->cut("n2", "n1", Links::Manner::drop);
    // A third that is primary of both keeps both.
    cluster_->wait_for_status(observer, "neither is a backup of the other", [](const ClusterStatus& status) {
        return std::none_of(status.partitions.begin(), status.partitions.end(), [](const PartitionStatus& partition) {
            const std::string other = partition.primary == "n1" ? "n2" : "n1";
            return partition.primary != "n3" && has_backup(partition, other);
        });
    });
    links_->heal_all();
    cluster_->wait_until_full(observer, 3);
}

TEST_F(NemesisLinks, NodeThatIsCutFromTheRegistryIsSeenAsDown) {
    Client observer = cluster_->client();
    links_->cut("n3", registry_party, Links::Manner::reset);
    cluster_->wait_for_status(observer, "n3 is not up",
                              [](const ClusterStatus& status) { return find_node(status, "n3")->state != "up"; });
    links_->heal_all();
    cluster_->wait_until_full(observer, 3);
}

}  // namespace
}  // namespace ringkv::testing
