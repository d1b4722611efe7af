#include "kvctl/bench/workload.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace ringkv::kvctl {
namespace {

constexpr int draws = 200'000;

std::map<OperationKind, double> shares_of(std::string_view name) {
    Workload workload(mix_named(name).value(), 1000);
    Random random(3);
    std::map<OperationKind, double> shares;
    for (int i = 0; i < draws; ++i) shares[workload.next(random)->kind] += 1.0 / draws;
    return shares;
}

TEST(Workload, MixesOperationsAsYcsbDoes) {
    using enum OperationKind;
    const std::map<std::string_view, std::map<OperationKind, double>> mixes = {
        {"get", {{get, 1}}},
        {"put", {{put, 1}}},
        {"mixed", {{get, 0.5}, {put, 0.5}}},
        {"ycsb-a", {{get, 0.5}, {put, 0.5}}},
        {"ycsb-b", {{get, 0.95}, {put, 0.05}}},
        {"ycsb-c", {{get, 1}}},
        {"ycsb-d", {{get, 0.95}, {insert, 0.05}}},
        {"ycsb-e", {{scan, 0.95}, {insert, 0.05}}},
        {"ycsb-f", {{get, 0.5}, {read_modify_write, 0.5}}},
    };
    for (const auto& [name, expected] : mixes) {
        const auto shares = shares_of(name);
        ASSERT_EQ(shares.size(), expected.size()) << name;
        for (const auto& [kind, share] : expected) EXPECT_NEAR(shares.at(kind), share, 0.005) << name;
    }
    EXPECT_FALSE(mix_named("ycsb-g"));
    EXPECT_FALSE(mix_named("put")->reads());
    EXPECT_TRUE(mix_named("ycsb-e")->reads());
}

TEST(Workload, InsertsEachNewKeyOnceAndReadsItOnlyWhenItIsThere) {
    Workload workload(mix_named("ycsb-d").value(), 10);
    Random random(5);
    std::set<std::uint64_t> under_way;
    std::uint64_t inserted = 0;
    std::uint64_t newest_read = 0;
    for (int i = 0; i < draws; ++i) {
        const Operation operation = *workload.next(random);
        if (operation.kind == OperationKind::get) {
            EXPECT_EQ(under_way.count(operation.key), 0U);
            EXPECT_LT(operation.key, 10 + inserted);
            newest_read = std::max(newest_read, operation.key);
            continue;
        }
        EXPECT_EQ(operation.key, 10 + inserted++);
        under_way.insert(operation.key);
        if (under_way.size() < 5) continue;
        while (!under_way.empty()) {  // the last one first
            workload.inserted(*under_way.rbegin(), true);
            under_way.erase(std::prev(under_way.end()));
        }
    }
    EXPECT_GT(newest_read, inserted - 100);
}

TEST(Workload, AKeyWhoseInsertFailedMayBeAbsent) {
    Workload workload(mix_named("ycsb-d").value(), 10);
    workload.inserted(11, false);
    workload.inserted(10, true);
    EXPECT_FALSE(workload.may_be_absent(9));
    EXPECT_FALSE(workload.may_be_absent(10));
    EXPECT_TRUE(workload.may_be_absent(11));
}

TEST(Workload, ScansAHundredNumbersOrFewer) {
    Workload workload(mix_named("ycsb-e").value(), 250);
    Random random(5);
    std::set<std::uint64_t> starts;
    std::set<std::uint64_t> limits;
    for (int i = 0; i < draws; ++i) {
        const Operation operation = *workload.next(random);
        if (operation.kind != OperationKind::scan) continue;
        starts.insert(operation.key);
        limits.insert(operation.limit);
    }
    EXPECT_EQ(starts, (std::set<std::uint64_t>{0, 100, 200}));
    EXPECT_EQ(limits.size(), 100U);
    EXPECT_EQ(*limits.begin(), 1U);
    EXPECT_EQ(*limits.rbegin(), 100U);
    EXPECT_EQ(workload.present(100, 100), 100U);
    EXPECT_EQ(workload.present(200, 100), 50U);
    EXPECT_EQ(workload.present(300, 100), 0U);
}

TEST(Fill, PutsEachKeyOnce) {
    Fill fill(3);
    Random random(0);
    for (std::uint64_t key = 0; key < 3; ++key) EXPECT_EQ(fill.next(random)->key, key);
    EXPECT_FALSE(fill.next(random));
}

}  // namespace
}  // namespace ringkv::kvctl
