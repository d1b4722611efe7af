// Retries, and the three outcomes of a write.
#include <gmock/gmock.h>

#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

// The node refuses whatever writes were sent since the last look.
void refuse_writes(HandDriver& driver, std::uint32_t node, RefusalReason reason) {
    for (const auto& sent : driver.take<Write>()) driver.from_node(node, rejected(sent.message.request, reason));
}

// As refuse_writes, at once and every millisecond, for that long or until `operation` is done.
void refuse_writes_until_done(HandDriver& driver, std::uint32_t node, RefusalReason reason, OperationId operation,
                              Duration longest) {
    for (const Time end = driver.now + longest; driver.now < end && !driver.is_done(operation);) {
        refuse_writes(driver, node, reason);
        driver.advance(milliseconds(1));
    }
}

TEST(ClientWrites, OneRoundTripWhenAllIsWell) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(1), "value");
    const auto sent = driver.take_one<Write>();
    EXPECT_EQ(sent.endpoint, endpoint_of(NodeId(2)));
    EXPECT_EQ(sent.to, NodeId(2));
    EXPECT_EQ(sent.message.client, ClientId(42));
    EXPECT_EQ(sent.message.key, key_in(1));
    EXPECT_EQ(sent.message.value, "value");
    driver.from_node(2, written(sent.message.request, 17, 17));
    EXPECT_EQ(driver.outcome<WriteOutcome>(put).version, OpNumber(17));
}

// C1: a write to one partition that is not answered kept the outcomes of all others from being forgotten, in every
// partition.
TEST(ClientWrites, AStuckWriteHoldsBackNoOtherPartition) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "stuck");
    const Sequence stuck = driver.take_one<Write>().message.sequence;
    for (int i = 0; i < 3; ++i) {
        driver.put(key_in(1), "value");
        const Write sent = driver.take_one<Write>().message;
        EXPECT_EQ(sent.lowest, sent.sequence);
        driver.from_node(2, written(sent.request, 17));
    }
    driver.put(key_in(0, 1), "another");
    EXPECT_EQ(driver.take_one<Write>().message.lowest, stuck) << "in its own partition it is still waited for";
}

TEST(ClientWrites, RedirectMendsTheMapInOneRoundTrip) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(1), "a");
    const auto first = driver.take_one<Write>();
    driver.from_node(2, not_primary(first, view_of(2, 3), node_info(3)));
    const auto second = driver.take_one<Write>();  // at once: no time has passed
    EXPECT_EQ(second.endpoint, endpoint_of(NodeId(3)));
    EXPECT_EQ(second.message.sequence, first.message.sequence);
    EXPECT_NE(second.message.request, first.message.request);
    driver.from_node(3, written(second.message.request, 5));
    EXPECT_TRUE(driver.done.at(put));

    driver.put(key_in(1), "b");
    EXPECT_EQ(driver.take_one<Write>().endpoint, endpoint_of(NodeId(3)));  // and it is remembered
}

TEST(ClientWrites, RedirectNamesANodeThatTheMapHasNot) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(1), "a");
    driver.from_node(2, not_primary(driver.take_one<Write>(), view_of(2, 4), node_info(4)));
    EXPECT_TRUE(driver.take<Write>().empty());  // not before it is heard
    EXPECT_EQ(driver.take_one<MapRequest>().endpoint, endpoint_of(NodeId(4)));
    driver.from_node(4, driver.beacon());
    EXPECT_EQ(driver.take_one<Write>().endpoint, endpoint_of(NodeId(4)));
}

TEST(ClientWrites, OlderViewInARedirectIsNotBelieved) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(1), "a");
    driver.from_node(2, not_primary(driver.take_one<Write>(), view_of(5, 3), node_info(3)));
    driver.from_node(3, not_primary(driver.take_one<Write>(), view_of(4, 2), node_info(2)));
    driver.advance(milliseconds(20));
    EXPECT_EQ(driver.take_one<Write>().endpoint, endpoint_of(NodeId(3)));
}

TEST(ClientWrites, NodesThatPointAtEachOtherDoNotMakeItSpin) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(1), "a");
    std::uint32_t at = 2;
    for (std::uint64_t number = 2; number <= 4; ++number) {
        const std::uint32_t other = at == 2 ? 3 : 2;
        driver.from_node(at, not_primary(driver.take_one<Write>(), view_of(number, other), node_info(other)));
        at = other;
    }
    driver.from_node(3, not_primary(driver.take_one<Write>(), view_of(5, 2), node_info(2)));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.advance(milliseconds(9));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.advance(milliseconds(1));
    EXPECT_EQ(driver.take<Write>().size(), 1U);
}

