#include "registry/registry_actor.hpp"

#include "driver.hpp"

namespace ringkv::test {
namespace {

const Origin client{Address::back(77), {}, {}, {}, {}};

TEST(Registry, GivesASnapshotToWhoKnowsLessAndTheEpochToWhoDoesNot) {
    Driver registry;
    registry.form();
    registry.give(client, MapRequest{Generation(0), Epoch(0)});
    EXPECT_EQ(registry.take<MapSnapshot>(client.address)->map, registry.map());
    registry.give(client, MapRequest{Generation(1), Epoch(1)});
    EXPECT_FALSE(registry.take<MapSnapshot>(client.address));
    EXPECT_EQ(registry.take<CurrentEpoch>(client.address), (CurrentEpoch{Generation(1), Epoch(1)}));
}

TEST(Registry, GivesAnAddressOneSnapshotATurn) {
    Driver registry;
    registry.form();
    registry.give_all({{client, MapRequest{}}, {client, MapRequest{}}, {client, MapRequest{}}});
    EXPECT_EQ(std::count_if(registry.sent.begin(), registry.sent.end(),
                            [](const Outgoing& sent) { return std::holds_alternative<MapSnapshot>(sent.message); }),
              1);
}

TEST(Registry, SpreadsManySnapshotsOverTurnsAndServesEverybody) {
    Driver registry;
    registry.form();
    for (std::uint64_t connection = 1; connection <= 20; ++connection)
        registry.actor().receive(registry.now(), {Address::back(connection), {}, {}, {}, {}}, MapRequest{});
    std::set<Address> served;
    for (int turn = 0; turn < 3; ++turn) {
        // The first one asks in every turn, and keeps no other waiting by it.
        registry.actor().receive(registry.now(), {Address::back(1), {}, {}, {}, {}}, MapRequest{});
        const Effects effects = registry.actor().take_effects();
        EXPECT_LE(effects.sends.size(), 8U);
        for (const Outgoing& sent : effects.sends) served.insert(sent.address);
    }
    EXPECT_EQ(served.size(), 20U);
}

using std::chrono::seconds;

std::vector<Time> published_epochs(Driver& registry, Duration time) {
    std::vector<Time> when;
    for (const Time end = registry.now() + time; registry.now() < end;) {
        registry.advance(milliseconds(10));
        if (registry.published<CurrentEpoch>()) when.push_back(registry.now());
    }
    return when;
}

// R1: twice in a grace, so that a shard that speaks with the registry in no other way never counts it as out of reach.
TEST(Registry, AtRestPublishesItsEpochTwiceInAGrace) {
    Driver registry;
    registry.form();
    registry.advance(seconds(1));
    registry.sent.clear();
    const auto when = published_epochs(registry, seconds(7));
    EXPECT_GE(when.size(), 19U);
    EXPECT_LE(when.size(), 21U);
}

TEST(Registry, PublishesItsEpochAtTheBeaconsAfterAChange) {
    Driver registry;
    registry.form();
    registry.advance(seconds(1));
    registry.give(registry.node(4).origin(), registry.node(4).join);
    ASSERT_TRUE(registry.published<MapDelta>());
    const Time changed = registry.now();
    const auto when = published_epochs(registry, milliseconds(350));
    ASSERT_GE(when.size(), 3U) << "who lost the delta asks soon";
    EXPECT_LE(when.front() - changed, milliseconds(110));
    EXPECT_LE(when[2] - changed, milliseconds(310));
}

TEST(Registry, ASubscriberThatAppliesTheDeltasHasItsMap) {
    Driver registry;
    registry.form();
    ClusterMap subscriber = registry.map();
    registry.give(registry.node(4).origin(), registry.node(4).join);
    registry.admit(4);
    registry.beating.erase(2);
    registry.advance(std::chrono::seconds(2));
    for (const Outgoing& sent : registry.sent)
        if (const auto* delta = std::get_if<MapDelta>(&sent.message)) {
            EXPECT_EQ(subscriber.apply(*delta), ClusterMap::Applied::yes);
        }
    EXPECT_EQ(subscriber, registry.map());
}

TEST(Registry, AReplayOfItsBatchesIsItsMap) {
    Driver registry;
    registry.form();
    registry.beating.erase(2);
    registry.advance(std::chrono::seconds(2));
    ClusterMap replayed;
    for (const StorageRecord& record : registry.stored) {
        if (std::holds_alternative<EventsRecord>(record)) continue;
        EXPECT_EQ(replayed.apply(std::get<MapDelta>(record)), ClusterMap::Applied::yes);
    }
    EXPECT_EQ(replayed, registry.map());
    EXPECT_EQ(replayed.find("n2")->state, NodeState::down);
}

TEST(Registry, RefusesWhatIsNotItsBusiness) {
    Driver registry;
    registry.form();
    registry.give(client, Get{RequestId(1), PartitionId(0), "key"});
    const auto refused = registry.take<FrameRefused>(client.address);
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->text.find("Get"), std::string::npos);
    registry.give(client, FrameRefused{ErrorCode::refused, "no"});
    EXPECT_FALSE(registry.take<FrameRefused>(client.address)) << "refusals are not refused, or two would never stop";
}

TEST(Registry, DropsAFloodInsteadOfAnsweringIt) {
    Driver registry;
    registry.form();
    std::vector<std::pair<Origin, Message>> flood(30000, {client, Get{}});
    registry.give_all(flood);
    EXPECT_LT(registry.sent.size(), 20010U);
    registry.give(client, MapRequest{});
    EXPECT_TRUE(registry.take<MapSnapshot>(client.address)) << "the next turn is as any other";
}

struct OldBackup : ::testing::Test {
    Driver registry;
    void SetUp() override {
        registry.form();
        Heartbeat beat = registry.beat(1);
        beat.epoch = Epoch(50);
        registry.give(registry.node(1).origin(), beat);
    }
};

TEST_F(OldBackup, TakesNoProposalsAndNoJoins) {
    const View& view = registry.map().at(PartitionId(0)).view;
    const Proposal proposal{PartitionId(0), view.id, View{view.id.next(), view.since, NodeId(1), view.members, false},
                            false};
    registry.give(registry.node(1).origin(), Propose{RequestId(1), NodeId(1), {proposal}});
    EXPECT_TRUE(registry.take<FrameRefused>(1));
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_TRUE(registry.take<JoinRefused>(4));
    registry.advance(std::chrono::seconds(3));
    EXPECT_EQ(registry.map().epoch, Epoch(1));
}

TEST_F(OldBackup, CallsNobodyDown) {
    registry.beating.clear();
    registry.advance(std::chrono::seconds(3));
    EXPECT_EQ(registry.map().epoch, Epoch(1));
}

TEST_F(OldBackup, SaysSoAgainAndAgain) {
    registry.advance(std::chrono::seconds(35));
    const auto errors = std::count_if(registry.log.begin(), registry.log.end(),
                                      [](const LogLine& line) { return line.level == LogLevel::error; });
    EXPECT_GE(errors, 3);
    EXPECT_LE(errors, 5);
}

TEST(Registry, AViewAboveItsOwnShowsAnOldBackupAsWell) {
    Driver registry;
    registry.form();
    View view = registry.map().at(PartitionId(0)).view;
    const ViewId ahead{Generation(1), ViewNumber(9)};
    view.id = ahead.next();
    registry.give(registry.node(1).origin(), Propose{RequestId(1), NodeId(1), {{PartitionId(0), ahead, view, false}}});
    EXPECT_TRUE(registry.take<FrameRefused>(1));
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_TRUE(registry.take<JoinRefused>(4));
}

// It might be an old backup, and a node that has not spoken yet may know.
TEST(Registry, DecidesNothingBeforeItHasHeardAroundAfterItsStart) {
    Driver before;
    before.form();
    Driver registry(small_options(), before.map());
    for (std::uint8_t number = 1; number <= 3; ++number) registry.admit(number);
    registry.beating.clear();
    const View& view = registry.map().at(PartitionId(0)).view;
    const Proposal proposal{PartitionId(0), view.id,
                            View{view.id.next(), view.since, view.primary, view.members, false}, false};
    const auto number = static_cast<std::uint8_t>(view.primary.value());
    const auto propose = [&] {
        registry.give(registry.node(number).origin(), Propose{RequestId(1), view.primary, {proposal}});
        return registry.take<ProposeAnswer>(number);
    };
    EXPECT_FALSE(propose());
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_FALSE(registry.take<JoinAnswer>(4));
    registry.give(registry.node(1).origin(), registry.beat(1, true));
    EXPECT_EQ(registry.map().epoch, before.map().epoch) << "the epoch of a decision might be one that nodes know";
    for (std::uint8_t other = 1; other <= 2; ++other)
        registry.give(registry.node(other).origin(), registry.beat(other));
    EXPECT_FALSE(propose()) << "node 3 may know more";
    registry.give(registry.node(3).origin(), registry.beat(3));
    EXPECT_TRUE(propose());
    EXPECT_EQ(registry.map().epoch, before.map().epoch.next());
}

TEST(Registry, WaitsForWhoDoesNotSpeakNoLongerThanAGrace) {
    Driver before;
    before.form();
    Driver registry(small_options(), before.map());
    registry.turn();
    registry.advance(registry.map().settings.lease.grace + milliseconds(20));
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_TRUE(registry.take<JoinAnswer>(4));
}

TEST(Registry, AnIdItNeverGaveShowsAnOldBackupAsWell) {
    Driver registry;
    registry.form();
    Join join = registry.node(4).join;
    join.id = NodeId(9);
    join.cluster = our_cluster;
    registry.give(registry.node(4).origin(), join);
    EXPECT_TRUE(registry.take<JoinRefused>(4));
    registry.give(registry.node(5).origin(), registry.node(5).join);
    EXPECT_TRUE(registry.take<JoinRefused>(5));
}

TEST(Registry, PublishesChangedSettingsAtItsStart) {
    Driver before;
    before.form();
    RegistryOptions options = small_options();
    options.settings.pace.repair_after = std::chrono::seconds(90);
    Driver after(options, before.map());
    after.turn();
    EXPECT_EQ(after.map().epoch, Epoch(2));
    EXPECT_EQ(after.map().settings.pace.repair_after, std::chrono::seconds(90));
    EXPECT_EQ(after.map().settings.id, our_cluster);
    EXPECT_EQ(after.map().partitions, before.map().partitions);
    Driver same(options, after.map());
    same.turn();
    EXPECT_EQ(same.map().epoch, Epoch(2)) << "what is the same makes no epoch";
}

TEST(Settings, WhatIsFixedAtFormationCannotChange) {
    const ClusterSettings formed = small_options().settings;
    EXPECT_TRUE(registry::check_settings(formed, formed));
    const auto refused = [&](auto change) {
        ClusterSettings configured = formed;
        change(configured);
        const auto checked = registry::check_settings(formed, configured);
        return !checked && checked.error().code() == ErrorCode::configuration;
    };
    EXPECT_TRUE(refused([](ClusterSettings& settings) { settings.cluster = "other"; }));
    EXPECT_TRUE(refused([](ClusterSettings& settings) { settings.partitions = 16; }));
    EXPECT_TRUE(refused([](ClusterSettings& settings) { settings.replication = 2; }));
    EXPECT_TRUE(refused([](ClusterSettings& settings) { settings.vnodes = 64; }));
    EXPECT_FALSE(refused([](ClusterSettings& settings) {
        settings.pace.repair_after = std::chrono::seconds(1);
        settings.publish = "tcp://127.0.0.1:1";
        settings.reads = ReadMode::confirmed;
    }));
}

TEST(Settings, TheLeaseChangesOnlySoFarThatOldAndNewAreSafeTogether) {
    ClusterSettings formed = small_options().settings;  // duration 400 ms, grace 700 ms
    ClusterSettings configured = formed;
    configured.lease = {milliseconds(100), milliseconds(1000), milliseconds(1600)};
    EXPECT_FALSE(registry::check_settings(formed, configured)) << "1000 ms of lease on a promise of 700 ms";
    EXPECT_FALSE(registry::check_settings(configured, formed));
    ClusterSettings between = formed;
    between.lease = {milliseconds(100), milliseconds(400), milliseconds(1600)};
    EXPECT_TRUE(registry::check_settings(formed, between));
    EXPECT_TRUE(registry::check_settings(between, configured));
}

}  // namespace
}  // namespace ringkv::test
