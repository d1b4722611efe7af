#include "common/edge/transport.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <thread>

#include "common/edge/clock.hpp"
#include "ports.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

const Identity somebody{Uuid{{1, 2, 3}}, NodeId(4), StartNumber(5)};

struct Received {
    Origin from;
    Message message;
};

// A transport, and everything that came in through it.
struct Peer {
    std::unique_ptr<Transport> transport;
    std::vector<Received> inbox;

    explicit Peer(const TransportOptions& options) {
        auto opened = Transport::open(options);
        if (!opened) {
            ADD_FAILURE() << opened.error();
            return;
        }
        transport = std::move(*opened);
    }
    std::size_t pump(std::size_t frames = 1000) {
        transport->poll(milliseconds(5));
        return transport->receive(frames, [this](const Origin& from, Message message) {
            inbox.push_back({from, std::move(message)});
        });
    }
    void send(const Address& address, Message message, NodeId to = {}) {
        const Outgoing outgoing{address, to, std::move(message)};
        transport->send(somebody, {&outgoing, 1});
    }
    [[nodiscard]] const TransportCounters& counters() const { return transport->counters(); }
};

TransportOptions listening(const std::string& endpoint) {
    TransportOptions options;
    options.listen = endpoint;
    return options;
}

template <class Condition>
[[nodiscard]] bool pump_until(std::vector<Peer*> peers, Condition condition) {
    const Time deadline = boot_time() + seconds(60);
    while (!condition()) {
        if (boot_time() > deadline) return false;
        for (Peer* peer : peers) peer->pump();
    }
    return true;
}

MapRequest numbered(std::uint64_t number) {
    return {Generation(1), Epoch(number)};
}
std::uint64_t number_of(const Received& received) {
    return std::get<MapRequest>(received.message).epoch.value();
}

// The first messages to a new endpoint are dropped, for nobody is connected yet: repeats one until it is
// there, and waits for all that went. -> where the server answers to.
Address connect(Peer& client, Peer& server, const std::string& endpoint) {
    static std::uint64_t mark = 1U << 30U;
    ++mark;
    const auto arrived = [&](std::uint64_t number) -> const Received* {
        for (const Received& received : server.inbox)
            if (number_of(received) == number) return &received;
        return nullptr;
    };
    EXPECT_TRUE(pump_until({&client, &server}, [&] {
        client.send(Address::to(endpoint), numbered(mark));
        return arrived(mark) != nullptr;
    }));
    const Address back = arrived(mark) == nullptr ? Address{} : arrived(mark)->from.address;
    client.send(Address::to(endpoint), numbered(++mark));  // after all others, for a connection keeps order
    EXPECT_TRUE(pump_until({&client, &server}, [&] { return arrived(mark) != nullptr; }));
    server.inbox.clear();
    return back;
}

