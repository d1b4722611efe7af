#include "kvctl/text.hpp"

#include <gtest/gtest.h>

namespace ringkv::kvctl {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

TEST(Utf8, TakesWhatTheStandardTakes) {
    for (const std::string& text :
         {""s, "abc"s, "\0"s, "\xc3\xa9"s, "\xe2\x82\xac"s, "\xf0\x9f\x98\x80"s, "\xf4\x8f\xbf\xbf"s}) {
        EXPECT_TRUE(is_utf8(text)) << escape(text);
    }
}

TEST(Utf8, RefusesOverlongSurrogateTruncatedAndTooHigh) {
    for (const std::string& text :
         {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x80\x80"s, "\xed\xa0\x80"s, "\xe2\x82"s, "\xf0\x80\x80\x80"s,
          "\xf4\x90\x80\x80"s, "\xf8\x88\x80\x80\x80"s, "\xff"s, "a\xc3"s}) {
        EXPECT_FALSE(is_utf8(text)) << escape(text);
    }
}

TEST(Escape, LeavesNothingThatMovesATerminal) {
    EXPECT_EQ(escape("plain \xc3\xa9"), "plain \xc3\xa9");
    EXPECT_EQ(escape("a\nb\tc\rd"), "a\\nb\\tc\\rd");
    EXPECT_EQ(escape("\033[31mred\a"), "\\x1b[31mred\\x07");
    EXPECT_EQ(escape("nul\0!"s), "nul\\x00!");
    EXPECT_EQ(escape("\x7f\xff\xc3"), "\\x7f\\xff\\xc3");
    EXPECT_EQ(escape("\xc2\x9b"
                     "31m"),
              "\\u{009b}31m");  // the one-character form of ESC [
    EXPECT_EQ(escape("\xe2\x80\xae"
                     "gpj.exe"),
              "\\u{202e}gpj.exe");  // right to left
    EXPECT_EQ(escape("back\\slash"), "back\\\\slash");
}

TEST(Shorten, CutsBetweenCharacters) {
    EXPECT_EQ(shorten("short", 5), "short");
    EXPECT_EQ(shorten("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 5), "\xc3\xa9\xc3\xa9...");
    EXPECT_EQ(shorten("abcdef", 2), "..");
}

TEST(Units, DurationsNeedANumberAndAUnit) {
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("2min"), 2min);
    EXPECT_EQ(parse_duration("1h"), 60min);
    for (const char* text : {"", "5", "s", "0s", "-1s", "1.5s", "5 s", "5d", "99999999999999999999s", "2000min"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Units, SizesArePlainOrBinary) {
    EXPECT_EQ(parse_size("100"), 100U);
    EXPECT_EQ(parse_size("100B"), 100U);
    EXPECT_EQ(parse_size("4KiB"), 4096U);
    EXPECT_EQ(parse_size("1MiB"), 1048576U);
    EXPECT_EQ(parse_size("2GiB"), 2147483648U);
    EXPECT_EQ(parse_size("1TiB"), 1099511627776U);
    for (const char* text : {"", "KiB", "1KB", "1k", "-1", "9999999999999999999MiB"})
        EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Units, NumbersAreDigitsOnly) {
    EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615U);
    for (const char* text : {"", "+1", "-1", "1x", " 1", "18446744073709551616"})
        EXPECT_FALSE(parse_number(text)) << text;
}

TEST(Units, GroupsDigitsByThree) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1 000");
    EXPECT_EQ(grouped(1234567), "1 234 567");
}

TEST(Units, ExactOnesAreReadBack) {
    for (const char* text : {"1ms", "1500ms", "30s", "90s", "10min", "24h"})
        EXPECT_EQ(exact(parse_duration(text).value()), text);
    EXPECT_EQ(exact(0ms), "0");
    EXPECT_EQ(exact(60s), "1min");
    for (const char* text : {"1B", "1000B", "500KiB", "64MiB", "3GiB", "2TiB"})
        EXPECT_EQ(exact_size(parse_size(text).value()), text);
}

TEST(Units, ReadableOnesAreShort) {
    EXPECT_EQ(readable_size(0), "0 B");
    EXPECT_EQ(readable_size(1023), "1023 B");
    EXPECT_EQ(readable_size(1536), "1.5 KiB");
    EXPECT_EQ(readable_size(52.4 * (1U << 30U)), "52 GiB");
    EXPECT_EQ(readable_time(0.4), "0 s");
    EXPECT_EQ(readable_time(40), "40 s");
    EXPECT_EQ(readable_time(200), "3 min 20 s");
    EXPECT_EQ(readable_time(7500), "2 h 5 min");
    EXPECT_EQ(counted(1, "copy"), "1 copy");
    EXPECT_EQ(counted(1024, "partition"), "1 024 partitions");
    EXPECT_EQ(counted(2, "copy"), "2 copies");
}

TEST(Nearest, FindsSlipsAndNothingElse) {
    const std::vector<std::string_view> names = {"get", "put", "status", "export"};
    EXPECT_EQ(nearest("gte", names), "get");
    EXPECT_EQ(nearest("stauts", names), "status");
    EXPECT_EQ(nearest("exprot", names), "export");
    EXPECT_EQ(nearest("zzzzzzzz", names), std::nullopt);
}

}  // namespace
}  // namespace ringkv::kvctl
