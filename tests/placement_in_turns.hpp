// A placement that is easy to foresee, for stories about the registry that are not about placement.
#pragma once

#include <algorithm>
#include <vector>

#include "common/placement/placement.hpp"

namespace ringkv::test {

// Partition p is for the candidates from number p on, in turns, in the order of their names.
class PlacementInTurns final : public Placement {
  public:
    [[nodiscard]] Holders place(const std::vector<Candidate>& given, const Holders&, std::uint32_t partitions,
                                std::uint32_t replication) const override {
        std::vector<Candidate> candidates = given;
        std::sort(candidates.begin(), candidates.end(),
                  [](const Candidate& one, const Candidate& other) { return one.name < other.name; });
        Holders targets(partitions);
        const std::size_t copies = std::min<std::size_t>(replication, candidates.size());
        for (std::size_t partition = 0; partition < partitions; ++partition)
            for (std::size_t copy = 0; copy < copies; ++copy)
                targets[partition].push_back(candidates[(partition + copy) % candidates.size()].id);
        return targets;
    }
};

}  // namespace ringkv::test
