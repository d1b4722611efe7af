// Answers that a client must not believe, and reads and scans.
#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

TEST(ClientAnswers, ReadFindsTheValueOrNone) {
    HandDriver driver = HandDriver::formed();
    const OperationId found = driver.get(key_in(2));
    const auto sent = driver.take_one<Get>();
    EXPECT_EQ(sent.endpoint, endpoint_of(NodeId(3)));
    driver.from_node(3, GetAnswer{sent.message.request, std::string("\0x", 2), OpNumber(7), OpNumber(7)});
    EXPECT_EQ(driver.outcome<GetOutcome>(found).value, std::string("\0x", 2));
    const OperationId absent = driver.get(key_in(2));
    driver.from_node(3, GetAnswer{driver.take_one<Get>().message.request, std::nullopt, {}, {}});
    EXPECT_EQ(driver.outcome<GetOutcome>(absent).value, std::nullopt);
}

TEST(ClientAnswers, ReadThatNobodyAnswersIsUnavailable) {
    HandDriver driver = HandDriver::formed();
    const OperationId get = driver.get(key_in(0), milliseconds(600));
    driver.advance(milliseconds(600));
    EXPECT_EQ(driver.error(get), ErrorCode::unavailable);
}

TEST(ClientAnswers, ThoseToNobodyAreDropped) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const RequestId request = driver.take_one<Write>().message.request;
    for (const std::uint64_t wrong :
         {std::uint64_t{0}, std::uint64_t{1}, request.value() + 1, request.value() ^ (std::uint64_t{1} << 40U),
          request.value() + (std::uint64_t{1} << 12U), ~std::uint64_t{0}})
        driver.from_node(1, written(RequestId(wrong), 5));
    EXPECT_FALSE(driver.is_done(put));
    driver.from_node(1, written(request, 5));
    EXPECT_TRUE(driver.is_done(put));
}

TEST(ClientAnswers, ThoseOfAnotherKindAreDropped) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const RequestId write = driver.take_one<Write>().message.request;
    driver.from_node(1, GetAnswer{write, "x", OpNumber(1), {}});
    driver.from_node(1, ScanAnswer{write, {}, false, {}});
    driver.from_node(1, WriteAnswer{write, static_cast<WriteStatus>(9), OpNumber(1), {}});
    const OperationId get = driver.get(key_in(0));
    driver.from_node(1, written(driver.take_one<Get>().message.request, 1));
    EXPECT_FALSE(driver.is_done(put));
    EXPECT_FALSE(driver.is_done(get));
}

TEST(ClientAnswers, ThoseOfAnotherClusterAreDropped) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const RequestId request = driver.take_one<Write>().message.request;
    driver.answer(endpoint_of(NodeId(1)), written(request, 5), cluster_id(9), NodeId(1));
    driver.answer(endpoint_of(NodeId(1)), written(request, 5), Uuid{}, NodeId(1));
    EXPECT_FALSE(driver.is_done(put));
}

TEST(ClientAnswers, RedirectForAnotherPartitionIsDropped) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    auto answer = not_primary(driver.take_one<Write>(), view_of(9, 3), node_info(3));
    answer.partition = PartitionId(1);
    driver.from_node(1, answer);
    answer.partition = PartitionId(70000);
    driver.from_node(1, answer);
    EXPECT_TRUE(driver.take<Write>().empty());
    EXPECT_EQ(driver.client.cache().view(PartitionId(1)).id.number, ViewNumber(1));
}

TEST(ClientAnswers, RedirectToNowhereIsABackOff) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    NodeInfo without_endpoint = node_info(3);
    without_endpoint.endpoints.clear();
    driver.from_node(1, not_primary(driver.take_one<Write>(), view_of(1, 1), without_endpoint));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.advance(milliseconds(5));
    driver.from_node(1, not_primary(driver.take_one<Write>(), View{}));
    driver.advance(milliseconds(10));
    EXPECT_EQ(driver.take<Write>().size(), 1U);
    EXPECT_FALSE(driver.take<MapRequest>().empty());
}

