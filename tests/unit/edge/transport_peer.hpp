// A transport with everything that came in through it, and waiting for conditions.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/edge/system/clock.hpp"
#include "common/edge/transport/transport.hpp"
#include "ports.hpp"

namespace ringkv {

inline const Identity some_identity{Uuid{{1, 2, 3}}, NodeId(4), StartNumber(5)};

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
        transport->poll(std::chrono::milliseconds(5));
        return transport->receive(frames, [this](const Origin& from, Message message) {
            keep_bytes(message);
            inbox.push_back({from, std::move(message)});
        });
    }
    void send(const Address& address, Message message, NodeId to = {}) {
        const Outgoing outgoing{address, to, std::move(message)};
        transport->send(some_identity, {&outgoing, 1});
    }
    [[nodiscard]] const TransportCounters& counters() const { return transport->counters(); }
};

inline TransportOptions listening(const std::string& endpoint) {
    TransportOptions options;
    options.listen = endpoint;
    return options;
}

template <class Condition>
[[nodiscard]] bool pump_until(const std::vector<Peer*>& peers, Condition condition) {
    const Time deadline = boot_time() + std::chrono::seconds(60);
    while (!condition()) {
        if (boot_time() > deadline) return false;
        for (Peer* peer : peers) peer->pump();
    }
    return true;
}

inline MapRequest numbered(std::uint64_t number) {
    return {Generation(1), Epoch(number)};
}
inline std::uint64_t number_of(const Received& received) {
    return std::get<MapRequest>(received.message).epoch.value();
}

// The first messages to a new endpoint are dropped, for no socket is connected yet: repeats one until it is
// there, and waits for all that went. -> where the server answers to.
inline Address connect(Peer& client, Peer& server, const std::string& endpoint) {
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
    Address back = arrived(mark) == nullptr ? Address{} : arrived(mark)->from.address;
    client.send(Address::to(endpoint), numbered(++mark));  // after all others, for a connection keeps order
    EXPECT_TRUE(pump_until({&client, &server}, [&] { return arrived(mark) != nullptr; }));
    server.inbox.clear();
    return back;
}

}  // namespace ringkv
