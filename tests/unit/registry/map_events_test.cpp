// What a registry tells of what happens to its cluster, and which event it names as the cause of which.
#include <gmock/gmock.h>

#include "rebalancing_fixture.hpp"
#include "registry/event_kinds.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class MapEvents : public Rebalancing {
  protected:
    // Stored with what else is, or by itself.
    std::vector<Event> events() {
        EventsRequest request;
        request.request = RequestId(++requests);
        registry.give({Address::back(7), {}, {}, {}, {}}, request);
        const auto answer = registry.take<EventsAnswer>(Address::back(7));
        EXPECT_TRUE(answer);
        return answer ? answer->events : std::vector<Event>();
    }
    // The newest of that kind.
    Event event(std::string_view kind) {
        Event newest;
        for (const Event& event : events())
            if (event.kind == kind) newest = event;
        EXPECT_FALSE(newest.id.none()) << kind << " is not told";
        return newest;
    }
    std::size_t count(std::string_view kind) {
        std::size_t count = 0;
        for (const Event& event : events()) count += event.kind == kind ? 1 : 0;
        return count;
    }
    // The members that are left go on without the node, in one turn.
    void leave_out(NodeId node) {
        std::map<NodeId, Propose> proposals;
        for (std::uint32_t p = 0; p < registry.map().partitions.size(); ++p) {
            const View& base = registry.map().partitions[p].view;
            if (!base.has(node)) continue;
            View next = base;
            next.id = base.id.next();
            std::erase(next.members, node);
            const bool deposed = base.primary == node;
            if (deposed) {
                next.primary = next.members.front();
                next.since = next.id;
            }
            Propose& propose = proposals[next.primary];
            propose.node = next.primary;
            propose.request = RequestId(++requests);
            propose.proposals.push_back({PartitionId(p), base.id, next, deposed});
        }
        std::vector<std::pair<Origin, Message>> messages;
        messages.reserve(proposals.size());
        for (auto& [proposer, propose] : proposals)
            messages.emplace_back(registry.node(static_cast<std::uint8_t>(proposer.value())).origin(), propose);
        registry.give_all(messages);
    }
    void die(std::uint8_t number) {
        registry.beating.erase(number);
        registry.advance(milliseconds(700));
        leave_out(registry.node(number).id);
    }
    void come_back(std::uint8_t number) {
        registry.beating.insert(number);
        registry.advance(milliseconds(300));
    }

    Driver registry{options()};
};

TEST_F(MapEvents, TellOfTheStartAndTheFormation) {
    registry.form();
    const std::vector<Event> all = events();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].kind, "registry_started");
    EXPECT_EQ(all[1].kind, "cluster_formed");
    EXPECT_EQ(all[1].epoch, Epoch(1));
    EXPECT_THAT(all[1].text, HasSubstr("3 nodes, 8 partitions"));
}

TEST_F(MapEvents, ADeathIsToldFromTheSuspicionToTheEnd) {
    registry.form();
    die(2);
    const Event suspected = event("node_suspected");
    EXPECT_EQ(suspected.node, "n2");
    EXPECT_THAT(suspected.text, HasSubstr("nor does the registry"));
    const Event views = event("views_changed");
    EXPECT_EQ(views.cause, suspected.id);
    EXPECT_EQ(views.node, "n2");
    EXPECT_EQ(views.epoch, registry.map().epoch);
    EXPECT_THAT(views.text, HasSubstr("8 partitions go on without n2, which does not answer; "));
    EXPECT_THAT(views.text, HasSubstr("partition 0 now n1 n3, before n1 n2 n3"));
    EXPECT_EQ(count("views_changed"), 1U) << "one for all of them";
    const Event under = event("under_replicated");
    EXPECT_EQ(under.cause, views.id);
    EXPECT_EQ(under.node, "n2");
    EXPECT_THAT(under.text, HasSubstr("8 partitions have fewer than 3 copies: 0, 1, 2, 3, 4 and 3 others"));
    registry.advance(seconds(1));
    const Event down = event("node_down");
    EXPECT_EQ(down.cause, suspected.id);
    EXPECT_EQ(down.node, "n2");
    EXPECT_EQ(count("unavailable"), 0U);

    come_back(2);
    EXPECT_EQ(event("node_returned").cause, down.id);
    settle(registry);
    const Event began = event("moves_began");
    EXPECT_EQ(began.cause, event("node_returned").id);
    EXPECT_EQ(event("moves_ended").cause, began.id);
    EXPECT_EQ(event("fully_replicated").cause, under.id);
    EXPECT_THAT(event("fully_replicated").text, HasSubstr("all 8 partitions"));
    EXPECT_EQ(count("node_suspected"), 1U);
}

