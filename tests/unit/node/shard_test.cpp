#include <gtest/gtest.h>

#include "tests/unit/node/shard_fixture.hpp"
#include "tests/unit/node/sorted_engine.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

// Rules that are not ours: they show that replication and succession are behind interfaces.
class Majority final : public CommitRule {
  public:
    [[nodiscard]] OpNumber committed(std::span<const OpNumber> acknowledged) const override {
        std::vector<OpNumber> persisted(acknowledged.begin(), acknowledged.end());
        std::sort(persisted.begin(), persisted.end(), std::greater<>());
        return persisted[persisted.size() / 2];
    }
};

class LastComesFirst final : public SuccessionRule {
  public:
    [[nodiscard]] Duration delay(const View& view, NodeId backup) const override {
        return view.backups().back() == backup ? Duration(0) : Duration(milliseconds(500));
    }
    [[nodiscard]] NodeId successor(const std::vector<NodeId>& candidates) const override { return candidates.back(); }
};

TEST_F(ShardTest, CommitsOnlyWhatEveryMemberHas) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    ASSERT_TRUE(node.sent<Prepare>(2));
    node.from_node(2, ShardByHand::ok(1, 1));
    EXPECT_FALSE(node.sent<WriteAnswer>());
    EXPECT_FALSE(engine_.get(PartitionId(0), "k")) << "nothing is applied before it is committed";
    node.from_node(3, ShardByHand::ok(1, 1));
    const auto answer = node.sent<WriteAnswer>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->version, OpNumber(1));
    EXPECT_EQ(engine_.get(PartitionId(0), "k")->value, "v");
}

TEST_F(ShardTest, AnotherCommitRuleCanBeExchanged) {
    const Majority majority;
    ShardByHand node(NodeId(1), engine_, majority, in_order_);
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    EXPECT_FALSE(node.sent<WriteAnswer>());
    node.from_node(2, ShardByHand::ok(1, 1));
    EXPECT_TRUE(node.sent<WriteAnswer>());
    node.disk_answers = false;
    node.from_client(ShardByHand::put(2, "k", "v"));
    node.from_node(2, ShardByHand::ok(1, 2));
    EXPECT_FALSE(node.sent<WriteAnswer>());
    node.disk_answers = true;
    node.pass(milliseconds(1), milliseconds(1));
    EXPECT_TRUE(node.sent<WriteAnswer>()) << "its disk is all that was lacking";
}

TEST_F(ShardTest, AnotherEngineCanBeExchanged) {
    SortedEngine sorted;
    ShardByHand node(NodeId(1), sorted, every_member_, in_order_);
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
    EXPECT_EQ(sorted.get(PartitionId(0), "k")->value, "v");
}

TEST_F(ShardTest, TheNextInPreferenceProposesFirst) {
    ShardByHand second(NodeId(2), engine_, every_member_, in_order_);
    second.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    second.pass(milliseconds(690));
    EXPECT_FALSE(second.sent<Propose>()) << "its promise still runs";
    second.pass(milliseconds(30));
    const auto proposal = second.sent<Propose>();
    ASSERT_TRUE(proposal);
    EXPECT_EQ(proposal->proposals.at(0).view.primary, NodeId(2));
    EXPECT_EQ(proposal->proposals.at(0).view.members, (std::vector{NodeId(2), NodeId(3)}));
    EXPECT_TRUE(proposal->proposals.at(0).promise_expired);

    ShardByHand third(NodeId(3), engine_, every_member_, in_order_);
    third.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    third.pass(milliseconds(720));
    EXPECT_FALSE(third.sent<Propose>()) << "the third waits for the second's";
    third.pass(milliseconds(60));
    EXPECT_TRUE(third.sent<Propose>());
}

TEST_F(ShardTest, WhatADeathAsksForGoesTogether) {
    ShardByHand node(NodeId(2), engine_, every_member_, in_order_);
    ClusterMap map = ShardByHand::map(ShardByHand::view(1, 1, {1, 2, 3}));
    map.settings.partitions = 64;
    map.partitions.resize(64, map.partitions.front());
    node.from_registry(MapSnapshot{map});
    std::size_t messages = 0;
    std::set<PartitionId> partitions;
    for (int i = 0; i < 760; ++i) {
        node.pass(milliseconds(1), milliseconds(1));
        const auto propose = node.sent<Propose>();
        if (!propose) continue;
        ++messages;
        for (const Proposal& proposal : propose->proposals) partitions.insert(proposal.partition);
    }
    EXPECT_EQ(partitions.size(), 64U);
    EXPECT_LE(messages, 2U) << "the turns look after a few partitions each";
}

