// What strangers may send, and what it does not do to the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.h>

#include "transport_peer.hpp"

namespace ringkv {
namespace {

using testing::HasSubstr;

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
    FrameRefused receive_refusal() {
        const auto envelope = decode(receive_part());
        EXPECT_TRUE(envelope);
        if (!envelope || envelope->messages.size() != 1) return {};
        EXPECT_TRUE(envelope->sender.cluster.none());
        return std::get<FrameRefused>(envelope->messages.front());
    }

  private:
    void* context_;
    void* socket_;
};

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
    EXPECT_EQ(client.counters().frames_out(), 0U);
    EXPECT_EQ(client.counters().dropped, 21U);
    ::close(accepted);
    ::close(listener);
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
    // And the sender may come again. (The codec would refuse the frame as well, but not before it took its room.)
    connect(rude, server, endpoint);
    EXPECT_EQ(server.counters().malformed, 0U);
    // The server itself does not send what others would not take, but splits where that helps.
    const auto before = server.counters();
    const Message half = Get{RequestId(1), PartitionId(), std::string(6000, 'k')};
    const std::vector<Outgoing> turn = {
        {back, {}, half}, {back, {}, half}, {back, {}, Get{RequestId(2), PartitionId(), std::string(10001, 'k')}}};
    server.transport->send(some_identity, turn);
    EXPECT_EQ(server.counters().frames_out() - before.frames_out(), 2U);
    EXPECT_EQ(server.counters().messages_out() - before.messages_out(), 2U);
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
    const std::string good = encode(some_identity, NodeId(), {numbered(1)});
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
        const FrameRefused refused = rude.receive_refusal();
        EXPECT_EQ(refused.code, frames[i].second) << i;
        EXPECT_FALSE(refused.text.empty());
    }
    EXPECT_TRUE(server.inbox.empty());
    rude.send({"", good});  // the delimiter of a REQ socket does no harm
    rude.send({good});
    EXPECT_TRUE(pump_until({&server}, [&] { return server.inbox.size() == 2; }));
    EXPECT_EQ(server.counters().malformed, frames.size());
}

TEST(Transport, AMessageOfANewerReleaseIsRefusedByItself) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    const Address back = connect(client, server, endpoint);
    server.send(back, numbered(1));
    ASSERT_TRUE(pump_until({&client}, [&] { return client.inbox.size() == 1; }));
    Write write;
    write.request = RequestId(7);
    write.ack = Ack(2);
    const std::vector<Outgoing> turn = {{Address::to(endpoint), {}, numbered(2)},
                                        {Address::to(endpoint), {}, write},
                                        {Address::to(endpoint), {}, numbered(3)}};
    client.transport->send(some_identity, turn);
    ASSERT_TRUE(pump_until({&server, &client}, [&] { return client.inbox.size() == 2; }));
    ASSERT_EQ(server.inbox.size(), 2U);
    EXPECT_EQ(number_of(server.inbox[0]), 2U);
    EXPECT_EQ(number_of(server.inbox[1]), 3U);
    EXPECT_EQ(server.counters().unreadable, 1U);
    EXPECT_EQ(server.counters().malformed, 0U);
    const Received& answer = client.inbox.back();
    EXPECT_EQ(answer.from.cluster, some_identity.cluster) << "clients take refusals from their own cluster only";
    EXPECT_EQ(answer.from.node, some_identity.node);
    EXPECT_EQ(std::get<RequestRefused>(answer.message).request, RequestId(7));
    EXPECT_EQ(std::get<RequestRefused>(answer.message).reason, RefusalReason::not_built);

    // What comes as an answer is dropped, and counted.
    const auto sent = client.counters().frames_out();
    server.send(back, write);
    server.send(back, numbered(4));
    ASSERT_TRUE(pump_until({&server, &client}, [&] { return client.inbox.size() == 3; }));
    EXPECT_EQ(client.counters().unreadable, 1U);
    EXPECT_EQ(client.counters().frames_out(), sent);
}

// The next to choose it would get what is meant for this one.
TEST(Transport, APeerThatChoosesItsRoutingIdIsRefused) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    BareSocket rude(ZMQ_DEALER, endpoint, "fixed");
    rude.send({encode(some_identity, NodeId(), {numbered(1)})});
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
        return client.counters().frames_out() > 0;
    }));
    const auto sent = client.counters().frames_out();
    const std::string id = server.receive_part();
    (void)server.receive_part();
    server.send({id, "garbage"});
    server.send({id, encode(some_identity, NodeId(), {numbered(2)})});
    ASSERT_TRUE(pump_until({&client}, [&] { return !client.inbox.empty(); }));
    EXPECT_EQ(number_of(client.inbox.front()), 2U);
    EXPECT_EQ(client.counters().malformed, 1U);
    EXPECT_EQ(client.counters().frames_out(), sent);
}

}  // namespace
}  // namespace ringkv
