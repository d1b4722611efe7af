// What the query of a request says.
#include "common/edge/http/query.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

std::optional<std::string> value(std::string_view query, std::string_view name) {
    auto found = query_value(query, name);
    EXPECT_TRUE(found) << found.error();
    return found ? *found : std::nullopt;
}

TEST(Query, FindsTheValueOfAName) {
    EXPECT_EQ(value("key=user:1", "key"), "user:1");
    EXPECT_EQ(value("a=1&key=2&key=3", "key"), "2");
    EXPECT_EQ(value("key=a=b", "key"), "a=b");
    EXPECT_EQ(value("key=", "key"), "");
    EXPECT_EQ(value("key", "key"), "");
    EXPECT_EQ(value("key&x=1", "x"), "1");
    EXPECT_EQ(value("&&x=1", "x"), "1");
    EXPECT_EQ(value("keys=1", "key"), std::nullopt);
    EXPECT_EQ(value("", "key"), std::nullopt);
}

TEST(Query, AnyByteCanBeWritten) {
    EXPECT_EQ(value("key=%00%ff%FF%25%26", "key"), std::string("\0\xff\xff%&", 5));
    EXPECT_EQ(value("key=a+b%20c", "key"), "a+b c");
    EXPECT_EQ(value("key=%C3%A9", "key"), "\xc3\xa9");
}

TEST(Query, WhatIsNoByteIsAnErrorThatSaysSo) {
    for (const std::string text : {"%", "%2", "%zz", "%2x", "% 1", "%+1", "%-1", "a%"}) {
        const auto decoded = percent_decoded(text);
        ASSERT_FALSE(decoded) << text;
        EXPECT_EQ(decoded.error().code(), ErrorCode::invalid_argument);
        EXPECT_NE(decoded.error().message().find("hexadecimal"), std::string::npos) << decoded.error();
    }
    EXPECT_FALSE(query_value("a=1&key=%", "key"));
    EXPECT_TRUE(query_value("a=%&key=1", "key"));  // what is not asked for is not looked at
}

}  // namespace
}  // namespace ringkv
