// What a cluster map says about where partitions should be: the registry acts on it, kvctl previews with it. Pure
// functions; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/placement/placement.hpp"

namespace ringkv {

// The nodes that may hold partitions (NodeInfo::may_hold).
[[nodiscard]] std::vector<Candidate> candidates_of(const ClusterMap& map);

// Of each partition, the nodes where a copy costs nothing: its target (in order), then the members that are not in
// it. What is planned counts as done, so that a change in the midst of another gives what one after the other gives.
[[nodiscard]] Holders holders_of(const ClusterMap& map);

// How many copies each partition should have: as many as configured, or as there are nodes that may hold them.
[[nodiscard]] std::size_t wanted_copies(const ClusterMap& map);

// The node serves requests: it is up or stopping. Null: no node.
[[nodiscard]] bool serves(const NodeInfo* node);

// Copies of the partition on nodes that serve.
[[nodiscard]] std::uint32_t live_copies(const ClusterMap& map, const View& view);

// Copies that are being made, and that are to be made.
struct MoveCounts {
    std::uint32_t active = 0;
    std::uint32_t pending = 0;
};
[[nodiscard]] MoveCounts moves_in(const PartitionState& partition);

[[nodiscard]] bool more_than_half_absent(const ClusterMap& map);

// More than half of the nodes are down: no copies are made and none deleted until they are back, or an operator says
// so (M5).
[[nodiscard]] bool repair_frozen(const ClusterMap& map);
// Why, and what to do; in one sentence.
[[nodiscard]] std::string frozen_text(const ClusterMap& map);

// "" (holds its partitions), draining, drained, leaving, absent (evicted).
[[nodiscard]] std::string duty_of(const ClusterMap& map, const NodeInfo& node);

// Partitions of whose copies this node has one, or should have one.
[[nodiscard]] std::size_t partitions_at(const ClusterMap& map, NodeId node);

// Why the node cannot give its copies away, and what to do; nullopt: it can.
[[nodiscard]] std::optional<std::string> objection_to_drain(const ClusterMap& map, const NodeInfo& node);

// The message about a name that no node has.
[[nodiscard]] std::string no_such_node(std::string_view name);

}  // namespace ringkv
