#include "node/log_suffix.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

ViewId view(std::uint64_t number) {
    return {Generation(1), ViewNumber(number)};
}

EntryPtr entry(std::uint64_t op, std::uint64_t view_number, const std::string& value = "v") {
    Entry made;
    made.op = OpNumber(op);
    made.view = view(view_number);
    made.kind = EntryKind::set;
    made.key = "k";
    made.value = value;
    return share(made);
}

LogSuffix suffix_of(std::vector<std::uint64_t> views) {
    LogSuffix suffix;
    for (std::size_t i = 0; i < views.size(); ++i) suffix.append(entry(i + 1, views[i]));
    return suffix;
}

TEST(LogSuffix, KnowsTheViewOfEveryEntry) {
    const LogSuffix suffix = suffix_of({1, 1, 3, 3, 7});
    EXPECT_EQ(suffix.view_at(OpNumber(2)), view(1));
    EXPECT_EQ(suffix.view_at(OpNumber(3)), view(3));
    EXPECT_EQ(suffix.view_at(OpNumber(5)), view(7));
    EXPECT_TRUE(suffix.view_at(OpNumber(6)).none());
    EXPECT_TRUE(suffix.view_at(OpNumber(0)).none());
}

TEST(LogSuffix, MatchesOnlyTheSameOpOfTheSameView) {
    const LogSuffix suffix = suffix_of({1, 1, 3});
    EXPECT_TRUE(suffix.matches(OpNumber(3), view(3)));
    EXPECT_FALSE(suffix.matches(OpNumber(3), view(2)));
    EXPECT_FALSE(suffix.matches(OpNumber(4), view(3)));
    EXPECT_TRUE(suffix.matches(OpNumber(0), ViewId{}));
}

TEST(LogSuffix, ForgetsTheViewsOfWhatWasCut) {
    LogSuffix suffix = suffix_of({1, 1, 3, 4});
    suffix.truncate(OpNumber(2));
    EXPECT_EQ(suffix.last(), OpNumber(2));
    suffix.append(entry(3, 5));
    EXPECT_EQ(suffix.view_at(OpNumber(3)), view(5));
    EXPECT_FALSE(suffix.matches(OpNumber(3), view(3)));
}

TEST(LogSuffix, TrimsToItsLimitsButNeverWhatIsNeeded) {
    LogSuffix suffix = suffix_of({1, 1, 2, 2, 2, 2});
    suffix.trim(OpNumber(3), 2, SIZE_MAX);
    EXPECT_EQ(suffix.start(), OpNumber(3));
    EXPECT_EQ(suffix.last(), OpNumber(6));
    EXPECT_TRUE(suffix.matches(OpNumber(3), view(2))) << "the view of the start is still known";
    suffix.trim(OpNumber(6), 2, SIZE_MAX);
    EXPECT_EQ(suffix.start(), OpNumber(4));
    EXPECT_EQ(suffix.above(OpNumber(4), 100, SIZE_MAX).size(), 2U);
}

TEST(LogSuffix, GivesAtMostSoManyEntriesOrBytes) {
    LogSuffix suffix;
    for (std::uint64_t op = 1; op <= 10; ++op) suffix.append(entry(op, 1, std::string(1000, 'x')));
    EXPECT_EQ(suffix.above(OpNumber(2), 3, SIZE_MAX).size(), 3U);
    EXPECT_EQ(suffix.above(OpNumber(2), 3, SIZE_MAX).front()->op, OpNumber(3));
    EXPECT_EQ(suffix.above(OpNumber(0), 100, 1).size(), 1U) << "one always goes";
    EXPECT_TRUE(suffix.above(OpNumber(10), 100, SIZE_MAX).empty());
}

TEST(LogSuffix, TrimsByBytes) {
    LogSuffix suffix;
    for (std::uint64_t op = 1; op <= 10; ++op) suffix.append(entry(op, 1, std::string(1000, 'x')));
    suffix.trim(OpNumber(10), SIZE_MAX, 3500);
    EXPECT_LE(suffix.last().value() - suffix.start().value(), 3U);
    EXPECT_GE(suffix.last().value() - suffix.start().value(), 2U);
}

TEST(LogSuffix, TakesTheHistoryOfACopyBelowItsStart) {
    LogSuffix suffix;
    suffix.reset(OpNumber(10), view(4));
    suffix.append(entry(11, 6));
    suffix.set_history({{view(1), OpNumber(1)}, {view(4), OpNumber(8)}, {view(6), OpNumber(11)}});
    EXPECT_EQ(suffix.view_at(OpNumber(9)), view(4));
    EXPECT_EQ(suffix.view_at(OpNumber(7)), view(1));
    EXPECT_EQ(suffix.view_at(OpNumber(11)), view(6));
}

TEST(LogSuffixDeathTest, RefusesEntriesOutOfOrder) {
    LogSuffix suffix = suffix_of({2});
    EXPECT_DEATH(suffix.append(entry(3, 2)), "out of order");
    EXPECT_DEATH(suffix.append(entry(2, 1)), "older view");
}

}  // namespace
}  // namespace ringkv
