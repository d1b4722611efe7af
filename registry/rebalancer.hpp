// Brings the data to where the nodes are: plans which node should hold what whenever that may have changed, and says
// which copies are made now (protocol.md, M1, M4, M5). The primaries make them.
//
// The plan is each partition's target, published; so it survives a restart of the registry, and a change in the midst
// of another starts from what is planned already.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "common/placement/placement.hpp"
#include "registry/membership.hpp"
#include "registry/publication.hpp"

namespace ringkv::registry {

class Rebalancer {
  public:
    // References are kept.
    Rebalancer(Publication& publication, Membership& membership, const Placement& placement);

    // The registry did not listen for so long: no node counts as absent for that time.
    void excuse(Duration stall);
    void tick(Time now);

  private:
    // Evicts a node that is down for longer than repair_after, until it is back. Silence counts from our own start on.
    void note_absence(Time now);
    void retire_leavers();
    void plan();
    // Learners: as many as the pace allows, partitions with the fewest copies first.
    void schedule(Time now);
    // A copy that is not urgent: max_moves_per_second.
    [[nodiscard]] bool begins(Time now, NodeId sender, NodeId learner);
    void look_again(Time now, Time at);
    void say_whether_frozen();

    Publication& publication_;
    Membership& membership_;
    const Placement& placement_;
    std::map<NodeId, Time> down_since_;
    std::vector<Candidate> planned_for_;
    std::optional<std::uint64_t> seen_changes_;  // Publication::changes() when we last looked at everything
    std::optional<Time> look_again_;             // something may be begun then that could not be just now
    std::map<NodeId, Time> due_;                 // when a node may begin with another copy that is not urgent
    Time looked_at_{};
    bool frozen_ = false;
};

}  // namespace ringkv::registry
