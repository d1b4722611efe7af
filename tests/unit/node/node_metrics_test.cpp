// What a node shows: every number under the right name, all of it in docs/metrics.md, and why it is not ready.
#include "node/edge/node_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/primary.hpp"
#include "tests/unit/metrics_page.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ShardObservation serving() {
    ShardObservation seen;
    seen.shard.joined = seen.shard.registry_in_reach = true;
    seen.shard.primaries[static_cast<std::size_t>(Primary::Phase::serving)] = 3;
    return seen;
}

std::vector<ObservedShard> shards_of(const std::vector<ShardObservation>& seen) {
    std::vector<ObservedShard> shards;
    shards.reserve(seen.size());
    for (const ShardObservation& one : seen) shards.push_back({std::make_shared<ShardObservation>(one), true});
    return shards;
}

TEST(NodeMetrics, AreThoseOfTheDocument) {
    const test::MetricsPage page = test::read_page(node_metrics(shards_of({serving(), serving()})));
    EXPECT_EQ(page.types, test::documented("node"));
}

TEST(NodeMetrics, EachNumberHasItsName) {
    ShardObservation seen = serving();
    ShardFigures& figures = seen.shard;
    ShardCounters& counters = figures.counters;
    counters.answered(RequestKind::write, RequestOutcome::done, milliseconds(3));
    counters.answered(RequestKind::get, RequestOutcome::not_found, milliseconds(3));
    counters.count(RequestKind::scan, RequestOutcome::redirected);
    counters.refused(RequestKind::write, RefusalReason::session_expired);
    counters.replication.add(milliseconds(4));
    std::uint64_t next = 100;
    for (std::uint64_t* number :
         {&counters.view_changes,        &counters.terms,           &counters.lease_losses,
          &counters.reads_waited,        &counters.prepares_again,  &counters.transfers_begun,
          &counters.transfers_completed, &counters.transfer_bytes,  &counters.copies_deleted,
          &figures.refused_messages,     &figures.requests_held,    &figures.keys,
          &figures.key_value_bytes,      &figures.log_entries,      &figures.uncommitted_entries,
          &figures.uncommitted_bytes,    &figures.memory_limit,     &figures.epoch,
          &figures.without_leases,       &figures.under_replicated, &figures.transfers_sending,
          &figures.transfers_receiving})
        *number = next++;
    figures.replicas = {200, 201, 202, 203};
    figures.memory = {210, 211, 212, 213, 214};
    const test::MetricsPage page = test::read_page(node_metrics(shards_of({{}, seen})));
    const std::map<std::string, double> expected{
        {R"(ringkv_requests_total{shard="1",kind="write",outcome="done"})", 1},
        {R"(ringkv_requests_total{shard="1",kind="get",outcome="not_found"})", 1},
        {R"(ringkv_requests_total{shard="1",kind="scan",outcome="redirected"})", 1},
        {R"(ringkv_requests_total{shard="1",kind="write",outcome="session_expired"})", 1},
        {R"(ringkv_requests_total{shard="0",kind="write",outcome="done"})", 0},
        {R"(ringkv_request_duration_seconds_count{shard="1",kind="write"})", 1},
        {R"(ringkv_request_duration_seconds_count{shard="1",kind="scan"})", 0},
        {R"(ringkv_replication_duration_seconds_sum{shard="1"})", 0.004},
        {R"(ringkv_view_changes_total{shard="1"})", 100},
        {R"(ringkv_terms_total{shard="1"})", 101},
        {R"(ringkv_lease_losses_total{shard="1"})", 102},
        {R"(ringkv_reads_waited_total{shard="1"})", 103},
        {R"(ringkv_prepares_sent_again_total{shard="1"})", 104},
        {R"(ringkv_state_transfers_begun_total{shard="1"})", 105},
        {R"(ringkv_state_transfers_completed_total{shard="1"})", 106},
        {R"(ringkv_state_transfer_sent_bytes_total{shard="1"})", 107},
        {R"(ringkv_copies_deleted_total{shard="1"})", 108},
        {R"(ringkv_refused_messages_total{shard="1"})", 109},
        {R"(ringkv_requests_held{shard="1"})", 110},
        {R"(ringkv_keys{shard="1"})", 111},
        {R"(ringkv_key_value_bytes{shard="1"})", 112},
        {R"(ringkv_log_entries{shard="1"})", 113},
        {R"(ringkv_uncommitted_entries{shard="1"})", 114},
        {R"(ringkv_uncommitted_bytes{shard="1"})", 115},
        {R"(ringkv_memory_limit_bytes{shard="1"})", 116},
        {R"(ringkv_epoch{shard="1"})", 117},
        {R"(ringkv_primaries_without_lease{shard="1"})", 118},
        {R"(ringkv_primaries_under_replicated{shard="1"})", 119},
        {R"(ringkv_state_transfers{shard="1",direction="sending"})", 120},
        {R"(ringkv_state_transfers{shard="1",direction="receiving"})", 121},
        {R"(ringkv_replicas{shard="1",role="primary"})", 200},
        {R"(ringkv_replicas{shard="1",role="backup"})", 201},
        {R"(ringkv_replicas{shard="1",role="learner"})", 202},
        {R"(ringkv_replicas{shard="1",role="leaving"})", 203},
        {R"(ringkv_primaries{shard="1",phase="serving"})", 3},
        {R"(ringkv_memory_bytes{shard="1",account="data"})", 210},
        {R"(ringkv_memory_bytes{shard="1",account="log"})", 211},
        {R"(ringkv_memory_bytes{shard="1",account="sessions"})", 212},
        {R"(ringkv_memory_bytes{shard="1",account="requests"})", 213},
        {R"(ringkv_memory_bytes{shard="1",account="to_send"})", 214},
        {R"(ringkv_joined{shard="1"})", 1},
        {R"(ringkv_joined{shard="0"})", 0},
        {R"(ringkv_registry_in_reach{shard="1"})", 1},
        {R"(ringkv_stopping{shard="1"})", 0},
    };
    for (const auto& [sample, value] : expected) EXPECT_EQ(page.at(sample), value) << sample;
}

