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

// Keeps all that it may.
struct Suffix : SuffixBudget, LogSuffix {
    explicit Suffix(std::uint64_t limit = UINT64_MAX)
        : SuffixBudget(limit), LogSuffix(static_cast<SuffixBudget&>(*this)) {}
    using LogSuffix::append;
};

void append(LogSuffix& suffix, const std::vector<std::uint64_t>& views) {
    for (const std::uint64_t number : views) suffix.append(entry(suffix.last().value() + 1, number));
}

TEST(LogSuffix, KnowsTheViewOfEveryEntry) {
    Suffix suffix;
    append(suffix, {1, 1, 3, 3, 7});
    EXPECT_EQ(suffix.view_at(OpNumber(2)), view(1));
    EXPECT_EQ(suffix.view_at(OpNumber(3)), view(3));
    EXPECT_EQ(suffix.view_at(OpNumber(5)), view(7));
    EXPECT_TRUE(suffix.view_at(OpNumber(6)).none());
    EXPECT_TRUE(suffix.view_at(OpNumber(0)).none());
}

TEST(LogSuffix, MatchesOnlyTheSameOpOfTheSameView) {
    Suffix suffix;
    append(suffix, {1, 1, 3});
    EXPECT_TRUE(suffix.matches(OpNumber(3), view(3)));
    EXPECT_FALSE(suffix.matches(OpNumber(3), view(2)));
    EXPECT_FALSE(suffix.matches(OpNumber(4), view(3)));
    EXPECT_TRUE(suffix.matches(OpNumber(0), ViewId{}));
}

TEST(LogSuffix, ForgetsTheViewsOfWhatWasCut) {
    Suffix suffix;
    append(suffix, {1, 1, 3, 4});
    suffix.truncate(OpNumber(2));
    EXPECT_EQ(suffix.last(), OpNumber(2));
    suffix.append(entry(3, 5));
    EXPECT_EQ(suffix.view_at(OpNumber(3)), view(5));
    EXPECT_FALSE(suffix.matches(OpNumber(3), view(3)));
}

TEST(LogSuffix, KeepsWhatIsNeededWhateverTheBudget) {
    Suffix suffix(0);
    append(suffix, {1, 1, 2, 2, 2, 2});
    suffix.trim(OpNumber(3));
    EXPECT_EQ(suffix.start(), OpNumber(3));
    EXPECT_EQ(suffix.last(), OpNumber(6));
    EXPECT_TRUE(suffix.matches(OpNumber(3), view(2))) << "the view of the start is still known";
    EXPECT_EQ(suffix.above(OpNumber(3), 100, SIZE_MAX).size(), 3U);
}

TEST(LogSuffix, GivesAtMostSoManyEntriesOrBytes) {
    Suffix suffix;
    for (std::uint64_t op = 1; op <= 10; ++op) suffix.append(entry(op, 1, std::string(1000, 'x')));
    EXPECT_EQ(suffix.above(OpNumber(2), 3, SIZE_MAX).size(), 3U);
    EXPECT_EQ(suffix.above(OpNumber(2), 3, SIZE_MAX).front()->op, OpNumber(3));
    EXPECT_EQ(suffix.above(OpNumber(0), 100, 1).size(), 1U) << "one always goes";
    EXPECT_TRUE(suffix.above(OpNumber(10), 100, SIZE_MAX).empty());
}

// The oldest of all partitions go first: one that nothing is written to gives way to one with much to write.
TEST(LogSuffix, TheBudgetIsOfAllSuffixesTogether) {
    SuffixBudget budget(10000);
    LogSuffix quiet(budget);
    LogSuffix busy(budget);
    for (std::uint64_t op = 1; op <= 4; ++op) quiet.append(entry(op, 1, std::string(1000, 'x')));
    quiet.trim(OpNumber(4));
    EXPECT_EQ(quiet.start(), OpNumber(0)) << "there is room";
    for (std::uint64_t op = 1; op <= 100; ++op) {
        busy.append(entry(op, 1, std::string(1000, 'x')));
        busy.trim(OpNumber(op));
    }
    const std::uint64_t kept = busy.last().value() - busy.start().value();
    EXPECT_GE(kept, 7U);
    EXPECT_LE(kept, 10U);
    quiet.trim(OpNumber(4));
    EXPECT_EQ(quiet.start(), OpNumber(4));
    EXPECT_LE(budget.held(), 12000U);
}

TEST(LogSuffix, WhatItForgetsIsOutOfTheBudget) {
    SuffixBudget budget(10000);
    {
        LogSuffix suffix(budget);
        append(suffix, {1, 1, 1, 1});
        const std::uint64_t four = budget.held();
        suffix.truncate(OpNumber(2));
        EXPECT_EQ(budget.held(), four / 2);
        suffix.reset(OpNumber(9), view(1));
        EXPECT_EQ(budget.held(), 0U);
        suffix.append(entry(10, 1));
        EXPECT_EQ(budget.held(), four / 4);
    }
    EXPECT_EQ(budget.held(), 0U);
}

TEST(LogSuffix, TakesTheHistoryOfACopyBelowItsStart) {
    Suffix suffix;
    suffix.reset(OpNumber(10), view(4));
    suffix.append(entry(11, 6));
    suffix.set_history({{view(1), OpNumber(1)}, {view(4), OpNumber(8)}, {view(6), OpNumber(11)}});
    EXPECT_EQ(suffix.view_at(OpNumber(9)), view(4));
    EXPECT_EQ(suffix.view_at(OpNumber(7)), view(1));
    EXPECT_EQ(suffix.view_at(OpNumber(11)), view(6));
}

TEST(LogSuffixDeathTest, RefusesEntriesOutOfOrder) {
    Suffix suffix;
    append(suffix, {2});
    EXPECT_DEATH(suffix.append(entry(3, 2)), "out of order");
    EXPECT_DEATH(suffix.append(entry(2, 1)), "older view");
}

}  // namespace
}  // namespace ringkv
