// What a primary knows of one peer, state by state (node/progress.hpp).
#include "node/progress.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

using State = Progress::State;
using std::chrono::milliseconds;

constexpr Time start{std::chrono::seconds(1)};

ViewId view(std::uint64_t number) {
    return {Generation(1), ViewNumber(number)};
}

PrepareOk acknowledges(std::uint64_t op, std::uint64_t commit = 0, bool gap = false, std::uint64_t in_view = 3) {
    return {PartitionId(0), view(in_view), OpNumber(op), gap, OpNumber(commit)};
}

// Asked in view 3, and replicating from op 5 on.
Progress replicating() {
    Progress progress(view(3), OpNumber(5), start);
    progress.start_view_sent(start);
    progress.replicate(start, OpNumber(5), OpNumber(4), view(3), view(3));
    return progress;
}

TEST(Progress, CountsNothingBeforeThePeerHasAnswered) {
    Progress progress(view(3), OpNumber(5), start);
    EXPECT_EQ(progress.state(), State::probing);
    EXPECT_TRUE(progress.waiting());
    EXPECT_EQ(progress.acked(), OpNumber());
    EXPECT_TRUE(progress.valid(view(3), view(4)));
    EXPECT_FALSE(progress.valid(view(2), view(4))) << "said in a view before it was asked";
    EXPECT_FALSE(progress.valid(view(5), view(4))) << "of a view that is not known here";
}

TEST(Progress, FollowsAcknowledgements) {
    Progress progress = replicating();
    EXPECT_FALSE(progress.waiting());
    progress.prepare_sent(start, 3, false);
    EXPECT_EQ(progress.sent(), OpNumber(8));
    EXPECT_TRUE(progress.waiting());
    progress.prepare_ok(start + milliseconds(1), acknowledges(7, 5), OpNumber(8), view(3));
    EXPECT_EQ(progress.acked(), OpNumber(7));
    EXPECT_EQ(progress.commit(), OpNumber(5));
    EXPECT_EQ(progress.progress_at(), start + milliseconds(1));
    progress.prepare_ok(start + milliseconds(2), acknowledges(6), OpNumber(8), view(3));
    EXPECT_EQ(progress.acked(), OpNumber(7)) << "an acknowledgement that came late takes nothing back";
    progress.prepare_ok(start + milliseconds(3), acknowledges(9), OpNumber(8), view(3));
    EXPECT_EQ(progress.acked(), OpNumber(7)) << "what is not in our log is not counted";
    progress.check_invariants(OpNumber(8));
}

TEST(Progress, SendsAgainFromWhereThePeerSaysThatSomethingIsMissing) {
    Progress progress = replicating();
    progress.prepare_sent(start, 3, false);
    progress.prepare_ok(start, acknowledges(6, 5, true), OpNumber(8), view(3));
    EXPECT_EQ(progress.sent(), OpNumber(6));
    EXPECT_TRUE(progress.waiting()) << "what was sent once is still waited for";
    progress.prepare_sent(start, 2, false);
    progress.resend();
    EXPECT_EQ(progress.sent(), OpNumber(6));
    EXPECT_FALSE(progress.knows_view()) << "the view goes along again";
}

// It is told of that view by a Prepare, with entries or without, and has stored it when it answers in it (P3).
TEST(Progress, HasStoredAViewWhenItHasAcknowledgedSomethingInIt) {
    Progress progress = replicating();
    EXPECT_TRUE(progress.stored_view());
    progress.view_changed(start + milliseconds(10));
    EXPECT_FALSE(progress.stored_view());
    EXPECT_FALSE(progress.knows_view());
    EXPECT_TRUE(progress.waiting());
    EXPECT_EQ(progress.progress_at(), start + milliseconds(10)) << "nothing was waited for until then";
    EXPECT_FALSE(progress.unanswered()) << "it was told nothing yet";
    progress.prepare_sent(start + milliseconds(20), 0, true);
    EXPECT_TRUE(progress.unanswered());
    progress.prepare_ok(start + milliseconds(30), acknowledges(5, 5, false, 3), OpNumber(8), view(4));
    EXPECT_FALSE(progress.stored_view()) << "said before it heard of the view";
    progress.prepare_ok(start + milliseconds(30), acknowledges(5, 5, true, 4), OpNumber(8), view(4));
    EXPECT_FALSE(progress.stored_view()) << "a gap is told before the view is stored";
    progress.resend();
    EXPECT_FALSE(progress.knows_view()) << "the view goes along again";
    progress.prepare_sent(start + milliseconds(40), 3, true);
    progress.prepare_ok(start + milliseconds(50), acknowledges(5, 5, false, 4), OpNumber(8), view(4));
    EXPECT_TRUE(progress.stored_view());
    EXPECT_EQ(progress.progress_at(), start + milliseconds(50));
    progress.forget_that_it_knows_the_view();
    progress.resend();
    EXPECT_TRUE(progress.stored_view()) << "what it has stored it keeps";
    progress.prepare_ok(start + milliseconds(60), acknowledges(8, 5, false, 4), OpNumber(8), view(4));
    EXPECT_FALSE(progress.waiting());
}

