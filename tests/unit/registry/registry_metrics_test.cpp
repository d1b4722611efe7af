// What the registry counts and shows: every number under the right name, all of it in docs/metrics.md.
#include "registry/edge/registry_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver.hpp"
#include "tests/unit/metrics_page.hpp"

namespace ringkv {
namespace {

using registry::Figures;
using registry::Observation;
using registry::ObservedRegistry;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Driver;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ObservedRegistry observed(const Observation& seen) {
    return {std::make_shared<Observation>(seen), true};
}

TEST(RegistryMetrics, AreThoseOfTheDocument) {
    const test::MetricsPage page = test::read_page(registry::metrics(observed({})));
    EXPECT_EQ(page.types, test::documented("registry"));
}

TEST(RegistryMetrics, EachNumberHasItsName) {
    Observation seen;
    seen.registry.counters = {1, 2, 3, 4, 5, 6, 7, 8};
    seen.registry.census = {{9, 10, 11, 0}, 12, 13, 14, 15, 16};
    seen.registry.epoch = 17;
    seen.registry.formed = true;
    seen.registry.unavailable = std::chrono::milliseconds(1500);
    seen.storage.waiting = 18;
    seen.storage.commits.add(seconds(2));
    const test::MetricsPage page = test::read_page(registry::metrics(observed(seen)));
    const std::map<std::string, double> expected{
        {R"(ringkv_registry_joins_total{outcome="accepted"})", 1},
        {R"(ringkv_registry_joins_total{outcome="refused"})", 2},
        {"ringkv_registry_heartbeats_total", 3},
        {R"(ringkv_registry_proposals_total{outcome="accepted"})", 4},
        {R"(ringkv_registry_proposals_total{outcome="refused"})", 5},
        {"ringkv_registry_moves_begun_total", 6},
        {"ringkv_registry_messages_dropped_total", 7},
        {"ringkv_registry_messages_refused_total", 8},
        {R"(ringkv_registry_nodes{state="up"})", 9},
        {R"(ringkv_registry_nodes{state="down"})", 10},
        {R"(ringkv_registry_nodes{state="stopping"})", 11},
        {R"(ringkv_registry_partitions{state="full"})", 12},
        {R"(ringkv_registry_partitions{state="under_replicated"})", 13},
        {R"(ringkv_registry_partitions{state="unavailable"})", 14},
        {R"(ringkv_registry_moves{state="planned"})", 15},
        {R"(ringkv_registry_moves{state="under_way"})", 16},
        {"ringkv_epoch", 17},
        {"ringkv_registry_formed", 1},
        {"ringkv_registry_standing_aside", 0},
        {"ringkv_registry_stands_still", 0},
        {"ringkv_registry_repair_frozen", 0},
        {"ringkv_registry_unavailable_partition_seconds_total", 1.5},
        {"ringkv_storage_waiting_batches", 18},
        {"ringkv_storage_commit_duration_seconds_sum", 2},
        {"ringkv_registry_turns", 1},
    };
    for (const auto& [sample, value] : expected) EXPECT_EQ(page.at(sample), value) << sample;
}

TEST(RegistryMetrics, OneThatDoesNotTurnSaysSo) {
    const test::MetricsPage page = test::read_page(registry::metrics({}));
    EXPECT_EQ(page.at("ringkv_registry_turns"), 0);
    EXPECT_THAT(registry::not_alive({}), ElementsAre("the registry does not turn"));
    EXPECT_THAT(registry::not_ready({}), ElementsAre("the registry does not turn"));
}

TEST(RegistryHealth, SaysWhyItIsNotReady) {
    Observation seen;
    EXPECT_THAT(registry::not_ready(observed(seen)), ElementsAre(HasSubstr("no cluster is formed yet")));
    seen.registry.formed = true;
    EXPECT_THAT(registry::not_ready(observed(seen)), IsEmpty());
    seen.registry.standing_aside = "an old backup";
    seen.registry.stands_still = true;
    EXPECT_THAT(registry::not_ready(observed(seen)), ElementsAre("an old backup", HasSubstr("stored")));
    EXPECT_THAT(registry::not_alive(observed(seen)), IsEmpty());
}

TEST(RegistryFigures, TellOfANodeThatDiesAndOfWhatItLeavesUnserved) {
    Driver driver;
    driver.form(3);
    driver.advance(seconds(1));
    Figures before = driver.actor().figures(driver.now());
    EXPECT_TRUE(before.formed);
    EXPECT_EQ(before.census.nodes[0], 3U);
    EXPECT_EQ(before.census.full, 8U);
    EXPECT_EQ(before.counters.joins_accepted, 3U);
    EXPECT_GT(before.counters.heartbeats, 20U);
    EXPECT_EQ(before.unavailable, Duration::zero());

    // No node proposes anything here: what the dead one was the primary of stays without one.
    driver.beating.erase(1);
    driver.advance(seconds(5));
    const Figures after = driver.actor().figures(driver.now());
    EXPECT_EQ(after.census.nodes[0], 2U);
    EXPECT_EQ(after.census.nodes[1], 1U);
    EXPECT_GT(after.census.unavailable, 0U);
    EXPECT_EQ(after.census.unavailable + after.census.under_replicated, 8U);
    EXPECT_EQ(after.epoch, driver.map().epoch.value());
    EXPECT_GT(after.unavailable, milliseconds(4400) * after.census.unavailable);  // but for a lease, and a look
    EXPECT_LE(after.unavailable, milliseconds(4700) * after.census.unavailable);
}

}  // namespace
}  // namespace ringkv