TEST(ClientWrites, RetryKeepsTheSequence) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const auto first = driver.take_one<Write>();
    driver.advance(milliseconds(999));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.from_node(1, driver.beacon());  // alive, but the answer was lost
    driver.advance(milliseconds(300));
    const auto second = driver.take_one<Write>();
    EXPECT_EQ(second.message.sequence, first.message.sequence);
    EXPECT_EQ(second.message.known, first.message.known);
    EXPECT_NE(second.message.request, first.message.request);
    driver.from_node(1, written(first.message.request, 9));  // the late answer to the first
    EXPECT_EQ(driver.outcome<WriteOutcome>(put).version, OpNumber(9));
    driver.from_node(1, written(second.message.request, 9));  // and the second's is dropped
    EXPECT_EQ(driver.done.size(), 1U);
}

TEST(ClientWrites, SilentPrimaryIsNotSentToAgainBeforeItIsHeard) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    driver.take<Write>();
    driver.advance(milliseconds(1000));
    EXPECT_TRUE(driver.take<Write>().empty());
    EXPECT_FALSE(driver.take<MapRequest>().empty());
    driver.from_node(1, driver.beacon());
    driver.advance(milliseconds(299));
    EXPECT_TRUE(driver.take<Write>().empty());  // it may be answering
    driver.advance(milliseconds(1));
    const auto again = driver.take_one<Write>();
    driver.from_node(1, written(again.message.request, 3));
    EXPECT_TRUE(driver.done.at(put));
}

TEST(ClientWrites, NotAppliedWhenEveryAttemptWasRefused) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", milliseconds(500));
    refuse_writes_until_done(driver, 1, RefusalReason::overloaded, put, milliseconds(500));
    EXPECT_EQ(driver.error(put), ErrorCode::unavailable);
    EXPECT_NE(driver.message(put).find("overloaded"), std::string::npos) << driver.message(put);
    EXPECT_NE(driver.message(put).find(endpoint_of(NodeId(1))), std::string::npos) << driver.message(put);
}

TEST(ClientWrites, NotAppliedWhenNobodyWasEverReached) {
    HandDriver driver;
    driver.turn();
    driver.answer(registry, MapSnapshot{first_map()});
    const OperationId put = driver.put(key_in(0), "a", milliseconds(500));
    driver.advance(milliseconds(500));
    EXPECT_TRUE(driver.take<Write>().empty());
    EXPECT_EQ(driver.error(put), ErrorCode::unavailable);
}

TEST(ClientWrites, OutcomeUnknownWhenAnAttemptWasNotAnswered) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", milliseconds(1200));
    driver.take<Write>();
    driver.talk(1, milliseconds(1000));
    refuse_writes(driver, 1, RefusalReason::overloaded);
    driver.advance(milliseconds(200));
    EXPECT_EQ(driver.error(put), ErrorCode::outcome_unknown);
}

TEST(ClientWrites, LateRefusalOfAnEarlierAttemptMakesItNotAppliedAgain) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", milliseconds(1020));
    const auto first = driver.take_one<Write>();
    driver.talk(1, milliseconds(1000));
    driver.from_node(1, rejected(first.message.request, RefusalReason::busy));
    driver.from_node(1, rejected(first.message.request, RefusalReason::busy));  // twice is not two attempts
    refuse_writes_until_done(driver, 1, RefusalReason::busy, put, milliseconds(20));
    EXPECT_EQ(driver.error(put), ErrorCode::unavailable);
}

TEST(ClientWrites, RefusedTwiceByOneAttemptDoesNotCountForAnother) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", milliseconds(1400));
    driver.take_one<Write>();  // never answered
    driver.talk(1, milliseconds(1000));
    const auto second = driver.take_one<Write>();
    driver.from_node(1, rejected(second.message.request, RefusalReason::busy));
    driver.from_node(1, rejected(second.message.request, RefusalReason::busy));
    driver.advance(milliseconds(400));
    EXPECT_EQ(driver.error(put), ErrorCode::outcome_unknown);
}

