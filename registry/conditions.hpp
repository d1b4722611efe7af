// What operators are told of nodes and copies beside what the map says: which map a node has, its program's version,
// how fast its clock runs, how long a copy has been under way. Nothing is decided by it. Pure; thread safety: none.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/messages.hpp"

namespace ringkv::registry {

class Conditions {
  public:
    // Of a node that the map has.
    void heartbeat(Time now, const Heartbeat& heartbeat);
    // `changes`: grows when the map changes (Publication::changes). Looks at it once a second at most.
    void tick(Time now, const ClusterMap& map, std::uint64_t changes);
    // Of the nodes of the map that were heard of.
    [[nodiscard]] ConditionAnswer answer(Time now, RequestId request, const ClusterMap& map) const;

  private:
    // A node's clock and ours at the same moment, but for the way of a message.
    struct Reading {
        Time ours{};
        Duration theirs{};
    };
    struct Node {
        StartNumber start;
        Generation generation;
        Epoch epoch;
        std::string version;
        // The rate is between the first and the newest: of five minutes at least, once there are so many, and ten at
        // most.
        Reading first, next_first, newest;
    };
    void read_clock(Time now, Node& node, Duration clock);

    std::map<NodeId, Node> nodes_;
    std::map<std::pair<PartitionId, NodeId>, Time> copies_;  // under way, since
    std::optional<std::uint64_t> seen_changes_;
    Time looked_at_{};
    std::pair<Generation, Epoch> settled_, newest_;  // the map of a second ago at least; and of the newest look
};

}  // namespace ringkv::registry
