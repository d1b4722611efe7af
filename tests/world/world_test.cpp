// The driver itself, with toy actors: what it promises to the scenarios and to the simulator.
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include "common/edge/codec/codec.hpp"
#include "tests/world/describe.hpp"
#include "tests/world/scripted_network.hpp"

namespace ringkv::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Keeps what it hears, and says and stores what the test wants said and stored.
struct Toy final : Actor {
    struct Heard {
        Time at;
        Origin from;
        Message message;
    };
    std::vector<Heard> heard;
    std::vector<Time> ticks;
    std::vector<BatchNumber> durables;
    std::vector<std::string> calls;  // in the driver's order
    std::vector<Outgoing> not_sent;
    Effects next;
    BatchNumber batches;
    bool echo = false;  // answers each Get
    bool done = false;
    Identity who;

    void receive(Time now, const Origin& from, Message message) override {
        calls.emplace_back("receive");
        if (const auto* get = std::get_if<Get>(&message); get != nullptr && echo) {
            next.sends.push_back({from.address, from.node, GetAnswer{get->request, get->key, {}, {}}});
        }
        keep_bytes(message);
        heard.push_back({now, from, std::move(message)});
    }
    void tick(Time now) override {
        calls.emplace_back("tick");
        ticks.push_back(now);
    }
    void unsent(Time /*now*/, const Outgoing& message) override { not_sent.push_back(message); }
    void durable(Time /*now*/, BatchNumber number) override {
        calls.emplace_back("durable");
        durables.push_back(number);
    }
    Effects take_effects() override {
        calls.emplace_back("effects");
        Effects taken = std::move(next);
        next = {};
        if (!taken.batch.empty()) taken.number = batches = batches.next();
        return taken;
    }
    [[nodiscard]] Identity identity() const override { return who; }
    [[nodiscard]] bool finished() const override { return done; }
};

Get get(std::uint64_t request, const std::string& key = "k") {
    return Get{RequestId(request), PartitionId(0), key};
}
Outgoing to(const std::string& endpoint, Message message) {
    return {Address::to(endpoint), {}, std::move(message)};
}
StorageRecord commit_record(std::uint64_t op) {
    return CommitRecord{PartitionId(0), OpNumber(op)};
}

class WorldTest : public testing::Test {
  protected:
    HostId add(const std::string& name, bool server = false) {
        HostOptions options;
        options.name = name;
        if (server) {
            options.listen = "tcp://" + name + ":1";
            options.publish = "tcp://" + name + ":2";
        }
        options.boot = [this](const Boot& boot) {
            boots.push_back(boot.start);
            return std::make_unique<Toy>();
        };
        const HostId host = world.add(std::move(options));
        world.start(host);
        return host;
    }
    Toy& toy(HostId host) { return dynamic_cast<Toy&>(world.actor(host)); }
    void say(HostId host, std::vector<Outgoing> sends) {
        world.input(host, [&](Actor& actor, Time) { dynamic_cast<Toy&>(actor).next.sends = std::move(sends); });
    }
    std::vector<std::uint64_t> requests_heard(HostId host) {
        std::vector<std::uint64_t> requests;
        for (const auto& heard : toy(host).heard) {
            if (const auto* it = std::get_if<Get>(&heard.message)) requests.push_back(it->request.value());
        }
        return requests;
    }

    ScriptedNetwork network;
    World world{network};
    std::vector<StartNumber> boots;
};

using Requests = std::vector<std::uint64_t>;

TEST_F(WorldTest, CarriesARequestAndItsAnswerThroughTheCodec) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    toy(server).echo = true;
    toy(server).who = {Uuid{{7}}, NodeId(3), StartNumber(4)};
    say(client, {to("tcp://s:1", get(1, std::string("a\0b", 3)))});
    world.advance(milliseconds(10));
    ASSERT_EQ(toy(client).heard.size(), 1U);
    const Toy::Heard& answer = toy(client).heard[0];
    EXPECT_EQ(std::get<GetAnswer>(answer.message).value, std::string("a\0b", 3));
    EXPECT_EQ(answer.from.address, Address::to("tcp://s:1"));
    EXPECT_EQ(answer.from.node, NodeId(3));
    EXPECT_EQ(answer.from.start, StartNumber(4));
    EXPECT_EQ(answer.from.cluster, (Uuid{{7}}));
    EXPECT_EQ(toy(server).heard[0].from.address.kind, Address::Kind::connection);
}

