#include "tests/benchmarks/planner_least.hpp"

#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <algorithm>

namespace ringkv::benchmarks {

std::int64_t least_possible(const MoveProblem& problem) {
    using Graph = lemon::SmartDigraph;
    struct Bounded {
        Graph::Arc arc;
        int least, most, cost;
    };
    Graph graph;
    std::vector<Bounded> arcs;
    std::vector<std::pair<Graph::Node, int>> supplies;
    const auto arc = [&](Graph::Node from, Graph::Node to, std::uint32_t least, std::uint32_t most, int cost) {
        arcs.push_back({graph.addArc(from, to), static_cast<int>(least), static_cast<int>(most), cost});
    };
    const Graph::Node sink = graph.addNode();
    std::vector<Graph::Node> nodes;
    for (std::size_t node = 0; node < problem.rack_of.size(); ++node) {
        nodes.push_back(graph.addNode());
        arc(nodes.back(), sink, problem.node_least[node], problem.node_most[node], 0);
    }
    const std::size_t racks = problem.rack_least.size();
    std::uint32_t wanted = problem.extra;
    for (const std::uint32_t least : problem.rack_least) wanted += least;
    for (const std::vector<std::uint32_t>& held : problem.held) {
        const Graph::Node partition = graph.addNode();
        supplies.emplace_back(partition, static_cast<int>(wanted));
        std::vector<Graph::Node> parts;
        for (std::size_t rack = 0; rack < racks; ++rack) {
            parts.push_back(graph.addNode());
            arc(partition, parts.back(), problem.rack_least[rack], problem.rack_most[rack], 0);
        }
        for (std::uint32_t node = 0; node < nodes.size(); ++node) {
            const bool is_held = std::find(held.begin(), held.end(), node) != held.end();
            arc(parts[problem.rack_of[node]], nodes[node], 0, 1, is_held ? 0 : 1);
        }
    }
    supplies.emplace_back(sink, -static_cast<int>(wanted * problem.held.size()));

    Graph::ArcMap<int> lower(graph), upper(graph), cost(graph);
    for (const Bounded& bounded : arcs) {
        lower[bounded.arc] = bounded.least;
        upper[bounded.arc] = bounded.most;
        cost[bounded.arc] = bounded.cost;
    }
    Graph::NodeMap<int> supply(graph, 0);
    for (const auto& [node, amount] : supplies) supply[node] = amount;
    lemon::NetworkSimplex<Graph, int, int> simplex(graph);
    simplex.lowerMap(lower).upperMap(upper).costMap(cost).supplyMap(supply);
    if (simplex.run() != lemon::NetworkSimplex<Graph, int, int>::OPTIMAL) return -1;
    return simplex.totalCost<std::int64_t>();
}

}  // namespace ringkv::benchmarks
