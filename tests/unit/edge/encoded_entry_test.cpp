// An entry keeps the form that it was encoded in, and is sent and stored in it.
#include <gtest/gtest.h>

#include "common/edge/codec/codec.hpp"
#include "common/entry.hpp"
#include "tests/unit/edge/samples.hpp"

namespace ringkv {
namespace {

using samples::Filler;
using namespace std::string_view_literals;

const Identity sender{{}, NodeId(1), StartNumber(1)};

bool lies_within(std::string_view part, std::string_view whole) {
    return part.empty() ? part.data() == nullptr
                        : (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

std::string record_of(EntryPtr entry) {
    return encode_record(AppendRecord{PartitionId(1), std::move(entry)});
}

Prepare prepare_of(EntryPtr entry) {
    Prepare prepare;
    prepare.entries = {std::move(entry)};
    return prepare;
}

EntryPtr sent_on(EntryPtr entry) {
    const auto frame = decode(encode(sender, NodeId(2), {prepare_of(std::move(entry))}));
    EXPECT_TRUE(frame);
    return frame ? std::get<Prepare>(frame->messages.at(0)).entries.at(0) : share(Entry());
}

TEST(EncodedEntry, SaysTheSameAsTheEntryOnTheWireAndInTheLog) {
    EntryBlocks blocks(encode_entry);
    Filler filler(1);
    for (int i = 0; i < 1000; ++i) {
        const EntryPtr plain = share(i == 0 ? Entry() : filler.make<Entry>());
        const EntryPtr encoded = blocks.share(*plain);
        ASSERT_FALSE(encoded->encoded().empty());
        EXPECT_EQ(*encoded, *plain);
        EXPECT_EQ(record_of(encoded), record_of(plain));
        EXPECT_TRUE(lies_within(encoded->key, encoded->encoded()));
        EXPECT_TRUE(lies_within(encoded->value, encoded->encoded()));
    }
}

TEST(EncodedEntry, IsKeptByItsReceiverAsItCame) {
    Filler filler(2);
    for (int i = 0; i < 1000; ++i) {
        const EntryPtr plain = share(i == 0 ? Entry() : filler.make<Entry>());
        const EntryPtr received = sent_on(plain);
        EXPECT_EQ(*received, *plain);
        EXPECT_EQ(received->encoded(), EntryBlocks(encode_entry).share(*plain)->encoded());
        EXPECT_TRUE(lies_within(received->key, received->encoded()));
        EXPECT_TRUE(lies_within(received->value, received->encoded()));
    }
}

TEST(EncodedEntry, IsNotKeptWhereThatIsNotAskedFor) {
    Filler filler(3);
    const EntryPtr entry = share(filler.make<Entry>());
    CodecLimits limits;
    limits.encoded_entries = false;
    const auto frame = decode(encode(sender, NodeId(2), {prepare_of(entry)}), limits);
    ASSERT_TRUE(frame);
    const EntryPtr received = std::get<Prepare>(frame->messages.at(0)).entries.at(0);
    EXPECT_EQ(*received, *entry);
    EXPECT_TRUE(received->encoded().empty());
    EXPECT_EQ(received->bytes(), entry->bytes());
}

// Other forms of the same values are kept as well, and key and value are found in them.
TEST(EncodedEntry, IsKeptInTheFormsThatOthersWrite) {
    const std::string_view head = "\x9d\xcd\x00\x05\x92\x01\xcc\x02\x00"sv;  // op 5, view [1, 2], set
    const std::string_view key = "\xa3key"sv;                                // str
    const std::string_view value = "\xc5\x00\x05value"sv;                    // bin16
    const std::string_view tail = "\x09\xce\x00\x00\x00\x04\x04\x00\x05\x90\x00\x00"sv;
    std::string form;
    for (const std::string_view part : {head, key, value, tail}) form += part;
    const EntryPtr received = sent_on(EntryBlocks().share(Entry(), {form, 0, 0}));
    EXPECT_EQ(received->op, OpNumber(5));
    EXPECT_EQ(received->key, "key");
    EXPECT_EQ(received->value, "value");
    EXPECT_EQ(received->client, ClientId(9));
    EXPECT_EQ(received->sequence, Sequence(4));
    EXPECT_EQ(received->encoded(), form);
}

// What a newer release has added was judged by nothing here: a third node, or our own log, may not take it.
TEST(EncodedEntry, FieldsThatAreNotKnownAreNotSentOn) {
    Entry entry;
    entry.kind = EntryKind::set;
    entry.key = "key";
    entry.value = "value";
    const EncodedEntry ours = encode_entry(entry);
    std::string newer(ours.bytes);
    ASSERT_EQ(newer.front(), '\x9d');  // an array of 13
    newer.front() = '\x9e';
    newer += "\x2a";
    const EntryPtr received = sent_on(EntryBlocks().share(entry, {newer, ours.key, ours.value}));
    EXPECT_EQ(*received, entry);
    EXPECT_TRUE(received->encoded().empty());
    EXPECT_EQ(record_of(received), record_of(share(entry)));
}

TEST(EncodedEntry, FieldsThatAreMissingAreSentOn) {
    const std::string_view older = "\x9c\x05\x92\x01\x02\x02\xc4\x00\xc4\x00\x09\x04\x04\x00\x05\x90\x00"sv;  // 12
    const EntryPtr received = sent_on(EntryBlocks().share(Entry(), {older, 0, 0}));
    EXPECT_EQ(received->client, ClientId(9));
    EXPECT_TRUE(received->encoded().empty());
    EXPECT_EQ(record_of(received), record_of(share(*received)));
}

TEST(EncodedEntry, IsNotCopiedWithoutWhatStandsBehindIt) {
    EXPECT_FALSE(std::is_copy_constructible_v<SharedEntry>);
    EXPECT_FALSE(std::is_copy_assignable_v<SharedEntry>);
    EXPECT_TRUE((std::is_convertible_v<const SharedEntry&, Entry>));
}

TEST(EncodedEntry, ACopyThatIsChangedHasAFormOfItsOwn) {
    Entry entry;
    entry.key = "key";
    const EntryPtr first = EntryBlocks(encode_entry).share(entry);
    Entry changed = *first;
    changed.key = "another";
    EXPECT_EQ(sent_on(share(changed))->key, "another");
}

TEST(EncodedEntry, ItsBytesAreCountedOnce) {
    const std::string value(1000, 'v');
    Entry entry;
    entry.value = value;
    const EntryPtr plain = share(entry);
    const EntryPtr encoded = EntryBlocks(encode_entry).share(entry);
    EXPECT_GE(encoded->bytes(), sizeof(SharedEntry) + encoded->encoded().size());
    EXPECT_LE(encoded->bytes(), plain->bytes() + 64) << "key and value are part of the encoded form";
}

}  // namespace
}  // namespace ringkv
