#include "kvctl/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kvctl/command_table.hpp"

namespace ringkv::kvctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Arguments> parse(const std::vector<std::string>& arguments) {
    return parse_arguments(arguments, command_table());
}

std::string fault(const std::vector<std::string>& arguments) {
    const auto parsed = parse(arguments);
    return parsed ? "taken" : parsed.error().message();
}

TEST(Arguments, GlobalOptionsStandBeforeOrAfterTheCommand) {
    for (const auto& words : std::vector<std::vector<std::string>>{{"-o", "json", "--timeout", "2s", "get", "k"},
                                                                   {"get", "-o", "json", "k", "--timeout=2s"},
                                                                   {"get", "k", "-ojson", "--timeout", "2s"},
                                                                   {"--output=json", "get", "--timeout", "2s", "k"}}) {
        const auto parsed = parse(words);
        ASSERT_TRUE(parsed) << parsed.error();
        EXPECT_EQ(parsed->command->name, "get");
        EXPECT_THAT(parsed->words, ElementsAre("k"));
        EXPECT_EQ(parsed->text("--output"), "json");
        EXPECT_EQ(parsed->text("--timeout"), "2s");
    }
}

TEST(Arguments, WordsArriveAsTheyWereTyped) {
    const auto parsed = parse({"mget", "[a,b]", "", "%%", "-", "a=b", "{}", "--", "-k", "--", "--limit"});
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_THAT(parsed->words, ElementsAre("[a,b]", "", "%%", "-", "a=b", "{}", "-k", "--", "--limit"));
}

TEST(Arguments, AKeyMayBeNamedLikeACommand) {
    const auto parsed = parse({"put", "get", "put"});
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_EQ(parsed->command->name, "put");
    EXPECT_THAT(parsed->words, ElementsAre("get", "put"));
}

TEST(Arguments, NumbersAndSizes) {
    const auto parsed = parse({"bench", "put", "--value-size", "4KiB", "--clients=3"});
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_EQ(parsed->number("--value-size"), 4096U);
    EXPECT_EQ(parsed->number("--clients"), 3U);
    EXPECT_EQ(parsed->number("--depth"), std::nullopt);
    EXPECT_EQ(parse({"put", "k", "v", "--if-version", "18446744073709551615"})->number("--if-version"),
              18446744073709551615U);
}

TEST(Arguments, AListKeepsEveryValueInOrder) {
    const auto parsed = parse({"plan", "--remove", "b", "--remove=a", "--add", "n:r"});
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_THAT(parsed->texts("--remove"), ElementsAre("b", "a"));
    EXPECT_THAT(parsed->texts("--add"), ElementsAre("n:r"));
    EXPECT_TRUE(parsed->has("--add"));
    EXPECT_FALSE(parsed->has("--lose"));
    EXPECT_THAT(fault({"plan", "--remove="}), HasSubstr("--remove needs a value"));
}

TEST(Arguments, SayWhatIsWrong) {
    EXPECT_THAT(fault({"gte", "k"}), HasSubstr("no command 'gte'; did you mean 'get'?"));
    EXPECT_THAT(fault({"scan", "--limt", "3"}), HasSubstr("scan has no option '--limt'; did you mean '--limit'?"));
    EXPECT_THAT(fault({"get", "-key"}), HasSubstr("goes after --"));
    EXPECT_THAT(fault({"--if-absent", "put", "k", "v"}), HasSubstr("before a command"));
    EXPECT_THAT(fault({"get"}), HasSubstr("kvctl get KEY"));
    EXPECT_THAT(fault({"get", "a", "b"}), HasSubstr("'b' is one word too many"));
    EXPECT_THAT(fault({"get", "k", "--timeout"}), HasSubstr("--timeout needs TIME"));
    EXPECT_THAT(fault({"get", "k", "--timeout", "5"}), HasSubstr("--timeout needs a time, such as"));
    EXPECT_THAT(fault({"get", "k", "-o", "yaml"}), HasSubstr("--output needs table or json, not 'yaml'"));
    EXPECT_THAT(fault({"scan", "--limit", "0"}), HasSubstr("a whole number above 0"));
    EXPECT_THAT(fault({"scan", "--keys=yes"}), HasSubstr("--keys takes no value"));
    EXPECT_THAT(fault({"get", "k", "--registry="}), HasSubstr("--registry needs a value"));
    EXPECT_THAT(fault({"\033[2J"}), HasSubstr("'\\x1b[2J'"));
}

TEST(Arguments, WhatComesLaterIsRecognised) {
    for (const char* name : {"config"}) {
        EXPECT_THAT(fault({name, "anything", "--at-all"}), HasSubstr("belongs to a later version")) << name;
    }
}

TEST(Arguments, HelpNeedsNoWords) {
    const auto parsed = parse({"put", "--help"});
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_TRUE(parsed->help);
}

}  // namespace
}  // namespace ringkv::kvctl