// 1. The first attempt is carried out, and its answer lost. 2. Thousands of later ones are refused. If the number of an
// attempt came again, a refusal of the later one would pass for one of the first.
TEST(ClientWrites, LostAttemptIsNotForgottenHoweverManyAreRefused) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", std::chrono::hours(1));
    std::set<RequestId> numbers{driver.take_one<Write>().message.request};
    driver.talk(1, std::chrono::seconds(1));
    for (int refused = 0; refused < 10000;) {
        for (const auto& sent : driver.take<Write>()) {
            EXPECT_TRUE(numbers.insert(sent.message.request).second) << "an attempt's number came again";
            driver.from_node(1, rejected(sent.message.request, RefusalReason::busy));
            ++refused;
        }
        driver.now += milliseconds(100);
        driver.turn();
    }
    driver.now += std::chrono::hours(1);
    driver.turn();
    EXPECT_EQ(driver.error(put), ErrorCode::outcome_unknown);
}

TEST(ClientWrites, MaybeAppendedAtADeposedPrimaryIsUnknown) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", milliseconds(200));
    driver.from_node(1, not_primary(driver.take_one<Write>(), view_of(2, 2), node_info(2), true));
    const auto second = driver.take_one<Write>();
    driver.from_node(2, rejected(second.message.request, RefusalReason::busy));
    driver.sends.clear();
    refuse_writes_until_done(driver, 2, RefusalReason::busy, put, milliseconds(300));
    EXPECT_EQ(driver.error(put), ErrorCode::outcome_unknown);
}

TEST(ClientWrites, DeadlineIsExact) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", milliseconds(777));
    driver.advance(milliseconds(776));
    EXPECT_FALSE(driver.is_done(put));
    driver.advance(milliseconds(1));
    EXPECT_TRUE(driver.is_done(put));
}

TEST(ClientWrites, KnownIsTheHighestCommitPointSeenBefore) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    driver.from_node(1, written(driver.take_one<Write>().message.request, 5, 90));
    driver.get(key_in(0));
    driver.from_node(1, GetAnswer{driver.take_one<Get>().message.request, "a", OpNumber(5), OpNumber(80)});
    driver.put(key_in(0), "b");
    EXPECT_EQ(driver.take_one<Write>().message.known, OpNumber(90));
    driver.put(key_in(1), "c");
    EXPECT_EQ(driver.take_one<Write>().message.known, OpNumber(0));  // of its own partition
}

TEST(ClientWrites, ExpiredSessionRaisesKnownIfEveryAttemptWasRefused) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const auto first = driver.take_one<Write>();
    EXPECT_EQ(first.message.known, OpNumber(0));
    driver.from_node(1, rejected(first.message.request, RefusalReason::session_expired, 50));
    const auto second = driver.take_one<Write>();
    EXPECT_EQ(second.message.known, OpNumber(50));
    EXPECT_EQ(second.message.sequence, first.message.sequence);
    driver.from_node(1, written(second.message.request, 51));
    EXPECT_TRUE(driver.done.at(put));
}

TEST(ClientWrites, ExpiredSessionIsUnknownIfAnAttemptMayHaveBeenAppended) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    driver.take_one<Write>();  // never answered
    driver.talk(1, milliseconds(1000));
    driver.from_node(1, rejected(driver.take_one<Write>().message.request, RefusalReason::session_expired, 50));
    EXPECT_EQ(driver.error(put), ErrorCode::outcome_unknown);
    EXPECT_NE(driver.message(put).find("session expired"), std::string::npos) << driver.message(put);
}

TEST(ClientWrites, KnownStaysAsItWasAtTheFirstAttempt) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    const auto first = driver.take_one<Write>();
    driver.get(key_in(0, 1));
    driver.from_node(1, GetAnswer{driver.take_one<Get>().message.request, "x", OpNumber(5), OpNumber(80)});
    driver.from_node(1, rejected(first.message.request, RefusalReason::busy));
    driver.advance(milliseconds(10));
    EXPECT_EQ(driver.take_one<Write>().message.known, OpNumber(0));
}

TEST(ClientWrites, WritesToOneKeyGoOneAfterTheOther) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    driver.put(key_in(0), "b");
    driver.put(key_in(0), "c");
    const auto first = driver.take_one<Write>();
    EXPECT_EQ(first.message.value, "a");
    driver.from_node(1, written(first.message.request, 1));
    const auto second = driver.take_one<Write>();
    EXPECT_EQ(second.message.value, "b");
    driver.from_node(1, rejected(second.message.request, RefusalReason::bad_value));  // finished, if not well
    EXPECT_EQ(driver.take_one<Write>().message.value, "c");
}

