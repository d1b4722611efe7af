// Histories made by hand, each with one thing to be seen in it.
#include "tests/linearizability/checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/linearizability/random_history.hpp"

namespace ringkv::linearizability {
namespace {

using ::testing::HasSubstr;

struct During {
    Instant called;
    Instant returned;
};

Call call(Kind kind, Outcome outcome, std::string value, Version expected, Version version, During time) {
    return {0, kind, outcome, std::move(value), expected, version, time.called, time.returned, {}};
}

Call put(const std::string& value, Version version, During time) {
    return call(Kind::put, Outcome::done, value, 0, version, time);
}
Call get(const std::string& value, Version version, During time) {
    return call(Kind::get, Outcome::done, value, 0, version, time);
}
Call get_absent(During time) {
    return call(Kind::get, Outcome::absent, "", 0, 0, time);
}
Call erase(Version version, During time) {
    return call(Kind::erase, Outcome::done, "", 0, version, time);
}
Call erase_absent(During time) {
    return call(Kind::erase, Outcome::absent, "", 0, 0, time);
}
Call set(Version expected, const std::string& value, Version version, During time) {
    return call(Kind::compare_and_set, Outcome::done, value, expected, version, time);
}
Call set_failed(Version expected, const std::string& value, During time) {
    return call(Kind::compare_and_set, Outcome::condition_failed, value, expected, 0, time);
}
Call remove(Version expected, Version version, During time) {
    return call(Kind::compare_and_erase, Outcome::done, "", expected, version, time);
}
Call unknown(Call of) {
    of.outcome = Outcome::unknown;
    of.version = 0;
    return of;
}
Call not_applied(Call of) {
    of.outcome = Outcome::not_applied;
    of.version = 0;
    return of;
}
Call found(Call of, Version version) {
    of.found = version;
    return of;
}

void expect_legal(const History& history) {
    const Judgement judgement = check(history);
    EXPECT_EQ(judgement.verdict, Verdict::legal) << judgement.explanation;
}

std::string expect_illegal(const History& history) {
    const Judgement judgement = check(history);
    EXPECT_EQ(judgement.verdict, Verdict::illegal);
    return judgement.explanation;
}

TEST(Checker, NothingSeenIsLegal) {
    expect_legal({});
}

TEST(Checker, ReadsSeeTheLastWrite) {
    expect_legal(
        {get_absent({0, 1}), put("a", 1, {2, 3}), get("a", 1, {4, 5}), put("b", 7, {6, 7}), get("b", 7, {8, 9})});
}

TEST(Checker, ReadDuringAWriteMaySeeEither) {
    expect_legal({put("a", 1, {0, 1}), put("b", 2, {2, 9}), get("a", 1, {3, 4}), get("b", 2, {5, 6})});
    expect_legal({put("a", 1, {0, 1}), put("b", 2, {2, 9}), get("a", 1, {3, 6}), get("b", 2, {3, 6})});
}

TEST(Checker, StaleRead) {
    const std::string why = expect_illegal({put("a", 1, {0, 1}), put("b", 2, {2, 3}), get("a", 1, {4, 5})});
    EXPECT_THAT(why, HasSubstr("2 of 3 calls"));
    EXPECT_THAT(why, HasSubstr("client 0: get -> a, version 1 [4, 5]"));
    EXPECT_THAT(why, HasSubstr("the key holds b, version 2; that value was there before, and is gone"));
}

TEST(Checker, ReadsThatGoBackWhileAWriteIsUnderWay) {
    expect_illegal({put("a", 1, {0, 1}), put("b", 2, {2, 9}), get("b", 2, {3, 4}), get("a", 1, {5, 6})});
}

TEST(Checker, CallsThatTouchAtOneInstantAreConcurrent) {
    expect_legal({put("a", 1, {0, 5}), get_absent({5, 6})});
    expect_illegal({put("a", 1, {0, 5}), get_absent({6, 7})});
}

TEST(Checker, LostWrite) {
    expect_illegal({put("a", 1, {0, 1}), get_absent({2, 3})});
    expect_illegal({put("a", 1, {0, 1}), put("b", 2, {2, 3}), set(1, "c", 3, {4, 5})});
}

TEST(Checker, WriteAppliedTwice) {
    const std::string why =
        expect_illegal({put("a", 1, {0, 1}), put("b", 2, {2, 3}), get("b", 2, {4, 5}), get("a", 3, {6, 7})});
    EXPECT_THAT(why, HasSubstr("get -> a, version 3"));
    EXPECT_THAT(why, HasSubstr("that value has version 1"));
    // The same without versions: only the order shows it.
    expect_illegal({put("a", 0, {0, 1}), put("b", 0, {2, 3}), get("b", 0, {4, 5}), get("a", 0, {6, 7})});
}

TEST(Checker, ReadOfAValueThatNobodyWrote) {
    EXPECT_THAT(expect_illegal({put("a", 1, {0, 1}), get("x", 2, {2, 3})}), HasSubstr("no call wrote that value"));
}

TEST(Checker, AnswerToAnotherKindOfCall) {
    const Call answered_like_a_set = call(Kind::put, Outcome::condition_failed, "b", 0, 0, {2, 3});
    const Call answered_like_an_erase = call(Kind::put, Outcome::absent, "c", 0, 0, {4, 5});
    for (const Call& wrong : {answered_like_a_set, answered_like_an_erase}) {
        const Judgement judgement = check({put("a", 1, {0, 1}), wrong});
        EXPECT_EQ(judgement.verdict, Verdict::illegal);
        EXPECT_THAT(judgement.explanation, HasSubstr("cannot end so"));
    }
}

TEST(Checker, ReadOfAValueBeforeItsWrite) {
    expect_illegal({get("a", 1, {0, 1}), put("a", 1, {2, 3})});
}

TEST(Checker, WriteThatWasNotAppliedNeverShows) {
    expect_legal({put("a", 1, {0, 1}), not_applied(put("b", 0, {2, 3})), get("a", 1, {4, 5})});
    EXPECT_THAT(expect_illegal({put("a", 1, {0, 1}), not_applied(put("b", 0, {2, 3})), get("b", 2, {4, 5})}),
                HasSubstr("that value did not happen"));
}

TEST(Checker, SetThatFailedNeverShows) {
    expect_illegal({put("a", 1, {0, 1}), set_failed(7, "b", {2, 3}), get("b", 2, {4, 5})});
}

TEST(Checker, UnknownWriteMayShowMuchLater) {
    expect_legal({unknown(put("a", 0, {0, 1})), get_absent({2, 3}), put("b", 1, {4, 5}), get("b", 1, {6, 7}),
                  get("a", 2, {8, 9})});
}

TEST(Checker, UnknownWriteMayNeverShow) {
    expect_legal({put("a", 1, {0, 1}), unknown(put("b", 0, {2, 3})), unknown(erase(0, {4, 5})), get("a", 1, {6, 7})});
}

TEST(Checker, UnknownWriteShowsOnceOnly) {
    expect_illegal({unknown(put("a", 0, {0, 1})), get("a", 1, {2, 3}), put("b", 2, {4, 5}), get("b", 2, {6, 7}),
                    get("a", 1, {8, 9})});
}

TEST(Checker, UnknownWriteDoesNotHappenBeforeItsCall) {
    expect_illegal({get("a", 1, {0, 1}), unknown(put("a", 0, {2, 3}))});
}

TEST(Checker, UnknownWriteThatWasSeenHasAVersion) {
    // It came after version 5, so a condition on 5 cannot hold later.
    expect_illegal({put("a", 5, {0, 1}), unknown(put("b", 0, {2, 3})), get("b", 6, {4, 5}), set(5, "c", 7, {6, 7})});
    expect_illegal({put("a", 5, {0, 1}), unknown(put("b", 0, {2, 3})), get("b", 4, {4, 5})});
}

TEST(Checker, UnseenWriteNeedsAVersionOfItsOwn) {
    // Only an unseen put can have made the condition fail, and there is no version between 1 and 2.
    const History between{put("a", 1, {0, 1}), unknown(put("x", 0, {0, 1})), set_failed(1, "b", {2, 3})};
    History close = between;
    close.push_back(put("c", 2, {4, 5}));
    expect_illegal(close);
    History apart = between;
    apart.push_back(put("c", 3, {4, 5}));
    expect_legal(apart);
}

TEST(Checker, UnseenWriteDoesNotHaveAVersionThatDidNotMatch) {
    // The unseen put would have to have version 2, and a condition on 2 failed.
    const History between{put("a", 1, {0, 1}), unknown(put("x", 0, {0, 1})), set_failed(1, "b", {2, 3}),
                          set_failed(2, "c", {4, 5})};
    History close = between;
    close.push_back(put("d", 3, {6, 7}));
    expect_illegal(close);
    History apart = between;
    apart.push_back(put("d", 4, {6, 7}));
    expect_legal(apart);
}

TEST(Checker, UnseenWritesMayFollowFromOneAnother) {
    // No answer told of version 4; the put had it, so the conditional erase removed what the put wrote.
    expect_legal(
        {put("a", 1, {0, 1}), unknown(put("x", 0, {2, 3})), unknown(remove(4, 0, {4, 5})), get_absent({6, 7})});
    expect_illegal({put("a", 1, {0, 1}), unknown(put("x", 0, {2, 3})), unknown(remove(1, 0, {4, 5})),
                    unknown(remove(0, 0, {4, 5})), get("a", 1, {6, 7}), put("b", 2, {8, 9}), get_absent({10, 11})});
}

TEST(Checker, UnknownPutExplainsAFailedCondition) {
    expect_legal({put("a", 1, {0, 1}), unknown(put("x", 0, {0, 1})), set_failed(1, "b", {2, 3}), put("c", 5, {4, 5})});
    expect_illegal({put("a", 1, {0, 1}), unknown(put("x", 0, {4, 5})), set_failed(1, "b", {2, 3})});
}

TEST(Checker, UnknownEraseExplainsAnAbsentKey) {
    expect_legal({put("a", 1, {0, 1}), unknown(erase(0, {0, 1})), get("a", 1, {2, 3}), get_absent({4, 5})});
    expect_illegal({put("a", 1, {0, 1}), unknown(erase(0, {0, 1})), get_absent({2, 3}), get("a", 1, {4, 5})});
}

TEST(Checker, OneUnknownEraseErasesOnce) {
    const History twice{put("a", 1, {0, 1}), get_absent({2, 3}), put("b", 5, {4, 5}), get_absent({6, 7})};
    History one = twice;
    one.push_back(unknown(erase(0, {0, 1})));
    expect_illegal(one);
    History two = one;
    two.push_back(unknown(erase(0, {0, 1})));
    expect_legal(two);
}

TEST(Checker, UnknownSetHappensOnlyWhereItsConditionHolds) {
    expect_legal({put("a", 1, {0, 1}), unknown(set(1, "b", 0, {2, 3})), get("b", 2, {4, 5})});
    expect_illegal({put("a", 1, {0, 1}), put("c", 2, {2, 3}), unknown(set(1, "b", 0, {4, 5})), get("b", 3, {6, 7})});
}

TEST(Checker, SetsInAChain) {
    expect_legal({set(0, "a", 1, {0, 1}), set(1, "b", 2, {2, 3}), set(2, "c", 5, {4, 5}), set_failed(2, "d", {6, 7}),
                  remove(5, 6, {8, 9}), set(0, "e", 7, {10, 11})});
}

TEST(Checker, OfTwoSetsOnOneVersionOneHolds) {
    expect_illegal({put("a", 1, {0, 1}), set(1, "b", 2, {2, 9}), set(1, "c", 3, {2, 9})});
    expect_legal({put("a", 1, {0, 1}), set(1, "b", 2, {2, 9}), set_failed(1, "c", {2, 9})});
}

TEST(Checker, FailedConditionThatShouldHaveHeld) {
    EXPECT_THAT(expect_illegal({put("a", 1, {0, 1}), set_failed(1, "b", {2, 3})}),
                HasSubstr("the key holds a, version 1"));
    expect_illegal({get_absent({0, 1}), set_failed(0, "b", {2, 3})});
    expect_illegal({put("a", 1, {0, 1}), call(Kind::compare_and_erase, Outcome::condition_failed, "", 1, 0, {2, 3})});
}

TEST(Checker, WhatAFailedConditionFoundWasThere) {
    expect_legal({put("a", 1, {0, 1}), found(set_failed(7, "b", {2, 3}), 1)});
    expect_legal({put("a", 1, {0, 1}), put("c", 2, {0, 9}), found(set_failed(7, "b", {2, 3}), 2), get("c", 2, {4, 5})});
    expect_illegal({put("a", 1, {0, 1}), found(set_failed(7, "b", {2, 3}), 0)});
    expect_illegal({put("a", 1, {0, 1}), found(set_failed(7, "b", {2, 3}), 4)});
    // No answer told that the unknown put has version 4, but it can have.
    expect_legal({put("a", 1, {0, 1}), unknown(put("c", 0, {0, 1})), found(set_failed(7, "b", {2, 3}), 4)});
}

TEST(Checker, VersionThatGoesBack) {
    EXPECT_THAT(expect_illegal({put("a", 5, {0, 1}), put("b", 4, {2, 3})}), HasSubstr("version 4"));
    expect_illegal({put("a", 5, {0, 1}), erase(3, {2, 3})});
    expect_illegal({put("a", 5, {0, 1}), erase(6, {2, 3}), set(0, "b", 6, {4, 5})});
}

TEST(Checker, VersionGivenTwice) {
    EXPECT_THAT(expect_illegal({put("a", 5, {0, 9}), put("b", 5, {0, 9})}),
                HasSubstr("another write has that version"));
}

TEST(Checker, ConcurrentWritesHappenInTheOrderOfTheirVersions) {
    expect_legal({put("a", 2, {0, 9}), put("b", 1, {0, 9}), get("a", 2, {10, 11})});
    expect_illegal({put("a", 2, {0, 9}), put("b", 1, {0, 9}), get("b", 1, {10, 11})});
}

TEST(Checker, EraseOfAnAbsentKeyChangesNothing) {
    expect_legal(
        {erase_absent({0, 1}), put("a", 1, {2, 3}), erase(2, {4, 5}), erase_absent({6, 7}), get_absent({8, 9})});
    expect_illegal({put("a", 1, {0, 1}), erase_absent({2, 3})});
    expect_illegal({erase(1, {0, 1})});
}

TEST(Checker, EraseThatExpectsNothingNeverHappens) {
    expect_legal({call(Kind::compare_and_erase, Outcome::condition_failed, "", 0, 0, {0, 1})});
    expect_legal({call(Kind::compare_and_erase, Outcome::absent, "", 0, 0, {0, 1})});
    expect_illegal({remove(0, 1, {0, 1})});
}

TEST(Checker, TellsWhatHappenedBeforeItFails) {
    const std::string why = expect_illegal({set(0, "a", 1, {0, 1}), unknown(erase(0, {0, 1})), get_absent({2, 3}),
                                            unknown(put("late", 0, {0, 1})), put("b", 9, {4, 5}), get("a", 1, {6, 7})});
    EXPECT_THAT(why, HasSubstr("erase -> unknown [0, ...]   (taken to have happened here)"));
    EXPECT_THAT(why, HasSubstr("put b -> version 9 [4, 5]"));
    EXPECT_THAT(why, HasSubstr("1 writes of unknown outcome"));
}

TEST(Checker, GivesUpWhereItMayLookNoFurther) {
    const Judgement judgement = check({put("a", 1, {0, 1}), put("b", 2, {2, 3}), get("b", 2, {4, 5})}, 1);
    EXPECT_EQ(judgement.verdict, Verdict::undecided);
    EXPECT_FALSE(judgement.explanation.empty());
}

// ---------------------------------------------------------------- histories of the size that the tests make

History long_history(std::uint64_t seed) {
    Random random{seed};
    return legal_history(random, {.calls = 500, .clients = 8, .unknown = 0.1, .untold = 0, .conditions = 0.5});
}

// A late read returns a value that was overwritten before it began. False if there is none to bend.
bool plant_stale_read(History& history) {
    for (std::size_t i = history.size() * 3 / 4; i < history.size(); ++i) {
        Call& read = history[i];
        if (read.kind != Kind::get || read.outcome != Outcome::done) continue;
        const auto before = [&](const Call& write) { return write.returned < read.called; };
        const auto is_put = [](const Call& write) { return write.kind == Kind::put && write.outcome == Outcome::done; };
        const Call* stale = nullptr;
        for (const Call& write : history)
            if (is_put(write) && before(write) && write.version + 10 < read.version) stale = &write;
        const bool overwritten =
            stale != nullptr && std::any_of(history.begin(), history.end(), [&](const Call& write) {
                return is_put(write) && before(write) && write.version > stale->version;
            });
        if (!overwritten) continue;
        read.value = stale->value;
        read.version = stale->version;
        return true;
    }
    return false;
}

constexpr std::size_t few = 20'000;  // of the two million that are allowed

TEST(Checker, DecidesLongLegalHistories) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const History history = long_history(seed);
        const auto unknowns = std::count_if(history.begin(), history.end(),
                                            [](const Call& one) { return one.outcome == Outcome::unknown; });
        EXPECT_GT(unknowns, 15) << seed;
        const Judgement judgement = check(history);
        EXPECT_EQ(judgement.verdict, Verdict::legal) << seed << '\n' << judgement.explanation;
        EXPECT_LT(judgement.configurations, few) << seed;
    }
}

TEST(Checker, FindsOneStaleReadInALongHistory) {
    unsigned planted = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        History history = long_history(seed);
        if (!plant_stale_read(history)) continue;
        ++planted;
        const Judgement judgement = check(history);
        EXPECT_EQ(judgement.verdict, Verdict::illegal) << seed;
        EXPECT_LT(judgement.configurations, few) << seed;
    }
    EXPECT_GT(planted, 40U);
}

}  // namespace
}  // namespace ringkv::linearizability
