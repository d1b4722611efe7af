// A registry under a hand-held clock, with nodes that beat by themselves and a disk that is as slow as a test
// wants it to be.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/protocol_version.hpp"
#include "registry/registry_actor.hpp"
#include "tests/placement_in_turns.hpp"

namespace ringkv::test {

using std::chrono::milliseconds;

inline Uuid uuid(std::uint8_t number) {
    Uuid id;
    id.bytes[0] = 0xAA;
    id.bytes[15] = number;
    return id;
}

inline const Uuid our_cluster = uuid(200);

inline RegistryOptions small_options() {
    RegistryOptions options;
    options.settings.cluster = "test";
    options.settings.partitions = 8;
    options.settings.replication = 3;
    options.settings.publish = "tcp://127.0.0.1:7401";
    options.form_with = 3;
    return options;
}

// A node as the registry sees it. Number n is called "n<n>" and, formed in order, has id n.
struct TestNode {
    Join join;
    Uuid cluster;
    NodeId id;
    std::uint32_t minor = protocol_minor;

    explicit TestNode(std::uint8_t number, std::uint64_t start = 1) {
        join.name = "n" + std::to_string(number);
        join.rack = "rack-" + std::to_string(number % 3);
        join.storage = uuid(number);
        join.start = StartNumber(start);
        join.endpoints = {"tcp://127.0.0.1:" + std::to_string(7410 + number)};
    }

    [[nodiscard]] Address address() const { return Address::back(std::hash<std::string>{}(join.name) | 1U); }
    [[nodiscard]] Origin origin() const { return {address(), cluster, id, join.start, {}, minor}; }
};

class Driver {
  public:
    explicit Driver(const RegistryOptions& options = small_options(), ClusterMap recovered = {})
        : options_(options), actor_(options, placement_, std::move(recovered), our_cluster) {}

    // What the registry sent since the last take().
    std::vector<Outgoing> sent;
    std::vector<LogLine> log;
    StorageBatch stored;             // all batches, as the disk has them
    bool disk_answers = true;        // else batches wait for finish_batch()
    std::set<std::uint8_t> beating;  // nodes that send a heartbeat each 100 ms

    [[nodiscard]] Time now() const { return now_; }
    [[nodiscard]] const ClusterMap& map() const { return actor_.map(); }
    [[nodiscard]] RegistryActor& actor() { return actor_; }
    TestNode& node(std::uint8_t number) { return nodes_.try_emplace(number, number).first->second; }

    // One message, one turn.
    void give(const Origin& from, Message message) {
        actor_.receive(now_, from, message);
        turn();
        if (Join* join = std::get_if<Join>(&message); join != nullptr && join->ticket == 0) show_ticket(from, *join);
    }
    // Several messages, one turn.
    void give_all(const std::vector<std::pair<Origin, Message>>& messages) {
        for (const auto& [from, message] : messages) actor_.receive(now_, from, message);
        turn();
    }
    void turn() {
        actor_.tick(now_);
        carry_out();
    }
    void advance(Duration time) {
        for (const Time end = now_ + time; now_ < end;) {
            now_ += milliseconds(10);
            if (now_.time_since_epoch() % milliseconds(100) == Duration::zero())
                for (std::uint8_t number : beating) actor_.receive(now_, node(number).origin(), beat(number));
            turn();
        }
    }
    // No turn for so long.
    void stand_still(Duration time) { now_ += time; }
    // The disk finishes the batch under way.
    void finish_batch() {
        ASSERT_FALSE(unfinished_.empty());
        actor_.durable(now_, unfinished_.front());
        unfinished_.pop_front();
        carry_out();
    }
    [[nodiscard]] std::size_t batches_under_way() const { return unfinished_.size(); }

    Heartbeat beat(std::uint8_t number, bool stopping = false) {
        const TestNode& node = this->node(number);
        return {node.id, node.join.start, map().generation, map().epoch, stopping};
    }

    // Nodes 1 .. count join, the cluster forms, and they beat from then on.
    void form(std::uint8_t count = 3) {
        for (std::uint8_t number = 1; number <= count; ++number) give(node(number).origin(), node(number).join);
        advance(options_.quiet + milliseconds(20));
        ASSERT_TRUE(map().formed());
        for (std::uint8_t number = 1; number <= count; ++number) {
            admit(number);
            give(node(number).origin(), beat(number));
        }
        sent.clear();
    }
    // The node has its JoinAnswer, and beats.
    void admit(std::uint8_t number) {
        TestNode& node = this->node(number);
        node.id = map().find(node.join.name)->id;
        node.cluster = map().settings.id;
        node.join.id = node.id;
        node.join.cluster = node.cluster;
        beating.insert(number);
    }

    // The newest message of the kind sent to the address; taken away with all before it.
    template <class Kind>
    std::optional<Kind> take(const Address& address) {
        std::optional<Kind> newest;
        for (const Outgoing& outgoing : sent)
            if (const Kind* message = std::get_if<Kind>(&outgoing.message);
                message != nullptr && outgoing.address == address)
                newest = *message;
        std::erase_if(sent, [&](const Outgoing& outgoing) {
            return outgoing.address == address && std::holds_alternative<Kind>(outgoing.message);
        });
        return newest;
    }
    template <class Kind>
    std::optional<Kind> take(std::uint8_t number) {
        return take<Kind>(node(number).address());
    }
    template <class Kind>
    std::optional<Kind> published() {
        return take<Kind>(Address::all_subscribers());
    }

  private:
    // As a node does: the same Join again, if it was asked to show a ticket.
    void show_ticket(const Origin& from, Join join) {
        const auto asks = std::find_if(sent.begin(), sent.end(), [&](const Outgoing& outgoing) {
            const auto* refused = std::get_if<JoinRefused>(&outgoing.message);
            return refused != nullptr && refused->ticket != 0 && outgoing.address == from.address;
        });
        if (asks == sent.end()) return;
        join.ticket = std::get<JoinRefused>(asks->message).ticket;
        sent.erase(asks);
        give(from, join);
    }
    void carry_out() {
        Effects effects = actor_.take_effects();
        for (int round = 0; round < 4 && !effects.empty(); ++round) {
            for (Outgoing& outgoing : effects.sends) sent.push_back(std::move(outgoing));
            for (LogLine& line : effects.log) log.push_back(std::move(line));
            for (StorageRecord& record : effects.batch) stored.push_back(record);
            if (!effects.batch.empty()) {
                if (disk_answers)
                    actor_.durable(now_, effects.number);
                else
                    unfinished_.push_back(effects.number);
            }
            effects = actor_.take_effects();
        }
        ASSERT_TRUE(effects.empty());
    }

    RegistryOptions options_;
    PlacementInTurns placement_;
    RegistryActor actor_;
    Time now_{std::chrono::seconds(100)};
    std::map<std::uint8_t, TestNode> nodes_;
    std::deque<BatchNumber> unfinished_;
};

}  // namespace ringkv::test
