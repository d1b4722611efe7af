#include <algorithm>

#include "driver.hpp"

namespace ringkv::test {
namespace {

constexpr NodeId n1{1}, n2{2}, n3{3}, n4{4};
constexpr PartitionId p0{0};  // primary n1, members n1 n2 n3

struct Views : ::testing::Test {
    Driver registry;
    void SetUp() override { registry.form(); }

    [[nodiscard]] const View& view(PartitionId partition) { return registry.map().at(partition).view; }

    // On the current view; since stays.
    [[nodiscard]] Proposal proposal(PartitionId partition, NodeId primary, std::vector<NodeId> members) {
        const View& base = view(partition);
        return {partition, base.id, View{base.id.next(), base.since, primary, std::move(members), false}, false};
    }
    // The proposer's promise has run out, and it deposes the primary.
    [[nodiscard]] Proposal deposal(PartitionId partition, NodeId primary, std::vector<NodeId> members) {
        Proposal made = proposal(partition, primary, std::move(members));
        made.promise_expired = true;
        return made;
    }
    RequestId propose(std::uint8_t number, std::vector<Proposal> proposals) {
        request_ = request_.next();
        const Propose message{request_, registry.node(number).id, std::move(proposals)};
        proposed_[request_] = {number, message};
        registry.give(registry.node(number).origin(), message);
        return request_;
    }
    // These requests are sent again and again meanwhile, as nodes do that still want what they have proposed.
    void repeat_for(Duration time, const std::vector<RequestId>& requests) {
        for (const Time end = registry.now() + time; registry.now() < end;) {
            registry.advance(std::min<Duration>(end - registry.now(), milliseconds(150)));
            for (const RequestId request : requests) {
                const auto& [number, message] = proposed_.at(request);
                registry.give(registry.node(number).origin(), message);
            }
        }
    }
    // The answer to the request, all parts in one; by partition.
    std::map<PartitionId, ProposalOutcome> answer(std::uint8_t number, RequestId request) {
        std::map<PartitionId, ProposalOutcome> outcomes;
        for (const Outgoing& outgoing : registry.sent)
            if (const auto* part = std::get_if<ProposeAnswer>(&outgoing.message);
                part != nullptr && part->request == request && outgoing.address == registry.node(number).address())
                for (const ProposalOutcome& outcome : part->outcomes) outcomes[outcome.partition] = outcome;
        return outcomes;
    }
    // Proposes and has the one outcome at once.
    bool accepted(std::uint8_t number, const Proposal& made) {
        const auto outcomes = answer(number, propose(number, {made}));
        EXPECT_EQ(outcomes.size(), 1U) << "no answer yet";
        return !outcomes.empty() && outcomes.begin()->second.accepted;
    }
    bool undecided(std::uint8_t number, RequestId request) { return answer(number, request).empty(); }
    // The node's process is killed, and the registry notices its silence.
    void kill(std::uint8_t number) {
        registry.beating.erase(number);
        registry.advance(milliseconds(600));
    }
    // n4 joins in n3's place: name n3, blank disk. n3 has no more heartbeats.
    void replace_n3() {
        kill(3);
        registry.advance(milliseconds(200));
        Join blank = registry.node(3).join;
        blank.storage = uuid(50);
        blank.id = {};
        blank.start = StartNumber(9);
        registry.node(4).join = blank;
        registry.give(registry.node(4).origin(), blank);
        registry.admit(4);
        registry.sent.clear();
        ASSERT_EQ(registry.node(4).id, n4);
    }