// A bare ZeroMQ socket, for what no transport of ours would send.
class BareSocket {
  public:
    BareSocket(int type, const std::string& endpoint, const std::string& routing_id = "")
        : context_(zmq_ctx_new()), socket_(zmq_socket(context_, type)) {
        const int none = 0;
        const int patience = 20000;
        zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
        zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &patience, sizeof patience);
        if (!routing_id.empty()) zmq_setsockopt(socket_, ZMQ_ROUTING_ID, routing_id.data(), routing_id.size());
        EXPECT_EQ(type == ZMQ_ROUTER || type == ZMQ_PUB ? zmq_bind(socket_, endpoint.c_str())
                                                        : zmq_connect(socket_, endpoint.c_str()),
                  0);
    }
    ~BareSocket() {
        zmq_close(socket_);
        zmq_ctx_term(context_);
    }
    BareSocket(const BareSocket&) = delete;
    BareSocket& operator=(const BareSocket&) = delete;

    void send(const std::vector<std::string>& parts) {
        for (std::size_t i = 0; i < parts.size(); ++i)
            EXPECT_GE(zmq_send(socket_, parts[i].data(), parts[i].size(), i + 1 < parts.size() ? ZMQ_SNDMORE : 0), 0);
    }
    std::string receive_part() {
        std::string part(100000, '\0');
        const int size = zmq_recv(socket_, part.data(), part.size(), 0);
        EXPECT_GE(size, 0) << zmq_strerror(zmq_errno());
        part.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return part;
    }
    // The answer to a bad frame, while the server is pumped beside.
    Refused receive_refusal() {
        const auto envelope = decode(receive_part());
        EXPECT_TRUE(envelope);
        if (!envelope || envelope->messages.size() != 1) return {};
        EXPECT_TRUE(envelope->sender.cluster.none());
        return std::get<Refused>(envelope->messages.front());
    }

  private:
    void* context_;
    void* socket_;
};

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
    EXPECT_EQ(request.from.cluster, somebody.cluster);
    EXPECT_EQ(request.from.node, somebody.node);
    EXPECT_EQ(request.from.start, somebody.start);
    EXPECT_EQ(request.from.to, NodeId(8));
    EXPECT_EQ(std::get<Get>(request.message).key, "k");

    server.send(request.from.address, GetAnswer{RequestId(1), "v", OpNumber(3), OpNumber(4)});
    ASSERT_TRUE(pump_until({&client}, [&] { return !client.inbox.empty(); }));
    EXPECT_EQ(client.inbox.front().from.address, Address::to(endpoint));
    EXPECT_EQ(std::get<GetAnswer>(client.inbox.front().message).value, "v");
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
    client.transport->send(somebody, turn);
    EXPECT_EQ(client.counters().frames_out - before.frames_out, 2U);
    EXPECT_EQ(client.counters().messages_out - before.messages_out, 100U);
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
    const auto before = client.counters().frames_out;
    std::vector<Outgoing> turn;
    for (std::uint64_t i = 0; i < 100; ++i)
        turn.push_back({Address::to(endpoint), NodeId(), Get{RequestId(i), PartitionId(), std::string(1000, 'k')}});
    client.transport->send(somebody, turn);
    EXPECT_EQ(client.counters().frames_out - before, 10U);  // of ten messages, the tenth of which is over the limit
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
    EXPECT_EQ(client.counters().dropped, 20U);
    EXPECT_EQ(client.counters().frames_out, 0U);
    Peer server(listening(endpoint));
    ASSERT_TRUE(pump_until({&client, &server}, [&] {
        client.send(Address::to(endpoint), numbered(1000));
        return server.inbox.size() >= 3;
    }));
    for (const Received& received : server.inbox) EXPECT_EQ(number_of(received), 1000U);
}

// It is connected to, but does not speak.
TEST(Transport, NothingIsKeptForAPeerThatDoesNotShakeHands) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const std::uint16_t port = bind_free(listener);
    ASSERT_EQ(::listen(listener, 8), 0);
    Peer client({});
    const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(port);
    client.send(Address::to(endpoint), numbered(1));
    const int accepted = ::accept(listener, nullptr, nullptr);
    ASSERT_GE(accepted, 0);
    for (int i = 0; i < 20; ++i) {
        client.send(Address::to(endpoint), numbered(2));
        client.pump();
    }
    EXPECT_EQ(client.counters().frames_out, 0U);
    EXPECT_EQ(client.counters().dropped, 21U);
    ::close(accepted);
    ::close(listener);
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

TEST(Transport, SubscribersHearWhatIsPublished) {
    TransportOptions options;
    options.publish = free_endpoint();
    Peer publisher(options);
    Peer first({});
    Peer second({});
    first.transport->subscribe(*options.publish);
    second.transport->subscribe(*options.publish);
    ASSERT_TRUE(pump_until({&publisher, &first, &second}, [&] {
        publisher.send(Address::all_subscribers(), EpochBeacon{Generation(1), Epoch(5)});
        return !first.inbox.empty() && !second.inbox.empty();
    }));
    EXPECT_EQ(first.inbox.front().from.address, Address::to(*options.publish));
    EXPECT_EQ(first.inbox.front().from.node, somebody.node);
    EXPECT_EQ(std::get<EpochBeacon>(second.inbox.front().message).epoch, Epoch(5));
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
        old_publisher.send(Address::all_subscribers(), EpochBeacon{Generation(1), Epoch(1)});
        new_publisher.send(Address::all_subscribers(), EpochBeacon{Generation(1), Epoch(2)});
    };
    const auto heard = [&](std::uint64_t epoch) {
        for (const Received& received : subscriber.inbox)
            if (std::get<EpochBeacon>(received.message).epoch == Epoch(epoch)) return true;
        return false;
    };
    subscriber.transport->subscribe(*old_options.publish);
    ASSERT_TRUE(pump_until({&subscriber}, [&] { return publish(), heard(1); }));
    subscriber.transport->subscribe(*new_options.publish);
    subscriber.inbox.clear();
    ASSERT_TRUE(pump_until({&subscriber}, [&] { return publish(), heard(2); }));
    EXPECT_FALSE(heard(1));
}