TEST_F(ShardTest, AnotherSuccessionRuleCanBeExchanged) {
    const LastComesFirst last_first;
    ShardByHand third(NodeId(3), engine_, every_member_, last_first);
    third.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    third.pass(milliseconds(720));
    EXPECT_TRUE(third.sent<Propose>());
}

TEST_F(ShardTest, AGrantedLeasePutsOffTheProposal) {
    ShardByHand node(NodeId(2), engine_, every_member_, in_order_);
    node.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    node.pass(milliseconds(600));
    node.from_node(1, Beacon{Nonce(1), 1, std::vector{Claim{PartitionId(0), ShardByHand::view(1, 1, {}).id}}, false});
    const auto answer = node.sent<BeaconAnswer>();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->others.empty());
    node.pass(milliseconds(690));
    EXPECT_FALSE(node.sent<Propose>());
    node.pass(milliseconds(30));
    EXPECT_TRUE(node.sent<Propose>());
}

TEST_F(ShardTest, ABeaconsAnswerGrantsOnlyClaimsOfItsOwnView) {
    ShardByHand node(NodeId(2), engine_, every_member_, in_order_);
    node.learn(ShardByHand::view(2, 1, {1, 2, 3}));
    node.from_node(1, Beacon{Nonce(1), 1, std::vector{Claim{PartitionId(0), ShardByHand::view(1, 1, {}).id}}, false});
    const auto answer = node.sent<BeaconAnswer>();
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->others.size(), 1U);
    EXPECT_EQ(answer->others[0].view, ShardByHand::view(2, 1, {}).id);
}

TEST_F(ShardTest, ReadsNeedTheLeaseOfEveryMember) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.from_client(Get{RequestId(1), PartitionId(0), "k"});
    EXPECT_TRUE(node.sent<GetAnswer>());
    node.pass(milliseconds(395));
    node.grant_leases({2});  // the third's runs out
    node.pass(milliseconds(20));
    node.from_client(Get{RequestId(2), PartitionId(0), "k"});
    EXPECT_FALSE(node.sent<GetAnswer>());
    node.grant_leases({3, 2});
    EXPECT_TRUE(node.sent<GetAnswer>()) << "it waited for the lease";
}

TEST_F(ShardTest, ALeaseCountsFromTheSendTimeOfItsBeacon) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.pass(milliseconds(150));
    const auto second = node.sent<Beacon>(2);
    const auto third = node.sent<Beacon>(3);
    ASSERT_TRUE(second && third);
    node.pass(milliseconds(380));  // the answers come late
    node.from_node(2, BeaconAnswer{second->nonce, false, {}});
    node.from_node(3, BeaconAnswer{third->nonce, false, {}});
    node.pass(milliseconds(100));
    node.from_client(Get{RequestId(1), PartitionId(0), "k"});
    EXPECT_FALSE(node.sent<GetAnswer>());
}

TEST_F(ShardTest, RefusesWhatIsTooLargeOrEmpty) {
    Limits limits;
    limits.key = 8;
    limits.value = 16;
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_, limits);
    node.start_serving();
    node.from_client(ShardByHand::put(1, "", "v"));
    EXPECT_EQ(node.sent<RequestRefused>()->reason, RefusalReason::bad_key);
    node.from_client(ShardByHand::put(2, "123456789", "v"));
    EXPECT_EQ(node.sent<RequestRefused>()->reason, RefusalReason::bad_key);
    node.from_client(ShardByHand::put(3, "k", std::string(17, 'x')));
    EXPECT_EQ(node.sent<RequestRefused>()->reason, RefusalReason::bad_value);
    EXPECT_FALSE(node.sent<Prepare>());
}