TEST_F(WorldTest, ATurnReceivesTicksStoresAndSends) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    world.advance(milliseconds(12));
    toy(server).calls.clear();
    toy(server).next.batch = {commit_record(1)};
    say(client, {to("tcp://s:1", get(1)), to("tcp://s:1", get(2))});
    world.advance(milliseconds(1));
    EXPECT_EQ(toy(server).calls,
              (std::vector<std::string>{"receive", "receive", "tick", "effects", "durable", "effects"}));
    EXPECT_EQ(toy(server).durables, std::vector<BatchNumber>{BatchNumber(1)});
}

TEST_F(WorldTest, MessagesArriveInOrderAfterOneMillisecond) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    const Time start = world.local_time(server);
    for (std::uint64_t i = 1; i <= 3; ++i) say(client, {to("tcp://s:1", get(i))});
    world.advance(milliseconds(1));
    EXPECT_EQ(requests_heard(server), (Requests{1, 2, 3}));
    EXPECT_EQ(toy(server).heard[0].at - start, milliseconds(1));
}

TEST_F(WorldTest, DropsHoldsReleasesAndDuplicatesByType) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    network.add({.action = Rule::Action::drop, .type = "Get", .from = client, .to = server, .count = 1});
    say(client, {to("tcp://s:1", get(1)), to("tcp://s:1", get(2))});
    network.add({.action = Rule::Action::hold, .type = "Get"});
    say(client, {to("tcp://s:1", get(3)), to("tcp://s:1", MapRequest{})});
    network.heal();
    network.add({.action = Rule::Action::duplicate, .type = "Get", .count = 1});
    say(client, {to("tcp://s:1", get(4))});
    world.advance(milliseconds(5));
    EXPECT_EQ(requests_heard(server), (Requests{2, 4, 4}));
    EXPECT_EQ(toy(server).heard.size(), 4U) << "another type is not held";
    EXPECT_EQ(world.held(), 1U);
    EXPECT_EQ(world.release([](const Flight&) { return true; }), 1U);
    world.advance(milliseconds(5));
    EXPECT_EQ(requests_heard(server), (Requests{2, 4, 4, 3}));
}

TEST_F(WorldTest, ADelayedMessageIsOvertaken) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    network.add({.action = Rule::Action::delay, .delay = milliseconds(9), .count = 1});
    say(client, {to("tcp://s:1", get(1)), to("tcp://s:1", get(2))});
    world.advance(milliseconds(20));
    EXPECT_EQ(requests_heard(server), (Requests{2, 1}));
}

TEST_F(WorldTest, ACutIsOneWayUntilItIsHealed) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    toy(server).echo = true;
    network.cut(server, client);
    say(client, {to("tcp://s:1", get(1))});
    world.advance(milliseconds(5));
    EXPECT_EQ(requests_heard(server), Requests{1});
    EXPECT_TRUE(toy(client).heard.empty());
    network.heal();
    say(client, {to("tcp://s:1", get(2))});
    world.advance(milliseconds(5));
    EXPECT_EQ(toy(client).heard.size(), 1U);
}

TEST_F(WorldTest, PublicationsReachThoseWhoSubscribed) {
    const HostId registry = add("r", true);
    const HostId one = add("one");
    const HostId two = add("two");
    world.input(one, [](Actor& actor, Time) { dynamic_cast<Toy&>(actor).next.subscribe = "tcp://r:2"; });
    say(registry, {{Address::all_subscribers(), {}, CurrentEpoch{Generation(1), Epoch(2)}}});
    world.advance(milliseconds(2));
    ASSERT_EQ(toy(one).heard.size(), 1U);
    EXPECT_EQ(toy(one).heard[0].from.address, Address::to("tcp://r:2"));
    EXPECT_TRUE(toy(two).heard.empty());
}

TEST_F(WorldTest, ACrashLosesWhatIsUnderWayAndKeepsTheDisk) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    world.input(server, [](Actor& actor, Time) { dynamic_cast<Toy&>(actor).next.batch = {commit_record(5)}; });
    say(client, {to("tcp://s:1", get(1))});
    world.crash(server);
    say(client, {to("tcp://s:1", get(2))});
    world.advance(milliseconds(5));
    world.start(server);
    world.advance(milliseconds(5));
    EXPECT_TRUE(toy(server).heard.empty());
    EXPECT_EQ(boots.back(), StartNumber(2));
    ASSERT_EQ(world.disk(server).records().size(), 1U);
    EXPECT_EQ(std::get<CommitRecord>(world.disk(server).records()[0]).commit, OpNumber(5));
}

