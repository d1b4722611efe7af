// A client does not answer slowness with more load.
#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;

GetAnswer found(RequestId request, std::string value = "v") {
    return {request, std::move(value), OpNumber(1), OpNumber(1)};
}

TEST(ClientLoad, SlowNodeThatAnswersIsNotSentTheSameAgain) {
    HandDriver driver = HandDriver::formed();
    for (int i = 0; i < 50; ++i) driver.get(key_in(0, i), seconds(20));
    const auto sent = driver.take<Get>();
    ASSERT_EQ(sent.size(), 50U);
    for (const auto& get : sent) {  // the last one after 10 seconds
        driver.advance(milliseconds(200));
        driver.from_node(1, found(get.message.request));
    }
    EXPECT_TRUE(driver.take<Get>().empty());
    EXPECT_EQ(driver.done.size(), 50U);
}

TEST(ClientLoad, NodeThatWasStalledIsNotSentTheSameAgainWhenItWakes) {
    HandDriver driver = HandDriver::formed();
    for (int i = 0; i < 20; ++i) driver.put(key_in(0, i), "a");
    const auto sent = driver.take<Write>();
    driver.advance(milliseconds(800));     // nothing comes from it
    driver.from_node(1, driver.beacon());  // a knock is answered first, for a write waits for the backups
    driver.advance(milliseconds(100));
    EXPECT_TRUE(driver.take<Write>().empty());
    for (const auto& write : sent) driver.from_node(1, written(write.message.request, 5));
    EXPECT_EQ(driver.done.size(), 20U);
}

TEST(ClientLoad, PausesAfterOverloadGrowToASecondAndDifferBetweenOperations) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0, 0), "a", seconds(60));
    driver.put(key_in(0, 1), "b", seconds(60));
    std::map<Sequence, std::vector<Time>> times;
    for (const Time end = driver.now + seconds(20); driver.now < end; driver.advance(milliseconds(1)))
        for (const auto& sent : driver.take<Write>()) {
            times[sent.message.sequence].push_back(driver.now);
            driver.from_node(1, rejected(sent.message.request, RefusalReason::overloaded));
        }
    ASSERT_EQ(times.size(), 2U);
    for (const auto& [sequence, attempts] : times) {
        ASSERT_GE(attempts.size(), 10U);
        EXPECT_LE(attempts.size(), 50U) << "20 seconds";
        Duration pause = milliseconds(5);
        for (std::size_t i = 1; i < attempts.size(); ++i, pause = std::min<Duration>(pause * 2, seconds(1))) {
            EXPECT_GE(attempts[i] - attempts[i - 1], pause / 2);
            EXPECT_LE(attempts[i] - attempts[i - 1], pause + milliseconds(1));
        }
    }
    EXPECT_NE(times[Sequence(1)], times[Sequence(2)]) << "they would knock together for ever";
}

TEST(ClientLoad, LostAttemptIsMadeAgainThoughItsNodeTalks) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const auto first = driver.take_one<Write>();
    driver.talk(1, milliseconds(950));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.talk(1, milliseconds(50));
    const auto second = driver.take_one<Write>();
    EXPECT_EQ(second.message.sequence, first.message.sequence);
    driver.talk(1, milliseconds(1950));  // twice as long
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.talk(1, milliseconds(50));
    EXPECT_EQ(driver.take<Write>().size(), 1U);
    driver.from_node(1, written(second.message.request, 3));
    EXPECT_TRUE(driver.done.at(put));
}

// 1. A node restarts under a client's writes. 2. What its earlier process had is gone.
TEST(ClientLoad, RestartedNodeIsSentAtOnceWhatTheProcessBeforeHad) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    driver.take_one<Write>();
    driver.advance(milliseconds(400));
    driver.from_restarted(1, driver.beacon());
    driver.from_restarted(1, written(driver.take_one<Write>().message.request, 3));
    EXPECT_TRUE(driver.done.at(put));
    driver.get(key_in(0));
    driver.take_one<Get>();
    driver.from_node(1, driver.beacon());  // late, of the process before
    EXPECT_TRUE(driver.take<Get>().empty());
}