TEST(ClientAnswers, ScanStepReturnsItsPart) {
    HandDriver driver = HandDriver::formed();
    const OperationId scan = driver.submit(ScanOperation{PartitionId(3), "k", "ka", 2, false});
    const auto sent = driver.take_one<Scan>();
    EXPECT_EQ(sent.endpoint, endpoint_of(NodeId(1)));
    EXPECT_EQ(sent.message.after, "ka");
    driver.from_node(1,
                     ScanAnswer{sent.message.request, {{"kb", "1", OpNumber(1)}, {"kc", "2", OpNumber(2)}}, true, {}});
    EXPECT_EQ(driver.outcome<ScanOutcome>(scan).records.size(), 2U);
    EXPECT_TRUE(driver.outcome<ScanOutcome>(scan).more);
}

TEST(ClientAnswers, ScanPartsThatCannotBeRightAreDropped) {
    HandDriver driver = HandDriver::formed();
    const OperationId scan = driver.submit(ScanOperation{PartitionId(3), "k", "kb", 2, false});
    const RequestId request = driver.take_one<Scan>().message.request;
    const auto record = [](const char* key) { return KeyRecord{key, "", OpNumber(1)}; };
    driver.from_node(1, ScanAnswer{request, {record("kb")}, false, {}});                              // not after
    driver.from_node(1, ScanAnswer{request, {record("kd"), record("kc")}, false, {}});                // out of order
    driver.from_node(1, ScanAnswer{request, {record("x")}, false, {}});                               // no such prefix
    driver.from_node(1, ScanAnswer{request, {}, true, {}});                                           // no progress
    driver.from_node(1, ScanAnswer{request, {record("kc"), record("kd"), record("ke")}, false, {}});  // too many
    EXPECT_FALSE(driver.is_done(scan));
    driver.from_node(1, ScanAnswer{request, {}, false, {}});
    EXPECT_TRUE(driver.is_done(scan));
}

TEST(ClientAnswers, ScanOfAPartitionThatIsNotThere) {
    HandDriver driver = HandDriver::formed();
    EXPECT_EQ(driver.error(driver.submit(ScanOperation{PartitionId(4), "", {}, 0, false})),
              ErrorCode::invalid_argument);
}

TEST(ClientAnswers, AddressOfAnotherClusterEndsWhatWasSentThere) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const OperationId get = driver.get(key_in(0, 1));
    const OperationId elsewhere = driver.get(key_in(1));
    driver.answer(endpoint_of(NodeId(1)), FrameRefused{ErrorCode::wrong_cluster, "this is cluster x"}, cluster_id(9));
    // The process that had the address before may have done it.
    EXPECT_EQ(driver.error(put), ErrorCode::outcome_unknown);
    EXPECT_NE(driver.message(put).find("this is cluster x"), std::string::npos) << driver.message(put);
    EXPECT_EQ(driver.error(get), ErrorCode::wrong_cluster);
    EXPECT_FALSE(driver.is_done(elsewhere));
}

TEST(ClientAnswers, AddressOfAnotherClusterFromTheStartMeansNotApplied) {
    HandDriver driver;
    driver.turn();
    driver.answer(registry, MapSnapshot{first_map()});
    const OperationId put = driver.put(key_in(0), "a");
    driver.answer(endpoint_of(NodeId(1)), FrameRefused{ErrorCode::wrong_cluster, "this is cluster x"}, cluster_id(9));
    EXPECT_TRUE(driver.take<Write>().empty());
    EXPECT_EQ(driver.error(put), ErrorCode::wrong_cluster);
}

// 1. A write is under way at a node. 2. Another frame to that node is damaged on the way; the node, which cannot read
// what was in it, refuses the frame. 3. The write commits.
TEST(ClientAnswers, RefusedFrameProvesNothingOfAWriteUnderWay) {
    HandDriver driver = HandDriver::formed();
    const FrameRefused damaged{ErrorCode::malformed, "no message of ours"};
    const OperationId put = driver.put(key_in(0), "a");
    const auto sent = driver.take_one<Write>();
    driver.answer(endpoint_of(NodeId(1)), damaged, Uuid{});
    ASSERT_FALSE(driver.is_done(put)) << driver.message(put);
    driver.from_node(1, written(sent.message.request, 5));
    EXPECT_EQ(driver.outcome<WriteOutcome>(put).version, OpNumber(5));

    const OperationId unanswered = driver.put(key_in(0), "b", milliseconds(250));
    driver.answer(endpoint_of(NodeId(1)), damaged, Uuid{});
    driver.advance(milliseconds(250));
    EXPECT_EQ(driver.error(unanswered), ErrorCode::outcome_unknown);
    EXPECT_NE(driver.message(unanswered).find("no message of ours"), std::string::npos) << driver.message(unanswered);
}

