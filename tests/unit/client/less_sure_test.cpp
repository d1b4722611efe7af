// Operations that ask for less: writes that the primary alone acknowledges (P6), reads from any replica (P7).
#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

constexpr std::uint32_t mine = 1;  // its primary is node 2; its other members are nodes 1 and 3

GetOperation stale_get(std::optional<Duration> max_age = {}) {
    return {key_in(mine), StaleRead{max_age}};
}
GetAnswer aged(const Sent<Get>& get, std::string value, Duration age) {
    return {get.message.request, std::move(value), OpNumber(5), OpNumber(5), age};
}
WriteOperation early_put() {
    return {key_in(mine), "v", {}, Ack::primary};
}

TEST(EarlyWrites, AskForItAndTakeAnAnswerWithoutAVersion) {
    HandDriver driver = HandDriver::in_rack("");
    const OperationId put = driver.submit(early_put());
    const auto sent = driver.take_one<Write>();
    EXPECT_EQ(sent.message.ack, Ack::primary);
    driver.from_node(2, written(sent.message.request, 0));
    EXPECT_TRUE(driver.outcome<WriteOutcome>(put).version.none());
}

TEST(EarlyWrites, AskAnOlderNodeForWhatItKnows) {
    HandDriver driver = HandDriver::in_rack("", {2});
    const OperationId put = driver.submit(early_put());
    const auto sent = driver.take_one<Write>();
    EXPECT_EQ(sent.message.ack, Ack::all);
    driver.from_node(2, written(sent.message.request, 9));
    EXPECT_EQ(driver.outcome<WriteOutcome>(put).version, OpNumber(9));
}

TEST(EarlyWrites, AreSentAgainAsOthersToANodeThatWentBackToAnOlderRelease) {
    HandDriver driver = HandDriver::in_rack("");
    const OperationId put = driver.submit(early_put());
    const auto first = driver.take_one<Write>();
    driver.older = {2};
    driver.from_node(2, rejected(first.message.request, RefusalReason::not_built));
    driver.advance(milliseconds(20));
    const auto again = driver.take_one<Write>();
    EXPECT_EQ(again.message.sequence, first.message.sequence);
    EXPECT_EQ(again.message.ack, Ack::all);
    EXPECT_FALSE(driver.is_done(put));
}

TEST(EarlyWrites, AreNotConditional) {
    HandDriver driver = HandDriver::in_rack("");
    EXPECT_EQ(driver.error(driver.submit(WriteOperation{"k", "v", OpNumber(1), Ack::primary})),
              ErrorCode::invalid_argument);
    EXPECT_TRUE(driver.take<Write>().empty());
}

TEST(StaleReads, GoToTheOwnRackAndTellTheirAge) {
    HandDriver driver = HandDriver::in_rack("rack-3");
    const OperationId get = driver.submit(stale_get(milliseconds(300)));
    const auto sent = driver.take_one<Get>();
    EXPECT_EQ(sent.to, NodeId(3));
    ASSERT_TRUE(sent.message.stale);
    EXPECT_EQ(sent.message.stale->max_age, milliseconds(300));
    driver.from_node(3, aged(sent, "v", milliseconds(120)));
    EXPECT_EQ(driver.outcome<GetOutcome>(get).value, "v");
    EXPECT_EQ(driver.outcome<GetOutcome>(get).age, milliseconds(120));
}

TEST(StaleReads, WithoutARackAreSpreadOverTheReplicas) {
    HandDriver driver = HandDriver::in_rack("");
    std::set<NodeId> asked;
    for (int i = 0; i < 6; ++i) {
        (void)driver.submit(stale_get());
        asked.insert(driver.take_one<Get>().to);
    }
    EXPECT_EQ(asked.size(), 3U);
}

TEST(StaleReads, GoOnFromOneThatRefusesToAnotherAndPauseWhenAllHave) {
    HandDriver driver = HandDriver::in_rack("rack-3");
    const OperationId get = driver.submit(stale_get());
    std::set<NodeId> asked;
    for (int i = 0; i < 3; ++i) {
        const auto sent = driver.take_one<Get>();
        asked.insert(sent.to);
        driver.from_node(sent.to.value(), rejected(sent.message.request, RefusalReason::too_old));
    }
    EXPECT_EQ(asked.size(), 3U);
    EXPECT_TRUE(driver.take<Get>().empty()) << "all have refused";
    driver.advance(milliseconds(10));
    const auto again = driver.take_one<Get>();
    EXPECT_EQ(again.to, NodeId(3));
    driver.from_node(3, aged(again, "v", milliseconds(1)));
    EXPECT_TRUE(driver.is_done(get));
}

