// One shard by hand: a map of three nodes and one partition, messages fed in, effects looked at.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/edge/codec/codec.hpp"
#include "node/memory_engine.hpp"
#include "node/shard.hpp"

namespace ringkv {

inline const Time start_time = Time{} + std::chrono::hours(1);

class ShardByHand {
  public:
    using Milliseconds = std::chrono::milliseconds;

    // This node is `me` (1 to 3) of three; node 1 is the preferred primary of the only partition.
    ShardByHand(NodeId me, Engine& engine, const CommitRule& commit, const SuccessionRule& succession,
                Limits limits = {})
        : me_(me), shard_(describe(me), 0, limits, engine, commit, succession) {}

    static std::string endpoint(NodeId node) { return "tcp://127.0.0.1:" + std::to_string(7000 + node.value()); }
    static Uuid cluster() { return Uuid{{1, 2, 3}}; }

    static NodeDescription describe(NodeId node) {
        NodeDescription description;
        description.name = "n" + std::to_string(node.value());
        description.rack = "r" + std::to_string(node.value());
        description.registries = {"tcp://127.0.0.1:7400"};
        description.endpoints = {endpoint(node)};
        description.storage = Uuid{{9, static_cast<std::uint8_t>(node.value())}};
        description.start = StartNumber(1);
        description.durability = Durability::fsync;
        return description;
    }

    static View view(std::uint64_t number, std::uint32_t primary, const std::vector<std::uint32_t>& members,
                     std::uint64_t since = 0, bool leadership_transferred = false) {
        const auto id = [](std::uint64_t n) { return ViewId{Generation(1), ViewNumber(n)}; };
        View made{id(number), id(since == 0 ? number : since), NodeId(primary), {}, leadership_transferred};
        for (std::uint32_t member : members) made.members.emplace_back(member);
        return made;
    }

    static ClusterMap map(const View& view, std::uint64_t epoch = 1) {
        ClusterMap made;
        made.generation = Generation(1);
        made.epoch = Epoch(epoch);
        made.settings.cluster = "test";
        made.settings.id = cluster();
        made.settings.partitions = 1;
        for (std::uint32_t n = 1; n <= 3; ++n) {
            const NodeDescription node = describe(NodeId(n));
            made.nodes[NodeId(n)] = {NodeId(n),  node.name,      node.rack,          1.0,          node.storage,
                                     node.start, node.endpoints, Durability::memory, NodeState::up};
        }
        made.partitions = {{view, {NodeId(1), NodeId(2), NodeId(3)}, {}}};
        for (NodeId node : made.partitions.front().target)
            if (!view.has(node)) made.partitions.front().learners.push_back(node);
        return made;
    }

    void learn(const View& view) { from_registry(MapSnapshot{map(view, ++epoch_)}); }

    void from_registry(Message message) {
        Origin origin{Address::to("tcp://127.0.0.1:7400"), cluster(), {}, {}, {}};
        receive(origin, std::move(message));
    }
    void from_node(std::uint32_t node, Message message) {
        receive({Address::back(100 + node), cluster(), NodeId(node), StartNumber(1), me_, peers_speak},
                std::move(message));
    }
    void from_client(Message message) { receive({Address::back(1), cluster(), {}, {}, me_}, std::move(message)); }
    // It came to the transport so long ago.
    void from_client(Message message, Milliseconds ago) {
        Origin origin{Address::back(1), cluster(), {}, {}, me_};
        origin.arrived = now_ - ago;
        receive(origin, std::move(message));
    }

    // Turns until `duration` has passed.
    void pass(Milliseconds duration, Milliseconds turns = Milliseconds(5)) {
        for (const Time end = now_ + duration; now_ < end;) {
            now_ += turns;
            turn();
        }
    }

    // The newest message of that kind that was sent (to that node), taken away with all before it.
    template <class M>
    std::optional<M> sent(std::optional<std::uint32_t> node = {}) {
        std::optional<M> newest;
        std::vector<Outgoing> rest;
        for (Outgoing& outgoing : sends_) {
            const bool there = !node || outgoing.to == NodeId(*node);
            if (there && std::holds_alternative<M>(outgoing.message))
                newest = std::get<M>(outgoing.message);
            else
                rest.push_back(std::move(outgoing));
        }
        sends_ = std::move(rest);
        return newest;
    }

