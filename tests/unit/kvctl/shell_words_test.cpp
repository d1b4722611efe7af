// How a line of the shell becomes words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "kvctl/shell/words.hpp"

namespace ringkv::kvctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words_of(std::string_view line) {
    auto words = split_words(line);
    return words ? *words : std::vector<std::string>{"error: " + words.error().message()};
}

TEST(ShellWords, BlanksSeparate) {
    EXPECT_THAT(words_of("put key value"), ElementsAre("put", "key", "value"));
    EXPECT_THAT(words_of("  get\t k \r"), ElementsAre("get", "k"));
    EXPECT_THAT(words_of(" \t\r\n"), IsEmpty());
    EXPECT_THAT(words_of(""), IsEmpty());
}

TEST(ShellWords, QuotesKeepWhatIsBetweenThem) {
    EXPECT_THAT(words_of(R"(put 'a b' "c  d")"), ElementsAre("put", "a b", "c  d"));
    EXPECT_THAT(words_of(R"('\n"' "'\n")"), ElementsAre(R"(\n")", R"('\n)"));
    EXPECT_THAT(words_of(R"("\"\\\$\`")"), ElementsAre(R"("\$`)"));
    EXPECT_THAT(words_of(R"(a'b'"c"\d)"), ElementsAre("abcd"));
    EXPECT_THAT(words_of(R"('' "" x)"), ElementsAre("", "", "x"));
    EXPECT_THAT(words_of(R"(a\ b \' \\)"), ElementsAre("a b", "'", "\\"));
}

TEST(ShellWords, NothingIsExpanded) {
    EXPECT_THAT(words_of("get $HOME * ~ | > ; & {a,b}"),
                ElementsAre("get", "$HOME", "*", "~", "|", ">", ";", "&", "{a,b}"));
}

TEST(ShellWords, ACommentBeginsAWord) {
    EXPECT_THAT(words_of("# get k"), IsEmpty());
    EXPECT_THAT(words_of("get k # 'of no interest"), ElementsAre("get", "k"));
    EXPECT_THAT(words_of("get k#1 '#2' \\#3"), ElementsAre("get", "k#1", "#2", "#3"));
}

TEST(ShellWords, WhatIsNotClosedIsAnError) {
    for (const char* line : {"put k 'a", "put k \"a", "put k \"a\\\"", "put k a\\"}) {
        const auto words = split_words(line);
        ASSERT_FALSE(words) << line;
        EXPECT_EQ(words.error().code(), ErrorCode::invalid_argument);
    }
    EXPECT_THAT(split_words("put k 'a").error().message(), HasSubstr("the quote ' at column 7 is not closed"));
    EXPECT_THAT(split_words("put k a\\").error().message(), HasSubstr("backslash at the end"));
}

TEST(ShellWords, TellWhetherTheLastWordMayGoOn) {
    EXPECT_TRUE(split_line("get k").ends_in_word);
    EXPECT_FALSE(split_line("get k ").ends_in_word);
    EXPECT_FALSE(split_line("get # k").ends_in_word);
    const SplitLine line = split_line(" get 'k'");
    EXPECT_EQ(line.words.back().begin, 5U);
    EXPECT_TRUE(line.words.back().has_quotes);
    EXPECT_FALSE(line.words.front().has_quotes);
    EXPECT_EQ(split_line("get 'k").open, std::optional<std::size_t>(4));
}

RC_GTEST_PROP(ShellWords, AnyWordsComeBackFromTheirQuotes, (const std::vector<std::string>& words)) {
    std::string line;
    for (const std::string& word : words) line += quote(word) + " ";
    const auto back = split_words(line);
    RC_ASSERT(bool(back));
    RC_ASSERT(*back == words);
}

RC_GTEST_PROP(ShellWords, BackslashesKeepAnyByteToo, (const std::vector<std::string>& words)) {
    std::string line;
    std::vector<std::string> expected;
    for (const std::string& word : words) {
        if (word.empty()) continue;
        expected.push_back(word);
        for (const char byte : word) line += std::string("\\") + byte;
        line += ' ';
    }
    const auto back = split_words(line);
    RC_ASSERT(bool(back));
    RC_ASSERT(*back == expected);
}

}  // namespace
}  // namespace ringkv::kvctl