TEST(ClientLoad, NodeThatAnswersKnocksAloneIsAskedAgain) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    driver.take_one<Write>();
    std::size_t again = 0;
    for (const Time end = driver.now + seconds(4); driver.now < end; driver.advance(milliseconds(1))) {
        again += driver.take<Write>().size();
        for (const auto& sent : driver.take<MapRequest>())
            if (sent.endpoint == endpoint_of(NodeId(1))) driver.from_node(1, driver.beacon());
    }
    EXPECT_EQ(again, 2U);
}

// ---------------------------------------------------------------- the window

constexpr std::size_t window = 1000;
const std::string value(300, 'x');  // two fit, three do not

std::vector<std::string> keys_of(const std::vector<Sent<Write>>& sent) {
    std::vector<std::string> keys;
    keys.reserve(sent.size());
    for (const auto& write : sent) keys.emplace_back(write.message.key);
    return keys;
}

TEST(ClientLoad, WhatIsOutstandingToAnEndpointIsBoundedInBytes) {
    HandDriver driver = HandDriver::formed(window);
    for (int i = 0; i < 6; ++i) driver.put(key_in(0, i), value);
    auto sent = driver.take<Write>();
    EXPECT_EQ(keys_of(sent), (std::vector{key_in(0, 0), key_in(0, 1)}));
    driver.put(key_in(1), value);
    EXPECT_EQ(driver.take_one<Write>().endpoint, endpoint_of(NodeId(2))) << "another endpoint has its own window";
    driver.from_node(1, written(sent[1].message.request, 1));
    const auto third = driver.take_one<Write>();
    EXPECT_EQ(third.message.key, key_in(0, 2)) << "in the order of submission";
    driver.put(key_in(0, 6), "");
    EXPECT_TRUE(driver.take<Write>().empty()) << "a small one does not overtake";
    driver.from_node(1, rejected(sent[0].message.request, RefusalReason::busy));
    EXPECT_EQ(driver.take_one<Write>().message.key, key_in(0, 3)) << "what was refused is outstanding no more";
    driver.from_node(1, written(third.message.request, 2));
    EXPECT_EQ(driver.take_one<Write>().message.key, key_in(0, 4));
    driver.advance(milliseconds(10));  // the refused one is older than those that wait, and goes before them
    driver.from_node(1, written(RequestId(0), 2));
    EXPECT_TRUE(driver.take<Write>().empty());
}

TEST(ClientLoad, OneThatIsLargerThanTheWindowGoesAlone) {
    HandDriver driver = HandDriver::formed(window);
    driver.put(key_in(0, 0), "a");
    driver.put(key_in(0, 1), std::string(5000, 'x'));
    driver.put(key_in(0, 2), "c");
    const auto first = driver.take_one<Write>();
    driver.from_node(1, written(first.message.request, 1));
    const auto large = driver.take_one<Write>();
    EXPECT_EQ(large.message.key, key_in(0, 1));
    driver.from_node(1, written(large.message.request, 2));
    EXPECT_EQ(driver.take_one<Write>().message.key, key_in(0, 2));
}

TEST(ClientLoad, ReadsCountWhatTheyWillBring) {
    HandDriver driver = HandDriver::formed(std::size_t{4} << 20U);
    for (int i = 0; i < 400; ++i) driver.get(key_in(0), seconds(60));
    auto sent = driver.take<Get>();
    EXPECT_LT(sent.size(), 70U) << "before it is known how much they bring";
    const std::string large(std::size_t{1} << 20U, 'x');
    std::size_t outstanding = sent.size();
    std::size_t answers = 0;
    while (!sent.empty()) {
        std::vector<Sent<Get>> next;
        for (const auto& get : sent) {
            driver.from_node(1, found(get.message.request, large));
            const auto more = driver.take<Get>();
            outstanding += more.size() - 1;
            if (++answers > 100) {
                EXPECT_LE(outstanding, 5U);
            }
            next.insert(next.end(), more.begin(), more.end());
        }
        sent = std::move(next);
    }
    EXPECT_EQ(driver.done.size(), 400U);
}

