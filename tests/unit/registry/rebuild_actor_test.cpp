// R4: which map a rebuild makes of what nodes tell it, what it waits for, and what it says before its own word is
// stored.
#include "registry/rebuild_actor.hpp"

#include <gmock/gmock.h>

#include "common/protocol_version.hpp"
#include "driver.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::Pair;

constexpr Generation second(2);
const Uuid rebuild_id = uuid(77);

class Rebuild : public ::testing::Test {
  protected:
    // Nodes 1 to 4, each with one shard; partitions 0 and 1 on the first three.
    static ClusterMap map(std::uint64_t epoch) {
        ClusterMap made;
        made.generation = Generation(1);
        made.epoch = Epoch(epoch);
        made.settings = small_options().settings;
        made.settings.id = our_cluster;
        made.settings.partitions = 2;
        for (std::uint8_t n = 1; n <= 4; ++n) {
            const Join join = TestNode(n).join;
            NodeInfo& node = made.nodes[NodeId(n)];
            node.id = NodeId(n);
            node.name = join.name;
            node.storage = join.storage;
            node.endpoints = join.endpoints;
        }
        made.partitions.assign(2, {view(1, {1, 2, 3}), {NodeId(1), NodeId(2), NodeId(3)}, {}});
        return made;
    }
    static View view(std::uint64_t number, const std::vector<std::uint32_t>& members) {
        const ViewId id{Generation(1), ViewNumber(number)};
        View made{id, {Generation(1), ViewNumber(1)}, NodeId(members.front()), {}, false};
        for (std::uint32_t member : members) made.members.emplace_back(member);
        return made;
    }
    static RebuildOptions options() {
        RebuildOptions options;
        options.settings = map(1).settings;
        return options;
    }

    void begin(RebuildOptions with = options(), Generation last = {}) {
        actor.emplace(std::move(with), rebuild_id, last);
        turn();
    }
    // The operator gives up that node.
    void begin_without(const std::string& name) {
        RebuildOptions with = options();
        with.given_up = [name](const NodeInfo& node) { return node.name == name; };
        begin(with);
    }
    Effects turn() {
        actor->tick(now);
        Effects effects = actor->take_effects();
        for (const StorageRecord& record : effects.batch) stored.push_back(record);
        if (!effects.batch.empty() && disk_answers) actor->durable(now, effects.number);
        for (Outgoing& sent : effects.sends) sends.push_back(std::move(sent));
        for (const LogLine& line : effects.log) log += line.text + "\n";
        return effects;
    }
    void pass(Duration time) {
        for (const Time end = now + time; now < end; now += milliseconds(10)) turn();
    }
    static Origin origin(std::uint8_t node) {
        return {Address::back(node), our_cluster, NodeId(node), StartNumber(1), {}, protocol_minor};
    }
    void beats(std::uint8_t node, std::uint64_t epoch = 5, std::uint64_t generation = 1) {
        actor->receive(now, origin(node),
                       Heartbeat{NodeId(node), StartNumber(1), Generation(generation), Epoch(epoch)});
        turn();
    }
    // The newest request to it since the last call.
    std::optional<RebuildRequest> asked(std::uint8_t node) {
        std::optional<RebuildRequest> newest;
        for (const Outgoing& sent : std::exchange(sends, {}))
            if (const auto* request = std::get_if<RebuildRequest>(&sent.message);
                request != nullptr && sent.address == Address::back(node))
                newest = *request;
        return newest;
    }
    RebuildReport report(std::uint8_t node, Generation generation = second) const {
        RebuildReport report;
        report.fence = {generation, rebuild_id};
        report.storage = uuid(node);
        report.cluster = our_cluster;
        report.shards = 1;
        return report;
    }
    void reports(std::uint8_t node, RebuildReport report) {
        actor->receive(now, origin(node), std::move(report));
        turn();
    }
    void reports(std::uint8_t node) { reports(node, report(node)); }
    void reports_with_map(std::uint8_t node, ClusterMap with) {
        RebuildReport told = report(node);
        told.map = std::move(with);
        reports(node, std::move(told));
    }

