// What the client tells of calls that took long.
#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

TEST(SlowCalls, AWriteTellsItsIdsAndWhereItsTimeWent) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const auto first = driver.take_one<Write>();
    driver.talk(1, milliseconds(90));
    driver.from_node(1, not_primary(first, view_of(2, 2), node_info(2)));
    const auto second = driver.take_one<Write>();
    driver.talk(2, milliseconds(30));
    EXPECT_TRUE(driver.slow.empty()) << "it goes on";
    driver.from_node(2, written(second.message.request, 5));
    ASSERT_TRUE(driver.is_done(put));
    ASSERT_EQ(driver.slow.size(), 1U);
    const SlowCall& told = driver.slow.front();
    EXPECT_EQ(told.operation, "write");
    EXPECT_EQ(told.key, key_in(0));
    EXPECT_EQ(told.took, milliseconds(120));
    EXPECT_EQ(told.before_last, milliseconds(90));
    EXPECT_EQ(told.attempts, 2U);
    EXPECT_EQ(told.request, to_hex(second.message.request.value()));
    EXPECT_EQ(told.client, "000000000000002a");
    EXPECT_EQ(told.sequence, second.message.sequence.value());
    EXPECT_EQ(told.endpoint, endpoint_of(NodeId(2)));
    EXPECT_EQ(told.refusal, "not the primary (view v2)");
}

TEST(SlowCalls, AReadThatIsAnsweredInTimeIsNone) {
    HandDriver driver = HandDriver::formed();
    driver.get(key_in(2));
    const auto sent = driver.take_one<Get>();
    driver.talk(3, milliseconds(99));
    driver.from_node(3, GetAnswer{sent.message.request, "x", OpNumber(7), OpNumber(7)});
    EXPECT_TRUE(driver.slow.empty());
}

TEST(SlowCalls, OneThatFailsIsOneAndNamesNoAttemptIfThereWasNone) {
    HandDriver driver;  // without a map
    const OperationId get = driver.get("k", milliseconds(300));
    driver.advance(milliseconds(310));
    ASSERT_EQ(driver.error(get), ErrorCode::unavailable);
    ASSERT_EQ(driver.slow.size(), 1U);
    const SlowCall& told = driver.slow.front();
    EXPECT_EQ(told.operation, "get");
    EXPECT_EQ(told.attempts, 0U);
    EXPECT_EQ(told.request, "");
    EXPECT_EQ(told.endpoint, "");
    EXPECT_EQ(told.sequence, 0U);
    EXPECT_EQ(told.before_last, told.took);
    EXPECT_GE(told.took, milliseconds(300));
}

// Or a server's log could not tell the first attempt of one kvctl from that of another.
TEST(SlowCalls, AttemptsOfDifferentClientsHaveDifferentIds) {
    std::set<RequestId> ids;
    for (const std::uint64_t seed : {0x0123456789abcdefU, 0xfedcba9876543210U}) {
        RequestTracker tracker(10, seed);
        PendingRequest& request = tracker.open(Time{} + milliseconds(1), nullptr);
        for (int n = 0; n < 2; ++n) {
            const RequestId attempt = tracker.attempt(request, Time{});
            EXPECT_EQ(tracker.find(attempt), &request);
            ids.insert(attempt);
        }
    }
    EXPECT_EQ(ids.size(), 4U);
}

}  // namespace
}  // namespace ringkv::test
