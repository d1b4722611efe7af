// Weighted rendezvous hashing (highest random weight; Thaler and Ravishankar 1998): the alternative to
// the ring. Simpler, needs no virtual nodes, moves as little as can be when nodes come and go; but
// bounds no node's load, and looks at every node for every partition.
#pragma once

#include "common/placement/placement.hpp"

namespace ringkv {

class RendezvousPlacement final : public Placement {
  public:
    // What is held now has no say: it stays or moves as the hashes will have it.
    [[nodiscard]] Holders place(const std::vector<Candidate>& candidates, const Holders& current,
                                std::uint32_t partitions, std::uint32_t replication) const override;
};

}  // namespace ringkv