    // Node 4, which the primary of partition 0 has proposed, is not in the newest map. All others have reported.
    void begin_with_a_forgotten_node() {
        begin();
        beats(1);
        ClusterMap newest = map(5);
        newest.nodes.erase(NodeId(4));
        reports_with_map(1, newest);
        RebuildReport alone = report(2);
        alone.views = {{PartitionId(0), view(3, {2}), {NodeId(4)}}, {PartitionId(1), view(3, {2}), {}}};
        reports(2, alone);
        reports(3);
        EXPECT_THAT(actor->missing(), ElementsAre(Pair("node 4", 1)));
    }

    Time now = Time{} + std::chrono::hours(1);
    std::optional<RebuildActor> actor;
    std::vector<Outgoing> sends;
    StorageBatch stored;
    std::string log;
    bool disk_answers = true;
};

TEST_F(Rebuild, StoresItsGenerationBeforeANodeHearsOfIt) {
    disk_answers = false;
    begin();
    beats(1, 5, 6);
    beats(1, 5, 6);
    EXPECT_EQ(asked(1), std::nullopt);
    ASSERT_EQ(stored.size(), 1U);
    EXPECT_EQ(std::get<FenceRecord>(stored[0]).fence, (Fence{Generation(7), rebuild_id}));
    actor->durable(now, BatchNumber(1));
    beats(1, 5, 6);
    EXPECT_EQ(asked(1), (RebuildRequest{{Generation(7), rebuild_id}, {}, {}}));
}

TEST_F(Rebuild, BeginsAboveTheOneBeforeThatDidNotEnd) {
    begin(options(), Generation(9));
    EXPECT_TRUE(actor->missing().empty()) << "of no map it is known what is missing";
    beats(1);
    beats(1);
    EXPECT_EQ(asked(1)->fence.generation, Generation(10));
}

TEST_F(Rebuild, GivesThePartitionsBackWhenAllMembersHaveReported) {
    begin();
    beats(1);
    reports_with_map(1, map(5));
    reports(2);
    EXPECT_FALSE(actor->finished());
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("n3", 2)));
    reports(3);
    ASSERT_TRUE(actor->finished());
    const ClusterMap& made = actor->map();
    EXPECT_EQ(made.generation, second);
    EXPECT_EQ(made.epoch, Epoch(6));
    EXPECT_EQ(made.nodes, map(5).nodes);
    EXPECT_GT(made.settings.last_forgotten, NodeId(100)) << "ids that the lost one gave may not be given again";
    const View& view = made.partitions[0].view;
    EXPECT_EQ(view.id, (ViewId{second, ViewNumber(2)}));
    EXPECT_EQ(view.since, (ViewId{Generation(1), ViewNumber(1)})) << "its primary goes on in its term";
    EXPECT_EQ(view.members, map(5).partitions[0].view.members);
    EXPECT_THAT(actor->reported(), ElementsAre("n1", "n2", "n3"));
}

TEST_F(Rebuild, TheHighestViewThatAnyoneKnowsHolds) {
    begin();
    beats(1);
    reports_with_map(1, map(5));
    RebuildReport knows_more = report(2);
    knows_more.views = {{PartitionId(0), view(3, {2, 4})}, {PartitionId(1), view(2, {2})}};
    reports(2, knows_more);
    reports(3);
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("n4", 1)));
    reports(4);
    ASSERT_TRUE(actor->finished());
    EXPECT_EQ(actor->map().partitions[0].view.members, (std::vector{NodeId(2), NodeId(4)}));
    EXPECT_EQ(actor->map().partitions[0].view.id, (ViewId{second, ViewNumber(4)}));
    EXPECT_EQ(actor->map().partitions[1].view.members, std::vector{NodeId(2)});
}

// 1. A primary that is alone proposes another node, and dies before it hears that the registry has made it a member.
// 2. That goes on alone. 3. Of all views that the primary knows it is the only member. (Seed 970001712.)
TEST_F(Rebuild, ANodeThatWasProposedAsAMemberMayKnowMore) {
    begin();
    beats(1);
    reports_with_map(1, map(5));
    RebuildReport alone = report(2);
    alone.views = {{PartitionId(0), view(3, {2}), {NodeId(4)}}, {PartitionId(1), view(3, {2}), {NodeId(4)}}};
    reports(2, alone);
    reports(3);
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("n4", 2)));
    RebuildReport knows_more = report(4);
    knows_more.views = {{PartitionId(0), view(5, {4})}, {PartitionId(1), view(4, {2, 3}), {NodeId(9)}}};
    reports(4, knows_more);
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("node 9", 1))) << "and what was proposed below that is over";
}

