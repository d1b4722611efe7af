// What a client that does not read makes a server hold.
#include <gtest/gtest.h>
#include <zmq.h>

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
        ++asked;
        if (from.over_budget) {
            ++refused;
            effects_.sends.push_back({from.address, {}, RequestRefused{request, RefusalReason::overloaded, "", {}}});
            return;
        }
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

    std::size_t asked = 0;
    std::size_t refused = 0;
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
    client.send(std::vector<Message>(requests, Get{RequestId(1), PartitionId(1), "key"}));
    std::size_t most = 0;
    const Time deadline = boot_time() + std::chrono::seconds(60);
    store.on_tick = [&](Time now) {
        most = std::max(most, transport->held_bytes());
        store.done = store.asked == requests || now > deadline;
    };
    ASSERT_TRUE(loop.run());
    EXPECT_EQ(store.asked, requests);
    EXPECT_GT(store.refused, requests / 2);
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
    EXPECT_FALSE(server.inbox.back().from.over_budget);
    const Address back = server.inbox.back().from.address;
    ASSERT_TRUE(pump_until({}, [&] {
        server.send(back, GetAnswer{RequestId(1), std::string(mebibyte, 'v'), {}, {}});
        return server.counters().dropped > 0;
    }));
    EXPECT_LE(server.transport->held_bytes(), 2 * budget);
    EXPECT_GT(server.transport->held_bytes(), budget);
    client.send({MapRequest{}});
    ASSERT_TRUE(pump_until({&server}, [&] { return server.inbox.size() == 2; }));
    EXPECT_TRUE(server.inbox.back().from.over_budget);
    // And nothing of that is another's concern.
    Peer other({});
    other.send(Address::to(endpoint), numbered(1));
    ASSERT_TRUE(pump_until({&server, &other}, [&] { return server.inbox.size() == 3; }));
    EXPECT_FALSE(server.inbox.back().from.over_budget);
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

// And no other connection pays for it.
TEST(TransportBudget, OneThatSendsMoreThanIsHandedOverIsRefused) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer flood({});
    Peer other({});
    connect(flood, server, endpoint);
    const Address back = connect(other, server, endpoint);
    const Identity of_client{};
    const Outgoing large{Address::to(endpoint), {}, Get{RequestId(1), PartitionId(), std::string(mebibyte, 'k')}};
    const Outgoing small{Address::to(endpoint), {}, Get{RequestId(2), PartitionId(), "k"}};
    ASSERT_TRUE(pump_until({}, [&] {
        flood.transport->send(of_client, std::vector<Outgoing>(10, large));
        other.transport->send(of_client, {&small, 1});
        pump_one(server);
        return !server.inbox.empty() && server.inbox.back().from.over_budget;
    }));
    EXPECT_NE(server.inbox.back().from.address, back);
    for (const Received& received : server.inbox)
        EXPECT_FALSE(received.from.over_budget && received.from.address == back);
}

// Where more comes than can be done, what is done is done soon, and the rest is refused: else all would come late.
TEST(TransportBudget, WhatWaitedForTooLongIsRefused) {
    const std::string endpoint = free_endpoint();
    TransportOptions options = listening(endpoint);
    options.longest_wait = std::chrono::seconds(1);
    Peer server(options);
    Peer client({});
    const Address back = connect(client, server, endpoint);
    const Outgoing get{Address::to(endpoint), {}, Get{RequestId(1), PartitionId(), "k"}};
    server.inbox.clear();
    ASSERT_TRUE(pump_until({}, [&] {
        for (int i = 0; i < 2; ++i) client.transport->send({}, {&get, 1});
        pump_one(server);
        return server.transport->waiting();
    }));
    EXPECT_FALSE(server.inbox.front().from.late);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    pump_one(server);
    EXPECT_EQ(server.inbox.back().from.address, back);
    EXPECT_TRUE(server.inbox.back().from.late);
    EXPECT_FALSE(server.inbox.back().from.over_budget);
}

}  // namespace
}  // namespace ringkv
