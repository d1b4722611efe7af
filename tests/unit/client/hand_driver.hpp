// Drives a ClientActor by hand: virtual time, and a cluster of three nodes that says only what the test says.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "client/client_actor.hpp"
#include "client/edge/calls.hpp"
#include "common/partitioning.hpp"
#include "common/protocol_version.hpp"

namespace ringkv::test {

using std::chrono::milliseconds;

inline const std::string registry = "tcp://10.0.0.9:7400";
inline const std::string other_registry = "tcp://10.0.0.8:7400";
inline const std::string publisher = "tcp://10.0.0.9:7401";
inline constexpr std::uint32_t partition_count = 4;

inline Uuid cluster_id(std::uint8_t byte = 7) {
    Uuid id;
    id.bytes[0] = byte;
    return id;
}

inline std::string endpoint_of(NodeId node) {
    return "tcp://10.0.0." + std::to_string(node.value()) + ":7411";
}

inline NodeInfo node_info(std::uint32_t id) {
    NodeInfo node;
    node.id = NodeId(id);
    node.name = "n" + std::to_string(id);
    node.rack = "rack-" + std::to_string(id);
    node.start = StartNumber(1);
    node.endpoints = {endpoint_of(node.id)};
    return node;
}

inline View view_of(std::uint64_t number, std::uint32_t primary) {
    return {.id = {Generation(1), ViewNumber(number)},
            .since = {Generation(1), ViewNumber(number)},
            .primary = NodeId(primary),
            .members = {NodeId(1), NodeId(2), NodeId(3)}};
}

// Epoch 1, view 1 everywhere; the primary of partition p is node p mod 3 + 1.
inline ClusterMap first_map() {
    ClusterMap map;
    map.generation = Generation(1);
    map.epoch = Epoch(1);
    map.settings.cluster = "test";
    map.settings.id = cluster_id();
    map.settings.partitions = partition_count;
    map.settings.publish = "tcp://0.0.0.0:7401";
    for (std::uint32_t id = 1; id <= 3; ++id) map.nodes[NodeId(id)] = node_info(id);
    for (std::uint32_t p = 0; p < partition_count; ++p)
        map.partitions.push_back({view_of(1, p % 3 + 1), {NodeId(1), NodeId(2), NodeId(3)}, {}});
    return map;
}

// A key of that partition; another one for each `which`.
inline std::string key_in(std::uint32_t partition, int which = 0) {
    for (int i = 0;; ++i) {
        std::string key = "key" + std::to_string(i);
        if (partition_of(key, partition_count) == PartitionId(partition) && which-- == 0) return key;
    }
}

template <class T>
struct Sent {
    std::string endpoint;
    NodeId to;
    T message;
};

class HandDriver {
  public:
    explicit HandDriver(std::vector<std::string> registries = {registry}, std::size_t in_flight = 1000,
                        std::size_t window = ContactSettings().window, std::string rack = {})
        : client(
              {.registries = std::move(registries),
               .id = ClientId(42),
               .in_flight = in_flight,
               .rack = std::move(rack),
               .slow = milliseconds(100),
               .on_slow = [this](const SlowOperation& told) { slow.push_back(calls::slow_call(ClientId(42), told)); },
               .contact = {.window = window},
               .retry = {}},
              1) {}

    // With a map, and all nodes heard.
    static HandDriver formed(std::size_t window = ContactSettings().window) { return HandDriver(Formed{}, window); }
    // Likewise, with nodes of today and a rack of its own; those of `older` speak minor version 1.
    static HandDriver in_rack(std::string rack, std::set<std::uint32_t> older = {}) {
        return HandDriver(Formed{}, ContactSettings().window, std::move(rack), protocol_minor, std::move(older));
    }

    void turn() {
        client.tick(now);
        Effects effects = client.take_effects();
        for (Outgoing& send : effects.sends) {
            keep_bytes(send.message);
            sends.push_back(std::move(send));
        }
        if (effects.subscribe) subscribed = effects.subscribe;
        for (Completion& completion : client.take_completions()) {
            EXPECT_FALSE(done.contains(completion.id)) << "completed twice";
            done.emplace(completion.id, std::move(completion.outcome));
        }
    }

    // In steps of a millisecond.
    void advance(Duration duration) {
        for (const Time end = now + duration; now < end; turn()) now += milliseconds(1);
    }