// Each attempt brings the whole value again, and takes from those that the node has accepted.
TEST(ClientAnswers, WhatAnOverloadedNodeRefusesWaitsForAsLongAsItsAnswersTake) {
    HandDriver driver = HandDriver::formed();
    driver.put(key_in(0), "a");
    const auto refused = driver.take_one<Write>();
    driver.advance(milliseconds(200));
    driver.from_node(1, RequestRefused{refused.message.request, RefusalReason::overloaded, "", OpNumber()});
    driver.advance(milliseconds(199));
    EXPECT_TRUE(driver.take<Write>().empty());
    driver.advance(milliseconds(201));
    EXPECT_EQ(driver.take<Write>().size(), 1U);
}

TEST(ClientAnswers, AddressOfANodeThatHasNotJoinedYetIsTriedAgain) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    driver.answer(endpoint_of(NodeId(1)), FrameRefused{ErrorCode::wrong_cluster, "not a member yet"}, Uuid{});
    EXPECT_FALSE(driver.is_done(put));
}

template <class M>
constexpr bool is_for_clients =
    std::is_same_v<M, WriteAnswer> || std::is_same_v<M, GetAnswer> || std::is_same_v<M, ScanAnswer> ||
    std::is_same_v<M, NotPrimary> || std::is_same_v<M, RequestRefused> || std::is_same_v<M, FrameRefused> ||
    std::is_same_v<M, MapSnapshot> || std::is_same_v<M, MapDelta> || std::is_same_v<M, CurrentEpoch>;

// One of each message that is not for clients. Where it has the fields for that, it names the request, and brings a
// newer map and a newer view of the partition.
std::vector<Message> messages_between_servers(const Write& sent, const ClusterMap& newer) {
    const View& view = newer.at(sent.partition).view;
    std::vector<Message> all;
    const auto add = [&]<class M>(M message) {
        if constexpr (is_for_clients<M>) return;
        if constexpr (requires { message.request = sent.request; }) message.request = sent.request;
        if constexpr (requires { message.partition = sent.partition; }) message.partition = sent.partition;
        if constexpr (requires { message.view = view; }) message.view = view;
        if constexpr (requires { message.view = view.id; }) message.view = view.id;
        if constexpr (requires { message.generation = newer.generation; }) message.generation = newer.generation;
        if constexpr (requires { message.epoch = newer.epoch; }) message.epoch = newer.epoch;
        if constexpr (requires { message.map = newer; }) message.map = newer;
        all.emplace_back(std::move(message));
    };
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        (add(std::variant_alternative_t<Index, AnyMessage>{}), ...);
    }
    (std::make_index_sequence<std::variant_size_v<AnyMessage>>{});
    return all;
}

TEST(ClientAnswers, MessagesThatAreNotForClientsAreDropped) {
    HandDriver driver = HandDriver::formed();
    const OperationId put = driver.put(key_in(0), "a");
    const Write sent = driver.take_one<Write>().message;
    ClusterMap newer = first_map();
    newer.epoch = Epoch(9);
    newer.partitions[0].view = view_of(5, 3);
    for (const Message& message : messages_between_servers(sent, newer)) {
        SCOPED_TRACE(name_of(message));
        driver.from_node(1, message);
        driver.answer(registry, message);
        EXPECT_FALSE(driver.is_done(put));
        EXPECT_TRUE(driver.sends.empty());
        EXPECT_EQ(driver.client.cache().map(), first_map());
        EXPECT_EQ(driver.client.cache().view(sent.partition), first_map().partitions[0].view);
    }
    driver.from_node(1, written(sent.request, 5));
    EXPECT_EQ(driver.outcome<WriteOutcome>(put).version, OpNumber(5));
}

}  // namespace
}  // namespace ringkv::test
