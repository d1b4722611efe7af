#include "common/edge/codec.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <msgpack.hpp>
#include <random>
#include <sstream>

#include "samples.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RINGKV_SANITIZED 1
#else
#define RINGKV_SANITIZED 0
#endif

namespace ringkv {
namespace {

using samples::Filler;
using samples::one_of_each;
using samples::one_of_each_blank;
using samples::same;

const Identity sender{Filler(1).make<Uuid>(), NodeId(7), StartNumber(3)};
constexpr NodeId receiver(9);

// What another implementation, or another version, might write: msgpack made by hand.
class Bytes {
  public:
    Bytes() : out_(stream_) {}
    template <class Write>
    Bytes& put(Write write) {
        write(out_);
        return *this;
    }
    Bytes& raw(std::string_view bytes) {
        stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return *this;
    }
    Bytes& header(std::uint32_t fields = 7, std::uint32_t major = protocol_major) {
        out_.pack_array(fields);
        out_.pack_str(3).pack_str_body("RKV", 3);
        out_.pack(major).pack(protocol_minor);
        out_.pack_bin(16).pack_bin_body("0123456789abcdef", 16);
        out_.pack(7).pack(3).pack(9);
        return *this;
    }
    [[nodiscard]] std::string str() const { return stream_.str(); }

  private:
    std::ostringstream stream_;
    msgpack::packer<std::ostringstream> out_;
};

void expect_malformed(const std::string& frame, const CodecLimits& limits = {}) {
    const auto decoded = decode(frame, limits);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code(), ErrorCode::malformed);
    EXPECT_FALSE(decoded.error().message().empty());
}

// The only message of a frame that must be good.
Message only(const std::string& frame) {
    auto decoded = decode(frame);
    EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().message());
    if (!decoded || decoded->messages.size() != 1) {
        ADD_FAILURE() << "not one message";
        return {};
    }
    return decoded->messages.front();
}

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
    EXPECT_EQ(text.str(), R"_([2,300,4,"BIN(size:3)"])_");
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

TEST(Codec, AFrameCutAnywhereIsMalformed) {
    const std::size_t header = encode(sender, receiver, {}).size();
    for (const Message& message : one_of_each<Message>(2)) {
        const std::string frame = encode(sender, receiver, {message});
        for (std::size_t size = 0; size < frame.size(); ++size)
            if (size != header)
                expect_malformed(frame.substr(0, size));  // the header alone is a frame without messages
    }
}

TEST(Codec, ARecordCutAnywhereIsMalformed) {
    for (const StorageRecord& record : one_of_each<StorageRecord>(2)) {
        const std::string bytes = encode_record(record);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const auto decoded = decode_record(std::string_view(bytes).substr(0, size));
            ASSERT_FALSE(decoded);
            EXPECT_EQ(decoded.error().code(), ErrorCode::malformed);
        }
    }
}

// Whatever it becomes, it is a message or an error, and what is a message can be sent again.
void expect_survives(const std::string& frame) {
    const auto decoded = decode(frame);
    if (decoded) {
        const auto again = decode(encode(decoded->sender, decoded->to, decoded->messages));
        ASSERT_TRUE(again) << again.error();
        EXPECT_EQ(again->messages.size(), decoded->messages.size());
    } else {
        EXPECT_TRUE(decoded.error().code() == ErrorCode::malformed ||
                    decoded.error().code() == ErrorCode::version_mismatch);
    }
}

TEST(Codec, AnyFlippedBitIsSurvived) {
    for (const Message& message : one_of_each<Message>(3)) {
        std::string frame = encode(sender, receiver, {message});
        for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
            frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << (bit % 8)));
            expect_survives(frame);
            frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << (bit % 8)));
        }
    }
}

TEST(Codec, RandomChangesAreSurvived) {
    std::mt19937_64 random(4);
    std::string frame = encode(sender, receiver, one_of_each<Message>(4));
    const std::string good = frame;
    for (int round = 0; round < 3000; ++round) {
        for (std::uint64_t changes = 1 + random() % 8; changes > 0; --changes)
            frame[random() % frame.size()] = static_cast<char>(random());
        expect_survives(frame);
        frame = good;
    }
    for (int round = 0; round < 20000; ++round) {
        std::string noise(random() % 64, '\0');
        for (char& c : noise) c = static_cast<char>(random());
        expect_survives(noise);
        expect_survives(Bytes().header().raw(noise).str());
        EXPECT_NO_FATAL_FAILURE((void)decode_record(noise));
    }
}