    OperationId submit(Operation operation, Duration within = std::chrono::seconds(5)) {
        const OperationId id = client.submit(now, std::move(operation), now + within);
        turn();
        return id;
    }
    OperationId put(std::string key, std::string value, Duration within = std::chrono::seconds(5)) {
        return submit(WriteOperation{.key = std::move(key), .value = std::move(value), .expected = {}}, within);
    }
    OperationId get(std::string key, Duration within = std::chrono::seconds(5)) {
        return submit(GetOperation{std::move(key)}, within);
    }

    // From the registry, or another sender without a node id.
    void answer(const std::string& endpoint, Message message, Uuid cluster = cluster_id(), NodeId node = {}) {
        const std::uint32_t minor = older.contains(node.value()) ? 1 : minor_of_others;
        client.receive(now, {Address::to(endpoint), cluster, node, StartNumber(1), NodeId(), minor},
                       std::move(message));
        turn();
    }
    void from_node(std::uint32_t id, Message message) {
        answer(endpoint_of(NodeId(id)), std::move(message), cluster_id(), NodeId(id));
    }
    // Time passes, and the node is heard all the while.
    void talk(std::uint32_t id, Duration duration) {
        for (const Time end = now + duration; now < end;) {
            from_node(id, beacon());
            advance(std::min<Duration>(milliseconds(50), end - now));
        }
    }
    // A later process of the node.
    void from_restarted(std::uint32_t id, Message message) {
        client.receive(now, {Address::to(endpoint_of(NodeId(id))), cluster_id(), NodeId(id), StartNumber(2), NodeId()},
                       std::move(message));
        turn();
    }
    [[nodiscard]] CurrentEpoch beacon() const { return {client.cache().map().generation, client.cache().map().epoch}; }

    // What was sent of that type since the last look.
    template <class T>
    std::vector<Sent<T>> take() {
        std::vector<Sent<T>> found;
        std::vector<Outgoing> others;
        for (Outgoing& send : sends) {
            if (T* message = std::get_if<T>(&send.message))
                found.push_back({send.address.endpoint, send.to, std::move(*message)});
            else
                others.push_back(std::move(send));
        }
        sends = std::move(others);
        return found;
    }
    template <class T>
    Sent<T> take_one() {
        std::vector<Sent<T>> found = take<T>();
        EXPECT_EQ(found.size(), 1U);
        return found.empty() ? Sent<T>{} : found.front();
    }

    [[nodiscard]] bool is_done(OperationId id) const { return done.contains(id); }
    [[nodiscard]] std::optional<ErrorCode> error(OperationId id) const {
        if (!is_done(id) || done.at(id)) return std::nullopt;
        return done.at(id).error().code();
    }
    [[nodiscard]] std::string message(OperationId id) const { return error(id) ? done.at(id).error().message() : ""; }
    template <class T>
    [[nodiscard]] const T& outcome(OperationId id) const {
        return std::get<T>(*done.at(id));
    }

    std::vector<SlowCall> slow{};  // that took 100 ms
    ClientActor client;
    Time now{std::chrono::seconds(100)};
    std::vector<Outgoing> sends;
    std::optional<std::string> subscribed;
    std::map<OperationId, Result<Outcome>> done;
    std::uint32_t minor_of_others = 0;
    std::set<std::uint32_t> older;  // nodes

  private:
    struct Formed {};
    HandDriver(Formed, std::size_t window, std::string rack = {}, std::uint32_t minor = 0,
               std::set<std::uint32_t> old_nodes = {})
        : HandDriver({registry}, 1000, window, std::move(rack)) {
        minor_of_others = minor;
        older = std::move(old_nodes);
        turn();
        answer(registry, MapSnapshot{first_map()});
        for (std::uint32_t id = 1; id <= 3; ++id) from_node(id, beacon());
        advance(milliseconds(500));  // nothing that was asked or held back on the way matters any more
        sends.clear();
    }
};

inline NotPrimary not_primary(const Sent<Write>& write, View view, std::optional<NodeInfo> primary = {},
                              bool maybe_appended = false) {
    return {write.message.request, write.message.partition, std::move(view), std::move(primary), maybe_appended};
}
inline RequestRefused rejected(RequestId request, RefusalReason reason, std::uint64_t commit = 0) {
    return {request, reason, "", OpNumber(commit)};
}
inline WriteAnswer written(RequestId request, std::uint64_t version, std::uint64_t commit = 0) {
    return {request, WriteStatus::done, OpNumber(version), OpNumber(commit)};
}

}  // namespace ringkv::test
