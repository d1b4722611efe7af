// What a shard counts, and what it is found to be and to hold.
#include <gtest/gtest.h>

#include "shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

class ShardFiguresTest : public ShardTest {
  protected:
    [[nodiscard]] ShardFigures figures() { return node.shard().figures(node.now()); }
    [[nodiscard]] RequestCounters requests(RequestKind kind) { return figures().counters.of(kind); }
    [[nodiscard]] std::uint64_t count(RequestKind kind, RequestOutcome outcome) {
        return requests(kind).outcomes.at(static_cast<std::size_t>(outcome));
    }
    [[nodiscard]] std::uint64_t refused(RequestKind kind, RefusalReason reason) {
        return requests(kind).refused.at(static_cast<std::size_t>(reason));
    }
    [[nodiscard]] std::uint64_t primaries(Primary::Phase phase) {
        return figures().primaries.at(static_cast<std::size_t>(phase));
    }
    [[nodiscard]] std::uint64_t replicas(ReplicaRole role) {
        return figures().replicas.at(static_cast<std::size_t>(role));
    }
    void commit(std::uint64_t op) {
        for (const std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, op));
    }
    void get(std::uint64_t request, const std::string& key) {
        node.from_client(Get{RequestId(request), PartitionId(0), key});
    }

    ShardByHand node{NodeId(1), engine_, every_member_, in_order_};
};

TEST_F(ShardFiguresTest, RequestsAreCountedByHowTheyEnd) {
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    EXPECT_EQ(count(RequestKind::write, RequestOutcome::done), 0U);  // not yet: its backups have it not
    EXPECT_EQ(figures().uncommitted_entries, 1U);
    EXPECT_EQ(figures().requests_held, 1U);
    commit(1);
    EXPECT_EQ(count(RequestKind::write, RequestOutcome::done), 1U);
    EXPECT_EQ(figures().uncommitted_entries, 0U);
    node.from_client(ShardByHand::put(1, "k", "v"));  // again
    EXPECT_EQ(count(RequestKind::write, RequestOutcome::done), 2U);

    Write conditional = ShardByHand::put(2, "k", "w");
    conditional.expected = OpNumber(9);
    node.from_client(conditional);
    Write erase = ShardByHand::put(3, "none", "");
    erase.value.reset();
    node.from_client(erase);
    commit(3);
    EXPECT_EQ(count(RequestKind::write, RequestOutcome::condition_failed), 1U);
    EXPECT_EQ(count(RequestKind::write, RequestOutcome::not_found), 1U);

    get(10, "k");
    get(11, "none");
    node.from_client(Scan{RequestId(12), PartitionId(0), "", {}, 0, false});
    EXPECT_EQ(count(RequestKind::get, RequestOutcome::done), 1U);
    EXPECT_EQ(count(RequestKind::get, RequestOutcome::not_found), 1U);
    EXPECT_EQ(count(RequestKind::scan, RequestOutcome::done), 1U);

    node.from_client(ShardByHand::put(4, "", "v"));
    EXPECT_EQ(refused(RequestKind::write, RefusalReason::bad_key), 1U);
    get(13, "");
    EXPECT_EQ(refused(RequestKind::get, RefusalReason::bad_key), 1U);
    node.from_client(Get{RequestId(14), PartitionId(77), "k"});
    EXPECT_EQ(count(RequestKind::get, RequestOutcome::redirected), 1U);
}

TEST_F(ShardFiguresTest, LatencyCountsFromTheArrivalInTheTransport) {
    node.start_serving();
    Origin client{Address::back(1), ShardByHand::cluster(), {}, {}, NodeId(1), 0};
    client.arrived = node.now() - milliseconds(30);
    node.shard().receive(node.now(), client, Get{RequestId(1), PartitionId(0), "k"});
    EXPECT_EQ(requests(RequestKind::get).answered.sum(), milliseconds(30));

    node.shard().receive(node.now(), client, ShardByHand::put(1, "k", "v"));
    node.pass(milliseconds(20));
    commit(1);
    EXPECT_EQ(requests(RequestKind::write).answered.sum(), milliseconds(50));
    EXPECT_EQ(figures().counters.replication.sum(), milliseconds(20));
    EXPECT_EQ(figures().counters.replication.count(), 1U);
}

