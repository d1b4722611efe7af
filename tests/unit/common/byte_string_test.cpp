#include "common/byte_string.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "common/messages.hpp"

namespace ringkv {

TEST(ByteString, IsItsOwnUnlessItIsToldToBeAPart) {
    std::string text = "a text that is longer than a string keeps in itself";
    const std::string_view before = text;
    const ByteString own(text);
    const ByteString part = ByteString::part(text);
    EXPECT_EQ(own, text);
    EXPECT_NE(own.data(), text.data());
    EXPECT_EQ(part.data(), text.data());
    text[0] = 'X';
    EXPECT_EQ(own.view().front(), 'a');
    EXPECT_EQ(part, before);
    EXPECT_NE(own, part);
}

TEST(ByteString, ACopyIsItsOwn) {
    std::string text = "text";
    const ByteString part = ByteString::part(text);
    const ByteString copy = part;  // NOLINT(performance-unnecessary-copy-initialization): it is what is looked at
    ByteString assigned("what was there");
    assigned = part;
    text = "gone";
    EXPECT_EQ(copy, "text");
    EXPECT_EQ(assigned, "text");
}

TEST(ByteString, AMoveLeavesItAsItIs) {
    const std::string text = "text";
    ByteString part = ByteString::part(text);
    ByteString moved = std::move(part);
    EXPECT_EQ(moved.data(), text.data());
    ByteString own(text);
    const char* const at = own.data();
    moved = std::move(own);
    EXPECT_EQ(moved.data(), at);
    EXPECT_TRUE(part.empty());  // NOLINT(bugprone-use-after-move): that it is empty is promised
    EXPECT_TRUE(own.empty());   // NOLINT(bugprone-use-after-move)
}

TEST(ByteString, WhatIsKeptStays) {
    std::string text = "text";
    ByteString part = ByteString::part(text);
    part.keep();
    const char* const at = part.data();
    part.keep();
    EXPECT_EQ(part.data(), at) << "it was its own already";
    text = "gone";
    EXPECT_EQ(part, "text");
    ByteString nothing = ByteString::part("");
    nothing.keep();
    EXPECT_TRUE(nothing.empty());
}

TEST(ByteString, IsComparedWithOtherTexts) {
    const ByteString bytes(std::string("a\0b", 3));
    EXPECT_EQ(bytes, std::string_view("a\0b", 3));
    EXPECT_EQ(bytes, std::string("a\0b", 3));
    EXPECT_NE(bytes, "a");
    const std::optional<ByteString> some = bytes;
    EXPECT_EQ(some, std::string("a\0b", 3));
    EXPECT_NE(some, std::nullopt);
    EXPECT_EQ(ByteString(), "");
}

TEST(ByteString, AllOfAMessageAreKept) {
    std::string key = "key";
    std::string value = "value";
    Write write;
    write.key = ByteString::part(key);
    write.value = ByteString::part(value);
    Message messages[] = {std::move(write), Get{{}, {}, ByteString::part(key)},
                          GetAnswer{{}, ByteString::part(value), {}, {}}};
    for (Message& message : messages) keep_bytes(message);
    key = "XXX";
    value = "XXXXX";
    EXPECT_EQ(std::get<Write>(messages[0]).key, "key");
    EXPECT_EQ(std::get<Write>(messages[0]).value, "value");
    EXPECT_EQ(std::get<Get>(messages[1]).key, "key");
    EXPECT_EQ(std::get<GetAnswer>(messages[2]).value, "value");
}

TEST(ByteString, AllOfOneStructAreKeptAndTheirBytesCounted) {
    std::string key = "key";
    std::string value = "value";
    Write write;
    write.key = ByteString::part(key);
    EXPECT_EQ(keep_bytes(write), 3u);
    write.value = ByteString::part(value);
    EXPECT_EQ(keep_bytes(write), 8u);
    key = "XXX";
    value = "XXXXX";
    EXPECT_EQ(write.key, "key");
    EXPECT_EQ(write.value, "value");
}

}  // namespace ringkv