// A last answer of an earlier view of the term counts, but not for a commit in the view of now.
TEST(Progress, AStateTransferThatEndsInAnEarlierViewLeavesTheNewestToBeStored) {
    std::uint64_t transfers = 0;
    Progress progress(view(3), OpNumber(5), start);
    progress.await_transfer(77, true);
    (void)progress.begin_transfer(start, 1, OpNumber(9), view(3), Slot(transfers));
    progress.finish_transfer(view(3), view(4));
    EXPECT_TRUE(progress.replicating());
    EXPECT_FALSE(progress.stored_view());
    EXPECT_FALSE(progress.knows_view());
}

// 1. Prepares up to 8 are under way. 2. The peer seems to be away and is asked anew. 3. A StartViewOk of earlier, which
// tells of 6, comes first. 4. The acknowledgement of 8 comes (ringkv-sim of 21ff738, seed 70002772).
TEST(Progress, AnAcknowledgementOfBeforeThePeerWasAskedAnewCounts) {
    Progress progress = replicating();
    progress.prepare_sent(start, 3, false);
    progress.probe();
    EXPECT_EQ(progress.state(), State::probing);
    progress.replicate(start, OpNumber(6), OpNumber(4), view(3), view(3));
    progress.prepare_ok(start, acknowledges(8), OpNumber(9), view(3));
    EXPECT_EQ(progress.acked(), OpNumber(8));
    EXPECT_EQ(progress.sent(), OpNumber(8));
    EXPECT_FALSE(progress.waiting());
    progress.check_invariants(OpNumber(9));
}

TEST(Progress, AStateTransferTakesAndGivesBackItsSlot) {
    std::uint64_t transfers = 0;
    Progress progress(view(3), OpNumber(5), start);
    progress.await_transfer(77, true);
    const StateTransfer& transfer = progress.begin_transfer(start, 1, OpNumber(9), view(2), Slot(transfers));
    EXPECT_EQ(transfer.ticket, 77U) << "the log that the peer told of, and no other, is replaced";
    EXPECT_EQ(transfers, 1U);
    EXPECT_EQ(progress.state(), State::transferring);
    progress.abandon_transfer();
    EXPECT_EQ(progress.state(), State::probing);
    EXPECT_EQ(transfers, 0U);

    progress.await_transfer(78, true);
    (void)progress.begin_transfer(start, 2, OpNumber(9), view(2), Slot(transfers));
    progress.finish_transfer(view(3), view(3));
    EXPECT_TRUE(progress.replicating());
    EXPECT_EQ(progress.acked(), OpNumber(9));
    EXPECT_EQ(transfers, 0U);
}

TEST(Progress, EntriesThatGoAlongWithAStateTransferAreWaitedForFromWhenTheyLeave) {
    std::uint64_t transfers = 0;
    Progress progress(view(3), OpNumber(5), start);
    progress.takes_entries(true);
    progress.await_transfer(77, true);
    progress.begin_transfer(start, 1, OpNumber(9), view(3), Slot(transfers)).next = 1;
    ASSERT_TRUE(progress.forwarding());
    progress.prepare_sent(start + milliseconds(10), 2, true);
    EXPECT_EQ(progress.progress_at(), start + milliseconds(10)) << "nothing was waited for until then";
    progress.prepare_sent(start + milliseconds(20), 1, false);
    EXPECT_EQ(progress.progress_at(), start + milliseconds(10));
}

TEST(Progress, AnotherViewAsksAnewButLetsAStateTransferGoOn) {
    std::uint64_t transfers = 0;
    Progress progress(view(3), OpNumber(5), start);
    progress.await_transfer(77, true);
    (void)progress.begin_transfer(start, 1, OpNumber(9), view(2), Slot(transfers));
    progress.ask_again(view(4), OpNumber(10));
    EXPECT_EQ(progress.state(), State::transferring);
    EXPECT_FALSE(progress.valid(view(3), view(4)));

    Progress follower = replicating();
    follower.ask_again(view(4), OpNumber(10));
    EXPECT_EQ(follower.state(), State::probing);
    EXPECT_TRUE(follower.due(start, milliseconds(200))) << "at once";
    EXPECT_EQ(follower.base(), OpNumber(10));
}

TEST(Progress, AMembersLogIsNeverReplaced) {
    Progress progress(view(3), OpNumber(5), start);
    progress.await_transfer(77, true);
    progress.keep_log();
    EXPECT_EQ(progress.state(), State::probing);
}

}  // namespace
}  // namespace ringkv
