// What a client that sends too much, or does not read, makes a server hold, and what it is told.
#include <gtest/gtest.h>
#include <zmq.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "common/edge/running/event_loop.hpp"
#include "transport_peer.hpp"

namespace ringkv {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
constexpr std::size_t budget = std::size_t{16} << 20U;

// All that has come is taken in, and one message handed over: what is behind it waits.
void pump_one(Peer& server) {
    server.transport->poll(std::chrono::milliseconds(5));
    server.transport->receive(
        1000,
        [&server](const Origin& from, Message message) {
            server.inbox.push_back({from, std::move(message)});
        },
        [] { return true; });
}

// Takes a frame or two off the network at most, and then none.
class DeafClient {
  public:
    explicit DeafClient(const std::string& endpoint)
        : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_DEALER)) {
        const int none = 0;
        const int one = 1;
        zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
        zmq_setsockopt(socket_, ZMQ_RCVHWM, &one, sizeof one);
        EXPECT_EQ(zmq_connect(socket_, endpoint.c_str()), 0);
    }
    ~DeafClient() {
        zmq_close(socket_);
        zmq_ctx_term(context_);
    }
    DeafClient(const DeafClient&) = delete;
    DeafClient& operator=(const DeafClient&) = delete;

    void send(const std::vector<Message>& messages) {
        const std::string frame = encode(Identity{}, NodeId(), messages);
        EXPECT_GE(zmq_send(socket_, frame.data(), frame.size(), 0), 0);
    }

  private:
    void* context_;
    void* socket_;
};

// Answers every get with a value of 1 MiB, as a shard does.
class Store : public Actor {
  public:
    void receive(Time, const Origin& from, Message message) override {
        const RequestId request = std::get<Get>(message).request;
        ++answered;
        bytes_ += mebibyte;
        effects_.sends.push_back({from.address, {}, GetAnswer{request, std::string(mebibyte, 'v'), {}, {}}});
    }
    void tick(Time now) override {
        if (on_tick) on_tick(now);
    }
    void durable(Time, BatchNumber) override {}
    [[nodiscard]] std::size_t bytes_to_send() const override { return bytes_; }
    Effects take_effects() override {
        most_in_a_turn = std::max(most_in_a_turn, std::exchange(bytes_, 0));
        return std::exchange(effects_, {});
    }
    [[nodiscard]] Identity identity() const override { return some_identity; }
    [[nodiscard]] bool finished() const override { return done; }

    std::size_t answered = 0;
    std::size_t most_in_a_turn = 0;
    std::function<void(Time)> on_tick;
    bool done = false;

  private:
    Effects effects_;
    std::size_t bytes_ = 0;
};

TEST(TransportBudget, AClientThatAsksForMuchAndReadsNothingIsRefused) {
    constexpr std::size_t requests = 8192;
    const std::string endpoint = free_endpoint();
    auto transport = std::move(*Transport::open(listening(endpoint)));
    Store store;
    NoStorage storage;
    EventLoop loop(store, storage, *transport);
    DeafClient client(endpoint);
    std::size_t sent = 0;
    const auto ask = [&](std::size_t count) {
        client.send(std::vector<Message>(count, Get{RequestId(1), PartitionId(1), "key"}));
        sent += count;
    };
    ask(requests);
    std::size_t most = 0;
    const Time deadline = boot_time() + std::chrono::seconds(60);
    store.on_tick = [&](Time now) {
        most = std::max(most, transport->held_bytes());
        if (store.answered + transport->counters().overloaded == sent) {
            // On a slow machine the most of that one frame came too late to be answered: some more, until a budget is
            // used up.
            store.done = most > budget;
            if (!store.done) ask(4);
        }
        store.done |= now > deadline;
    };
    ASSERT_TRUE(loop.run());
    EXPECT_EQ(store.answered + transport->counters().overloaded, sent);
    EXPECT_GT(transport->counters().overloaded, requests / 2);
    EXPECT_LE(store.most_in_a_turn, 9 * mebibyte);
    EXPECT_GT(most, budget) << "nothing was held: then this shows nothing";
    EXPECT_LE(most, budget + 10 * mebibyte);
}

TEST(TransportBudget, AnswersToOneThatReadsNothingAreDroppedAtTwiceTheBudget) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    DeafClient client(endpoint);
    client.send({MapRequest{}});
    ASSERT_TRUE(pump_until({&server}, [&] { return !server.inbox.empty(); }));
    const Address back = server.inbox.back().from.address;
    ASSERT_TRUE(pump_until({}, [&] {
        server.send(back, GetAnswer{RequestId(1), std::string(mebibyte, 'v'), {}, {}});
        return server.counters().dropped > 0;
    }));
    EXPECT_LE(server.transport->held_bytes(), 2 * budget);
    EXPECT_GT(server.transport->held_bytes(), budget);
    client.send({MapRequest{}, Get{RequestId(2), PartitionId(), "k"}});
    ASSERT_TRUE(pump_until({&server}, [&] { return server.counters().overloaded == 1; }));
    // And nothing of that is another's concern.
    Peer other({});
    other.send(Address::to(endpoint), numbered(1));
    ASSERT_TRUE(pump_until({&server, &other}, [&] { return server.inbox.size() == 2; }));
    EXPECT_NE(server.inbox.back().from.address, back);
}

TEST(TransportBudget, WhatWasHeldForAClientThatWentIsLetGo) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    {
        DeafClient client(endpoint);
        client.send({MapRequest{}});
        ASSERT_TRUE(pump_until({&server}, [&] { return !server.inbox.empty(); }));
        ASSERT_TRUE(pump_until({}, [&] {
            server.send(server.inbox.back().from.address, GetAnswer{RequestId(1), std::string(mebibyte, 'v'), {}, {}});
            return server.counters().dropped > 0;
        }));
        EXPECT_GT(server.transport->held_bytes(), budget);
    }
    EXPECT_TRUE(pump_until({&server}, [&] { return server.transport->held_bytes() == 0; }));
}