TEST_F(MapEvents, ANodeThatTheRegistryHearsIsSuspectedForAnotherReason) {
    registry.form();
    const ClusterMap& map = registry.map();
    const View base = map.partitions[0].view;
    View next = base;
    next.id = base.id.next();
    next.members.pop_back();
    const NodeId left_out = base.members.back();
    const NodeId primary = base.primary;
    for (int i = 0; i < 10; ++i) {  // until the grace for rivals is over
        propose(registry, primary, {PartitionId(0), base.id, next, false});
        registry.advance(milliseconds(100));
    }
    ASSERT_EQ(map.partitions[0].view.members.size(), 2U);
    const Event suspected = event("node_suspected");
    EXPECT_EQ(suspected.node, map.find(left_out)->name);
    EXPECT_THAT(suspected.text, HasSubstr("which the registry hears"));
    EXPECT_EQ(event("views_changed").partition, PartitionId(0));
    EXPECT_EQ(event("under_replicated").partition, PartitionId(0));
}

TEST_F(MapEvents, APartitionThatNobodyServesIsUnavailable) {
    registry.form();
    registry.beating.erase(1);
    registry.advance(seconds(2));
    const Event down = event("node_down");
    const Event unavailable = event("unavailable");
    EXPECT_EQ(unavailable.cause, down.id);
    EXPECT_THAT(unavailable.text, HasSubstr("not served"));
    come_back(1);
    EXPECT_EQ(event("available").cause, unavailable.id);
    EXPECT_EQ(event("fully_replicated").cause, unavailable.id);
}

TEST_F(MapEvents, AStopIsTheCauseOfWhatFollows) {
    registry.form();
    registry.beating.erase(2);
    registry.give(registry.node(2).origin(), registry.beat(2, true));
    const Event stopping = event("node_stopping");
    View base = registry.map().partitions[0].view;
    for (std::uint32_t p = 0; p < 8; ++p) {
        base = registry.map().partitions[p].view;
        if (base.primary != NodeId(2)) continue;
        View next = base;
        next.id = base.id.next();
        std::erase(next.members, NodeId(2));
        next.primary = next.members.front();
        next.leadership_transferred = true;
        propose(registry, NodeId(2), {PartitionId(p), base.id, next, false});
        break;
    }
    const Event views = event("views_changed");
    EXPECT_EQ(views.cause, stopping.id);
    EXPECT_THAT(views.text, HasSubstr("without n2, which stops"));
    EXPECT_EQ(count("node_suspected"), 0U);
    registry.advance(seconds(2));
    EXPECT_EQ(event("node_down").cause, stopping.id);
    EXPECT_THAT(event("node_down").text, HasSubstr("n2 has stopped"));
}

TEST_F(MapEvents, RepairNamesTheNodeThatWasAwayForTooLong) {
    registry.form(4);
    die(2);
    registry.advance(seconds(1));
    const Event down = event("node_down");
    registry.advance(seconds(11));
    const Event evicted = event("node_evicted");
    EXPECT_EQ(evicted.cause, down.id);
    EXPECT_THAT(evicted.text, HasSubstr("n2 has been down for 10 s (repair_after)"));
    const Event planned = event("placement_changed");
    EXPECT_EQ(planned.cause, evicted.id);
    EXPECT_EQ(event("moves_began").cause, planned.id);
    settle(registry);
    EXPECT_EQ(event("moves_ended").cause, event("moves_began").id);
    EXPECT_EQ(count("fully_replicated"), 1U);
}