TEST_F(ShardFiguresTest, AWriteThatANewPrimaryIsAskedForIsRedirected) {
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    node.learn(ShardByHand::view(2, 2, {1, 2, 3}));
    EXPECT_EQ(count(RequestKind::write, RequestOutcome::redirected), 1U);
    node.from_client(ShardByHand::put(2, "k", "v"));
    EXPECT_EQ(count(RequestKind::write, RequestOutcome::redirected), 2U);
}

TEST_F(ShardFiguresTest, WhatWaitsTooLongIsForgotten) {
    node.learn(ShardByHand::view(1, 1, {1, 2, 3}));  // and no backup follows
    get(1, "k");
    EXPECT_EQ(figures().requests_held, 1U);
    node.pass(std::chrono::seconds(11), milliseconds(100));
    EXPECT_EQ(count(RequestKind::get, RequestOutcome::forgotten), 1U);
    EXPECT_EQ(figures().requests_held, 0U);
}

TEST_F(ShardFiguresTest, RolesAndPhasesFollowTheView) {
    EXPECT_FALSE(figures().joined);
    node.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    EXPECT_TRUE(figures().joined);
    EXPECT_EQ(figures().epoch, 1U);
    EXPECT_EQ(replicas(ReplicaRole::primary), 1U);
    EXPECT_EQ(primaries(Primary::Phase::waiting) + primaries(Primary::Phase::starting), 1U);
    node.backups_follow();
    EXPECT_EQ(primaries(Primary::Phase::serving), 1U);
    EXPECT_EQ(figures().counters.terms, 1U);
    EXPECT_EQ(figures().counters.view_changes, 1U);
    EXPECT_EQ(figures().under_replicated, 0U);
    node.learn(ShardByHand::view(2, 1, {1, 2}, 1));
    EXPECT_EQ(figures().under_replicated, 1U);
    EXPECT_EQ(figures().counters.terms, 1U);
    node.learn(ShardByHand::view(3, 2, {1, 2}));
    EXPECT_EQ(replicas(ReplicaRole::primary), 0U);
    EXPECT_EQ(replicas(ReplicaRole::backup), 1U);
    node.learn(ShardByHand::view(4, 2, {2}, 3));
    EXPECT_EQ(replicas(ReplicaRole::learner), 1U);
    EXPECT_EQ(figures().counters.view_changes, 4U);
}

TEST_F(ShardFiguresTest, LeasesThatRunOutAreSeen) {
    node.start_serving();
    for (int beacon = 0; beacon < 10; ++beacon) {
        node.pass(milliseconds(100));
        node.grant_leases({2, 3});
    }
    EXPECT_EQ(figures().without_leases, 0U);
    EXPECT_EQ(figures().counters.lease_losses, 0U);
    node.from_registry(CurrentEpoch{Generation(1), Epoch(1)});
    EXPECT_TRUE(figures().registry_in_reach);
    node.pass(milliseconds(600));  // no beacon is answered
    EXPECT_EQ(figures().without_leases, 1U);
    EXPECT_EQ(figures().counters.lease_losses, 1U);
    get(1, "k");
    EXPECT_EQ(figures().counters.reads_waited, 1U);
    node.pass(milliseconds(300));
    EXPECT_EQ(figures().counters.lease_losses, 1U);  // once, however long
    EXPECT_FALSE(figures().registry_in_reach);
}

TEST_F(ShardFiguresTest, KeysBytesAndLogAreThoseOfWhatIsHeld) {
    node.start_serving();
    for (std::uint64_t i = 1; i <= 10; ++i) node.from_client(ShardByHand::put(i, "key" + std::to_string(i), "value"));
    commit(10);
    const ShardFigures seen = figures();
    EXPECT_EQ(seen.keys, 10U);
    EXPECT_EQ(seen.key_value_bytes, 9 * 9 + 10U);
    EXPECT_EQ(seen.log_entries, 10U);
    EXPECT_GT(seen.memory.data, 0U);
    EXPECT_GT(seen.memory.log, 0U);
    EXPECT_EQ(seen.uncommitted_bytes, 0U);
}

}  // namespace
}  // namespace ringkv