  private:
    RequestId request_;
    std::map<RequestId, std::pair<std::uint8_t, Propose>> proposed_;
};

TEST_F(Views, APrimaryThrowsOutADeadMemberAtOnce) {
    kill(3);
    const auto outcomes = answer(1, propose(1, {proposal(p0, n1, {n1, n2})}));
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes.at(p0).accepted);
    const View now = view(p0);
    EXPECT_EQ(now.id.number, ViewNumber(2));
    EXPECT_EQ(now.members, (std::vector<NodeId>{n1, n2}));
    EXPECT_EQ(now.since.number, ViewNumber(1)) << "the term goes on";
    EXPECT_EQ(outcomes.at(p0).state, registry.map().at(p0));
    EXPECT_EQ(registry.map().at(p0).target.size(), 3U) << "the target is not the view's business";
}

TEST_F(Views, OnlyTheCurrentViewIsReplaced) {
    kill(3);
    const Proposal late = proposal(p0, n1, {n1});
    ASSERT_TRUE(accepted(1, proposal(p0, n1, {n1, n2})));
    const auto outcomes = answer(1, propose(1, {late}));
    EXPECT_FALSE(outcomes.at(p0).accepted);
    EXPECT_EQ(outcomes.at(p0).state.view, view(p0)) << "the loser learns the winner's view";
    Proposal skips = proposal(p0, n1, {n1, n2});
    skips.view.id = skips.view.id.next();
    EXPECT_FALSE(accepted(1, skips));
}

TEST_F(Views, WhatWasAcceptedIsAcceptedWhenRepeated) {
    kill(3);
    const Proposal made = proposal(p0, n1, {n1, n2});
    ASSERT_TRUE(accepted(1, made));
    EXPECT_TRUE(accepted(1, made));
    EXPECT_EQ(view(p0).id.number, ViewNumber(2));
}

TEST_F(Views, APrimaryOfADeadNodeIsDeposedAtOnce) {
    kill(1);
    ASSERT_TRUE(accepted(2, deposal(p0, n2, {n2, n3})));
    EXPECT_EQ(view(p0).primary, n2);
    EXPECT_EQ(view(p0).since, view(p0).id) << "a new term";
    EXPECT_FALSE(view(p0).leadership_transferred);
}

TEST_F(Views, NobodyIsDeposedWhileThePromiseHolds) {
    kill(1);
    EXPECT_FALSE(accepted(2, proposal(p0, n2, {n2, n3})));
    EXPECT_EQ(view(p0).primary, n1);
}

TEST_F(Views, ProposalsThatBreakTheRulesAreRefused) {
    registry.give(registry.node(4).origin(), registry.node(4).join);
    registry.admit(4);
    EXPECT_FALSE(accepted(2, deposal(p0, n3, {n2, n3}))) << "proposes another than itself";
    EXPECT_FALSE(accepted(2, proposal(p0, n1, {n1, n2}))) << "a backup throws out a backup";
    EXPECT_FALSE(accepted(4, deposal(p0, n4, {n4, n2}))) << "not a member";
    EXPECT_FALSE(accepted(1, proposal(p0, n1, {n2, n3}))) << "the primary is not a member";
    EXPECT_FALSE(accepted(1, proposal(p0, n1, {}))) << "no member left";
    EXPECT_FALSE(accepted(1, proposal(p0, n1, {n1, n2, n2}))) << "named twice";
    EXPECT_FALSE(accepted(1, proposal(p0, n1, {n1, n2, n3, n4}))) << "not in the target";
    EXPECT_FALSE(accepted(1, proposal(p0, n2, {n1, n2, n3}))) << "leaves its place without a leadership transfer";
    EXPECT_EQ(registry.map().epoch, Epoch(2)) << "nothing but the join happened";
}

TEST_F(Views, ALearnerOfTheTargetBecomesAMemberByItsPrimaryOnly) {
    replace_n3();
    EXPECT_FALSE(accepted(2, deposal(p0, n2, {n2, n3, n4})));
    ASSERT_TRUE(accepted(1, proposal(p0, n1, {n1, n2, n3, n4})));
    EXPECT_TRUE(view(p0).has(n4));
}

TEST_F(Views, ALearnerIsNotMadePrimaryByTheProposalThatBringsItIn) {
    replace_n3();
    Proposal made = proposal(p0, n4, {n1, n2, n3, n4});
    made.view.leadership_transferred = true;
    EXPECT_FALSE(accepted(1, made));
}

TEST_F(Views, AnIdentityIsForgottenWhenNoViewAndNoTargetNamesIt) {
    replace_n3();
    std::vector<Proposal> without;
    for (std::uint32_t p = 0; p < 8; ++p) {
        const NodeId primary = view(PartitionId(p)).primary == n3 ? n1 : view(PartitionId(p)).primary;
        without.push_back(deposal(PartitionId(p), primary, {n1, n2}));
    }
    for (const std::uint8_t number : {1, 2}) {
        std::vector<Proposal> own;
        std::copy_if(without.begin(), without.end(), std::back_inserter(own),
                     [&](const Proposal& made) { return made.view.primary == registry.node(number).id; });
        ASSERT_NE(registry.map().find(n3), nullptr);
        propose(number, own);
    }
    registry.turn();
    EXPECT_EQ(registry.map().find(n3), nullptr);
    EXPECT_NE(registry.map().find(n4), nullptr);
    const auto delta = registry.published<MapDelta>();
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->forgotten, std::vector<NodeId>{n3});
}