TEST_F(MapEvents, ADrainIsToldToItsEnd) {
    registry.form(4);
    (void)ask(registry, AdminAction::drain, "n4");
    const Event draining = event("node_draining");
    registry.advance(milliseconds(100));
    EXPECT_EQ(event("placement_changed").cause, draining.id);
    settle(registry);
    EXPECT_EQ(event("node_drained").cause, draining.id);
    EXPECT_EQ(count("node_drained"), 1U);
    EXPECT_EQ(count("node_suspected"), 0U) << "it leaves as planned";
    EXPECT_EQ(count("under_replicated"), 0U);

    (void)ask(registry, AdminAction::remove, "n4");
    EXPECT_EQ(event("node_leaving").node, "n4");
    registry.beating.erase(4);
    registry.advance(seconds(3));
    EXPECT_EQ(event("node_removed").node, "n4");
}

TEST_F(MapEvents, SettingsAreToldWithBothValues) {
    registry.form();
    Administer change;
    change.request = RequestId(++requests);
    change.action = AdminAction::change_settings;
    change.repair_after = milliseconds(2500);
    registry.give({Address::back(7), registry.map().settings.id, {}, {}, {}}, change);
    EXPECT_THAT(event("settings_changed").text, HasSubstr("repair_after from 10 s to 2.5 s"));
}

TEST_F(MapEvents, AStrangerThatIsRefusedAgainAndAgainIsOneEvent) {
    registry.form();
    for (std::uint8_t number = 10; number < 60; ++number) {
        TestNode stranger(number);
        stranger.join.storage = uuid(1);  // of n1
        registry.give(stranger.origin(), stranger.join);
    }
    registry.advance(seconds(2));
    EXPECT_EQ(count("join_refused"), 1U);
    EXPECT_THAT(event("join_refused").text, HasSubstr("the data directory of n10 belongs to n1"));
    EXPECT_EQ(event("join_refused").node, "");
    registry.advance(seconds(61));
    EXPECT_EQ(event("join_refused").count, 49U);
}

TEST_F(MapEvents, AFlappingNodeDoesNotFillTheLog) {
    registry.form();
    for (int i = 0; i < 100; ++i) {
        registry.beating.erase(2);
        registry.advance(seconds(2));
        registry.beating.insert(2);
        registry.advance(milliseconds(500));
    }
    EXPECT_LE(events().size(), 60U);  // of some four minutes
    EXPECT_GE(count("node_down"), 4U);
}

TEST_F(MapEvents, AStuckShardIsToldOnceAndWhenItTurnsAgain) {
    registry.form();
    Trouble trouble{NodeId(2), StartNumber(1), TroubleKind::disk_stalled, 0, false};
    const Origin from = registry.node(2).origin();
    for (int i = 0; i < 5; ++i) {
        registry.give(from, trouble);
        registry.advance(seconds(1));
    }
    EXPECT_EQ(count("disk_stalled"), 1U);
    trouble.over = true;
    registry.give(from, trouble);
    registry.give(from, trouble);
    registry.advance(seconds(2));
    EXPECT_EQ(event("disk_stores").cause, event("disk_stalled").id);
    EXPECT_EQ(count("disk_stores"), 1U);

    trouble = {NodeId(2), StartNumber(7), TroubleKind::shard_stuck, 0, false};  // of another start
    registry.give(from, trouble);
    trouble = {NodeId(2), StartNumber(1), TroubleKind::shard_stuck, 9, false};  // it has no such shard
    registry.give(from, trouble);
    trouble = {NodeId(3), StartNumber(1), TroubleKind::shard_stuck, 0, false};  // of another node
    registry.give(from, trouble);
    registry.advance(seconds(2));
    EXPECT_EQ(count("shard_stuck"), 0U);
}

