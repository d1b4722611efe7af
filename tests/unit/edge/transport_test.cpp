#include "common/edge/transport/transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "transport_peer.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(Transport, AnswersGoBackTheWayRequestsCame) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    EXPECT_TRUE(pump_until({&client, &server}, [&] {
        client.send(Address::to(endpoint), Get{RequestId(1), PartitionId(2), "k"}, NodeId(8));
        return !server.inbox.empty();
    }));
    const Received request = server.inbox.front();
    EXPECT_EQ(request.from.address.kind, Address::Kind::connection);
    EXPECT_EQ(request.from.cluster, some_identity.cluster);
    EXPECT_EQ(request.from.node, some_identity.node);
    EXPECT_EQ(request.from.start, some_identity.start);
    EXPECT_EQ(request.from.to, NodeId(8));
    EXPECT_EQ(std::get<Get>(request.message).key, "k");

    server.send(request.from.address, GetAnswer{RequestId(1), "v", OpNumber(3), OpNumber(4)});
    ASSERT_TRUE(pump_until({&client}, [&] { return !client.inbox.empty(); }));
    EXPECT_EQ(client.inbox.front().from.address, Address::to(endpoint));
    EXPECT_EQ(std::get<GetAnswer>(client.inbox.front().message).value, "v");
}

// The connection is made by the first message, which waits for it: it need not be sent again.
TEST(Transport, TheFirstMessagesToAPeerArriveInOrder) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    // A new connection each time; one of them may take too long on a busy machine.
    EXPECT_TRUE(pump_until({&server}, [&] {
        Peer client({});
        server.inbox.clear();
        for (std::uint64_t i = 1; i <= 3; ++i) client.send(Address::to(endpoint), numbered(i));
        const bool settled =
            pump_until({&client, &server}, [&] { return server.inbox.size() == 3 || client.counters().dropped > 0; });
        if (server.inbox.size() != 3) return false;
        for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(number_of(server.inbox[i]), i + 1);
        EXPECT_EQ(client.counters().frames_out(), 3U);
        return settled;
    }));
}

TEST(Transport, MessagesOfOneTurnGoInOneFrameForEachReceiverInOrder) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    connect(client, server, endpoint);
    const auto before = client.counters();
    std::vector<Outgoing> turn;
    for (std::uint64_t i = 0; i < 100; ++i)
        turn.push_back({Address::to(endpoint), NodeId(i % 2 == 0 ? 1 : 2), numbered(i)});
    client.transport->send(some_identity, turn);
    EXPECT_EQ(client.counters().frames_out() - before.frames_out(), 2U);
    EXPECT_EQ(client.counters().messages_out() - before.messages_out(), 100U);
    ASSERT_TRUE(pump_until({&server}, [&] { return server.inbox.size() == 100; }));
    for (std::uint64_t i = 0; i < 50; ++i) {
        EXPECT_EQ(number_of(server.inbox[i]), 2 * i);
        EXPECT_EQ(server.inbox[i].from.to, NodeId(1));
        EXPECT_EQ(number_of(server.inbox[50 + i]), 2 * i + 1);
        EXPECT_EQ(server.inbox[50 + i].from.to, NodeId(2));
    }
}

TEST(Transport, ALongTurnIsSplitIntoFramesInOrder) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    TransportOptions options;
    options.coalesce_bytes = 10000;
    Peer client(options);
    connect(client, server, endpoint);
    const auto before = client.counters().frames_out();
    std::vector<Outgoing> turn;
    for (std::uint64_t i = 0; i < 100; ++i)
        turn.push_back({Address::to(endpoint), NodeId(), Get{RequestId(i), PartitionId(), std::string(1000, 'k')}});
    client.transport->send(some_identity, turn);
    EXPECT_EQ(client.counters().frames_out() - before, 10U);  // of ten messages, the tenth of which is over the limit
    ASSERT_TRUE(pump_until({&server}, [&] { return server.inbox.size() == 100; }));
    for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(std::get<Get>(server.inbox[i].message).request, RequestId(i));
}

