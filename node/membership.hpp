// Which nodes should be members of a partition, and which should be its primary, as its primary sees it. The planner
// says what should be (the target); the primary does it, one view at a time (M1). Decides only; Primary proposes.
#pragma once

#include <optional>
#include <vector>

#include "node/partition_log.hpp"
#include "node/shard_facts.hpp"
#include "node/term.hpp"

namespace ringkv {

class Membership {
  public:
    // All three must outlive it.
    Membership(const Term& term, const PartitionLog& log, const ShardFacts& shard)
        : term_(term), log_(log), shard_(shard) {}

    // The members to propose, in order of preference, the primary among them; nullopt: those of the view are right.
    // `serving`: members may be added and leave as planned, not only be removed because they are lost. `since`: of
    // that.
    [[nodiscard]] std::optional<std::vector<NodeId>> change(Time now, bool serving, Time since) const;

    // The member that should be primary instead of us (V7); none: we stay. `serving_since`: of this primary.
    [[nodiscard]] NodeId successor(Time now, Time serving_since) const;

  private:
    struct Wanted {
        std::vector<NodeId> members;
        bool renew = false;  // even if they are those of the view
    };

    [[nodiscard]] Wanted wanted_members(Time now, bool serving, Time since) const;
    // No answer to a beacon, or no progress with what was sent, for too long (V1).
    [[nodiscard]] bool silent(Time now, const Peer& peer, Time since) const;
    [[nodiscard]] bool caught_up(Time now, NodeId node, const Peer& peer) const;
    [[nodiscard]] bool whole_target_in() const;
    [[nodiscard]] std::vector<NodeId> by_preference(const std::vector<NodeId>& nodes) const;

    const Term& term_;
    const PartitionLog& log_;
    const ShardFacts& shard_;
};

}  // namespace ringkv