TEST_F(WorldTest, AnAnswerToAnEarlierProcessIsLost) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    toy(server).echo = true;
    network.add({.action = Rule::Action::hold, .type = "GetAnswer"});
    say(client, {to("tcp://s:1", get(1))});
    world.advance(milliseconds(5));
    world.crash(client);
    world.start(client);
    world.release([](const Flight&) { return true; });
    world.advance(milliseconds(5));
    EXPECT_TRUE(toy(client).heard.empty());
}

TEST_F(WorldTest, WhatIsNotSyncedIsNotDurableAndIsLostWithThePower) {
    const HostId server = add("s", true);
    const auto store = [&](std::uint64_t op) {
        world.input(server, [op](Actor& actor, Time) { dynamic_cast<Toy&>(actor).next.batch = {commit_record(op)}; });
    };
    world.disk(server).set_sync(Disk::Sync::on_demand);
    store(1);
    EXPECT_TRUE(toy(server).durables.empty());
    world.sync(server);
    world.advance(milliseconds(1));
    EXPECT_EQ(toy(server).durables, std::vector<BatchNumber>{BatchNumber(1)});
    store(2);
    world.crash(server);
    EXPECT_EQ(world.disk(server).records().size(), 2U) << "a killed process loses nothing that it wrote";
    world.start(server);
    store(3);
    world.lose_power(server);
    EXPECT_EQ(world.disk(server).records().size(), 2U);
}

TEST_F(WorldTest, AFailedDiskEndsTheProcessBeforeItSends) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    world.disk(client).set_broken(true);
    world.input(client, [](Actor& actor, Time) {
        dynamic_cast<Toy&>(actor).next.batch = {commit_record(1)};
        dynamic_cast<Toy&>(actor).next.sends = {to("tcp://s:1", get(1))};
    });
    world.advance(milliseconds(5));
    EXPECT_EQ(world.state(client), HostState::down);
    EXPECT_TRUE(toy(server).heard.empty());
}

TEST_F(WorldTest, APausedHostHearsEverythingWhenItWakes) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    world.pause(server);
    say(client, {to("tcp://s:1", get(1))});
    world.advance(milliseconds(700));
    EXPECT_TRUE(toy(server).heard.empty());
    const Time woken = world.local_time(server);
    world.resume(server);
    world.advance(milliseconds(1));
    ASSERT_EQ(requests_heard(server), Requests{1});
    EXPECT_EQ(toy(server).heard[0].at, woken) << "its clock went on while it slept";
}

TEST_F(WorldTest, EachHostHasItsOwnClockAndRate) {
    const HostId one = add("one");
    const HostId two = add("two");
    EXPECT_GT(world.local_time(two) - world.local_time(one), hours(0));
    const Time before = world.local_time(two);
    world.set_clock_rate(two, 1.2);
    world.advance(milliseconds(100));
    EXPECT_EQ(world.local_time(two) - before, milliseconds(120));
    world.set_clock_rate(two, 0.8);
    world.advance(milliseconds(100));
    EXPECT_EQ(world.local_time(two) - before, milliseconds(200));
}

TEST_F(WorldTest, TicksComeEveryFiveMilliseconds) {
    const HostId one = add("one");
    world.advance(milliseconds(100));
    EXPECT_EQ(toy(one).ticks.size(), 21U);
    world.crash(one);
    world.start(one);
    world.advance(milliseconds(100));
    EXPECT_EQ(toy(one).ticks.size(), 21U) << "the ticks of the process before are over";
}

TEST_F(WorldTest, GarbageIsRefusedAndItsSenderTold) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    world.send_raw(client, "tcp://s:1", "garbage");
    world.advance(milliseconds(5));
    EXPECT_TRUE(toy(server).heard.empty());
    ASSERT_EQ(toy(client).heard.size(), 1U);
    EXPECT_EQ(std::get<FrameRefused>(toy(client).heard[0].message).code, ErrorCode::malformed);
}

TEST_F(WorldTest, DamagedMessagesAreRefusedAndOthersOfTheTurnArrive) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    toy(server).who = {Uuid{{7}}, NodeId(3), StartNumber(4)};
    network.add({.action = Rule::Action::damage, .type = "Get"});
    say(client, {to("tcp://s:1", get(1)), to("tcp://s:1", MapRequest{})});
    world.advance(milliseconds(5));
    ASSERT_EQ(toy(server).heard.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<MapRequest>(toy(server).heard[0].message));
    ASSERT_EQ(toy(client).heard.size(), 1U);
    EXPECT_EQ(std::get<FrameRefused>(toy(client).heard[0].message).code, ErrorCode::malformed);
    EXPECT_TRUE(toy(client).heard[0].from.cluster.none()) << "the transport answers, which knows no cluster";
}