TEST(Transport, LargeFramesArriveWhole) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    const Address back = connect(client, server, endpoint);
    const std::string value(3000000, 'v');
    server.send(back, GetAnswer{RequestId(1), value, OpNumber(1), OpNumber(1)});
    ASSERT_TRUE(pump_until({&client}, [&] { return !client.inbox.empty(); }));
    EXPECT_EQ(std::get<GetAnswer>(client.inbox.front().message).value, value);
}

TEST(Transport, WhatIsSentToAPeerThatHasGoneIsDroppedAndCounted) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    auto client = std::make_unique<Peer>(TransportOptions{});
    const Address back = connect(*client, server, endpoint);
    server.send(back, numbered(1));
    EXPECT_EQ(server.counters().dropped, 0U);
    client.reset();
    EXPECT_TRUE(pump_until({&server}, [&] {
        server.send(back, numbered(2));
        return server.counters().dropped > 0;
    }));
    server.send(Address::back(123456789), numbered(3));  // and to one that never was
    server.send(Address::back(std::uint64_t{1} << 40U), numbered(3));
    EXPECT_GE(server.counters().dropped, 3U);
}

TEST(Transport, NothingIsKeptForAPeerThatIsNotThere) {
    const std::string endpoint = free_endpoint();
    Peer client({});
    for (std::uint64_t i = 1; i <= 20; ++i) {
        client.send(Address::to(endpoint), numbered(i));
        client.pump();
    }
    EXPECT_TRUE(pump_until({&client}, [&] { return client.counters().dropped == 20; }));
    EXPECT_EQ(client.counters().frames_out(), 0U);
    Peer server(listening(endpoint));
    ASSERT_TRUE(pump_until({&client, &server}, [&] {
        client.send(Address::to(endpoint), numbered(1000));
        return server.inbox.size() >= 3;
    }));
    for (const Received& received : server.inbox) EXPECT_EQ(number_of(received), 1000U);
}

TEST(Transport, WhatWasMeantForAPeerDoesNotReachItsSuccessor) {
    const std::string endpoint = free_endpoint();
    auto server = std::make_unique<Peer>(listening(endpoint));
    Peer client({});
    connect(client, *server, endpoint);
    server.reset();
    ASSERT_TRUE(pump_until({&client}, [&] {
        client.send(Address::to(endpoint), numbered(1));
        return client.counters().dropped > 50;
    }));
    Peer successor(listening(endpoint));
    ASSERT_TRUE(pump_until({&client, &successor}, [&] {
        client.send(Address::to(endpoint), numbered(2));
        return !successor.inbox.empty();
    }));
    EXPECT_EQ(number_of(successor.inbox.front()), 2U);
}

TEST(Transport, MessagesWithoutAWayAreDropped) {
    Peer lonely({});
    lonely.send(Address{}, numbered(1));
    lonely.send(Address::back(1), numbered(1));
    lonely.send(Address::all_subscribers(), numbered(1));
    lonely.send(Address::to("nonsense"), numbered(1));
    lonely.send(Address::to("tcp://"), numbered(1));
    EXPECT_EQ(lonely.counters().dropped, 5U);
    lonely.transport->subscribe("nonsense");
    lonely.pump();
}

TEST(Transport, NamesWhatCouldNotLeave) {
    const std::string there = free_endpoint();
    const std::string gone = free_endpoint();
    Peer server(listening(there));
    auto leaving = std::make_unique<Peer>(listening(gone));
    Peer client({});
    connect(client, server, there);
    connect(client, *leaving, gone);
    const std::vector<Outgoing> turn = {
        {Address::to(there), NodeId(1), numbered(1)}, {Address::to(gone), NodeId(1), numbered(2)},
        {Address::back(7), {}, numbered(3)},  // an answer is not asked after
        {Address::to(there), NodeId(2), numbered(4)}, {Address::to(gone), NodeId(2), numbered(5)},
        {Address::to("nonsense"), {}, numbered(6)},   {Address::to(gone), NodeId(1), numbered(7)},
    };
    EXPECT_EQ(client.transport->send(some_identity, turn), std::vector<std::size_t>{5});
    leaving.reset();
    const std::vector<std::size_t> all_to_gone = {1, 4, 5, 6};
    EXPECT_TRUE(pump_until({&client}, [&] { return client.transport->send(some_identity, turn) == all_to_gone; }));
}

