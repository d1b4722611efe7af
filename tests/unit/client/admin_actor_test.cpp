// An operator's commands, driven by hand: virtual time, and only the answers that the test gives.
#include "client/admin_actor.hpp"
#include "common/protocol_version.hpp"

#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {
namespace {

using std::chrono::seconds;

class AdminTasks : public ::testing::Test {
  protected:
    void begin(AdminTask task, Duration within = seconds(5)) {
        admin.begin(now, std::move(task), now + within);
        turn();
    }
    void turn() {
        admin.tick(now);
        for (Outgoing& send : admin.take_effects().sends) sends.push_back(std::move(send));
    }
    void advance(Duration duration) {
        for (const Time end = now + duration; now < end; turn()) now += milliseconds(5);
    }
    void answer(const std::string& from, Message message, NodeId node = {}) {
        admin.receive(now, {Address::to(from), cluster_id(), node, StartNumber(1), NodeId()}, std::move(message));
        turn();
    }
    void answer(std::uint32_t node, Message message) {
        answer(endpoint_of(NodeId(node)), std::move(message), NodeId(node));
    }
    void give_map() { answer(registry, MapSnapshot{first_map()}); }
    // The same, of a registry that speaks this minor version of the protocol.
    void registry_speaks(std::uint32_t minor) {
        admin.receive(now, {Address::to(registry), cluster_id(), {}, StartNumber(1), NodeId(), minor},
                      MapSnapshot{first_map()});
        turn();
    }

    template <class T>
    std::vector<Sent<T>> take() {
        std::vector<Sent<T>> found;
        for (Outgoing& send : sends)
            if (T* message = std::get_if<T>(&send.message))
                found.push_back({send.address.endpoint, send.to, std::move(*message)});
        sends.clear();
        return found;
    }
    static RegistryTask drain(std::string node) {
        Administer change;
        change.action = AdminAction::drain;
        change.node = std::move(node);
        return {change};
    }
    ErrorCode failure() {
        EXPECT_TRUE(admin.finished());
        const auto result = admin.take_result();
        EXPECT_FALSE(result);
        return result ? ErrorCode::internal : result.error().code();
    }

    AdminActor admin{{registry}};
    Time now{seconds(100)};
    std::vector<Outgoing> sends;
};

TEST_F(AdminTasks, AChangeIsAskedOnlyOfARegistryThatIsThere) {
    begin(drain("n3"));
    answer(1, MapSnapshot{first_map()});
    advance(seconds(2));
    EXPECT_TRUE(take<Administer>().empty());
    give_map();
    const auto asked = take<Administer>();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].endpoint, registry);
    EXPECT_EQ(asked[0].message.node, "n3");
}

TEST_F(AdminTasks, AChangeIsAskedAgainUntilItIsAnswered) {
    begin(drain("n3"));
    give_map();
    advance(seconds(1));
    const auto asked = take<Administer>();
    ASSERT_GE(asked.size(), 3U);
    for (const auto& each : asked) EXPECT_EQ(each.message.request, asked[0].message.request);
    answer(registry, AdministerAnswer{asked[0].message.request.next(), std::nullopt, "another's", Epoch(9)});
    EXPECT_FALSE(admin.finished());
    answer(registry, AdministerAnswer{asked[0].message.request, std::nullopt, "done", Epoch(2)});
    ASSERT_TRUE(admin.finished());
    auto result = admin.take_result();
    ASSERT_TRUE(result) << result.error();
    EXPECT_EQ(std::get<AdministerAnswer>(*result).text, "done");
}

TEST_F(AdminTasks, ARefusalKeepsItsCodeAndItsReason) {
    begin(drain("n3"));
    give_map();
    answer(registry,
           AdministerAnswer{take<Administer>().at(0).message.request, ErrorCode::refused, "no room", Epoch(1)});
    ASSERT_TRUE(admin.finished());
    const auto result = admin.take_result();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::refused);
    EXPECT_EQ(result.error().message(), "no room");
}