TEST_F(Views, ALeadershipTransferIsTakenAtOnceAndRecorded) {
    Proposal made = proposal(p0, n2, {n1, n2, n3});
    made.view.leadership_transferred = true;
    ASSERT_TRUE(accepted(1, made));
    EXPECT_EQ(view(p0).primary, n2);
    EXPECT_TRUE(view(p0).leadership_transferred);
    EXPECT_EQ(view(p0).since, view(p0).id);
}

TEST_F(Views, APrimaryMayLeaveAsItTransfersLeadership) {
    Proposal made = proposal(p0, n2, {n2, n3});
    made.view.leadership_transferred = true;
    EXPECT_TRUE(accepted(1, made)) << "no member is removed by another";
}

TEST_F(Views, NobodyElseReleasesThePrimarysPromises) {
    kill(1);
    Proposal made = deposal(p0, n2, {n2, n3});
    made.view.leadership_transferred = true;
    ASSERT_TRUE(accepted(2, made));
    EXPECT_FALSE(view(p0).leadership_transferred);
}

TEST_F(Views, ARestartedPrimaryBeginsANewTerm) {
    Proposal made = proposal(p0, n1, {n1, n2, n3});
    made.view.since = made.view.id;
    ASSERT_TRUE(accepted(1, made));
    EXPECT_EQ(view(p0).since.number, ViewNumber(2));
    Proposal next = proposal(p0, n1, {n1, n2, n3});
    next.view.since = ViewId{Generation(1), ViewNumber(1)};  // nonsense: a term does not go back
    ASSERT_TRUE(accepted(1, next));
    EXPECT_EQ(view(p0).since.number, ViewNumber(2));
}

TEST_F(Views, ALiveMemberIsThrownOutOnlyAfterAGrace) {
    const RequestId request = propose(1, {proposal(p0, n1, {n1, n2})});
    repeat_for(milliseconds(650), {request});
    EXPECT_TRUE(undecided(1, request));
    EXPECT_EQ(view(p0).id.number, ViewNumber(1));
    repeat_for(milliseconds(100), {request});
    EXPECT_TRUE(answer(1, request).at(p0).accepted);
}

TEST_F(Views, TheWaitEndsWhenTheMembersHeartbeatDoes) {
    const RequestId request = propose(1, {proposal(p0, n1, {n1, n2})});
    registry.beating.erase(3);
    repeat_for(milliseconds(350), {request});
    EXPECT_TRUE(undecided(1, request));
    repeat_for(milliseconds(200), {request});
    EXPECT_TRUE(answer(1, request).at(p0).accepted);
}

TEST_F(Views, RepeatingAProposalDoesNotProlongItsWait) {
    const Proposal made = proposal(p0, n1, {n1, n2});
    const RequestId first = propose(1, {made});
    RequestId newest;
    for (int again = 0; again < 3; ++again) {
        registry.advance(milliseconds(200));
        newest = propose(1, {made});
    }
    registry.advance(milliseconds(120));
    EXPECT_TRUE(answer(1, newest).at(p0).accepted);
    EXPECT_TRUE(undecided(1, first)) << "only the newest request is answered";
}

TEST_F(Views, TheRivalThatKeepsMostMembersWins) {
    // n1's network card is bad: it receives nothing, and would remove two healthy nodes.
    const RequestId bad = propose(1, {proposal(p0, n1, {n1})});
    repeat_for(milliseconds(500), {bad});
    const RequestId good = propose(2, {deposal(p0, n2, {n2, n3})});
    repeat_for(milliseconds(250), {bad, good});
    ASSERT_EQ(answer(2, good).size(), 1U);
    EXPECT_TRUE(answer(2, good).at(p0).accepted);
    ASSERT_EQ(answer(1, bad).size(), 1U) << "the loser is told";
    EXPECT_FALSE(answer(1, bad).at(p0).accepted);
    EXPECT_EQ(answer(1, bad).at(p0).state.view.primary, n2);
}

TEST_F(Views, ARivalThatKeepsFewerMembersDoesNotReplaceTheFirst) {
    const RequestId good = propose(2, {deposal(p0, n2, {n2, n3})});
    const RequestId bad = propose(1, {proposal(p0, n1, {n1})});
    repeat_for(milliseconds(750), {good, bad});
    EXPECT_TRUE(answer(2, good).at(p0).accepted);
    EXPECT_FALSE(answer(1, bad).at(p0).accepted);
}