TEST(Transport, NamesTheOneThatIsLargerThanAFrameMayBe) {
    const std::string endpoint = free_endpoint();
    TransportOptions options;
    options.limits.frame = 2000;
    Peer server(listening(endpoint));
    Peer client(options);
    connect(client, server, endpoint);
    std::vector<Outgoing> turn(5, {Address::to(endpoint), {}, numbered(1)});
    turn[2].message = Get{RequestId(1), PartitionId(0), std::string(3000, 'x')};
    server.inbox.clear();
    EXPECT_EQ(client.transport->send(some_identity, turn), std::vector<std::size_t>{2});
    EXPECT_TRUE(pump_until({&client, &server}, [&] { return server.inbox.size() == 4; }));
}

TEST(Transport, SubscribersHearWhatIsPublished) {
    TransportOptions options;
    options.publish = free_endpoint();
    Peer publisher(options);
    Peer first({});
    Peer second({});
    first.transport->subscribe(*options.publish);
    second.transport->subscribe(*options.publish);
    ASSERT_TRUE(pump_until({&publisher, &first, &second}, [&] {
        publisher.send(Address::all_subscribers(), CurrentEpoch{Generation(1), Epoch(5)});
        return !first.inbox.empty() && !second.inbox.empty();
    }));
    EXPECT_EQ(first.inbox.front().from.address, Address::to(*options.publish));
    EXPECT_EQ(first.inbox.front().from.node, some_identity.node);
    EXPECT_EQ(std::get<CurrentEpoch>(second.inbox.front().message).epoch, Epoch(5));
}

TEST(Transport, ANewSubscriptionTakesThePlaceOfTheOneBefore) {
    TransportOptions old_options;
    old_options.publish = free_endpoint();
    TransportOptions new_options;
    new_options.publish = free_endpoint();
    Peer old_publisher(old_options);
    Peer new_publisher(new_options);
    Peer subscriber({});
    const auto publish = [&] {
        old_publisher.send(Address::all_subscribers(), CurrentEpoch{Generation(1), Epoch(1)});
        new_publisher.send(Address::all_subscribers(), CurrentEpoch{Generation(1), Epoch(2)});
    };
    const auto heard = [&](std::uint64_t epoch) {
        for (const Received& received : subscriber.inbox)
            if (std::get<CurrentEpoch>(received.message).epoch == Epoch(epoch)) return true;
        return false;
    };
    subscriber.transport->subscribe(*old_options.publish);
    ASSERT_TRUE(pump_until({&subscriber}, [&] { return publish(), heard(1); }));
    subscriber.transport->subscribe(*new_options.publish);
    subscriber.inbox.clear();
    ASSERT_TRUE(pump_until({&subscriber}, [&] { return publish(), heard(2); }));
    EXPECT_FALSE(heard(1));
}

TEST(Transport, AReceiveTakesNoMoreFramesThanItIsAskedFor) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    connect(client, server, endpoint);
    for (std::uint64_t i = 0; i < 50; ++i) client.send(Address::to(endpoint), numbered(i));
    std::size_t most = 0;
    ASSERT_TRUE(pump_until({}, [&] {
        most = std::max(most, server.pump(20));
        return server.inbox.size() == 50;
    }));
    EXPECT_LE(most, 20U);
    for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(number_of(server.inbox[i]), i);
}

// A flood of requests does not keep back the answers of peers.
TEST(Transport, SocketsTakeTurns) {
    const std::string endpoint = free_endpoint();
    const std::string other_endpoint = free_endpoint();
    Peer node(listening(endpoint));
    Peer peer(listening(other_endpoint));
    Peer flood({});
    const Address back = connect(node, peer, other_endpoint);
    connect(flood, node, endpoint);
    // Every turn of the node finds more requests than it takes.
    const auto turn = [&] {
        for (std::uint64_t i = 0; i < 200; ++i) flood.send(Address::to(endpoint), numbered(1));
        return node.pump(64);
    };
    std::size_t full_turns = 0;
    ASSERT_TRUE(pump_until({}, [&] { return (full_turns = turn() == 64 ? full_turns + 1 : 0) == 10; }));
    peer.send(back, numbered(5000));
    EXPECT_TRUE(pump_until({}, [&] {
        node.inbox.clear();
        turn();
        return std::any_of(node.inbox.begin(), node.inbox.end(),
                           [](const Received& received) { return number_of(received) == 5000U; });
    }));
}