// 1. A primary proposes a node, which it stores first. 2. An operator removes that node; it goes down, and the registry
// forgets it. 3. It starts again, and reports: only the older map that it has says which node it is. (Seed 2500009412.)
TEST_F(Rebuild, ANodeThatTheNewestMapHasForgottenIsKnownByAnOlderOne) {
    begin_with_a_forgotten_node();
    RebuildReport told = report(4);
    told.map = map(3);
    Origin started_again = origin(4);
    started_again.node = NodeId();
    actor->receive(now, started_again, told);
    turn();
    EXPECT_TRUE(actor->finished());
    EXPECT_EQ(actor->map().epoch, Epoch(6)) << "the older map is not taken";
}

// It was cut off, and runs.
TEST_F(Rebuild, ANodeThatTheNewestMapHasForgottenSaysWhichItIs) {
    begin_with_a_forgotten_node();
    reports(4);
    EXPECT_TRUE(actor->finished());
}

TEST_F(Rebuild, ANodeHasReportedWhenAllItsShardsHave) {
    begin();
    beats(1);
    reports_with_map(1, map(5));
    reports(2);
    RebuildReport half = report(3);
    half.shards = 2;
    half.shard = 1;
    reports(3, half);
    EXPECT_FALSE(actor->finished());
    half.shard = 0;
    reports(3, half);
    EXPECT_TRUE(actor->finished());
}

TEST_F(Rebuild, WithAnotherOnesFenceItBeginsAnewAboveThat) {
    begin();
    beats(1);
    reports_with_map(1, map(5));
    RebuildReport others = report(2, Generation(6));
    others.fence.rebuild = uuid(78);
    reports(2, others);
    sends.clear();
    beats(1);
    EXPECT_EQ(asked(1)->fence, (Fence{Generation(7), rebuild_id})) << "and it must report again";
    reports(1, report(1));  // to the first fence, and late
    EXPECT_THAT(actor->missing(), Contains(Key("n1")));
}

TEST_F(Rebuild, WithoutAMapItTakesWhatNodesHadStored) {
    begin();
    actor->receive(now, {Address::back(1), {}, {}, StartNumber(2), {}, protocol_minor}, [] {
        Join join = TestNode(1).join;
        join.id = NodeId(1);
        join.cluster = our_cluster;
        return join;
    }());
    turn();
    for (std::uint8_t node = 1; node <= 3; ++node) {
        RebuildReport told = report(node);
        told.map = map(4);
        told.map.partitions.clear();
        told.views = {{PartitionId(0), view(4, {1, 2, 3})}};
        if (node == 2) told.views.push_back({PartitionId(1), view(2, {2, 3})});
        reports(node, told);
    }
    ASSERT_TRUE(actor->finished());
    EXPECT_EQ(actor->map().partitions[0].view.id, (ViewId{second, ViewNumber(5)}));
    EXPECT_EQ(actor->map().partitions[1].target, (std::vector{NodeId(2), NodeId(3)}));
}

TEST_F(Rebuild, ANodeIsGivenUpOnlyWhenItIsSilent) {
    begin_without("n3");
    beats(1);
    reports_with_map(1, map(5));
    reports(2);
    reports(4);
    pass(seconds(3));
    EXPECT_FALSE(actor->finished()) << "it might be heard of yet";
    beats(3);
    pass(seconds(4));
    EXPECT_FALSE(actor->finished()) << "it runs";
    pass(seconds(3));
    EXPECT_TRUE(actor->finished());
    EXPECT_THAT(actor->map().partitions[0].view.members, Contains(NodeId(3)));
}