const Identity of_client{};

Outgoing get(const std::string& endpoint, std::uint64_t request, std::size_t bytes) {
    return {Address::to(endpoint), {}, Get{RequestId(request), PartitionId(), std::string(bytes, 'k')}};
}

// Requests that a peer was refused, by their number.
std::size_t refusals(const Peer& peer, std::uint64_t request) {
    return static_cast<std::size_t>(std::count_if(peer.inbox.begin(), peer.inbox.end(), [&](const Received& received) {
        const auto* refused = std::get_if<RequestRefused>(&received.message);
        return refused != nullptr && refused->request == RequestId(request) &&
               refused->reason == RefusalReason::overloaded;
    }));
}

// And no other connection pays for it.
TEST(TransportBudget, OneThatSendsMoreThanIsHandedOverIsRefused) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer flood({});
    Peer other({});
    connect(flood, server, endpoint);
    const Address back = connect(other, server, endpoint);
    const auto heard = [&] {
        return std::any_of(server.inbox.begin(), server.inbox.end(),
                           [&](const Received& received) { return received.from.address == back; });
    };
    EXPECT_TRUE(pump_until({&flood, &other}, [&] {
        flood.transport->send(of_client, std::vector<Outgoing>(10, get(endpoint, 1, mebibyte)));
        const Outgoing small = get(endpoint, 2, 1);
        other.transport->send(of_client, {&small, 1});
        pump_one(server);
        return refusals(flood, 1) > 0 && heard();
    }));
    EXPECT_EQ(refusals(other, 2), 0U);
}

// 1. Clients send faster than the actor takes. 2. As much of it waits as may. 3. Nothing more was taken in, of servers
// neither: their beacons came late, and healthy members were removed.
TEST(TransportBudget, WhatServersSendIsTakenInHoweverMuchOfClientsWaits) {
    const std::string endpoint = free_endpoint();
    TransportOptions options = listening(endpoint);
    options.waiting_bytes = 4 * mebibyte;
    Peer server(options);
    Peer flood({});
    Peer node({});
    connect(flood, server, endpoint);
    connect(node, server, endpoint);
    // Nothing of clients is handed over from now on: the first message of a turn is the server's.
    std::vector<std::uint64_t> beacons;
    const auto pump = [&] {
        node.send(Address::to(endpoint), numbered(beacons.size() + 1));
        server.transport->poll(std::chrono::milliseconds(5));
        server.transport->receive(
            256,
            [&](const Origin& from, const Message& message) {
                if (from.node == some_identity.node) beacons.push_back(std::get<MapRequest>(message).epoch.value());
            },
            [] { return true; });
    };
    ASSERT_TRUE(pump_until({&flood}, [&] {
        flood.transport->send(of_client, std::vector<Outgoing>(10, get(endpoint, 1, mebibyte)));
        pump();
        return refusals(flood, 1) > 100;
    }));
    const std::size_t before = beacons.size();
    ASSERT_TRUE(pump_until({&flood}, [&] {
        flood.transport->send(of_client, std::vector<Outgoing>(10, get(endpoint, 1, mebibyte)));
        pump();
        return beacons.size() >= before + 20;
    }));
}

// Where more comes than can be done, what is done is done soon, and the rest is refused: else all would come late. But
// not what lets a client go elsewhere.
TEST(TransportBudget, WhatWaitedForTooLongIsRefused) {
    const std::string endpoint = free_endpoint();
    TransportOptions options = listening(endpoint);
    options.longest_wait = std::chrono::seconds(1);
    Peer server(options);
    Peer client({});
    connect(client, server, endpoint);
    std::vector<Outgoing> frame(10, get(endpoint, 1, 1));
    ASSERT_TRUE(pump_until({}, [&] {
        client.transport->send(of_client, frame);
        pump_one(server);
        return server.transport->waiting();
    }));
    frame.push_back({Address::to(endpoint), {}, numbered(7)});
    client.transport->send(of_client, frame);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    pump_one(server);  // it waits, too
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    server.inbox.clear();
    ASSERT_TRUE(pump_until({&client, &server}, [&] { return refusals(client, 1) >= 10 && !server.inbox.empty(); }));
    EXPECT_GE(server.counters().overloaded, 10U);
    ASSERT_EQ(server.inbox.size(), 1U) << "all requests were late";
    EXPECT_EQ(number_of(server.inbox.back()), 7U);
}

// A header may lie: what names a server in it is bounded, too, and may be lost like any message.
TEST(TransportBudget, WhatNamesAServerIsDroppedBeyondItsBound) {
    const std::string endpoint = free_endpoint();
    TransportOptions options = listening(endpoint);
    options.servers_bytes = 2 * mebibyte;
    Peer server(options);
    Peer node({});
    connect(node, server, endpoint);
    const std::vector<Outgoing> much(10, get(endpoint, 1, mebibyte));
    ASSERT_TRUE(pump_until({}, [&] {
        node.transport->send(some_identity, much);
        pump_one(server);
        return server.counters().overflowed > 0;
    }));
    EXPECT_EQ(server.counters().overloaded, 0U);
    ASSERT_TRUE(pump_until({&server}, [&] { return !server.transport->waiting(); }));
    server.inbox.clear();
    node.send(Address::to(endpoint), numbered(1));
    EXPECT_TRUE(pump_until({&server, &node}, [&] {
        return !server.inbox.empty() && std::holds_alternative<MapRequest>(server.inbox.back().message);
    }));
}

}  // namespace
}  // namespace ringkv