TEST(Transport, IsWokenFromAnotherThread) {
    Peer sleeper({});
    const Time start = boot_time();
    std::thread waker([&] {
        std::this_thread::sleep_for(milliseconds(20));
        sleeper.transport->wake();
    });
    sleeper.transport->poll(seconds(120));
    waker.join();
    EXPECT_LT(boot_time() - start, seconds(60));
    sleeper.transport->wake();  // before the wait counts as well
    sleeper.transport->poll(seconds(120));
    EXPECT_LT(boot_time() - start, seconds(60));
    sleeper.transport->poll(milliseconds(1));  // and each wake ends one wait only
}

TEST(Transport, AWakeEndsOneWaitOnly) {
    Peer sleeper({});
    sleeper.transport->wake();
    sleeper.transport->wake();
    sleeper.transport->poll(seconds(120));
    const Time start = boot_time();
    sleeper.transport->poll(milliseconds(50));
    EXPECT_GE(boot_time() - start, milliseconds(45));
}

TEST(Transport, APortInUseIsAConfigurationErrorThatNamesIt) {
    const std::string endpoint = free_endpoint();
    Peer first(listening(endpoint));
    const auto second = Transport::open(listening(endpoint));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::configuration);
    EXPECT_THAT(second.error().message(), HasSubstr(endpoint));
    EXPECT_THAT(second.error().message(), HasSubstr("another process"));
    TransportOptions publishing;
    publishing.publish = endpoint;
    EXPECT_EQ(Transport::open(publishing).error().code(), ErrorCode::configuration);
    const auto elsewhere = Transport::open(listening("tcp://203.0.113.7:7400"));  // no machine's address (RFC 5737)
    ASSERT_FALSE(elsewhere);
    EXPECT_THAT(elsewhere.error().message(), HasSubstr("no network interface"));
    EXPECT_EQ(Transport::open(listening("tcp://127.0.0.1:0")).error().code(), ErrorCode::configuration);
}

TEST(Transport, APortIsFreeAgainAfterwards) {
    const std::string endpoint = free_endpoint();
    EXPECT_TRUE(pump_until({}, [&] { return Transport::open(listening(endpoint)).has_value(); }));
    EXPECT_TRUE(pump_until({}, [&] { return Transport::open(listening(endpoint)).has_value(); }));
}

TEST(Transport, ConnectionsThatNobodyUsesAreClosed) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    const Address back = connect(client, server, endpoint);
    client.transport->close_idle(Time(seconds(1000)), seconds(60));
    client.transport->close_idle(Time(seconds(1050)), seconds(60));
    const auto before = client.counters();
    client.send(Address::to(endpoint), numbered(1));  // still open, and used
    EXPECT_EQ(client.counters().frames_out(), before.frames_out() + 1);
    client.transport->close_idle(Time(seconds(1090)), seconds(60));
    client.transport->close_idle(Time(seconds(1149)), seconds(60));
    server.send(back, numbered(2));
    EXPECT_EQ(server.counters().dropped, 0U);
    client.transport->close_idle(Time(seconds(1151)), seconds(60));
    EXPECT_TRUE(pump_until({&client, &server}, [&] {
        server.send(back, numbered(3));
        return server.counters().dropped > 0;
    }));
    connect(client, server, endpoint);  // and may be opened again
}

TEST(Transport, OneMayEndWhileOthersGoOn) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&endpoint] {
            for (int round = 0; round < 5; ++round) {
                Peer client({});
                for (int n = 0; n < 20; ++n) {
                    client.send(Address::to(endpoint), numbered(1));
                    client.pump();
                }
            }
        });
    for (std::thread& thread : threads) thread.join();
    Peer last({});
    connect(last, server, endpoint);
}

}  // namespace
}  // namespace ringkv