TEST_F(AdminTasks, WithoutARegistryNothingWasChangedAndAfterwardsNobodyKnows) {
    begin(drain("n3"));
    advance(seconds(6));
    EXPECT_EQ(failure(), ErrorCode::unavailable);
    begin(drain("n3"));
    answer(1, MapSnapshot{first_map()});
    advance(seconds(6));
    EXPECT_EQ(failure(), ErrorCode::unavailable);
    begin(drain("n3"));
    give_map();
    advance(seconds(6));
    EXPECT_EQ(failure(), ErrorCode::outcome_unknown);
}

TEST_F(AdminTasks, TheNextMapShowsTheChange) {
    begin(drain("n3"));
    give_map();
    answer(registry, AdministerAnswer{take<Administer>().at(0).message.request, std::nullopt, "done", Epoch(2)});
    ASSERT_TRUE(admin.take_result());
    begin(FetchMapTask{});
    answer(registry, CurrentEpoch{Generation(1), Epoch(1)});
    EXPECT_FALSE(admin.finished());
    ClusterMap newer = first_map();
    newer.epoch = Epoch(2);
    answer(registry, MapSnapshot{newer});
    EXPECT_TRUE(admin.finished());
    EXPECT_EQ(admin.map().epoch, Epoch(2));
}

TEST_F(AdminTasks, WhileTheRegistryIsSilentANodesMapWillDo) {
    begin(FetchMapTask{});
    give_map();
    ASSERT_TRUE(admin.take_result());
    begin(FetchMapTask{});
    advance(milliseconds(400));
    bool asked_a_node = false;
    for (const auto& each : take<MapRequest>()) asked_a_node = asked_a_node || each.endpoint != registry;
    EXPECT_TRUE(asked_a_node);
    answer(2, CurrentEpoch{Generation(1), Epoch(1)});
    EXPECT_FALSE(admin.finished());  // the registry may know better
    advance(milliseconds(300));
    EXPECT_TRUE(admin.finished());
    EXPECT_TRUE(admin.take_result());
}

TEST_F(AdminTasks, AMapOfAnotherClusterIsNotTaken) {
    begin(FetchMapTask{});
    give_map();
    ASSERT_TRUE(admin.take_result());
    begin(FetchMapTask{}, seconds(1));
    ClusterMap other = first_map();
    other.settings.id = cluster_id(8);
    other.epoch = Epoch(99);
    admin.receive(now, {Address::to(registry), cluster_id(8), {}, {}, {}}, MapSnapshot{other});
    advance(seconds(2));
    EXPECT_EQ(failure(), ErrorCode::unavailable);
    EXPECT_EQ(admin.map().epoch, Epoch(1));
}

TEST_F(AdminTasks, EveryShardOfEveryNodeThatIsUpIsAskedWhatItHolds) {
    ClusterMap map = first_map();
    map.nodes[NodeId(1)].endpoints.push_back("tcp://10.0.0.1:7412");
    map.nodes[NodeId(3)].state = NodeState::down;
    begin(HoldingsTask{});
    answer(registry, MapSnapshot{map});
    const auto asked = take<HoldingsRequest>();
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(asked[0].to, NodeId(1));
    EXPECT_EQ(asked[1].endpoint, "tcp://10.0.0.1:7412");
    EXPECT_EQ(asked[2].to, NodeId(2));
    answer(1, HoldingsAnswer{asked[0].message.request, {{PartitionId(0), 1, 10}}, MemoryReport{1, 2, 3, 4, 5}});
    answer(1, HoldingsAnswer{asked[1].message.request, {{PartitionId(1), 1, 20}}, MemoryReport{10, 20, 30, 40, 50}});
    answer(2, HoldingsAnswer{asked[0].message.request, {}});  // not its number
    EXPECT_FALSE(admin.finished());
    answer(2, HoldingsAnswer{asked[2].message.request, {}});
    ASSERT_TRUE(admin.finished());
    auto result = admin.take_result();
    ASSERT_TRUE(result) << result.error();
    const auto& nodes = std::get<std::vector<NodeHoldings>>(*result);
    ASSERT_EQ(nodes.size(), 2U);
    EXPECT_EQ(nodes[0].holdings.size(), 2U);
    EXPECT_EQ(nodes[1].holdings.size(), 0U);
    EXPECT_EQ(nodes[0].memory, (MemoryReport{11, 22, 33, 44, 55}));
    EXPECT_EQ(nodes[1].memory, std::nullopt) << "of an older release";
    const std::vector<NodeMemory> memory = holdings_of(map, nodes).memory;
    ASSERT_EQ(memory.size(), 1U);
    EXPECT_EQ(memory[0].name, map.nodes[NodeId(1)].name);
    EXPECT_EQ(memory[0].limit, 55U);
}