TEST(ClientWrites, WritesToDifferentKeysDoNotWait) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0, 0), "a");
    driver.put(key_in(0, 1), "b");
    EXPECT_EQ(driver.take<Write>().size(), 2U);
}

TEST(ClientWrites, WritesThatNeedNoOrderWaitOnlyForThoseThatDo) {
    HandDriver driver = HandDriver::formed();
    const auto unordered = [&](std::string value) {
        driver.submit(WriteOperation{.key = key_in(0), .value = std::move(value), .ordered = false});
    };
    unordered("a");
    unordered("b");
    driver.put(key_in(0), "c");
    const auto sent = driver.take<Write>();
    ASSERT_EQ(sent.size(), 3U);
    driver.from_node(1, written(sent[1].message.request, 1));
    unordered("d");
    driver.put(key_in(0), "e");
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.from_node(1, written(sent[2].message.request, 2));
    const auto freed = driver.take<Write>();
    ASSERT_EQ(freed.size(), 2U) << "no write waits for an unordered one";
    unordered("f");
    unordered("g");
    EXPECT_TRUE(driver.take<Write>().empty());
    for (const auto& each : freed)
        if (each.message.value == "e") driver.from_node(1, written(each.message.request, 3));
    EXPECT_EQ(driver.take<Write>().size(), 2U);
}

// A partition remembers what it did from the lowest open write on: it would refuse more, or forget other clients.
TEST(ClientWrites, NoMoreOfOnePartitionAreUnderWayThanItRemembersWithEase) {
    HandDriver driver = HandDriver::formed();
    constexpr int more = 3;
    std::vector<OperationId> crowded;
    for (int i = 0; i < static_cast<int>(Sequences::window) + more; ++i) {
        const OperationId id =
            driver.put(key_in(0, i), std::to_string(i), i < 256 ? milliseconds(5000) : milliseconds(400 + i));
        if (i >= static_cast<int>(Sequences::window)) crowded.push_back(id);
    }
    const auto sent = driver.take<Write>();
    ASSERT_EQ(sent.size(), Sequences::window);
    driver.put(key_in(1), "of another partition");
    EXPECT_EQ(driver.take<Write>().size(), 1U);
    driver.from_node(1, written(sent[1].message.request, 1));
    EXPECT_TRUE(driver.take<Write>().empty()) << "the lowest has no outcome yet";
    driver.from_node(1, written(sent[0].message.request, 2));
    EXPECT_EQ(driver.take<Write>().size(), 2U) << "the two lowest have";
    driver.talk(1, milliseconds(1000));
    EXPECT_EQ(driver.error(crowded.back()), ErrorCode::unavailable);
    EXPECT_THAT(driver.message(crowded.back()),
                testing::HasSubstr("too many earlier writes to partition 0 have no outcome yet"));
}

TEST(ClientWrites, OneThatWaitedForItsTurnUntilTheDeadlineIsNotApplied) {
    HandDriver driver = HandDriver::formed();
    const OperationId first = driver.put(key_in(0), "a", milliseconds(1100));
    const OperationId second = driver.put(key_in(0), "b", milliseconds(200));
    const OperationId third = driver.put(key_in(0), "c", milliseconds(2000));
    driver.take_one<Write>();
    driver.talk(1, milliseconds(200));
    EXPECT_EQ(driver.error(second), ErrorCode::unavailable);
    EXPECT_FALSE(driver.is_done(first));
    driver.talk(1, milliseconds(899));
    EXPECT_EQ(driver.take_one<Write>().message.value, "a");  // again
    driver.advance(milliseconds(1));
    EXPECT_EQ(driver.error(first), ErrorCode::outcome_unknown);
    EXPECT_EQ(driver.take_one<Write>().message.value, "c");
    EXPECT_FALSE(driver.is_done(third));
}

TEST(ClientWrites, LowestMovesOnWithWhatIsFinished) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0, 0), "a", milliseconds(290));
    driver.put(key_in(0, 1), "b");
    const auto sent = driver.take<Write>();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].message.sequence, Sequence(1));
    EXPECT_EQ(sent[1].message.sequence, Sequence(2));
    EXPECT_EQ(sent[1].message.lowest, Sequence(1));
    driver.from_node(1, written(sent[1].message.request, 1));
    driver.put(key_in(0, 2), "c");
    EXPECT_EQ(driver.take_one<Write>().message.lowest, Sequence(1));  // the first is still open
    driver.advance(milliseconds(290));
    driver.put(key_in(0, 3), "d");  // the first was abandoned
    EXPECT_EQ(driver.take<Write>().back().message.lowest, Sequence(3));
}