TEST_F(Views, OfRivalsThatKeepAsManyTheFirstWins) {
    const RequestId first = propose(1, {proposal(p0, n1, {n1, n2})});
    const RequestId second = propose(2, {deposal(p0, n2, {n2, n3})});
    repeat_for(milliseconds(750), {first, second});
    EXPECT_TRUE(answer(1, first).at(p0).accepted);
    EXPECT_FALSE(answer(2, second).at(p0).accepted);
}

TEST_F(Views, AProposalThatHarmsNobodyDoesNotWaitForOneThatDoes) {
    const RequestId harmful = propose(2, {deposal(p0, n2, {n2, n3})});
    Proposal term = proposal(p0, n1, {n1, n2, n3});
    term.view.since = term.view.id;
    EXPECT_TRUE(accepted(1, term));
    EXPECT_FALSE(answer(2, harmful).at(p0).accepted);
}

TEST_F(Views, ALivingPrimaryIsNotDeposedTwiceWithinAGrace) {
    kill(1);
    ASSERT_TRUE(accepted(2, deposal(p0, n2, {n2, n3})));
    const RequestId request = propose(3, {deposal(p0, n3, {n3, n2})});  // keeps it as a member: no live one leaves
    EXPECT_TRUE(undecided(3, request));
    repeat_for(milliseconds(650), {request});
    EXPECT_TRUE(undecided(3, request));
    repeat_for(milliseconds(100), {request});
    EXPECT_TRUE(answer(3, request).at(p0).accepted);
}

TEST_F(Views, APrimaryThatDiesSoonAfterAChangeIsDeposedWithoutDelay) {
    kill(1);
    ASSERT_TRUE(accepted(2, deposal(p0, n2, {n2, n3})));
    registry.beating.erase(2);
    const RequestId request = propose(3, {deposal(p0, n3, {n3})});
    registry.advance(milliseconds(520));
    EXPECT_TRUE(answer(3, request).at(p0).accepted);
}

TEST_F(Views, AStoppingNodeIsThrownOutWithoutDelay) {
    registry.give(registry.node(3).origin(), registry.beat(3, true));
    EXPECT_TRUE(accepted(1, proposal(p0, n1, {n1, n2})));
}

TEST_F(Views, ALearnerThatDiedWhileTheProposalWaitedIsNotTakenIn) {
    replace_n3();
    // Takes n4 in and removes n2, which lives: waits.
    const RequestId request = propose(1, {proposal(p0, n1, {n1, n4})});
    EXPECT_TRUE(undecided(1, request));
    registry.give(registry.node(4).origin(), registry.beat(4, true));  // not up any more
    EXPECT_FALSE(answer(1, request).at(p0).accepted);
    EXPECT_EQ(view(p0).id.number, ViewNumber(1));
}

TEST_F(Views, ATurnsChangesAreOneBatchAndOneEpoch) {
    kill(1);
    const Epoch before = registry.map().epoch;
    const std::size_t batches = registry.stored.size();
    const Propose by_n2{RequestId(90), n2, {deposal(p0, n2, {n2, n3}), deposal(PartitionId(3), n2, {n2, n3})}};
    const Propose by_n3{RequestId(91), n3, {deposal(PartitionId(6), n3, {n2, n3})}};
    registry.sent.clear();
    registry.give_all({{registry.node(2).origin(), by_n2}, {registry.node(3).origin(), by_n3}});
    EXPECT_EQ(registry.map().epoch, before.next());
    EXPECT_EQ(registry.stored.size(), batches + 2) << "the change, and the events that tell of it";
    const auto delta = registry.published<MapDelta>();
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->partitions.size(), 3U);
    EXPECT_EQ(answer(2, RequestId(90)).size(), 2U);
    EXPECT_TRUE(std::any_of(registry.log.begin(), registry.log.end(),
                            [](const LogLine& line) { return line.text == "3 partitions changed primary"; }));
}

