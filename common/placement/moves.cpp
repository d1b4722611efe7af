#include "common/placement/moves.hpp"

#include <algorithm>

namespace ringkv {
namespace {

// Those of `nodes` that are not among `others`.
std::vector<NodeId> without(const std::vector<NodeId>& nodes, const std::vector<NodeId>& others) {
    std::vector<NodeId> rest;
    std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(rest),
                 [&](NodeId node) { return std::find(others.begin(), others.end(), node) == others.end(); });
    return rest;
}

}  // namespace

PlannedMoves moves_between(const Holders& current, const Holders& target) {
    PlannedMoves moves;
    const std::vector<NodeId> none;
    for (std::uint32_t partition = 0; partition < target.size(); ++partition) {
        const std::vector<NodeId>& now = current.empty() ? none : current[partition];
        const std::vector<NodeId> going = without(now, target[partition]);
        const std::vector<NodeId> coming = without(target[partition], now);
        for (std::size_t i = 0; i < coming.size(); ++i)
            moves.copies.push_back({PartitionId(partition), i < going.size() ? going[i] : NodeId(), coming[i]});
        if (going.size() > coming.size()) moves.dropped += going.size() - coming.size();
        if (!now.empty() && !target[partition].empty() && now.front() != target[partition].front()) ++moves.primaries;
    }
    return moves;
}

}  // namespace ringkv