TEST_F(ShardTest, RefusesToReadWhatCannotBeAKey) {
    Limits limits;
    limits.key = 8;
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_, limits);
    node.start_serving();
    node.from_client(Get{RequestId(1), PartitionId(0), "123456789"});
    EXPECT_EQ(node.sent<RequestRefused>()->reason, RefusalReason::bad_key);
    node.from_client(Get{RequestId(2), PartitionId(0), ""});
    EXPECT_EQ(node.sent<RequestRefused>()->reason, RefusalReason::bad_key);
}

// The session of a client's first write comes into being when that commits: touched before, it was "last used"
// at boot, and expired within a second on a machine that was up for longer than session_expiry.
TEST_F(ShardTest, AFirstWritesSessionIsNotExpiredAtOnce) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.from_client(ShardByHand::put(1, "k", "v"));
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1));
    for (int second = 0; second < 5; ++second) {
        node.pass(milliseconds(500));
        node.grant_leases({2, 3});
    }
    EXPECT_EQ(node.shard().replica(PartitionId(0))->log().sessions().size(), 1U);
    EXPECT_EQ(node.shard().replica(PartitionId(0))->log().last(), OpNumber(1));
}

TEST_F(ShardTest, RefusesWritesAboveItsLimits) {
    Limits limits;
    limits.inflight = 3;
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_, limits);
    node.start_serving();
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) node.from_client(ShardByHand::put(sequence, "k", "v"));
    const auto rejected = node.sent<RequestRefused>();
    ASSERT_TRUE(rejected);
    EXPECT_EQ(rejected->reason, RefusalReason::overloaded);
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 2));
    node.from_client(ShardByHand::put(4, "k", "v"));
    EXPECT_FALSE(node.sent<RequestRefused>()) << "what was answered makes room";
}

// C1: what is remembered of one client is bounded, and it can always go on: the write that holds the others back is
// taken.
TEST_F(ShardTest, RefusesMoreUnansweredWritesOfAClientThanItRemembers) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    const auto send = [&node](std::uint64_t sequence, std::uint64_t lowest) {
        Write write = ShardByHand::put(sequence, "k", "v");
        write.lowest = Sequence(lowest);
        node.from_client(write);
    };
    for (std::uint64_t sequence = 2; sequence <= 1025; ++sequence) send(sequence, 1);
    EXPECT_FALSE(node.sent<RequestRefused>());
    send(1026, 1);
    EXPECT_EQ(node.sent<RequestRefused>().value().reason, RefusalReason::overloaded);
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1024));
    ASSERT_TRUE(node.sent<WriteAnswer>());
    send(1026, 1);
    EXPECT_EQ(node.sent<RequestRefused>().value().reason, RefusalReason::overloaded) << "answered, but not known to be";
    send(2, 1);
    EXPECT_EQ(node.sent<WriteAnswer>().value().version, OpNumber(1)) << "a retry is answered";
    send(1, 1);
    send(1026, 1026);
    EXPECT_FALSE(node.sent<RequestRefused>());
    for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, 1026));
    EXPECT_EQ(node.sent<WriteAnswer>().value().version, OpNumber(1026));
    EXPECT_EQ(node.shard().replica(PartitionId(0))->log().sessions().outcomes(ClientId(77), Sequence(1)), 1U);
}

TEST_F(ShardTest, SessionsBeyondTheBudgetGoTheLongestSilentFirst) {
    Limits limits;
    limits.sessions = 10 * SessionTable::bytes_a_session;
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_, limits);
    node.start_serving();
    const auto& log = node.shard().replica(PartitionId(0))->log();
    for (std::uint64_t client = 1; client <= 25; ++client) {
        Write write = ShardByHand::put(1, "k", "v");
        write.client = ClientId(client);
        node.from_client(write);
    }
    for (int i = 0; i < 3; ++i) {
        for (std::uint32_t peer : {2U, 3U}) node.from_node(peer, ShardByHand::ok(1, log.last().value()));
        node.pass(milliseconds(150));
        node.grant_leases({2, 3});
    }
    EXPECT_EQ(log.sessions().size(), 10U);
    EXPECT_EQ(log.sessions().snapshot(log.commit()).sessions.front().client, ClientId(16));
}

TEST_F(ShardTest, TellsClientsOfAnotherCluster) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    node.start_serving();
    node.shard().receive(node.now(), {Address::back(5), Uuid{{6}}, {}, {}, {}}, Get{RequestId(1), PartitionId(0), "k"});
    node.pass(milliseconds(5));
    EXPECT_EQ(node.sent<FrameRefused>()->code, ErrorCode::wrong_cluster);
}

