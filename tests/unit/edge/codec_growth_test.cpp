// Frames and records of other releases: with fewer fields, with more, and with values that have no name here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frames.hpp"

namespace ringkv {
namespace {

using samples::one_of_each;
using samples::same;
using testing::HasSubstr;

std::string frame_of(std::string_view messages) {
    return Bytes().header().raw(messages).str();
}

TEST(Growth, MissingTrailingFieldsKeepTheirDefaults) {
    EXPECT_EQ(std::get<Get>(only(frame_of("\x92\x02\x07"))), (Get{RequestId(7), PartitionId(), ""}));
    EXPECT_EQ(std::get<Get>(only(frame_of("\x91\x02"))), Get{});
    EXPECT_TRUE(std::get<HeartbeatAnswer>(only(frame_of("\x91\x12"))).known);
    const auto join = std::get<Join>(only(frame_of("\x92\x0d\xa1n")));
    EXPECT_EQ(join.name, "n");
    EXPECT_EQ(join.weight, 1.0);
    // Within a struct within a list within a message: Propose, its second proposal with the partition alone.
    const auto propose =
        std::get<Propose>(only(frame_of(std::string("\x94\x13\x01\x02\x92\x92\x05\x92\x01\x06\x91\x08", 12))));
    ASSERT_EQ(propose.proposals.size(), 2U);
    EXPECT_EQ(propose.proposals[0].base, (ViewId{Generation(1), ViewNumber(6)}));
    EXPECT_EQ(propose.proposals[0].view, View{});
    EXPECT_EQ(propose.proposals[1], (Proposal{PartitionId(8), {}, {}, false}));
    // A map whose settings are those of an empty list.
    const auto snapshot = std::get<MapSnapshot>(only(frame_of(std::string("\x92\x0a\x93\x01\x02\x90", 6))));
    EXPECT_EQ(snapshot.map.settings, ClusterSettings{});
    EXPECT_EQ(snapshot.map.epoch, Epoch(2));
}

TEST(Growth, MoreFieldsThanAreKnownArePassedOver) {
    const auto frame = Bytes()
                           .header(8)
                           .put([](auto& out) { out.pack(std::string("an eighth field of the header")); })
                           .put([](auto& out) {
                               out.pack_array(1 + 5 + 2).pack(26 - 2);  // PrepareOk and two more
                               out.pack(5);
                               out.pack_array(3).pack(1).pack(6).pack(std::string("a third field of ViewId"));
                               out.pack(77).pack_true().pack(76);
                               out.pack_nil().pack(std::vector<int>{1, 2, 3});
                           })
                           .str();
    EXPECT_EQ(std::get<PrepareOk>(only(frame)),
              (PrepareOk{PartitionId(5), {Generation(1), ViewNumber(6)}, OpNumber(77), true, OpNumber(76)}));
}

// What an enum cannot name, in a frame with others.
Envelope with_others(const Message& message) {
    const Message before = MapRequest{Generation(1), Epoch(2)};
    const Message after = CurrentEpoch{Generation(3), Epoch(4)};
    const auto decoded = decode(encode(sender, receiver, {before, message, after}));
    EXPECT_TRUE(decoded) << decoded.error();
    if (!decoded) return {};
    EXPECT_EQ(decoded->messages.size(), 2U);
    if (decoded->messages.size() == 2) {
        EXPECT_TRUE(same(decoded->messages.front(), before));
        EXPECT_TRUE(same(decoded->messages.back(), after));
    }
    return *decoded;
}

TEST(Growth, AMessageWithAnUnknownEnumeratorIsUnreadableByItself) {
    Write write;
    write.request = RequestId(9);
    write.key = "key";
    write.ack = Ack(2);
    const Envelope envelope = with_others(write);
    ASSERT_EQ(envelope.unreadable.size(), 1U);
    const Unreadable& unreadable = envelope.unreadable.front();
    EXPECT_EQ(unreadable.type, "Write");
    EXPECT_EQ(unreadable.request, RequestId(9));
    EXPECT_THAT(unreadable.text, AllOf(HasSubstr("Write"), HasSubstr("the number 2"), HasSubstr("newer release")));
    EXPECT_TRUE(
        same(unreadable.refusal, Message(RequestRefused{RequestId(9), RefusalReason::not_built, unreadable.text, {}})));
}

TEST(Growth, UnknownEnumeratorsAreSeenWhereverTheyAre) {
    NodeInfo node;
    node.id = NodeId(1);
    node.duty = NodeDuty(3);
    MapSnapshot snapshot;
    snapshot.map.nodes[NodeId(1)] = node;
    MapDelta delta;
    delta.settings.emplace().reads = ReadMode(2);
    Join join;
    join.durability = Durability(3);
    NotPrimary redirect;
    redirect.primary.emplace().state = NodeState(4);
    Prepare prepare;
    Entry entry;
    entry.kind = EntryKind(4);
    prepare.entries = {share(entry)};
    StateChunk chunk;
    chunk.end.emplace().sessions.sessions = {
        {ClientId(1), Sequence(1), OpNumber(1), {{Sequence(1), WriteStatus(3), {}}}}};
    const Message unknown[] = {
        snapshot, delta, join, redirect, prepare, chunk, WriteAnswer{{}, WriteStatus(3), {}, {}}};
    for (const Message& message : unknown) {
        const Envelope envelope = with_others(message);
        ASSERT_EQ(envelope.unreadable.size(), 1U) << name_of(message);
        EXPECT_EQ(envelope.unreadable.front().type, name_of(message));
        const auto* refused = std::get_if<FrameRefused>(&envelope.unreadable.front().refusal);
        ASSERT_NE(refused, nullptr) << name_of(message);
        EXPECT_EQ(refused->code, ErrorCode::refused) << "the other requests of the frame are not refused by it";
    }
}

TEST(Growth, AnOperatorsUnknownActionIsAnswered) {
    Administer administer;
    administer.request = RequestId(5);
    administer.action = AdminAction(99);
    const Envelope envelope = with_others(administer);
    ASSERT_EQ(envelope.unreadable.size(), 1U);
    const auto* answer = std::get_if<AdministerAnswer>(&envelope.unreadable.front().refusal);
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->request, RequestId(5));
    EXPECT_EQ(answer->error, ErrorCode::invalid_argument);
}

TEST(Growth, RefusalsForUnknownReasonsAreReadAsRefusals) {
    const auto refused = std::get<RequestRefused>(
        only(encode(sender, receiver, {RequestRefused{RequestId(1), RefusalReason(7), "", {}}})));
    EXPECT_EQ(refused.reason, RefusalReason::not_built);
    for (const int code : {0, 13, 200})
        EXPECT_EQ(std::get<FrameRefused>(only(encode(sender, receiver, {FrameRefused{ErrorCode(code), ""}}))).code,
                  ErrorCode::internal);
}

TEST(Growth, AFrameThatIsBrokenBehindAnUnknownEnumeratorIsMalformed) {
    expect_malformed(encode(sender, receiver, {WriteAnswer{RequestId(1), WriteStatus(3), {}, {}}}) + "x");
}

// ---------------------------------------------------------------- records

std::string first_format(const StorageRecord& record) {
    const std::string bytes = encode_record(record);
    return bytes.substr(0, 1) + bytes.substr(3);  // [2, type] -> type
}

TEST(Growth, RecordsOfTheFirstFormatAreRead) {
    for (const StorageRecord& record : one_of_each<StorageRecord>(1)) {
        const auto decoded = decode_record(first_format(record));
        ASSERT_TRUE(decoded) << decoded.error();
        EXPECT_TRUE(same(*decoded, record)) << "record type " << record.index();
    }
}

void expect_newer(std::string_view bytes) {
    const auto decoded = decode_record(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code(), ErrorCode::version_mismatch);
    EXPECT_THAT(decoded.error().message(), HasSubstr("written by a newer release"));
}

TEST(Growth, RecordsOfANewerReleaseAreNamedSo) {
    expect_newer("\x92\x92\x03\x01\xc1");                  // format 3, and anything behind it
    expect_newer("\x92\x7f\x01");                          // a type, in the first format
    expect_newer("\x92\x92\x02\x7f\x01");                  // and in the second
    expect_newer(std::string("\x91\x92\xcd\x01\0\0", 6));  // format 256
    for (const auto& [format, head] : {std::pair(1, "\x93"), std::pair(2, "\x93\x92\x02")}) {
        // AppendRecord: partition 1, an entry whose kind is 4.
        const std::string type(1, '\0');
        expect_newer(head + type + "\x01\x93\x01\x92\x01\x01\x04");
        EXPECT_TRUE(decode_record(head + type + "\x01\x93\x01\x92\x01\x01\x03")) << format;
    }
}

TEST(Growth, RecordsMayHaveFewerFieldsOrMore) {
    const auto fewer = decode_record("\x92\x92\x02\x07\x05");  // CommitRecord without its commit point
    ASSERT_TRUE(fewer) << fewer.error();
    EXPECT_EQ(std::get<CommitRecord>(*fewer), (CommitRecord{PartitionId(5), {}}));
    const auto more = decode_record("\x94\x93\x02\x07\xa1x\x05\x06\x91\xc0");  // in the record, and in its head
    ASSERT_TRUE(more) << more.error();
    EXPECT_EQ(std::get<CommitRecord>(*more), (CommitRecord{PartitionId(5), OpNumber(6)}));
}

TEST(Growth, RecordsThatNobodyWroteAreMalformed) {
    for (const std::string& bytes : {std::string("\x90"), std::string("\x91\x90"), std::string("\x91\x91\x02"),
                                     std::string("\x92\x92\x01\x07\x05"), std::string("\x92\x92\0\x07\x05", 5),
                                     std::string("\x92\0\x05", 3),  // an AppendRecord of nothing
                                     std::string("\x92\x92\x02\xa1x\x05"), std::string("\x91\xc0")}) {
        const auto decoded = decode_record(bytes);
        ASSERT_FALSE(decoded);
        EXPECT_EQ(decoded.error().code(), ErrorCode::malformed);
    }
}

TEST(Growth, ValuesOfTheMapMayBeOfAnotherRelease) {
    NodeInfo node;
    node.state = NodeState(4);
    const auto unknown = decode_node(encode_value(node));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code(), ErrorCode::version_mismatch);
    EXPECT_EQ(decode_node("\x91\x07")->id, NodeId(7));
    EXPECT_EQ(decode_settings("\x90").value(), ClusterSettings{});
}

}  // namespace
}  // namespace ringkv
