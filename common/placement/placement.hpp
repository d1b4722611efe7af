// The nodes that should hold each partition (docs/glossary.md, "placement"). Pure functions of the candidates' names,
// racks and weights and of where the data is now: the order of candidates and NodeIds have no say. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "common/ids.hpp"
#include "common/placement/fair_shares.hpp"
#include "common/placement/hash_ring.hpp"

namespace ringkv {

// Of each partition distinct nodes in order of preference, its primary first. Empty: no node holds anything.
using Holders = std::vector<std::vector<NodeId>>;

class Placement {
  public:
    virtual ~Placement() = default;

    // Of each partition the nodes that should hold it: `replication` of them, or all candidates if there are fewer.
    // Every rack has one of them before any rack has a second, and so on.
    // `current`: the nodes that hold it now; may name nodes that are no candidates (any more).
    // Preconditions: names are distinct; valid_partition_count(partitions); current is empty or of every partition.
    [[nodiscard]] virtual Holders place(const std::vector<Candidate>& candidates, const Holders& current,
                                        std::uint32_t partitions, std::uint32_t replication) const = 0;
};

// Where there is no data yet, the ring with bounded loads (Mirrokni et al. 2016): each partition takes the first nodes
// clockwise that have room. Where there is, as much as can stays where it is, and the rest goes where the ring
// prefers: no placement within the same bounds moves less.
//
// With s a node's weighted share, of copies or of primaries, it has at most max(ceil(s), 1.05 s), and at least 0.9 s;
// one that has less is filled up to 0.95 s. Always so where racks have the same size and all weights are equal, and
// wherever else the racks, and a node's not holding a partition twice, allow it. Where they do not, a node has at most
// its fair share (fair_shares.hpp) rounded up.
//
// Of primaries, as many as can stay; then a node that has the data is preferred to one that must get it first.
class RingPlacement final : public Placement {
  public:
    using MakeRing = std::function<std::unique_ptr<const Ring>(const std::vector<Candidate>&)>;

    // Over a HashRing, or any other ring.
    explicit RingPlacement(std::uint32_t vnodes, Tolerance tolerance = {});
    explicit RingPlacement(MakeRing make_ring, Tolerance tolerance = {})
        : make_ring_(std::move(make_ring)), tolerance_(tolerance) {}

    [[nodiscard]] Holders place(const std::vector<Candidate>& candidates, const Holders& current,
                                std::uint32_t partitions, std::uint32_t replication) const override;

  private:
    MakeRing make_ring_;
    Tolerance tolerance_;
};

// The least number of copies that any placement within the bounds on copies must make that `current` does not hold. Of
// the same meaning and preconditions as place(); as exact, and about as quick.
[[nodiscard]] std::size_t least_moves(const std::vector<Candidate>& candidates, const Holders& current,
                                      std::uint32_t partitions, std::uint32_t replication, Tolerance tolerance = {});

}  // namespace ringkv
