// The planner's task as a MoveProblem: the same constraints, for another solver.
#pragma once

#include <map>

#include "common/placement/placement.hpp"
#include "tests/benchmarks/planner_least.hpp"

namespace ringkv::benchmarks {

// Precondition: there are candidates.
inline MoveProblem problem_of(const std::vector<Candidate>& candidates, const Holders& current,
                              std::uint32_t partitions, std::uint32_t replication, Tolerance tolerance = {}) {
    const HashRing ring(candidates, 1);  // for its numbers of nodes and racks; the order has no say
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(replication, candidates.size()));
    const RackRule rule(ring.rack_sizes(), count);
    MoveProblem problem;
    std::map<NodeId, std::uint32_t> index_of;
    for (Ring::Index node = 0; node < ring.nodes().size(); ++node) {
        index_of[ring.nodes()[node].id] = node;
        problem.rack_of.push_back(ring.rack_of(node));
    }
    problem.rack_least = rule.least;
    problem.rack_most = rule.most;
    problem.extra = rule.extra;
    problem.held.resize(partitions);
    for (std::size_t partition = 0; partition < current.size(); ++partition)
        for (const NodeId id : current[partition])
            if (index_of.count(id) > 0) problem.held[partition].push_back(index_of[id]);
    Loads now(candidates.size());
    for (const std::vector<std::uint32_t>& held : problem.held)
        for (const std::uint32_t node : held) ++now[node];
    const LoadBounds bounds =
        bounds_of_copies(ring, partitions, count, current.empty() ? Loads() : now, tolerance, false);
    problem.node_least = bounds.least;
    problem.node_most = bounds.most;
    return problem;
}

}  // namespace ringkv::benchmarks