TEST(ClientLoad, DeadlineHoldsInTheLine) {
    HandDriver driver = HandDriver::formed(window);
    const OperationId large = driver.put(key_in(0, 0), std::string(1000, 'x'));
    const OperationId waits = driver.put(key_in(0, 1), "b", milliseconds(200));
    driver.put(key_in(0, 2), "c");
    driver.advance(milliseconds(199));
    EXPECT_FALSE(driver.is_done(waits));
    driver.advance(milliseconds(1));
    EXPECT_EQ(driver.error(waits), ErrorCode::unavailable) << "not applied: it was never sent";
    EXPECT_NE(driver.message(waits).find("slow"), std::string::npos) << driver.message(waits);
    driver.from_node(1, written(driver.take_one<Write>().message.request, 1));
    EXPECT_TRUE(driver.is_done(large));
    EXPECT_EQ(driver.take_one<Write>().message.key, key_in(0, 2));
}

// Else short deadlines would send a slow node whatever it cannot take.
TEST(ClientLoad, WhatEndedWithoutAnAnswerIsStillOutstanding) {
    HandDriver driver = HandDriver::formed(window);
    const OperationId first = driver.put(key_in(0, 0), std::string(1000, 'x'), milliseconds(100));
    driver.put(key_in(0, 1), "b");
    const auto sent = driver.take_one<Write>();
    driver.advance(milliseconds(200));
    EXPECT_EQ(driver.error(first), ErrorCode::outcome_unknown);
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.from_node(1, written(sent.message.request, 1));  // no operation waits for it, but the node is done with it
    EXPECT_EQ(driver.take_one<Write>().message.key, key_in(0, 1));
}

TEST(ClientLoad, WhatEndedAndWasLostGivesItsRoomBack) {
    HandDriver driver = HandDriver::formed(window);
    driver.put(key_in(0, 0), std::string(1000, 'x'), milliseconds(100));
    driver.put(key_in(0, 1), "b");
    driver.take_one<Write>();
    driver.talk(1, milliseconds(900));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.talk(1, milliseconds(100));
    EXPECT_EQ(driver.take_one<Write>().message.key, key_in(0, 1));
}

TEST(ClientLoad, ThoseInLineGoWhereTheMapSays) {
    HandDriver driver = HandDriver::formed(window);
    driver.put(key_in(0, 0), std::string(1000, 'x'));
    driver.put(key_in(0, 1), "b");
    driver.from_node(1, not_primary(driver.take_one<Write>(), view_of(2, 2), node_info(2)));
    for (const auto& sent : driver.take<Write>()) EXPECT_EQ(sent.endpoint, endpoint_of(NodeId(2)));
}

// ---------------------------------------------------------------- what cannot leave

TEST(ClientLoad, WhatCannotLeaveIsKeptAndIsNotApplied) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a", milliseconds(300));
    std::size_t attempts = 0;
    for (; !driver.is_done(put); driver.advance(milliseconds(1))) {
        std::vector<Outgoing> sends = std::move(driver.sends);
        driver.sends.clear();
        for (const Outgoing& send : sends) {
            attempts += std::holds_alternative<Write>(send.message) ? 1 : 0;
            driver.client.unsent(driver.now, send);
        }
    }
    EXPECT_GE(attempts, 5U) << "it was tried again at once";
    EXPECT_EQ(driver.error(put), ErrorCode::unavailable);
    EXPECT_NE(driver.message(put).find("takes nothing"), std::string::npos) << driver.message(put);
}

TEST(ClientLoad, WhatCouldLeaveAtLastIsDone) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    driver.client.unsent(driver.now,
                         {Address::to(endpoint_of(NodeId(1))), NodeId(1), driver.take_one<Write>().message});
    driver.advance(milliseconds(6));
    driver.from_node(1, written(driver.take_one<Write>().message.request, 1));
    EXPECT_TRUE(driver.done.at(put));
}

}  // namespace
}  // namespace ringkv::test