TEST(StaleReads, LeaveAReplicaThatFallsSilent) {
    HandDriver driver = HandDriver::in_rack("rack-3");
    (void)driver.submit(stale_get());
    EXPECT_EQ(driver.take_one<Get>().to, NodeId(3));
    driver.from_node(1, driver.beacon());
    driver.from_node(2, driver.beacon());
    driver.advance(milliseconds(310));
    EXPECT_NE(driver.take_one<Get>().to, NodeId(3));
    (void)driver.submit(stale_get());
    EXPECT_NE(driver.take_one<Get>().to, NodeId(3)) << "it is still silent";
    driver.from_node(3, driver.beacon());
    (void)driver.submit(stale_get());
    EXPECT_EQ(driver.take_one<Get>().to, NodeId(3));
}

TEST(StaleReads, OfAClusterThatTalksNotAreMadeWhenOneDoes) {
    HandDriver driver = HandDriver::in_rack("rack-3");
    driver.advance(std::chrono::minutes(3));  // the connections are closed by now
    (void)driver.take<Get>();
    const OperationId get = driver.submit(stale_get(), std::chrono::minutes(1));
    EXPECT_TRUE(driver.take<Get>().empty());
    driver.from_node(1, driver.beacon());
    driver.advance(milliseconds(25));
    EXPECT_EQ(driver.take_one<Get>().to, NodeId(1)) << "the first that is heard";
    EXPECT_FALSE(driver.is_done(get));
}

TEST(StaleReads, PassOlderBackupsByAndAskAnOlderPrimaryPlainly) {
    HandDriver driver = HandDriver::in_rack("rack-3", {2, 3});
    (void)driver.submit(stale_get());
    const auto first = driver.take_one<Get>();
    const auto plain = [](const Sent<Get>& get) { return get.to == NodeId(2) && !get.message.stale; };
    const auto stale = [](const Sent<Get>& get) { return get.to == NodeId(1) && get.message.stale; };
    EXPECT_TRUE(plain(first) || stale(first)) << first.to.value();
    driver.from_node(1, rejected(first.message.request, RefusalReason::too_old));
    HandDriver old = HandDriver::in_rack("rack-3", {1, 2, 3});
    const OperationId get = old.submit(stale_get());
    const auto asked = old.take_one<Get>();
    EXPECT_TRUE(plain(asked));
    old.from_node(2, GetAnswer{asked.message.request, "v", OpNumber(5), OpNumber(5)});
    EXPECT_EQ(old.outcome<GetOutcome>(get).age, Duration(0));
}

TEST(StaleReads, AreTakenElsewhereByANotPrimary) {
    HandDriver driver = HandDriver::in_rack("rack-3");
    (void)driver.submit(stale_get());
    const auto sent = driver.take_one<Get>();
    driver.from_node(3, NotPrimary{sent.message.request, sent.message.partition, view_of(1, 2), {}, false});
    EXPECT_NE(driver.take_one<Get>().to, NodeId(3));
}

TEST(StaleReads, OfScansAreAskedInTheSameWay) {
    HandDriver driver = HandDriver::in_rack("rack-3");
    ScanOperation scan{.partition = PartitionId(mine), .prefix = "", .after = {}};
    scan.stale.emplace();
    const OperationId id = driver.submit(scan);
    const auto sent = driver.take_one<Scan>();
    EXPECT_EQ(sent.to, NodeId(3));
    EXPECT_TRUE(sent.message.stale);
    driver.from_node(3, ScanAnswer{sent.message.request, {}, false, OpNumber(5), milliseconds(7)});
    EXPECT_EQ(driver.outcome<ScanOutcome>(id).age, milliseconds(7));
}

TEST(StaleReads, CannotBeYoungerThanNow) {
    HandDriver driver = HandDriver::in_rack("rack-3");
    EXPECT_EQ(driver.error(driver.submit(stale_get(milliseconds(-1)))), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ringkv::test