TEST_F(MapEvents, AreToldOnceTheyAreStored) {
    registry.form();
    registry.disk_answers = false;
    registry.give(registry.node(4).origin(), registry.node(4).join);
    EXPECT_EQ(count("node_joined"), 0U);
    registry.finish_batch();
    EXPECT_EQ(count("node_joined"), 1U);
}

TEST_F(MapEvents, ABatchOfEventsAloneHoldsUpNothing) {
    registry.form();
    registry.sent.clear();
    registry.disk_answers = false;
    TestNode stranger(10);
    stranger.join.storage = uuid(1);
    registry.give(stranger.origin(), stranger.join);
    registry.advance(milliseconds(1100));
    ASSERT_EQ(registry.batches_under_way(), 1U);
    Administer nothing;
    nothing.request = RequestId(++requests);
    nothing.action = AdminAction::undrain;
    nothing.node = "n1";
    registry.give({Address::back(8), registry.map().settings.id, {}, {}, {}}, nothing);
    EXPECT_TRUE(registry.take<AdministerAnswer>(Address::back(8))) << "what it speaks of is stored";
    const Epoch epoch = registry.map().epoch;
    registry.finish_batch();
    EXPECT_EQ(registry.map().epoch, epoch);
    EXPECT_EQ(event("join_refused").epoch, epoch);
}

// A registry that is started anew goes on with them, and finds no event in what is as it was.
TEST_F(MapEvents, GoOnAfterARestart) {
    registry.form();
    die(2);
    registry.advance(seconds(1));
    ClusterMap map;
    std::vector<Event> stored;
    for (const StorageRecord& record : registry.stored) {
        if (const auto* delta = std::get_if<MapDelta>(&record)) {
            ASSERT_EQ(map.apply(*delta), ClusterMap::Applied::yes);
        }
        if (const auto* told = std::get_if<EventsRecord>(&record))
            stored.insert(stored.end(), told->events.begin(), told->events.end());
    }
    EXPECT_EQ(stored, events());
    const PlacementInTurns placement;
    RegistryActor later(options(), placement, map, our_cluster, stored);
    later.tick(registry.now());
    later.tick(registry.now() + seconds(2));
    Effects effects = later.take_effects();
    ASSERT_EQ(effects.batch.size(), 1U);
    const auto& told = std::get<EventsRecord>(effects.batch.front()).events;
    ASSERT_EQ(told.size(), 1U) << told.back().kind;
    EXPECT_EQ(told.front().kind, "registry_started");
    EXPECT_EQ(told.front().id, stored.back().id.next());
    later.durable(registry.now(), effects.number);
    later.check_invariants();
    EXPECT_EQ(later.events().newest_stored(), told.front().id);
}

TEST_F(MapEvents, AConnectionIsAnsweredOnceATurn) {
    registry.form();
    registry.sent.clear();
    std::vector<std::pair<Origin, Message>> flood;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        EventsRequest request;
        request.request = RequestId(i);
        flood.emplace_back(Origin{Address::back(9), {}, {}, {}, {}}, request);
    }
    registry.give_all(flood);
    const auto answers = std::count_if(registry.sent.begin(), registry.sent.end(), [](const Outgoing& outgoing) {
        return std::holds_alternative<EventsAnswer>(outgoing.message);
    });
    EXPECT_EQ(answers, 1);
    EXPECT_EQ(registry.take<EventsAnswer>(Address::back(9))->request, RequestId(1000));
}

TEST_F(MapEvents, AnotherClusterIsToldNothing) {
    registry.form();
    EventsRequest request;
    registry.give({Address::back(9), uuid(77), {}, {}, {}}, request);
    EXPECT_FALSE(registry.take<EventsAnswer>(Address::back(9)));
    EXPECT_EQ(registry.take<FrameRefused>(Address::back(9))->code, ErrorCode::wrong_cluster);
}

}  // namespace
}  // namespace ringkv::test