// 1. n3 goes on alone, has n4 as a member, and ends. 2. n4 goes on alone, and is down. 3. Nodes report that know of
// none of that, and n3 is given up: with it goes which nodes are members. (Seed 980003854.)
TEST_F(Rebuild, WhereANodeIsGivenUpAllOthersMustReport) {
    begin_without("n3");
    beats(1);
    reports_with_map(1, map(5));
    reports(2);
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("n3", 2)));
    pass(seconds(7));
    EXPECT_FALSE(actor->finished());
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("n4", 2)));
    RebuildReport knows_more = report(4);
    knows_more.views = {{PartitionId(0), view(3, {4})}};
    reports(4, knows_more);
    ASSERT_TRUE(actor->finished());
    EXPECT_EQ(actor->map().partitions[0].view.members, std::vector{NodeId(4)});
}

// It joined last, and is in a view that was told, but in no map. (Seed 2001897 of the simulator: it was gone, and
// waited for for ever.)
TEST_F(Rebuild, AnIdentityThatNoMapNamesCanBeGivenUpAsWell) {
    begin_without("node 9");
    beats(1);
    RebuildReport told = report(1);
    told.map = map(5);
    told.views = {{PartitionId(0), view(4, {1, 2, 9})}};
    reports(1, told);
    reports(2);
    reports(3);
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("node 9", 1)));
    reports(4);
    pass(seconds(7));
    ASSERT_TRUE(actor->finished());
    EXPECT_EQ(actor->map().find(NodeId(9))->state, NodeState::gone);
    EXPECT_GT(actor->map().settings.last_forgotten, NodeId(9));
}

TEST_F(Rebuild, APartitionThatNoNodeKnowsIsWaitedForOrLost) {
    RebuildOptions with = options();
    bool lost = false;
    with.lost = [&lost](PartitionId partition) { return lost && partition == PartitionId(1); };
    begin(with);
    beats(1);
    ClusterMap stored_map = map(4);
    stored_map.partitions.clear();
    for (std::uint8_t node = 1; node <= 3; ++node) {
        RebuildReport told = report(node);
        told.map = stored_map;
        told.views = {{PartitionId(0), view(4, {1, 2, 3})}};
        reports(node, told);
    }
    pass(seconds(6));
    EXPECT_FALSE(actor->finished());
    lost = true;
    pass(seconds(2));
    EXPECT_THAT(actor->missing(), ElementsAre(Pair("n4", 1))) << "it may know of it";
    reports(4);
    ASSERT_TRUE(actor->finished());
    const View& nobodys = actor->map().partitions[1].view;
    ASSERT_EQ(nobodys.members.size(), 1U);
    EXPECT_EQ(actor->map().find(nobodys.primary)->state, NodeState::gone) << "no empty copy is served in its place";
}

TEST_F(Rebuild, RefusesAnotherClustersConfiguration) {
    RebuildOptions with = options();
    with.settings.partitions = 4;
    begin(with);
    beats(1);
    reports_with_map(1, map(5));
    ASSERT_TRUE(actor->failure());
    EXPECT_EQ(actor->failure()->code(), ErrorCode::configuration);
    EXPECT_FALSE(actor->map().formed());
}

TEST_F(Rebuild, LeavesOutNodesOfOtherClustersAndOfOlderReleases) {
    begin();
    beats(1);
    Origin stranger = origin(2);
    stranger.cluster = uuid(99);
    actor->receive(now, stranger, Heartbeat{NodeId(2), StartNumber(1), Generation(1), Epoch(5)});
    Origin old = origin(3);
    old.minor = minor_with_rebuild - 1;
    actor->receive(now, old, Heartbeat{NodeId(3), StartNumber(1), Generation(1), Epoch(5)});
    turn();
    EXPECT_EQ(asked(2), std::nullopt);
    EXPECT_NE(log.find("is of cluster"), std::string::npos);
    EXPECT_NE(log.find("older release"), std::string::npos);
}

TEST_F(Rebuild, ClientsAreTold) {
    begin();
    actor->receive(now, {Address::back(50), {}, {}, {}, {}}, Administer{});
    turn();
    ASSERT_FALSE(sends.empty());
    EXPECT_EQ(std::get<FrameRefused>(sends.back().message).code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace ringkv::test