TEST_F(AdminTasks, EventsAreAskedOfARegistryThatKnowsThem) {
    EventsRequest question;
    question.after = EventId(5);
    begin(RegistryTask{question});
    registry_speaks(minor_with_events);
    const auto asked = take<EventsRequest>();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].endpoint, registry);
    EXPECT_EQ(asked[0].message.after, EventId(5));
    advance(seconds(1));
    EXPECT_FALSE(take<EventsRequest>().empty()) << "asked again";
    EventsAnswer told;
    told.request = RequestId(99);
    answer(registry, told);
    EXPECT_FALSE(admin.finished()) << "not its number";
    told.request = asked[0].message.request;
    told.newest = EventId(7);
    answer(registry, told);
    ASSERT_TRUE(admin.finished());
    EXPECT_EQ(std::get<EventsAnswer>(*admin.take_result()).newest, EventId(7));
}

TEST_F(AdminTasks, AnOlderRegistryIsNotAskedForEvents) {
    begin(RegistryTask{EventsRequest{}});
    registry_speaks(minor_with_events - 1);
    EXPECT_TRUE(take<EventsRequest>().empty());
    ASSERT_TRUE(admin.finished());
    const auto result = admin.take_result();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::unavailable);
    EXPECT_NE(result.error().message().find("older release"), std::string::npos);
}

TEST_F(AdminTasks, TheConditionOfNodesIsAskedOfARegistryThatKnowsIt) {
    begin(RegistryTask{ConditionRequest{}});
    registry_speaks(minor_with_condition);
    const auto asked = take<ConditionRequest>();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].endpoint, registry);
    ConditionAnswer told;
    told.request = asked[0].message.request.next();
    answer(registry, told);
    EXPECT_FALSE(admin.finished()) << "not its number";
    told.request = asked[0].message.request;
    told.version = "1.2.3";
    answer(registry, told);
    ASSERT_TRUE(admin.finished());
    EXPECT_EQ(std::get<ConditionAnswer>(*admin.take_result()).version, "1.2.3");

    begin(RegistryTask{ConditionRequest{}});
    registry_speaks(minor_with_condition - 1);
    EXPECT_TRUE(take<ConditionRequest>().empty());
    ASSERT_TRUE(admin.finished());
    EXPECT_NE(admin.take_result().error().message().find("older release"), std::string::npos);
}

