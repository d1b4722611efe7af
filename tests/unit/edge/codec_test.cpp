#include "common/edge/codec/codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "frames.hpp"

namespace ringkv {
namespace {

using samples::Filler;
using samples::one_of_each;
using samples::one_of_each_blank;
using samples::same;

TEST(Codec, EveryMessageComesBackAsItWas) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto messages = one_of_each<Message>(seed);
        const auto decoded = decode(encode(sender, receiver, messages));
        ASSERT_TRUE(decoded) << decoded.error();
        EXPECT_EQ(decoded->sender.cluster, sender.cluster);
        EXPECT_EQ(decoded->sender.node, sender.node);
        EXPECT_EQ(decoded->sender.start, sender.start);
        EXPECT_EQ(decoded->to, receiver);
        ASSERT_EQ(decoded->messages.size(), messages.size());
        for (std::size_t i = 0; i < messages.size(); ++i)
            EXPECT_TRUE(same(decoded->messages[i], messages[i])) << name_of(messages[i]) << ", seed " << seed;
    }
}

TEST(Codec, EveryMessageWithNothingSetComesBackAsItWas) {
    const auto messages = one_of_each_blank<Message>();
    const auto decoded = decode(encode(Identity{}, NodeId(), messages));
    ASSERT_TRUE(decoded) << decoded.error();
    EXPECT_TRUE(decoded->sender.cluster.none());
    ASSERT_EQ(decoded->messages.size(), messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i)
        EXPECT_TRUE(same(decoded->messages[i], messages[i])) << name_of(messages[i]);
}

TEST(Codec, EveryRecordComesBackAsItWas) {
    for (std::uint64_t seed = 0; seed < 50; ++seed)
        for (const StorageRecord& record : one_of_each<StorageRecord>(seed)) {
            const auto decoded = decode_record(encode_record(record));
            ASSERT_TRUE(decoded) << decoded.error();
            EXPECT_TRUE(same(*decoded, record)) << "record type " << record.index() << ", seed " << seed;
        }
}

// Two small numbers are read at once (Reader::take_pair), all others one by one.
TEST(Codec, ViewsOfAllSizesComeBackWherePartsOfThemDoNot) {
    const std::vector<std::uint64_t> numbers{0, 1, 127, 128, 255, 256, 65535, 65536, std::uint64_t{1} << 40U};
    for (const std::uint64_t generation : numbers)
        for (const std::uint64_t number : numbers) {
            const ViewId view{Generation(generation), ViewNumber(number)};
            const std::string record = encode_record(LogViewRecord{PartitionId(3), view});
            const auto decoded = decode_record(record);
            ASSERT_TRUE(decoded) << decoded.error();
            EXPECT_EQ(std::get<LogViewRecord>(*decoded).view, view);
            for (std::size_t size = 0; size < record.size(); ++size)
                EXPECT_EQ(decode_record(record.substr(0, size)).error().code(), ErrorCode::malformed) << size;
        }
}

TEST(Codec, ValuesOfTheMapComeBackAsTheyWere) {
    Filler filler(5);
    const auto settings = filler.make<ClusterSettings>();
    const auto node = filler.make<NodeInfo>();
    const auto partition = filler.make<PartitionState>();
    EXPECT_EQ(decode_settings(encode_value(settings)).value(), settings);
    EXPECT_EQ(decode_node(encode_value(node)).value(), node);
    EXPECT_EQ(decode_partition(encode_value(partition)).value(), partition);
    EXPECT_EQ(decode_node(encode_value(partition)).error().code(), ErrorCode::malformed);
    EXPECT_EQ(decode_node(encode_value(node) + '\0').error().code(), ErrorCode::malformed);
    EXPECT_EQ(decode_node("").error().code(), ErrorCode::malformed);
}

// That is, another language's library can read it, and finds what docs/protocol.md says.
TEST(Codec, FramesArePlainMsgpack) {
    const std::string frame = encode(sender, receiver, {Get{RequestId(300), PartitionId(4), "key"}});
    std::size_t at = 0;
    const auto header = msgpack::unpack(frame.data(), frame.size(), at);
    const auto message = msgpack::unpack(frame.data(), frame.size(), at);
    EXPECT_EQ(at, frame.size());
    const auto fields = header.get().as<std::vector<msgpack::object>>();
    ASSERT_EQ(fields.size(), 7U);
    EXPECT_EQ(fields[0].as<std::string>(), "RKV");
    EXPECT_EQ(fields[1].as<std::uint32_t>(), protocol_major);
    EXPECT_EQ(fields[2].as<std::uint32_t>(), protocol_minor);
    EXPECT_EQ(fields[3].as<std::vector<unsigned char>>(),
              std::vector<unsigned char>(sender.cluster.bytes.begin(), sender.cluster.bytes.end()));
    EXPECT_EQ(fields[4].as<std::uint32_t>(), 7U);
    EXPECT_EQ(fields[5].as<std::uint32_t>(), 3U);
    EXPECT_EQ(fields[6].as<std::uint32_t>(), 9U);
    std::ostringstream text;
    text << message.get();
    EXPECT_EQ(text.str(), R"_([2,300,4,"BIN(size:3)",null])_");
}

