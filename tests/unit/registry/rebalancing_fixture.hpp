// A registry, and what a test of placement does with it: nodes join, primaries do what they are told.
#pragma once

#include "driver.hpp"

namespace ringkv::test {

class Rebalancing : public ::testing::Test {
  protected:
    static RegistryOptions options(std::uint32_t moves = 4, std::uint32_t replication = 3) {
        RegistryOptions made = small_options();
        made.settings.replication = replication;
        made.settings.pace.max_moves_per_node = moves;
        made.settings.pace.max_moves_per_second = 1000;
        made.settings.pace.repair_after = std::chrono::seconds(10);
        return made;
    }

    void join(Driver& registry, std::uint8_t number) {
        registry.give(registry.node(number).origin(), registry.node(number).join);
        registry.admit(number);
        registry.give(registry.node(number).origin(), registry.beat(number));
    }
    static std::size_t learners(const ClusterMap& map, NodeId node) {
        return static_cast<std::size_t>(
            std::count_if(map.partitions.begin(), map.partitions.end(),
                          [node](const PartitionState& state) { return state.has_learner(node); }));
    }
    static std::size_t targets(const ClusterMap& map, NodeId node) {
        return static_cast<std::size_t>(
            std::count_if(map.partitions.begin(), map.partitions.end(),
                          [node](const PartitionState& state) { return state.targets(node); }));
    }
    static std::size_t members(const ClusterMap& map, NodeId node) {
        return static_cast<std::size_t>(
            std::count_if(map.partitions.begin(), map.partitions.end(),
                          [node](const PartitionState& state) { return state.view.has(node); }));
    }
    // The primary of each partition with a learner proposes it as a member; of each that has its whole target, it
    // proposes that the others leave. -> how many views changed.
    static std::size_t primaries_act(Driver& registry) {
        std::size_t changed = 0;
        const ClusterMap map = registry.map();
        for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
            const PartitionState& state = map.partitions[p];
            View next = state.view;
            next.id = state.view.id.next();
            for (NodeId node : state.learners) next.members.push_back(node);
            const bool whole =
                std::all_of(state.target.begin(), state.target.end(), [&](NodeId node) { return next.has(node); });
            if (whole) std::erase_if(next.members, [&](NodeId node) { return !state.targets(node); });
            if (!next.has(next.primary)) {
                next.primary = state.target.front();
                next.since = next.id;
                next.leadership_transferred = true;
            }
            if (next.members == state.view.members) continue;
            propose(registry, state.view.primary, {PartitionId(p), state.view.id, next, false});
            ++changed;
        }
        return changed;
    }
    static void propose(Driver& registry, NodeId node, Proposal proposal) {
        const NodeInfo& info = *registry.map().find(node);
        const Origin origin{Address::back(1000 + node.value()), registry.map().settings.id, node, info.start, {}};
        registry.give(origin, Propose{RequestId(++requests), node, {std::move(proposal)}});
    }
    static void settle(Driver& registry) {
        for (int round = 0; round < 100 && primaries_act(registry) > 0; ++round) registry.advance(milliseconds(50));
    }
    static AdministerAnswer ask(Driver& registry, AdminAction action, const std::string& node) {
        Administer request;
        request.request = RequestId(++requests);
        request.action = action;
        request.node = node;
        registry.give({Address::back(7), registry.map().settings.id, {}, {}, {}}, request);
        return registry.take<AdministerAnswer>(Address::back(7)).value();
    }

    static inline std::uint64_t requests = 0;
};

}  // namespace ringkv::test