TEST(Codec, AbsurdLengthsAreMalformed) {
    const std::string four_billion = "\xff\xff\xff\xff";
    const auto starting_with = [](const std::string& text) { return Bytes().header().raw(text).str(); };
    expect_malformed("\xdd" + four_billion);                                 // as the header
    expect_malformed(starting_with("\xdd" + four_billion));                  // as a message
    expect_malformed(starting_with("\x94\x02\x01\x01\xc6" + four_billion));  // Get's key, bin32
    expect_malformed(starting_with("\x94\x02\x01\x01\xdb" + four_billion));  // and str32
    expect_malformed(starting_with("\x95\x05\x01\xdd" + four_billion));      // ScanAnswer's records
    expect_malformed(starting_with("\x92\x7f\xdf" + four_billion));          // a map of an unknown message
    expect_malformed(starting_with("\x92\x7f\xc9" + four_billion));          // an ext of one
    EXPECT_EQ(decode_record("\xdd" + four_billion).error().code(), ErrorCode::malformed);
}

TEST(Codec, DeepNestingIsMalformed) {
    for (const char* open : {"\x91", "\x81\x01"}) {
        std::string deep;
        for (int i = 0; i < 100000; ++i) deep += open;
        expect_malformed(Bytes().header().raw("\x92\x7f" + deep + "\x01").str());
    }
    const CodecLimits shallow{.depth = 2};
    const std::string frame = encode(sender, receiver, {MapSnapshot{}});
    EXPECT_TRUE(decode(frame));
    expect_malformed(frame, shallow);
}

TEST(Codec, BytesAndValuesOfAFrameAreLimited) {
    const std::string frame = encode(sender, receiver, {Get{RequestId(1), PartitionId(1), std::string(1000, 'k')}});
    EXPECT_TRUE(decode(frame, CodecLimits{.frame = frame.size()}));
    expect_malformed(frame, CodecLimits{.frame = frame.size() - 1});

    const std::string many = encode(sender, receiver, std::vector<Message>(100, EpochBeacon{}));
    EXPECT_TRUE(decode(many, CodecLimits{.items = 5000}));
    expect_malformed(many, CodecLimits{.items = 300});
}

#if !RINGKV_SANITIZED
// Decodes with little more memory than the process has already; exits with 0 if that was enough.
[[noreturn]] void decode_in_little_memory(const std::string& frame) {
    rlimit limit{};
    getrlimit(RLIMIT_AS, &limit);
    std::size_t pages = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
        if (std::fscanf(file, "%zu", &pages) != 1) std::_Exit(2);
        std::fclose(file);
    }
    limit.rlim_cur = pages * 4096 + (std::size_t{512} << 20U);
    setrlimit(RLIMIT_AS, &limit);
    const auto decoded = decode(frame);
    std::_Exit(decoded ? 1 : 0);
}

TEST(CodecDeathTest, ClaimsAndSmallestMessagesCostLittleMemory) {
    // Sixteen million bytes, each of which could be an element; and as many of the smallest messages as fit.
    const std::string claim = Bytes().header().raw("\x95\x05\x01\xdd").raw(std::string("\x00\xf0\x00\x00", 4)).str();
    EXPECT_EXIT(decode_in_little_memory(claim + std::string(0xf00000, '\x95')), testing::ExitedWithCode(0), "");
    std::string smallest = Bytes().header().str();
    while (smallest.size() + 4 < CodecLimits{}.frame) smallest += std::string("\x93\x0f\x00\x00", 4);
    EXPECT_EXIT(decode_in_little_memory(smallest), testing::ExitedWithCode(0), "");
}
#endif

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

TEST(Codec, BytesAfterTheLastMessageAreMalformed) {
    const std::string frame = encode(sender, receiver, {EpochBeacon{}});
    for (const std::string& extra : {std::string(1, '\0'), std::string("\xc0"), std::string("\xc1"), std::string("x"),
                                     std::string("\x90"), std::string("\x91")})
        expect_malformed(frame + extra);
    for (const StorageRecord& record : one_of_each<StorageRecord>(1))
        EXPECT_EQ(decode_record(encode_record(record) + '\0').error().code(), ErrorCode::malformed);
}