TEST(Transport, AFrameLargerThanTheLimitCostsOnlyItsSenderTheConnection) {
    const std::string endpoint = free_endpoint();
    TransportOptions small = listening(endpoint);
    small.limits.frame = 10000;
    Peer server(small);
    Peer rude({});
    Peer polite({});
    connect(rude, server, endpoint);
    const Address back = connect(polite, server, endpoint);
    rude.send(Address::to(endpoint), Get{RequestId(1), PartitionId(), std::string(20000, 'k')});
    polite.send(Address::to(endpoint), numbered(1));
    ASSERT_TRUE(pump_until({&server}, [&] { return !server.inbox.empty(); }));
    EXPECT_EQ(number_of(server.inbox.front()), 1U);
    EXPECT_EQ(server.inbox.front().from.address, back);
    // And the sender may come again.
    connect(rude, server, endpoint);
    // The server itself does not send what others would not take, but splits where that helps.
    const auto before = server.counters();
    const Message half = Get{RequestId(1), PartitionId(), std::string(6000, 'k')};
    const std::vector<Outgoing> turn = {
        {back, {}, half}, {back, {}, half}, {back, {}, Get{RequestId(2), PartitionId(), std::string(10001, 'k')}}};
    server.transport->send(somebody, turn);
    EXPECT_EQ(server.counters().frames_out - before.frames_out, 2U);
    EXPECT_EQ(server.counters().messages_out - before.messages_out, 2U);
    EXPECT_EQ(server.counters().dropped - before.dropped, 1U);
    ASSERT_TRUE(pump_until({&polite}, [&] { return polite.inbox.size() == 2; }));
}

TEST(Transport, RawGarbageOnThePortDisturbsNobody) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    connect(client, server, endpoint);
    std::vector<int> rude;
    for (const std::string& garbage :
         {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(100000, '\0'), std::string(100000, '\xff'),
          std::string("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16) + std::string(5000, '\x01'), std::string("\x01"),
          std::string("\x01\0\x05\0hello", 9)}) {
        rude.push_back(connect_raw(endpoint));
        ASSERT_GE(rude.back(), 0);
        (void)::send(rude.back(), garbage.data(), garbage.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    for (std::uint64_t round = 0; round < 20; ++round) {
        server.inbox.clear();
        client.send(Address::to(endpoint), numbered(round));
        ASSERT_TRUE(pump_until({&server, &client}, [&] { return !server.inbox.empty(); }));
        EXPECT_EQ(number_of(server.inbox.front()), round);
    }
    EXPECT_EQ(client.counters().malformed, 0U);
    for (const int socket : rude) ::close(socket);
}

TEST(Transport, BadFramesAreRefusedAndCounted) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    const std::string good = encode(somebody, NodeId(), {numbered(1)});
    std::string other_version = good;
    other_version[5] = 2;  // behind the array's head and "RKV"
    const std::vector<std::pair<std::vector<std::string>, ErrorCode>> frames = {
        {{"garbage"}, ErrorCode::malformed},
        {{""}, ErrorCode::malformed},
        {{good.substr(0, good.size() - 1)}, ErrorCode::malformed},
        {{good, good}, ErrorCode::malformed},
        {{"", good, "more"}, ErrorCode::malformed},
        {{other_version}, ErrorCode::version_mismatch},
    };
    BareSocket rude(ZMQ_DEALER, endpoint);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        rude.send(frames[i].first);
        ASSERT_TRUE(pump_until({&server}, [&] { return server.counters().malformed == i + 1; }));
        const Refused refused = rude.receive_refusal();
        EXPECT_EQ(refused.code, frames[i].second) << i;
        EXPECT_FALSE(refused.text.empty());
    }
    EXPECT_TRUE(server.inbox.empty());
    rude.send({"", good});  // the delimiter of a REQ socket does no harm
    rude.send({good});
    EXPECT_TRUE(pump_until({&server}, [&] { return server.inbox.size() == 2; }));
    EXPECT_EQ(server.counters().malformed, frames.size());
}

