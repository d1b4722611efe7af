// What other builds write is read as what they meant.
#include "tests/compatibility/builds.hpp"

#include <gtest/gtest.h>

#include "common/edge/codec/codec.hpp"
#include "tests/unit/edge/samples.hpp"

namespace ringkv::compatibility {
namespace {

using samples::one_of_each;
using samples::one_of_each_blank;
using samples::same;

const Identity sender{samples::Filler(1).make<Uuid>(), NodeId(7), StartNumber(3)};

std::vector<std::vector<Message>> many_messages() {
    std::vector<std::vector<Message>> all = {one_of_each_blank<Message>()};
    for (std::uint64_t seed = 0; seed < 20; ++seed) all.push_back(one_of_each<Message>(seed));
    return all;
}

void expect_read(Build build, const std::vector<Message>& messages) {
    const auto decoded = decode(frame_of(build, encode(sender, NodeId(9), messages)));
    ASSERT_TRUE(decoded) << decoded.error();
    EXPECT_EQ(decoded->to, NodeId(9));
    EXPECT_TRUE(decoded->unreadable.empty());
    ASSERT_EQ(decoded->messages.size(), messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i)
        EXPECT_TRUE(same(decoded->messages[i], messages[i])) << name_of(messages[i]);
}

TEST(Builds, MessagesOfANewerAndOfAnOlderOneAreRead) {
    for (const auto& messages : many_messages()) {
        expect_read(Build::newer, messages);
        expect_read(Build::older, messages);
    }
}

TEST(Builds, RecordsOfANewerAndOfAnOlderOneAreRead) {
    std::vector<StorageRecord> records = one_of_each<StorageRecord>(3);
    for (const StorageRecord& record : one_of_each<StorageRecord>(4)) records.push_back(record);
    for (const StorageRecord& record : records)
        for (const Build build : {Build::newer, Build::older}) {
            const auto decoded = decode_record(record_of(build, record));
            ASSERT_TRUE(decoded) << decoded.error();
            EXPECT_TRUE(same(*decoded, record)) << "record type " << record.index();
        }
}

// Or else the others say nothing.
TEST(Builds, DifferInEveryMessage) {
    const auto size = [](Build build, const Message& message) {
        return frame_of(build, encode(sender, NodeId(9), {message})).size();
    };
    const auto nothing = [](Build build) { return frame_of(build, encode(sender, NodeId(9), {})).size(); };
    for (const Message& message : one_of_each_blank<Message>()) {
        EXPECT_EQ(size(Build::older, message), nothing(Build::older) + 2) << "nothing but its type";
        EXPECT_LT(size(Build::older, message), size(Build::same, message)) << name_of(message);
        EXPECT_GT(size(Build::newer, message) - nothing(Build::newer),
                  size(Build::same, message) - nothing(Build::same))
            << name_of(message);
    }
}

}  // namespace
}  // namespace ringkv::compatibility
