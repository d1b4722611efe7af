// What waiting costs, and that nothing which comes is waited past.
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "transport_peer.hpp"

namespace {
thread_local int polls = 0;  // of this thread: libzmq looks at a socket by poll(2)
}  // namespace

// In the place of libc's.
extern "C" int poll(pollfd* descriptors, nfds_t count, int milliseconds) {
    ++polls;
    const timespec time{milliseconds / 1000, milliseconds % 1000 * 1000000L};
    return ::ppoll(descriptors, count, milliseconds < 0 ? nullptr : &time, nullptr);
}

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TransportWait, IdlePeersCostNoSystemCall) {
    std::vector<std::unique_ptr<Peer>> servers;
    Peer client({});
    for (int i = 0; i < 40; ++i) {
        const std::string endpoint = free_endpoint();
        servers.push_back(std::make_unique<Peer>(listening(endpoint)));
        connect(client, *servers.back(), endpoint);
    }
    // What the last messages left behind is gone after a few turns, however slow the machine.
    int least = 1000;
    ASSERT_TRUE(pump_until({},
                           [&] {
                               polls = 0;
                               client.pump();
                               least = std::min(least, polls);
                               return least == 0;
                           }))
        << least << " calls in a turn without a message";
}

// ZeroMQ signals once, and a send takes the signal.
TEST(TransportWait, ASendDoesNotHideWhatCame) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    const Address back = connect(client, server, endpoint);
    for (std::uint64_t round = 0; round < 10; ++round) {
        client.pump();
        server.send(back, numbered(round));
        std::this_thread::sleep_for(milliseconds(20));  // sends look for signals once in a while only
        client.send(Address::to(endpoint), numbered(round));
        const Time start = boot_time();
        while (client.inbox.size() <= round && boot_time() - start < seconds(60)) {
            client.transport->poll(seconds(60));
            client.transport->receive(10, [&](const Origin& from, Message message) {
                keep_bytes(message);
                client.inbox.push_back({from, std::move(message)});
            });
        }
        ASSERT_LT(boot_time() - start, seconds(30)) << "it was there, and the wait went on";
    }
}

// Nor does a receive that left something.
TEST(TransportWait, WhatWasNotTakenIsNotWaitedFor) {
    const std::string endpoint = free_endpoint();
    Peer server(listening(endpoint));
    Peer client({});
    const Address back = connect(client, server, endpoint);
    for (std::uint64_t i = 0; i < 10; ++i) server.send(back, numbered(i));
    const Time start = boot_time();
    while (client.inbox.size() < 10 && boot_time() - start < seconds(60)) {
        client.transport->poll(seconds(60));
        client.transport->receive(1, [&](const Origin& from, Message message) {
            keep_bytes(message);
            client.inbox.push_back({from, std::move(message)});
        });
    }
    EXPECT_LT(boot_time() - start, seconds(30));
    EXPECT_EQ(client.inbox.size(), 10U);
}

TEST(TransportWait, CountsTheWaitsThatSomethingEnded) {
    Peer sleeper({});
    sleeper.transport->poll(milliseconds(1));
    EXPECT_EQ(sleeper.counters().wake_ups, 0U);
    sleeper.transport->wake();
    sleeper.transport->poll(seconds(60));
    EXPECT_EQ(sleeper.counters().wake_ups, 1U);
    sleeper.transport->wake();
    sleeper.transport->poll(milliseconds(0));  // not a wait
    EXPECT_EQ(sleeper.counters().wake_ups, 1U);
}

}  // namespace
}  // namespace ringkv