TEST(Codec, TakesWhatAnotherLibraryWouldWrite) {
    const auto frame = Bytes()
                           .header()
                           .put([](auto& out) {
                               out.pack_array(4);
                               out.pack_fix_uint64(2).pack_fix_int64(300).pack_fix_uint16(4);  // wider than needed
                               out.pack_str(3).pack_str_body("key", 3);                        // str instead of bin
                           })
                           .str();
    EXPECT_EQ(std::get<Get>(only(frame)), (Get{RequestId(300), PartitionId(4), "key"}));
}

TEST(Codec, TakesAnyFormOfNumberForAWeight) {
    Join join;
    join.weight = 1.5;
    const std::string frame = encode(sender, receiver, {join});
    const std::string as_double("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", 9);
    const auto at = frame.find(as_double);
    ASSERT_NE(at, std::string::npos);
    const std::pair<std::string, double> forms[] = {{std::string("\xca\x3f\xc0\x00\x00", 5), 1.5},
                                                    {"\x02", 2},
                                                    {"\xfe", -2},
                                                    {std::string("\xcf\x80\x00\x00\x00\x00\x00\x00\x00", 9), 0x1p63}};
    for (const auto& [form, value] : forms) {
        std::string other = frame;
        other.replace(at, as_double.size(), form);
        EXPECT_EQ(std::get<Join>(only(other)).weight, value);
        join.weight = value;  // and as we write it
        EXPECT_EQ(std::get<Join>(only(encode(sender, receiver, {join}))).weight, value);
    }
}

TEST(Codec, AFrameWriterMakesOneFrameAfterTheOther) {
    FrameWriter writer(sender, receiver);
    const Message first = Get{RequestId(1), PartitionId(1), "a"};
    const Message second = Get{RequestId(2), PartitionId(2), "b"};
    writer.add(first);
    EXPECT_EQ(writer.take(), encode(sender, receiver, {first}));
    writer.add(second);
    const std::string frame = writer.take();
    EXPECT_EQ(frame, encode(sender, receiver, {second}));
    EXPECT_EQ(std::get<Get>(only(frame)), std::get<Get>(second));
}

TEST(Codec, AFrameWriterBeginsAnew) {
    FrameWriter writer(sender, receiver);
    const Message message = Get{RequestId(1), PartitionId(1), std::string(10000, 'k')};
    writer.add(message);
    writer.begin({}, NodeId(8));
    EXPECT_EQ(writer.take(), encode({}, NodeId(8), {}));
    writer.add(message);
    EXPECT_EQ(writer.take(), encode({}, NodeId(8), {message}));
    EXPECT_EQ(writer.size(), 0U);
    EXPECT_EQ(writer.take(), encode({}, NodeId(8), {}));
}

// Whatever was sent before: a frame may wait for long, and its size is what is counted.
TEST(Codec, AFrameTakesNoMoreMemoryThanTwiceItsSize) {
    FrameWriter writer(sender, receiver);
    for (const std::size_t size : {std::size_t{1} << 20U, std::size_t{10}, std::size_t{3000}, std::size_t{10}}) {
        writer.add(Get{RequestId(1), PartitionId(1), std::string(size, 'k')});
        const std::string frame = writer.take();
        EXPECT_LE(frame.capacity(), 2 * frame.size());
    }
}

// A node's messages are parts of the frame, which stays; those of decode() are their own.
TEST(Codec, KeysAndValuesAreWhereTheFrameHasThem) {
    std::string frame = encode(sender, receiver, {Get{RequestId(1), PartitionId(1), "key"}});
    const auto decoded = decode(frame);
    ASSERT_TRUE(decoded);
    FrameReader reader;
    Envelope envelope;
    ASSERT_TRUE(reader.begin(frame, {}, envelope) && reader.read(1, envelope));
    const auto& key = std::get<Get>(envelope.messages.front()).key;
    EXPECT_GE(key.data(), frame.data());
    EXPECT_LT(key.data(), frame.data() + frame.size());
    std::fill(frame.begin(), frame.end(), 'X');
    EXPECT_EQ(key, "XXX");
    EXPECT_EQ(std::get<Get>(decoded->messages.front()).key, "key");
}

TEST(Codec, AFrameIsReadInParts) {
    const std::vector<Message> all = one_of_each<Message>(2);
    const std::string frame = encode(sender, receiver, all);
    FrameReader reader;
    for (const std::size_t part : {std::size_t{1}, std::size_t{7}, all.size()}) {
        Envelope envelope;
        ASSERT_TRUE(reader.begin(frame, {}, envelope));
        EXPECT_EQ(envelope.to, receiver);
        std::vector<Message> read;
        while (!reader.finished()) {
            EXPECT_TRUE(reader.check());
            ASSERT_TRUE(reader.read(part, envelope));
            EXPECT_LE(envelope.messages.size(), part);
            for (Message& message : envelope.messages) read.push_back(std::move(message));
        }
        EXPECT_EQ(encode(sender, receiver, read), frame);
    }
}

