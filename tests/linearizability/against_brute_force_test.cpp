// The checker and the trial of every order agree on tens of thousands of small histories.
#include <gtest/gtest.h>

#include <map>

#include "tests/linearizability/brute_force.hpp"
#include "tests/linearizability/checker.hpp"
#include "tests/linearizability/random_history.hpp"

namespace ringkv::linearizability {
namespace {

std::string listing(const History& history) {
    std::string text;
    for (const Call& call : history) text += "  " + describe(call) + '\n';
    return text;
}

struct Totals {
    std::size_t legal = 0;
    std::size_t illegal = 0;
    std::map<std::pair<Kind, Outcome>, std::size_t> calls;
};

// False if they disagree.
bool compare(const History& history, Totals& totals) {
    const bool expected = linearizable_by_brute_force(history);
    const Judgement judgement = check(history);
    ++(expected ? totals.legal : totals.illegal);
    for (const Call& call : history) ++totals.calls[{call.kind, call.outcome}];
    EXPECT_EQ(judgement.verdict, expected ? Verdict::legal : Verdict::illegal)
        << listing(history) << judgement.explanation;
    EXPECT_EQ(judgement.explanation.empty(), judgement.verdict == Verdict::legal);
    return !::testing::Test::HasFailure();
}

Shape any_shape(Random& random) {
    Shape shape;
    shape.calls = std::uniform_int_distribution<unsigned>(1, 7)(random);
    shape.clients = std::uniform_int_distribution<unsigned>(2, 3)(random);
    shape.unknown = std::uniform_real_distribution<double>(0, 0.6)(random);
    shape.untold = std::bernoulli_distribution(0.5)(random) ? 0 : 0.2;
    shape.conditions = std::uniform_real_distribution<double>(0, 0.8)(random);
    return shape;
}

constexpr std::size_t histories = 200'000;

TEST(AgainstBruteForce, WhatARegisterGivesIsLegal) {
    Random random{1};
    Totals totals;
    for (std::size_t i = 0; i < histories / 2; ++i)
        if (!compare(legal_history(random, any_shape(random)), totals)) return;
    EXPECT_EQ(totals.legal, histories / 2);
}

TEST(AgainstBruteForce, BentHistoriesAreJudgedAlike) {
    Random random{2};
    Totals totals;
    for (std::size_t i = 0; i < histories / 2; ++i) {
        History history = legal_history(random, any_shape(random));
        bend(random, history);
        if (!compare(history, totals)) return;
    }
    EXPECT_GT(totals.illegal, histories / 10);
    EXPECT_GT(totals.legal, histories / 20);
    // Every kind of call with every outcome that it can have.
    for (const Kind kind : {Kind::get, Kind::put, Kind::erase, Kind::compare_and_set, Kind::compare_and_erase}) {
        std::vector<Outcome> outcomes{Outcome::done, Outcome::not_applied, Outcome::unknown};
        const bool sets = kind == Kind::put || kind == Kind::compare_and_set;
        if (!sets) outcomes.push_back(Outcome::absent);
        if (kind == Kind::compare_and_set || kind == Kind::compare_and_erase)
            outcomes.push_back(Outcome::condition_failed);
        for (const Outcome outcome : outcomes)
            EXPECT_GT((totals.calls[{kind, outcome}]), 100U)
                << static_cast<int>(kind) << " with outcome " << static_cast<int>(outcome);
    }
}

}  // namespace
}  // namespace ringkv::linearizability