TEST_F(AdminTasks, ConditionsAreToldByName) {
    const ClusterMap map = first_map();
    ConditionAnswer answer;
    answer.generation = Generation(1);
    answer.epoch = Epoch(9);
    answer.version = "0.6.0";
    answer.nodes = {{NodeId(2), Generation(1), Epoch(7), "0.5.0", seconds(95), seconds(100)},
                    {NodeId(1), Generation(1), Epoch(10), "0.6.0", {}, {}}};
    answer.troubles = {{NodeId(3), TroubleKind::disk_stalled, 1, seconds(2)}};
    answer.moves = {{PartitionId(3), NodeId(9), seconds(70)}};
    const Condition told = condition_of(map, answer);
    ASSERT_EQ(told.nodes.size(), 2U);
    EXPECT_EQ(told.nodes[0].name, "n1");
    EXPECT_EQ(told.nodes[0].behind, 0U) << "it knows more than was published a second ago";
    EXPECT_EQ(told.nodes[0].clock_watched, milliseconds(0));
    EXPECT_EQ(told.nodes[1].behind, 2U);
    EXPECT_DOUBLE_EQ(told.nodes[1].clock_rate, 0.95);
    EXPECT_EQ(told.nodes[1].clock_watched, seconds(100));
    ASSERT_EQ(told.troubles.size(), 1U);
    EXPECT_EQ(told.troubles[0].name + told.troubles[0].what, "n3disk_stalled");
    ASSERT_EQ(told.copies.size(), 1U);
    EXPECT_EQ(told.copies[0].to, "9") << "the map does not have it any more";
}

TEST_F(AdminTasks, ANodeKnowsNoEvents) {
    begin(RegistryTask{EventsRequest{}}, seconds(1));
    answer(1, MapSnapshot{first_map()});
    advance(seconds(2));
    EXPECT_EQ(failure(), ErrorCode::unavailable);
}

TEST_F(AdminTasks, FiguresOfAllShardsMakeTheLoadOfANode) {
    ClusterMap map = first_map();
    map.nodes[NodeId(1)].endpoints.push_back("tcp://10.0.0.1:7412");
    begin(FiguresTask{});
    answer(registry, MapSnapshot{map});
    const auto asked = take<FiguresRequest>();
    ASSERT_EQ(asked.size(), map.nodes.size() + 1);
    for (std::size_t shard : {0U, 1U}) {
        FiguresAnswer figures;
        figures.request = asked[shard].message.request;
        figures.puts = 10 + shard;
        figures.write = {9, 1, {0, 9}};
        figures.get = {5, 2, {5}};
        figures.samples = 50;
        figures.partitions = {{PartitionId(static_cast<std::uint32_t>(shard)), 25 + shard}};
        figures.keys = {{"k", PartitionId(1), 20, 0}};
        answer(1, figures);
    }
    advance(seconds(3));
    ASSERT_TRUE(admin.finished());
    const auto result = admin.take_result();
    ASSERT_TRUE(result) << result.error();
    const Load load = load_of(map, std::get<std::vector<NodeFigures>>(*result));
    ASSERT_EQ(load.nodes.size(), 1U);
    EXPECT_EQ(load.nodes[0].puts, 21U);
    EXPECT_EQ(load.nodes[0].refused, 6U);
    EXPECT_EQ(load.nodes[0].write_durations, (std::vector<std::uint64_t>{0, 18}));
    ASSERT_EQ(load.partitions.size(), 2U);
    EXPECT_EQ(load.partitions[0].partition, 1U);
    EXPECT_DOUBLE_EQ(load.partitions[0].share, 0.26);
    EXPECT_DOUBLE_EQ(load.keys[0].share, 0.2);
    EXPECT_EQ(load.silent.size(), map.nodes.size() - 1);
}

TEST_F(AdminTasks, ANodeThatDoesNotSayWhatItHoldsIsLeftOut) {
    begin(HoldingsTask{});
    give_map();
    answer(1, HoldingsAnswer{take<HoldingsRequest>().at(0).message.request, {}});
    advance(seconds(1));
    EXPECT_FALSE(admin.finished());
    EXPECT_FALSE(take<HoldingsRequest>().empty());  // asked again
    advance(seconds(2));
    ASSERT_TRUE(admin.finished());
    auto result = admin.take_result();
    ASSERT_TRUE(result) << result.error();
    ASSERT_EQ(std::get<std::vector<NodeHoldings>>(*result).size(), 1U);
}

}  // namespace
}  // namespace ringkv::test