TEST_F(ShardTest, DropsWhatIsMeantForAnotherIdentity) {
    ShardByHand node(NodeId(2), engine_, every_member_, in_order_);
    node.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    Beacon beacon{Nonce(1), 1, std::vector{Claim{PartitionId(0), ShardByHand::view(1, 1, {}).id}}, false};
    node.shard().receive(node.now(), {Address::back(5), ShardByHand::cluster(), NodeId(1), StartNumber(1), NodeId(9)},
                         beacon);
    node.pass(milliseconds(5));
    EXPECT_FALSE(node.sent<BeaconAnswer>());
}

// D1: whose disk hangs is not to be counted on, neither as a primary nor as a member.
TEST_F(ShardTest, BeaconsStopWhileTheDiskStalls) {
    ShardByHand primary(NodeId(1), engine_, every_member_, in_order_);
    primary.start_serving();
    primary.pass(milliseconds(200));
    EXPECT_TRUE(primary.sent<Beacon>(2));
    primary.shard().disk_stalls(true);
    (void)primary.take_all();
    primary.pass(milliseconds(500));
    EXPECT_FALSE(primary.sent<Beacon>(2));
    primary.from_client(Get{RequestId(1), PartitionId(0), "k"});
    EXPECT_FALSE(primary.sent<GetAnswer>()) << "its leases have run out";
    primary.shard().disk_stalls(false);
    primary.pass(milliseconds(200));
    EXPECT_TRUE(primary.sent<Beacon>(2));

    MemoryEngine engine;
    ShardByHand backup(NodeId(2), engine, every_member_, in_order_);
    backup.learn(ShardByHand::view(1, 1, {1, 2, 3}));
    const Beacon beacon{Nonce(1), 1, std::vector{Claim{PartitionId(0), ShardByHand::view(1, 1, {}).id}}, false};
    backup.shard().disk_stalls(true);
    backup.from_node(1, beacon);
    EXPECT_FALSE(backup.sent<BeaconAnswer>());
    backup.shard().disk_stalls(false);
    backup.from_node(1, beacon);
    EXPECT_TRUE(backup.sent<BeaconAnswer>());
}

TEST_F(ShardTest, ConfirmedReadsNeedABeaconSentAfterTheRequest) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    ClusterMap map = ShardByHand::map(ShardByHand::view(1, 1, {1, 2, 3}));
    map.settings.reads = ReadMode::confirmed;
    node.from_registry(MapSnapshot{map});
    for (std::uint32_t peer : {2U, 3U})
        node.from_node(
            peer, StartViewOk{PartitionId(0), ShardByHand::view(1, 1, {}).id, OpNumber(0), false, OpNumber(0), {}});
    node.pass(milliseconds(10));
    const auto early2 = node.sent<Beacon>(2);
    const auto early3 = node.sent<Beacon>(3);
    ASSERT_TRUE(early2 && early3);
    node.pass(milliseconds(5));
    node.from_client(Get{RequestId(1), PartitionId(0), "k"});
    node.from_node(2, BeaconAnswer{early2->nonce, false, {}});
    node.from_node(3, BeaconAnswer{early3->nonce, false, {}});
    EXPECT_FALSE(node.sent<GetAnswer>());
    node.grant_leases({2, 3});
    EXPECT_TRUE(node.sent<GetAnswer>());
}

EntryPtr entry_of(std::uint64_t op, std::uint64_t view_number, const std::string& value) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.view = ShardByHand::view(view_number, 1, {}).id;
    entry.kind = EntryKind::set;
    entry.key = "k";
    entry.value = value;
    return share(entry);
}

class TakingOver : public ShardTest {
  protected:
    TakingOver() : node_(NodeId(3), engine_, every_member_, in_order_) {
        const View first = ShardByHand::view(1, 1, {1, 2, 3});
        node_.learn(first);
        node_.from_node(1, StartView{PartitionId(0), first, {}, {}, {}, {}});
        node_.from_node(1, prepare(first, 1, {entry_of(1, 1, "one"), entry_of(2, 1, "two")}));
        EXPECT_EQ(node_.sent<PrepareOk>()->op, OpNumber(2));
        node_.learn(second_);
    }

