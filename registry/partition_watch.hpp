// How well partitions are, and whether copies are made: what changes of it is noted as events. One event for all
// partitions that an epoch makes worse for the same reason; one when all are well again.
//
// Work is proportional to what changes; where a node comes or goes all partitions are looked through.
#pragma once

#include <array>
#include <map>
#include <set>
#include <vector>

#include "registry/event_log.hpp"
#include "registry/map_change.hpp"

namespace ringkv::registry {

class PartitionWatch {
  public:
    // As the map has it, nothing is noted.
    explicit PartitionWatch(const ClusterMap& map);

    // `of_nodes`, `of_views`: what was noted of the same change already, and may be the cause. Precondition: the map
    // before it is formed, and is the one of the last call.
    void note(EventLog& log, const MapChange& change, const std::map<NodeId, EventId>& of_nodes,
              const std::map<PartitionId, EventId>& of_views);

  private:
    enum class Condition : std::uint8_t { full, under_replicated, unavailable };
    struct State {
        Condition condition = Condition::full;
        std::uint32_t under_way = 0;  // copies that are made
        std::uint32_t to_come = 0;    // that are to be made, of nodes that are up

        friend bool operator==(const State&, const State&) = default;
    };
    // Partitions that are worse than before, by condition and cause.
    using Worse = std::map<std::pair<Condition, EventId>, std::vector<PartitionId>>;

    [[nodiscard]] static State state_of(const ClusterMap& map, const PartitionState& partition);
    void count(const State& state, bool added);
    void look_through(const ClusterMap& map);
    [[nodiscard]] std::size_t worse_than_full() const;

    void note_conditions(EventLog& log, const MapChange& change, const Worse& worse, std::size_t unavailable_before,
                         std::size_t ill_before) const;
    void note_lost(EventLog& log, const MapChange& change, const std::map<NodeId, EventId>& of_nodes) const;
    void note_plan(EventLog& log, const MapChange& change) const;
    void note_moves(EventLog& log, const MapChange& change);
    void note_drained(EventLog& log, const MapChange& change);
    void note_frozen(EventLog& log, const MapChange& change);

    std::vector<State> states_;  // by partition
    std::array<std::size_t, 3> conditions_{};
    std::size_t under_way_ = 0;
    std::size_t to_come_ = 0;
    bool moving_ = false;
    bool frozen_ = false;
    std::set<NodeId> emptying_;  // are to give their copies away, and have some
};

}  // namespace ringkv::registry