TEST(Codec, MessagesOfUnknownTypesArePassedOver) {
    const std::string beacon = encode(sender, receiver, {EpochBeacon{Generation(1), Epoch(2)}});
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
    EXPECT_EQ(std::get<EpochBeacon>(only(frame)), (EpochBeacon{Generation(1), Epoch(2)}));
    EXPECT_EQ(decode_record("\x92\x7f\x01").error().code(), ErrorCode::malformed);  // but what is stored must be known
}

TEST(Codec, FieldsOfANewerVersionAreIgnored) {
    const auto frame = Bytes()
                           .header(8)
                           .put([](auto& out) { out.pack(std::string("an eighth field of the header")); })
                           .put([](auto& out) {
                               out.pack_array(1 + 4 + 2).pack(26 - 2);  // PrepareOk and two more
                               out.pack(5);
                               out.pack_array(3).pack(1).pack(6).pack(std::string("a third field of ViewId"));
                               out.pack(77).pack_true();
                               out.pack_nil().pack(std::vector<int>{1, 2, 3});
                           })
                           .str();
    EXPECT_EQ(std::get<PrepareOk>(only(frame)),
              (PrepareOk{PartitionId(5), {Generation(1), ViewNumber(6)}, OpNumber(77), true}));
}

TEST(Codec, FewerFieldsThanThereMustBeAreMalformed) {
    expect_malformed(Bytes().header().raw("\x90").str());              // not even a type
    expect_malformed(Bytes().header().raw("\x93\x02\x01\x01").str());  // Get without its key
    expect_malformed(Bytes().header(6).str());
}

TEST(Codec, ValuesThatCannotBeAreMalformed) {
    const auto get = [](const std::string& partition) {
        return Bytes().header().raw("\x94\x02\x01" + partition + "\xa1k").str();
    };
    EXPECT_EQ(std::get<Get>(only(get("\xce\xff\xff\xff\xff"))).partition.value(), 0xffffffffU);
    expect_malformed(get(std::string("\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9)));  // beyond 32 bits
    expect_malformed(get("\xff"));                                                  // -1
    expect_malformed(get("\xd3\xff\xff\xff\xff\xff\xff\xff\xff"));                  // -1
    expect_malformed(get("\xc0"));                                                  // nil
    expect_malformed(get("\xa1x"));                                                 // text

    for (const double weight : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        Join join;
        join.weight = weight;
        expect_malformed(encode(sender, receiver, {join}));
    }
    expect_malformed(encode(sender, receiver, {WriteAnswer{RequestId(1), WriteStatus(3), OpNumber(), OpNumber()}}));
    expect_malformed(encode(sender, receiver, {Refused{ErrorCode(0), ""}}));
    expect_malformed(encode(sender, receiver, {Refused{ErrorCode(13), ""}}));
    MapSnapshot snapshot;
    snapshot.map.settings.partitions = 65537;  // whoever applies it makes room for so many
    expect_malformed(encode(sender, receiver, {snapshot}));
    expect_malformed(
        Bytes().raw("\x97\xa3RKV\x01").raw(std::string("\0\xc4\x0f", 3)).raw("0123456789abcde\1\1\1").str());
    expect_malformed(
        Bytes().raw("\x97\xa3RKW\x01").raw(std::string("\0\xc4\x10", 3)).raw("0123456789abcdef\1\1\1").str());
}

TEST(Codec, AnIdTwiceInAMapIsMalformed) {
    MapSnapshot snapshot;
    NodeInfo node;
    node.id = NodeId(2);
    snapshot.map.nodes[NodeId(1)] = node;  // on the wire a node is only what it says itself
    snapshot.map.nodes[NodeId(2)] = node;
    expect_malformed(encode(sender, receiver, {snapshot}));
}

TEST(CodecDeathTest, AnEntryThatIsNotThereCannotBeSent) {
    EXPECT_DEATH((void)encode_record(AppendRecord{PartitionId(1), nullptr}), "cannot be sent or stored");
}

}  // namespace
}  // namespace ringkv