    static Prepare prepare(const View& view, std::uint64_t first, Entries entries) {
        return {PartitionId(0), view.id, view.since, {}, OpNumber(first), std::move(entries), OpNumber(0)};
    }
    [[nodiscard]] const PartitionLog& log() { return node_.shard().replica(PartitionId(0))->log(); }

    ShardByHand node_;
    const View second_ = ShardByHand::view(2, 2, {2, 3});
};

// 1. The old primary commits ops 1 and 2 and dies; node 3 does not know yet that they are committed. 2. The new
// primary's StartView has room for op 1 only. 3. Node 3 truncated op 2. 4. The new primary dies before its Prepare of
// op 2 arrives, and node 3 serves without it.
TEST_F(TakingOver, APartialStartViewCutsNothingItDoesNotContradict) {
    node_.from_node(2, StartView{PartitionId(0), second_, {}, {}, {}, {entry_of(1, 1, "one")}});
    const auto answer = node_.sent<StartViewOk>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->op, OpNumber(1)) << "it answers only for what it knows to be in the new primary's log";
    EXPECT_EQ(log().last(), OpNumber(2));
    node_.from_node(2, prepare(second_, 2, {entry_of(2, 1, "two")}));
    EXPECT_EQ(node_.sent<PrepareOk>()->op, OpNumber(2));
}

TEST_F(TakingOver, AnEntryOfTheNewPrimaryReplacesWhatItContradicts) {
    node_.from_node(2, StartView{PartitionId(0), second_, {}, {}, {}, {entry_of(1, 1, "one")}});
    node_.from_node(2, prepare(second_, 2, {entry_of(2, 2, "other")}));
    EXPECT_EQ(node_.sent<PrepareOk>()->op, OpNumber(2));
    EXPECT_EQ(log().suffix().at(OpNumber(2))->value, "other");
}

TEST_F(TakingOver, WhatIsNotVerifiedIsNotCommitted) {
    node_.from_node(2, StartView{PartitionId(0), second_, {}, {}, OpNumber(2), {entry_of(1, 1, "one")}});
    EXPECT_EQ(log().commit(), OpNumber(1));
}

// P3: an answer without a gap says that the view that it names is stored. 1. The node owes a StartViewOk until its disk
// has answered. 2. It learns the next view of the term, which its disk has not. 3. It said StartViewOk in that view.
TEST_F(TakingOver, AnswersInAViewWhenThatViewIsStored) {
    (void)node_.take_all();
    node_.disk_answers = false;
    node_.from_node(2, StartView{PartitionId(0), second_, {}, {}, {}, {entry_of(1, 1, "one"), entry_of(2, 1, "two")}});
    const BatchNumber before = node_.unsynced().value();
    const View third = ShardByHand::view(3, 2, {2, 3}, 2);
    Prepare announced = prepare(third, 3, {});
    announced.announce = third;
    node_.from_node(2, announced);
    ASSERT_GT(node_.unsynced().value(), before);
    node_.shard().durable(node_.now(), before);
    node_.pass(std::chrono::milliseconds(5));
    EXPECT_FALSE(node_.sent<StartViewOk>());
    EXPECT_FALSE(node_.sent<PrepareOk>());
    node_.disk_answers = true;
    node_.pass(std::chrono::milliseconds(5));
    const auto answer = node_.sent<StartViewOk>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->view, third.id);
    EXPECT_FALSE(answer->gap);
}

// 1. The registry accepts a view, and then gives a name a new identity, which changes the target. 2. The map's
// delta overtakes the answer to the proposal. 3. The answer's older target replaced the newer one.
TEST_F(ShardTest, AnAnswerToAProposalDoesNotBringBackAnOldTarget) {
    ShardByHand node(NodeId(1), engine_, every_member_, in_order_);
    const View view = ShardByHand::view(2, 1, {1, 2}, 1);
    node.learn(view);
    const PartitionState old{view, {NodeId(1), NodeId(2), NodeId(9)}, {}};
    node.from_registry(ProposeAnswer{RequestId(1), {{PartitionId(0), true, old}}});
    EXPECT_TRUE(node.shard().replica(PartitionId(0))->state().targets(NodeId(3)));
}

}  // namespace
}  // namespace ringkv
