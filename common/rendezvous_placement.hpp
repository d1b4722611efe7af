// Weighted rendezvous hashing (highest random weight; Thaler and Ravishankar 1998): the alternative to
// the ring. Simpler, needs no virtual nodes, moves as little as can be when nodes come and go; but
// bounds no node's load, and looks at every node for every partition.
#pragma once

#include "common/placement.hpp"

namespace ringkv {

class RendezvousPlacement final : public Placement {
  public:
    [[nodiscard]] std::vector<std::vector<NodeId>> place(const std::vector<Candidate>& candidates,
                                                         std::uint32_t partitions,
                                                         std::uint32_t replication) const override;
};

}  // namespace ringkv
