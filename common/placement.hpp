// The first placement of all partitions on nodes, when there is no data yet. Pure functions of the
// candidates' names, racks and weights: the order of the input and NodeIds have no say. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "common/hash_ring.hpp"
#include "common/ids.hpp"

namespace ringkv {

class Placement {
  public:
    virtual ~Placement() = default;

    // Of each partition the nodes that should hold it, distinct, in order of preference, the primary
    // first: `replication` of them, or all candidates if there are fewer. Every rack has one of them
    // before any rack has a second, and so on.
    // Preconditions: names are distinct; valid_partition_count(partitions).
    [[nodiscard]] virtual std::vector<std::vector<NodeId>> place(const std::vector<Candidate>& candidates,
                                                                 std::uint32_t partitions,
                                                                 std::uint32_t replication) const = 0;
};

// The ring with bounded loads (Mirrokni et al. 2016): each partition takes the first nodes clockwise
// that have room.
//
// With s a node's weighted share, of copies or of primaries, it never has more than
// max(ceil(s), 1.05 s). Always so where racks have the same size and all weights are equal, and
// wherever else the racks, and a node's not holding a partition twice, allow it. Where they do not, the
// bounds of the nodes that stand in the way rise together, each in proportion to its weight, and no
// further than needed (to within one copy, or 1 %).
class RingPlacement final : public Placement {
  public:
    using MakeRing = std::function<std::unique_ptr<const Ring>(const std::vector<Candidate>&)>;

    // Over a HashRing, or any other ring.
    explicit RingPlacement(std::uint32_t vnodes);
    explicit RingPlacement(MakeRing make_ring) : make_ring_(std::move(make_ring)) {}

    [[nodiscard]] std::vector<std::vector<NodeId>> place(const std::vector<Candidate>& candidates,
                                                         std::uint32_t partitions,
                                                         std::uint32_t replication) const override;

  private:
    MakeRing make_ring_;
};

// The most that a node with this share may have. Exposed for planners and tests.
[[nodiscard]] std::uint32_t bound_of_share(double share);

}  // namespace ringkv