TEST(Codec, TheRestOfAFrameIsCheckedAheadOfReadingIt) {
    const std::string frame = encode(sender, receiver, {MapRequest{}, MapRequest{}, MapRequest{}});
    FrameReader reader;
    Envelope envelope;
    ASSERT_TRUE(reader.begin(std::string_view(frame).substr(0, frame.size() - 1), {}, envelope));
    ASSERT_TRUE(reader.read(1, envelope));
    const auto rest = reader.check();
    ASSERT_FALSE(rest);
    EXPECT_EQ(rest.error().code(), ErrorCode::malformed);
    ASSERT_TRUE(reader.read(1, envelope));
    EXPECT_FALSE(reader.read(1, envelope));
    // The limit is the frame's, whatever the parts.
    CodecLimits limits;
    limits.items = 60;
    ASSERT_TRUE(reader.begin(frame, limits, envelope));
    ASSERT_TRUE(reader.read(1, envelope));
    ASSERT_TRUE(reader.read(1, envelope));
    EXPECT_FALSE(reader.read(1, envelope));
}

TEST(Codec, AnotherMajorVersionIsNamedWhateverFollows) {
    for (const std::string& rest : {std::string("\xc1"), std::string("\x01\xdd\xff\xff\xff\xff")}) {
        const auto frame = Bytes()
                               .put([](auto& out) {
                                   out.pack_array(3);
                                   out.pack_str(3).pack_str_body("RKV", 3);
                                   out.pack(protocol_major + 1);
                               })
                               .raw(rest)
                               .str();
        const auto decoded = decode(frame);
        ASSERT_FALSE(decoded);
        EXPECT_EQ(decoded.error().code(), ErrorCode::version_mismatch);
        EXPECT_NE(decoded.error().message().find("version 2"), std::string::npos) << decoded.error();
    }
}

TEST(Codec, MessagesOfUnknownTypesArePassedOver) {
    const std::string beacon = encode(sender, receiver, {CurrentEpoch{Generation(1), Epoch(2)}});
    const std::string after = beacon.substr(encode(sender, receiver, {}).size());
    const auto frame = Bytes()
                           .header()
                           .put([](auto& out) {
                               out.pack_array(8);
                               out.pack_uint32(123456);
                               out.pack_map(1).pack(std::string("k")).pack(std::vector<int>{1, -1, -70000});
                               out.pack_nil().pack_true().pack_double(std::nan("")).pack_float(1.5F);
                               out.pack_ext(3, 1).pack_ext_body("abc", 3);
                               out.pack_bin(2).pack_bin_body("xy", 2);
                           })
                           .raw(after)
                           .str();
    EXPECT_EQ(std::get<CurrentEpoch>(only(frame)), (CurrentEpoch{Generation(1), Epoch(2)}));
}

TEST(CodecDeathTest, AnEntryThatIsNotThereCannotBeSent) {
    EXPECT_DEATH((void)encode_record(AppendRecord{PartitionId(1), nullptr}), "cannot be sent or stored");
}

TEST(Codec, TellsWhichRequestsAFrameHasWithoutReadingThem) {
    Write write;
    write.request = RequestId(1ULL << 60U);
    Scan scan;
    scan.request = RequestId(3);
    const std::vector<Message> messages = {Get{RequestId(1), PartitionId(), "k"}, write, scan};
    Envelope envelope;
    FrameReader reader;
    std::string frame = encode({}, NodeId(), messages);
    ASSERT_TRUE(reader.begin(frame, {}, envelope));
    ASSERT_TRUE(reader.read(1, envelope));
    EXPECT_EQ(request_of(envelope.messages.front()), RequestId(1));
    const auto requests = reader.requests();
    ASSERT_TRUE(requests);
    EXPECT_EQ(requests->ids, (std::vector{RequestId(1ULL << 60U), RequestId(3)}));
    EXPECT_FALSE(requests->others);
    EXPECT_FALSE(reader.finished());

    frame = encode({}, NodeId(), {messages[0], MapRequest{}, HoldingsRequest{RequestId(4)}});
    ASSERT_TRUE(reader.begin(frame, {}, envelope));
    EXPECT_EQ(reader.requests()->ids, std::vector{RequestId(1)});
    EXPECT_TRUE(reader.requests()->others);
    frame.resize(frame.size() - 1);
    ASSERT_TRUE(reader.begin(frame, {}, envelope));
    EXPECT_EQ(reader.requests().error().code(), ErrorCode::malformed);
    EXPECT_EQ(request_of(MapRequest{}), std::nullopt);
}

}  // namespace
}  // namespace ringkv