TEST(ClientWrites, RetryNamesTheLowestOfNow) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0, 0), "a");
    driver.put(key_in(0, 1), "b");
    const auto sent = driver.take<Write>();
    driver.from_node(1, written(sent[0].message.request, 1));
    driver.from_node(1, rejected(sent[1].message.request, RefusalReason::busy));
    driver.advance(milliseconds(10));
    EXPECT_EQ(driver.take_one<Write>().message.lowest, Sequence(2));
}

TEST(ClientWrites, FinalRefusalsSayWhatTheNodeSaid) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    driver.from_node(
        1, RequestRefused{driver.take_one<Write>().message.request, RefusalReason::bad_value, "at most 1 MiB", {}});
    EXPECT_EQ(driver.error(put), ErrorCode::invalid_argument);
    EXPECT_NE(driver.message(put).find("at most 1 MiB"), std::string::npos);
}

TEST(ClientWrites, EmptyKeyIsRefusedWithoutAskingAnybody) {
    HandDriver driver = HandDriver::formed();
    EXPECT_EQ(driver.error(driver.put("", "a")), ErrorCode::invalid_argument);
    EXPECT_EQ(driver.error(driver.get("")), ErrorCode::invalid_argument);
    EXPECT_TRUE(driver.sends.empty());
}

TEST(ClientWrites, TooManyAtOnceAreNotApplied) {
    HandDriver driver({registry}, 2);
    driver.put("a", "1");
    driver.put("b", "2");
    const OperationId third = driver.put("c", "3");
    EXPECT_EQ(driver.error(third), ErrorCode::unavailable);
    EXPECT_NE(driver.message(third).find("too many"), std::string::npos);
}

TEST(ClientWrites, ClosingSaysWhichMayHaveBeenApplied) {
    HandDriver driver = HandDriver::formed();
    const OperationId sent = driver.put(key_in(0), "a");
    const OperationId waiting = driver.put(key_in(0), "b");
    const OperationId get = driver.get(key_in(1));
    driver.client.close(driver.now);
    const OperationId late = driver.put(key_in(1), "c");
    EXPECT_EQ(driver.error(sent), ErrorCode::outcome_unknown);
    EXPECT_EQ(driver.error(waiting), ErrorCode::closed);
    EXPECT_EQ(driver.error(get), ErrorCode::closed);
    EXPECT_EQ(driver.error(late), ErrorCode::closed);
    EXPECT_TRUE(driver.client.finished());
}

TEST(ClientWrites, MixedLoadCompletesEachOnce) {
    HandDriver driver = HandDriver::formed();
    std::uint64_t random = 1;
    std::size_t submitted = 0;
    for (int step = 0; step < 3000; ++step) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        const auto draw = [&](std::uint64_t n) { return (random >> 33U) % n; };
        if (driver.client.cache().formed() && draw(2) == 0) {
            driver.put(key_in(static_cast<std::uint32_t>(draw(4)), static_cast<int>(draw(3))), "v", milliseconds(400));
            ++submitted;
        }
        for (const auto& sent : driver.take<Write>()) {
            const auto id = sent.to.value();
            random = random * 6364136223846793005U + 1442695040888963407U;
            switch (draw(5)) {
                case 0: break;  // lost
                case 1: driver.from_node(id, rejected(sent.message.request, RefusalReason::busy)); break;
                case 2: driver.from_node(id, not_primary(sent, view_of(1, id % 3 + 1))); break;
                default: driver.from_node(id, written(sent.message.request, 1)); break;
            }
        }
        for (const auto& sent : driver.take<MapRequest>())
            if (sent.endpoint != registry)
                driver.from_node(sent.endpoint == endpoint_of(NodeId(1)) ? 1 : 2, driver.beacon());
        driver.advance(milliseconds(1));
    }
    driver.advance(milliseconds(400));
    EXPECT_EQ(driver.done.size(), submitted);
    driver.put(key_in(0), "last");
    ASSERT_FALSE(driver.sends.empty());
}

}  // namespace
}  // namespace ringkv::test