TEST(NodeMetrics, AShardThatDoesNotTurnShowsWhatItLastSaid) {
    auto shards = shards_of({serving(), serving()});
    shards[1].turns = false;
    shards.push_back({});  // this one has never turned
    const test::MetricsPage page = test::read_page(node_metrics(shards));
    EXPECT_EQ(page.at(R"(ringkv_shard_turns{shard="0"})"), 1);
    EXPECT_EQ(page.at(R"(ringkv_shard_turns{shard="1"})"), 0);
    EXPECT_EQ(page.at(R"(ringkv_shard_turns{shard="2"})"), 0);
    EXPECT_EQ(page.at(R"(ringkv_joined{shard="1"})"), 1);
    EXPECT_FALSE(page.samples.contains(R"(ringkv_joined{shard="2"})"));
    EXPECT_THAT(node_not_alive(shards), ElementsAre("shard 1 does not turn", "shard 2 does not turn"));
    EXPECT_THAT(node_not_ready(shards), ElementsAre("shard 1 does not turn", "shard 2 does not turn"));
}

TEST(NodeHealth, SaysWhyANodeIsNotReady) {
    EXPECT_THAT(node_not_ready(shards_of({serving(), serving()})), IsEmpty());
    const auto reason = [](const std::function<void(ShardFigures&)>& change) {
        ShardObservation seen = serving();
        change(seen.shard);
        EXPECT_THAT(node_not_alive(shards_of({seen})), IsEmpty());
        const auto reasons = node_not_ready(shards_of({serving(), seen}));
        EXPECT_EQ(reasons.size(), 1U);
        return reasons.empty() ? "" : reasons.front();
    };
    EXPECT_THAT(reason([](ShardFigures& of) { of.joined = of.registry_in_reach = false; }), HasSubstr("not joined"));
    EXPECT_THAT(reason([](ShardFigures& of) { of.registry_in_reach = false; }), HasSubstr("registry is out of reach"));
    EXPECT_THAT(reason([](ShardFigures& of) { of.stopping = true; }), HasSubstr("stopping"));
    EXPECT_THAT(reason([](ShardFigures& of) { of.without_leases = 2; }), HasSubstr("2 partitions are not read"));
    EXPECT_THAT(reason([](ShardFigures& of) {
                    of.primaries = {1, 4, 0, 0};
                }),
                HasSubstr("5 partitions are not served yet"));
}

}  // namespace
}  // namespace ringkv