    // All that was sent and not taken away yet.
    [[nodiscard]] std::vector<Outgoing> take_all() { return std::exchange(sends_, {}); }

    // Grants every lease that the shard asks for, from these nodes.
    void grant_leases(const std::vector<std::uint32_t>& nodes) {
        for (std::uint32_t node : nodes)
            if (const auto beacon = sent<Beacon>(node)) from_node(node, BeaconAnswer{beacon->nonce, false, {}});
    }

    // Brings the shard, primary of view 1 and blank, to the point where it serves.
    void start_serving() {
        learn(view(1, 1, {1, 2, 3}));
        backups_follow();
        sends_.clear();
    }
    // In view 1, where the primary is blank: both have taken over its log, and grant their leases.
    void backups_follow() {
        for (std::uint32_t node : {2U, 3U})
            from_node(node, StartViewOk{PartitionId(0), view(1, 1, {}).id, OpNumber(0), false, OpNumber(0), {}});
        pass(Milliseconds(10));
        grant_leases({2, 3});
    }

    static Write put(std::uint64_t sequence, const std::string& key, const std::string& value) {
        Write write;
        write.request = RequestId(sequence);
        write.client = ClientId(77);
        write.sequence = Sequence(sequence);
        write.lowest = Sequence(1);
        write.key = key;
        write.value = value;
        return write;
    }
    static PrepareOk ok(std::uint64_t view_number, std::uint64_t op) {
        return {PartitionId(0), view(view_number, 1, {}).id, OpNumber(op), false, OpNumber(0)};
    }

    std::function<void(const StorageRecord&)> on_stored;
    bool disk_answers = true;  // else what is stored waits until it does
    std::vector<LogLine> logged{};
    std::uint32_t peers_speak = 0;  // the minor version of the protocol: each Prepare is a message of its own

    // The newest batch that the disk has not answered; none: it has answered all.
    [[nodiscard]] std::optional<BatchNumber> unsynced() const { return unsynced_; }

    Shard& shard() { return shard_; }
    Time now() const { return now_; }

  private:
    void receive(const Origin& origin, Message message) {
        if (request_of(message))
            receive_as_from_a_frame(origin, message);
        else
            shard_.receive(now_, origin, std::move(message));
        turn();
    }

    // The frame is gone as soon as the shard has the message.
    void receive_as_from_a_frame(const Origin& origin, const Message& message) {
        std::string frame = encode({}, {}, {message});
        FrameReader reader;
        Envelope envelope;
        ASSERT_TRUE(reader.begin(frame, {}, envelope) && reader.read(1, envelope));
        shard_.receive(now_, origin, std::move(envelope.messages.front()));
        std::fill(frame.begin(), frame.end(), '\xdd');
    }

    void turn() {
        shard_.tick(now_);
        for (;;) {
            Effects effects = shard_.take_effects();
            if (effects.empty() && !(unsynced_ && disk_answers)) return;
            for (Outgoing& outgoing : effects.sends) {
                keep_bytes(outgoing.message);
                sends_.push_back(std::move(outgoing));
            }
            std::move(effects.log.begin(), effects.log.end(), std::back_inserter(logged));
            if (!effects.batch.empty()) unsynced_ = effects.number;
            for (const StorageRecord& record : effects.batch)
                if (on_stored) on_stored(record);
            if (unsynced_ && disk_answers) shard_.durable(now_, *std::exchange(unsynced_, std::nullopt));
        }
    }

    NodeId me_;
    Shard shard_;
    Time now_ = start_time;
    std::uint64_t epoch_ = 0;
    std::vector<Outgoing> sends_;
    std::optional<BatchNumber> unsynced_;
};

// With our engine and our rules.
class ShardTest : public testing::Test {
  protected:
    MemoryEngine engine_;
    EveryMember every_member_;
    PreferenceOrder in_order_;
};

}  // namespace ringkv