// The next to choose it would get what is meant for this one.
TEST(Transport, APeerThatChoosesItsRoutingIdIsRefused) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    BareSocket rude(ZMQ_DEALER, endpoint, "fixed");
    rude.send({encode(somebody, NodeId(), {numbered(1)})});
    ASSERT_TRUE(pump_until({&server}, [&] { return server.counters().malformed == 1; }));
    EXPECT_THAT(rude.receive_refusal().text, HasSubstr("routing id"));
    EXPECT_TRUE(server.inbox.empty());
}

TEST(Transport, BadAnswersAreDroppedWithoutAnAnswer) {
    const std::string endpoint = free_endpoint();
    BareSocket server(ZMQ_ROUTER, endpoint);
    Peer client({});
    ASSERT_TRUE(pump_until({&client}, [&] {
        client.send(Address::to(endpoint), numbered(1));
        return client.counters().frames_out > 0;
    }));
    const std::string id = server.receive_part();
    (void)server.receive_part();
    server.send({id, "garbage"});
    server.send({id, encode(somebody, NodeId(), {numbered(2)})});
    ASSERT_TRUE(pump_until({&client}, [&] { return !client.inbox.empty(); }));
    EXPECT_EQ(number_of(client.inbox.front()), 2U);
    EXPECT_EQ(client.counters().malformed, 1U);
    EXPECT_EQ(client.counters().frames_out, 1U);
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
    const auto elsewhere = Transport::open(listening("tcp://203.0.113.7:7400"));  // nobody's address (RFC 5737)
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
    EXPECT_EQ(client.counters().frames_out, before.frames_out + 1);
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

TEST(Endpoint, IsCheckedAndCountedUp) {
    for (const char* good :
         {"tcp://127.0.0.1:7400", "tcp://host-1.example:1", "tcp://*:65535", "tcp://[::1]:7400", "tcp://0.0.0.0:7400"})
        EXPECT_TRUE(check_endpoint(good)) << good;
    for (const char* bad :
         {"", "tcp://", "127.0.0.1:7400", "udp://127.0.0.1:7400", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://:7400",
          "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:74x", "tcp://127.0.0.1:-1", "tcp://a b:7400",
          "tcp://127.0.0.1:7400 ", "tcp://host/x:7400", "tcp://::1:7400", "tcp://[]:7400", "tcp://127.0.0.1:+7"}) {
        const auto checked = check_endpoint(bad);
        ASSERT_FALSE(checked) << bad;
        EXPECT_EQ(checked.error().code(), ErrorCode::configuration);
        EXPECT_THAT(checked.error().message(), HasSubstr(bad));
    }
    EXPECT_EQ(endpoint_plus("tcp://127.0.0.1:7400", 3).value(), "tcp://127.0.0.1:7403");
    EXPECT_EQ(endpoint_plus("tcp://[::1]:7400", 0).value(), "tcp://[::1]:7400");
    EXPECT_EQ(endpoint_plus("tcp://127.0.0.1:65535", 0).value(), "tcp://127.0.0.1:65535");
    EXPECT_EQ(endpoint_plus("tcp://127.0.0.1:65535", 1).error().code(), ErrorCode::configuration);
    EXPECT_EQ(endpoint_plus("nonsense", 1).error().code(), ErrorCode::configuration);
}

TEST(Endpoint, KnowsLoopback) {
    for (const char* loopback : {"tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://localhost:1", "tcp://[::1]:1"})
        EXPECT_TRUE(is_loopback(loopback)) << loopback;
    for (const char* beyond : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://10.0.0.1:1", "tcp://[::]:1",
                               "tcp://127.evil.example:1", "tcp://128.0.0.1:1", "nonsense"})
        EXPECT_FALSE(is_loopback(beyond)) << beyond;
}

}  // namespace
}  // namespace ringkv