TEST_F(WorldTest, WhatCannotLeaveIsNamedToItsSender) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    network.add({.action = Rule::Action::refuse, .type = "Get"});
    say(client, {to("tcp://s:1", get(1)), to("tcp://s:1", MapRequest{}), to("tcp://s:1", get(2))});
    world.advance(milliseconds(5));
    EXPECT_EQ(toy(server).heard.size(), 1U);
    ASSERT_EQ(toy(client).not_sent.size(), 2U);
    EXPECT_EQ(std::get<Get>(toy(client).not_sent[1].message).request, RequestId(2));
}

TEST_F(WorldTest, AMessageOfANewerReleaseIsRefusedByItself) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    toy(server).who = {Uuid{{7}}, NodeId(3), StartNumber(4)};
    Write write;
    write.request = RequestId(5);
    write.ack = Ack(2);
    say(client, {to("tcp://s:1", get(1)), to("tcp://s:1", write)});
    world.advance(milliseconds(5));
    EXPECT_EQ(requests_heard(server), Requests{1});
    EXPECT_EQ(toy(server).heard.size(), 1U);
    ASSERT_EQ(toy(client).heard.size(), 1U);
    EXPECT_EQ(toy(client).heard[0].from.node, NodeId(3));
    const auto& refused = std::get<RequestRefused>(toy(client).heard[0].message);
    EXPECT_EQ(refused.request, RequestId(5));
    EXPECT_EQ(refused.reason, RefusalReason::not_built);
    // What comes as an answer is dropped.
    say(server, {{Address::back(1), {}, write}});
    world.advance(milliseconds(5));
    EXPECT_EQ(toy(client).heard.size(), 1U);
    EXPECT_EQ(toy(server).heard.size(), 1U);
}

TEST_F(WorldTest, AFinishedActorEndsAfterItsLastMessages) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    world.input(client, [](Actor& actor, Time) {
        dynamic_cast<Toy&>(actor).next.sends = {to("tcp://s:1", get(1))};
        dynamic_cast<Toy&>(actor).done = true;
    });
    EXPECT_EQ(world.state(client), HostState::down);
    world.advance(milliseconds(5));
    EXPECT_EQ(requests_heard(server), Requests{1});
}

TEST_F(WorldTest, WaitsForAConditionNoLongerThanTheLimit) {
    const HostId server = add("s", true);
    const HostId client = add("c");
    say(client, {to("tcp://s:1", get(1))});
    EXPECT_TRUE(world.advance_until([&] { return !toy(server).heard.empty(); }, milliseconds(100)));
    EXPECT_EQ(world.elapsed(), milliseconds(1));
    EXPECT_FALSE(world.advance_until([] { return false; }, milliseconds(100)));
    EXPECT_EQ(world.elapsed(), milliseconds(101));
}

// The whole story as text; two worlds that are told the same must tell the same.
std::string story() {
    ScriptedNetwork network;
    World world(network);
    std::string text;
    world.on_trace([&](const TraceEvent& event) {
        text += std::to_string((event.at - Time{}).count()) + " " + std::to_string(static_cast<int>(event.kind)) + " " +
                std::to_string(event.from.value()) + ">" + std::to_string(event.to.value()) + " " +
                (event.message != nullptr ? describe(*event.message) : event.text) + "\n";
    });
    std::vector<HostId> hosts;
    for (const std::string name : {"a", "b", "c"}) {
        hosts.push_back(world.add({name, "tcp://" + name + ":1", {}, [](const Boot&) {
                                       auto toy = std::make_unique<Toy>();
                                       toy->echo = true;
                                       return toy;
                                   }}));
        world.start(hosts.back());
    }
    network.add({.action = Rule::Action::duplicate, .type = "Get", .count = 2});
    network.add({.action = Rule::Action::drop, .type = "GetAnswer", .count = 1});
    for (std::uint64_t i = 0; i < 9; ++i) {
        world.input(hosts[i % 3], [i](Actor& actor, Time) {
            dynamic_cast<Toy&>(actor).next.sends = {to(i % 2 == 0 ? "tcp://a:1" : "tcp://b:1", get(i))};
        });
        world.advance(milliseconds(3));
    }
    return text;
}

TEST(World, TheSameCallsTellTheSameStory) {
    const std::string first = story();
    EXPECT_GT(first.size(), 500U);
    EXPECT_EQ(first, story());
}

}  // namespace
}  // namespace ringkv::simulation
