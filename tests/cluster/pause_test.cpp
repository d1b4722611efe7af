// A primary that was paused for longer than its lease still believes in it when it wakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>

#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/cluster/raw_client.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;

TEST(Pause, PrimaryThatWakesAnswersNothingStale) {
    ProcessCluster cluster;
    Client client = cluster.client();
    ASSERT_TRUE(client.put("paused", "old"));
    const PartitionStatus home = client.locate("paused");
    RawClient raw(cluster.node_endpoint(home.primary));
    const Identity stranger{raw.map().settings.id, NodeId{}, StartNumber{}};

    ChildProcess& primary = cluster.node(home.primary);
    primary.signal(SIGSTOP);
    const auto newer = client.put("paused", "new");
    ASSERT_TRUE(newer) << newer.error().message();
    // These wait in its socket: the first thing that it sees when it wakes.
    constexpr unsigned gets = 50;
    for (unsigned i = 1; i <= gets; ++i)
        ASSERT_TRUE(raw.send(stranger, Get{RequestId(i), PartitionId(home.partition), "paused"}));
    sleep_for(3s);  // the pause itself: longer than lease and grace
    primary.signal(SIGCONT);

    unsigned answers = 0;
    unsigned stale = 0;
    while (answers < gets) {
        const auto messages = raw.receive_messages(10s);
        if (messages.empty()) break;
        for (const Message& message : messages) {
            ++answers;
            if (const auto* answer = std::get_if<GetAnswer>(&message))
                if (answer->version.value() < *newer) ++stale;
        }
    }
    EXPECT_EQ(answers, gets);
    EXPECT_EQ(stale, 0U);
    cluster.wait_until_full(client, 3);
}

TEST(Pause, PausedPrimaryUnderLoadLosesNothingAndReadsNothingStale) {
    ProcessCluster cluster;
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}, .readers = 4});
    ASSERT_TRUE(load.every_key_written(patience));
    ChildProcess& primary = cluster.node("n1");
    primary.signal(SIGSTOP);
    sleep_for(3s);  // the pause itself
    primary.signal(SIGCONT);
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.wait_until_full(observer, 3);
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, ::testing::IsEmpty());
}

}  // namespace
}  // namespace ringkv::testing