TEST_F(Views, NothingIsAnsweredOrPublishedBeforeItIsDurable) {
    kill(1);
    registry.sent.clear();
    const Epoch before = registry.map().epoch;
    registry.disk_answers = false;
    const RequestId won = propose(2, {deposal(p0, n2, {n2, n3})});
    const RequestId lost = propose(3, {deposal(p0, n3, {n2, n3})});
    registry.give(Origin{Address::back(77), {}, {}, {}, {}}, MapRequest{});
    EXPECT_TRUE(undecided(2, won));
    EXPECT_TRUE(undecided(3, lost)) << "to lose tells of the winner as well";
    EXPECT_FALSE(registry.published<MapDelta>());
    EXPECT_EQ(registry.map().epoch, before);
    EXPECT_EQ(registry.take<MapSnapshot>(Address::back(77))->map.epoch, before);
    registry.finish_batch();
    EXPECT_TRUE(answer(2, won).at(p0).accepted);
    EXPECT_FALSE(answer(3, lost).at(p0).accepted);
    EXPECT_EQ(registry.published<MapDelta>()->epoch, before.next());
}

TEST_F(Views, WhatComesWhileABatchIsUnderWayMakesTheNext) {
    kill(1);
    registry.sent.clear();
    registry.disk_answers = false;
    const RequestId first = propose(2, {deposal(p0, n2, {n2, n3})});
    const RequestId second = propose(3, {deposal(PartitionId(3), n3, {n2, n3})});
    const RequestId third = propose(3, {deposal(PartitionId(6), n3, {n2, n3})});
    EXPECT_EQ(registry.batches_under_way(), 1U);
    registry.finish_batch();
    EXPECT_FALSE(undecided(2, first));
    EXPECT_TRUE(undecided(3, second));
    ASSERT_EQ(registry.batches_under_way(), 1U);
    registry.finish_batch();
    EXPECT_FALSE(undecided(3, second));
    EXPECT_FALSE(undecided(3, third));
    EXPECT_EQ(std::get<MapDelta>(registry.stored.back()).partitions.size(), 2U);
}

TEST_F(Views, AnswersThatWaitForASlowDiskAreBounded) {
    kill(1);
    registry.sent.clear();
    registry.disk_answers = false;
    const Proposal made = deposal(p0, n2, {n2, n3});
    const RequestId first = propose(2, {made});
    for (int repeat = 0; repeat < 5000; ++repeat) propose(2, {made});
    registry.finish_batch();
    EXPECT_FALSE(undecided(2, first));
    EXPECT_LE(registry.sent.size(), 1100U);
    EXPECT_TRUE(accepted(2, made)) << "asked again when the disk is well";
}

TEST_F(Views, AStrangersProposalIsRefused) {
    const Propose propose_it{RequestId(1), n1, {proposal(p0, n1, {n1, n2})}};
    Origin old_start = registry.node(1).origin();
    old_start.start = StartNumber(0);
    registry.give(old_start, propose_it);
    EXPECT_TRUE(registry.take<FrameRefused>(1));
    registry.give(registry.node(2).origin(), propose_it);
    EXPECT_TRUE(registry.take<FrameRefused>(2)) << "in another's name";
    registry.give(registry.node(1).origin(), Propose{RequestId(2), n1, {{PartitionId(8), {}, {}, false}}});
    EXPECT_TRUE(registry.take<FrameRefused>(1)) << "no such partition";
}

// n1 missed n2, and hears of it again: what it proposed meanwhile is not what it wants now.
TEST_F(Views, AProposalThatIsNotRepeatedDoesNotWin) {
    const auto request = propose(1, {proposal(p0, n1, {n1, n3})});
    registry.advance(milliseconds(1500));
    EXPECT_TRUE(undecided(1, request));
    EXPECT_EQ(view(p0).members.size(), 3U);
}

TEST_F(Views, AProposalThatIsRepeatedWinsAfterAGrace) {
    const Proposal made = proposal(p0, n1, {n1, n3});
    for (int i = 0; i < 4; ++i) {
        propose(1, {made});
        registry.advance(milliseconds(190));
        ASSERT_EQ(view(p0).members.size(), 3U - (i == 3 ? 1U : 0U)) << i;
    }
}

TEST_F(Views, WhileTheRegistryStoodStillNoProposerCouldRepeatItself) {
    const Proposal made = proposal(p0, n1, {n1, n3});
    propose(1, {made});
    registry.stand_still(milliseconds(600));
    registry.advance(milliseconds(300));
    propose(1, {made});
    registry.advance(milliseconds(380));
    EXPECT_EQ(view(p0).members.size(), 3U) << "a grace of listening";
    propose(1, {made});
    registry.advance(milliseconds(100));
    EXPECT_EQ(view(p0).members.size(), 2U) << "it was dropped for the stall";
}

}  // namespace
}  // namespace ringkv::test
