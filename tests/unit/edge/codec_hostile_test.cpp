// Bytes that no program of ours would send: each is an Error, and takes neither memory nor the process.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>

#include "frames.hpp"
#include "tests/sanitized.hpp"

namespace ringkv {
namespace {

using samples::one_of_each;

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

// Whatever it becomes, it is messages or an error; messages can be sent again, and arrive as they were.
// -> whether it was messages.
bool expect_survives(const std::string& frame) {
    const auto decoded = decode(frame);
    if (!decoded) {
        EXPECT_TRUE(decoded.error().code() == ErrorCode::malformed ||
                    decoded.error().code() == ErrorCode::version_mismatch);
        return false;
    }
    const std::string once = encode(decoded->sender, decoded->to, decoded->messages);
    const auto again = decode(once);
    EXPECT_TRUE(again);
    EXPECT_TRUE(again && encode(again->sender, again->to, again->messages) == once);
    return true;
}

// The same of a stored record.
bool expect_record_survives(std::string_view bytes) {
    const auto decoded = decode_record(bytes);
    if (!decoded) {
        EXPECT_TRUE(decoded.error().code() == ErrorCode::malformed ||
                    decoded.error().code() == ErrorCode::version_mismatch);
        return false;
    }
    const std::string once = encode_record(*decoded);
    const auto again = decode_record(once);
    EXPECT_TRUE(again && encode_record(*again) == once);
    return true;
}

TEST(Codec, AnyFlippedBitIsSurvived) {
    for (const Message& message : one_of_each<Message>(3)) {
        SCOPED_TRACE(name_of(message));
        std::string frame = encode(sender, receiver, {message});
        std::size_t readable = 0;
        for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
            frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << (bit % 8)));
            readable += expect_survives(frame) ? 1 : 0;
            frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << (bit % 8)));
        }
        // A bit of a number or a text makes another one; a bit of the form breaks it.
        EXPECT_GT(readable, 0U);
        EXPECT_LT(readable, frame.size() * 8);
    }
}

TEST(Codec, AnyFlippedBitOfARecordIsSurvived) {
    for (const StorageRecord& record : one_of_each<StorageRecord>(3)) {
        SCOPED_TRACE(record.index());
        std::string bytes = encode_record(record);
        std::size_t readable = 0;
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
            readable += expect_record_survives(bytes) ? 1 : 0;
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
        }
        EXPECT_LT(readable, bytes.size() * 8);
    }
}

TEST(Codec, RandomChangesAreSurvived) {
    std::mt19937_64 random(4);
    std::string frame = encode(sender, receiver, one_of_each<Message>(4));
    const std::string good = frame;
    int readable = 0;
    for (int round = 0; round < 3000; ++round) {
        for (std::uint64_t changes = 1 + random() % 8; changes > 0; --changes)
            frame[random() % frame.size()] = static_cast<char>(random());
        readable += expect_survives(frame) ? 1 : 0;
        frame = good;
    }
    EXPECT_GT(readable, 0);
    EXPECT_LT(readable, 3000);
}

TEST(Codec, NoiseIsSurvived) {
    std::mt19937_64 random(4);
    for (int round = 0; round < 20000; ++round) {
        std::string noise(random() % 64, '\0');
        for (char& c : noise) c = static_cast<char>(random());
        EXPECT_FALSE(expect_survives(noise));  // it does not begin with the header
        expect_survives(Bytes().header().raw(noise).str());
        expect_record_survives(noise);
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

    const std::string many = encode(sender, receiver, std::vector<Message>(100, CurrentEpoch{}));
    EXPECT_TRUE(decode(many, CodecLimits{.items = 5000}));
    expect_malformed(many, CodecLimits{.items = 300});
}

constexpr const char* needs_address_space = "a sanitized program cannot live with a limit of its address space";

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
    if (test::sanitized) GTEST_SKIP() << needs_address_space;
    // Sixteen million bytes, each of which could be an element; and as many of the smallest messages as fit.
    const std::string claim = Bytes().header().raw("\x95\x05\x01\xdd").raw(std::string("\x00\xf0\x00\x00", 4)).str();
    // NOLINTNEXTLINE(bugprone-string-constructor): that large on purpose
    EXPECT_EXIT(decode_in_little_memory(claim + std::string(0xf00000, '\x95')), testing::ExitedWithCode(0), "");
    std::string smallest = Bytes().header().str();
    while (smallest.size() + 2 < CodecLimits{}.frame) smallest += "\x91\x0f";
    EXPECT_EXIT(decode_in_little_memory(smallest), testing::ExitedWithCode(0), "");
    std::string unreadable = Bytes().header().str();
    while (unreadable.size() + 3 < CodecLimits{}.frame) unreadable += std::string("\x93\x01\x01\x03", 4);
    EXPECT_EXIT(decode_in_little_memory(unreadable), testing::ExitedWithCode(0), "");
}

// A list of structs without fields: each is one byte in the frame, and here as large as any.
TEST(CodecDeathTest, FieldsThatAreMissingCostLittleMemory) {
    if (test::sanitized) GTEST_SKIP() << needs_address_space;
    const auto list = [](std::string_view up_to_it) {
        return Bytes().header().raw(up_to_it).raw(std::string("\xdd\x00\x10\x00\x00", 5)).str() +
               std::string(0x100000, '\x90');
    };
    for (const char* message : {"\x93\x05\x01", "\x93\x14\x01", "\x97\x17\x01\x90\x90\xc0\x01"})
        EXPECT_EXIT(decode_in_little_memory(list(message)), testing::ExitedWithCode(0), "");
}

TEST(Codec, BytesAfterTheLastMessageAreMalformed) {
    const std::string frame = encode(sender, receiver, {CurrentEpoch{}});
    for (const std::string& extra : {std::string(1, '\0'), std::string("\xc0"), std::string("\xc1"), std::string("x"),
                                     std::string("\x90"), std::string("\x91")})
        expect_malformed(frame + extra);
    for (const StorageRecord& record : one_of_each<StorageRecord>(1))
        EXPECT_EQ(decode_record(encode_record(record) + '\0').error().code(), ErrorCode::malformed);
}

TEST(Codec, WhatHasNoTypeIsMalformed) {
    expect_malformed(Bytes().header().raw("\x90").str());
    expect_malformed(Bytes().header(6).str());  // nor has a header fewer fields than the first version
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
    MapSnapshot snapshot;
    snapshot.map.settings.partitions = 65537;  // its receiver would make room for so many
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

}  // namespace
}  // namespace ringkv
