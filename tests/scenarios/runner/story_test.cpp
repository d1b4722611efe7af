#include "tests/scenarios/runner/story.hpp"

#include <gtest/gtest.h>

namespace ringkv::scenarios {
namespace {

const std::string text =
    "# about\n"
    "\n"
    "put c1 k v\n"
    "get c1 k\n"
    "----\n"
    "put: version 1\n"
    "get: v\n"
    "\n"
    "# then\n"
    "crash n1\n"
    "----\n"
    "ok\n";

TEST(Story, IsBlocksOfCommandsAndWhatTheyPrint) {
    const auto story = Story::parse(text);
    ASSERT_TRUE(story.has_value());
    ASSERT_EQ(story->blocks.size(), 2U);
    EXPECT_EQ(story->blocks[0].commands, (std::vector<std::string>{"put c1 k v", "get c1 k"}));
    EXPECT_EQ(story->blocks[0].expected, "put: version 1\nget: v\n");
    EXPECT_EQ(story->blocks[0].line, 3U);
    EXPECT_EQ(story->blocks[1].heading, "\n# then\n");
}

TEST(Story, RewritesOnlyTheOutputs) {
    const auto story = Story::parse(text);
    ASSERT_TRUE(story.has_value());
    EXPECT_EQ(story->with_outputs({"put: version 1\nget: v\n", "ok\n"}), text);
    EXPECT_NE(story->with_outputs({"put: version 2\n", "ok\n"}).find("put: version 2\n\n# then\n"), std::string::npos);
}

TEST(Story, ABlockWithoutItsLineIsAnError) {
    EXPECT_FALSE(Story::parse("put c1 k v\n\n").has_value());
    EXPECT_FALSE(Story::parse("put c1 k v\n").has_value());
}

TEST(Story, ShowsWhatDiffers) {
    EXPECT_EQ(diff("a\nb\nc\n", "a\nx\nc\n"), "  a\n- b\n+ x\n  c\n");
    EXPECT_EQ(diff("a\n", "a\n"), "  a\n");
}

TEST(Story, WordsMayHoldAnyBytes) {
    EXPECT_EQ(words_of("put  c1 \"a b\" \\x00z"),
              (std::vector<std::string>{"put", "c1", "a b", std::string("\0z", 2)}));
    EXPECT_EQ(words_of("put \"\" \\\"q"), (std::vector<std::string>{"put", "", "\"q"}));
    EXPECT_TRUE(words_of("  ").empty());
}

}  // namespace
}  // namespace ringkv::scenarios
