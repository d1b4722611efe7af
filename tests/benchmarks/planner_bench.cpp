// What a node's coming and going moves, against the least possible, and how long planning takes:
//
//     planner_bench [--nodes N,N..] [--racks N] [--partitions N] [--replication N] [--churn CHANGES] [--no-floor]
//
// Each row begins with a cluster of that many nodes, formed at once and then changed CHANGES times at random, one node
// at a time. --no-floor: planned without a lower bound on what a node holds (Tolerance).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "common/placement/moves.hpp"
#include "tests/benchmarks/planner_problem.hpp"

namespace ringkv::benchmarks {
namespace {

struct Settings {
    std::uint32_t partitions = 4096;
    std::uint32_t replication = 3;
    std::uint32_t churn = 0;
    bool no_floor = false;
    std::vector<std::uint32_t> nodes = {3, 4, 5, 6, 10, 20, 30, 50, 100, 200, 300};
    std::uint32_t racks = 0;  // 0: 3 below 30 nodes, 10 from there on
};

Candidate node(std::uint32_t number, std::uint32_t racks) {
    return {NodeId(number), fmt::format("node{}", number), fmt::format("rack{}", number % racks), 1.0};
}

struct Worst {
    double copies = 0, primaries = 0;  // of the worst node, in units of its bound
    std::uint32_t fewest = 0;          // copies
    std::uint32_t most = 0;
};

// Bounds as the racks allow them.
Worst loads_of(const Holders& placement, const std::vector<Candidate>& nodes, std::uint32_t replication) {
    std::map<NodeId, std::uint32_t> copies, primaries;
    for (const std::vector<NodeId>& list : placement) {
        ++primaries[list.front()];
        for (const NodeId id : list) ++copies[id];
    }
    const HashRing ring(nodes, 1);
    const auto partitions = static_cast<std::uint32_t>(placement.size());
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(replication, nodes.size()));
    const LoadBounds of_copies = bounds_of_copies(ring, partitions, count, {}, {}, false);
    const LoadBounds of_primaries = bounds_of_primaries(ring, partitions, {}, {});
    Worst worst;
    worst.fewest = copies[nodes.front().id];
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const NodeId id = ring.nodes()[i].id;
        worst.copies = std::max(worst.copies, static_cast<double>(copies[id]) / of_copies.most[i]);
        worst.primaries = std::max(worst.primaries, static_cast<double>(primaries[id]) / of_primaries.most[i]);
        worst.fewest = std::min(worst.fewest, copies[id]);
        worst.most = std::max(worst.most, copies[id]);
    }
    return worst;
}

class Table {
  public:
    explicit Table(const Settings& settings)
        : settings_(settings),
          tolerance_{0.05, settings.no_floor ? 1.0 : Tolerance().below},
          placement_(128, tolerance_) {
        fmt::print("{} partitions, {} copies{}\n", settings.partitions, settings.replication,
                   settings.churn > 0 ? fmt::format(", after {} random changes", settings.churn) : "");
        fmt::print("{:>5} {:>5} {:<9} {:>6} {:>6} {:>6} {:>9} {:>8} {:>8} {:>10} {:>9} {:>8}\n", "nodes", "racks",
                   "change", "moves", "least", "ratio", "primaries", "copies", "prim.", "copies of", "plan", "median");
        fmt::print("{:>5} {:>5} {:<9} {:>6} {:>6} {:>6} {:>9} {:>8} {:>8} {:>10} {:>9} {:>8}\n", "", "", "", "", "", "",
                   "changed", "/bound", "/bound", "a node", "ms", "ms");
    }

    void rows(std::uint32_t size, std::uint32_t racks) {
        std::vector<Candidate> nodes;
        for (std::uint32_t number = 1; number <= size; ++number) nodes.push_back(node(number, racks));
        Holders held = row("form", nodes, {}, racks);
        churn(nodes, held, racks);
        std::vector<Candidate> more = nodes;
        more.push_back(node(next_, racks));
        (void)row("join", more, held, racks);
        std::vector<Candidate> fewer = nodes;
        fewer.erase(fewer.begin() + size / 2);
        (void)row("leave", fewer, held, racks);
    }

  private:
    void churn(std::vector<Candidate>& nodes, Holders& held, std::uint32_t racks) {
        std::mt19937 random(1);
        next_ = static_cast<std::uint32_t>(nodes.size()) + 1;
        const std::size_t size = nodes.size();
        for (std::uint32_t change = 0; change < settings_.churn; ++change) {
            if (nodes.size() <= size && (nodes.size() < size || random() % 2 == 0))
                nodes.push_back(node(next_++, racks));
            else
                nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(random() % nodes.size()));
            held = placement_.place(nodes, held, settings_.partitions, settings_.replication);
        }
    }

    Holders row(const char* change, const std::vector<Candidate>& nodes, const Holders& held, std::uint32_t racks) {
        Holders target;
        std::vector<double> times;
        for (int i = 0; i < 9; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            target = placement_.place(nodes, held, settings_.partitions, settings_.replication);
            times.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
        }
        std::sort(times.begin(), times.end());
        const PlannedMoves moves = moves_between(held, target);
        const std::int64_t least =
            held.empty()
                ? static_cast<std::int64_t>(moves.copies.size())
                : least_possible(problem_of(nodes, held, settings_.partitions, settings_.replication, tolerance_));
        const auto made = static_cast<double>(moves.copies.size());
        const double ratio = made == static_cast<double>(least) ? 1.0 : made / static_cast<double>(least);
        const Worst loads = loads_of(target, nodes, settings_.replication);
        fmt::print("{:>5} {:>5} {:<9} {:>6} {:>6} {:>6.3f} {:>9} {:>8.3f} {:>8.3f} {:>10} {:>9.2f} {:>8.2f}\n",
                   nodes.size(), racks, change, moves.copies.size(), least, ratio, moves.primaries, loads.copies,
                   loads.primaries, fmt::format("{}-{}", loads.fewest, loads.most), times.front(),
                   times[times.size() / 2]);
        std::fflush(stdout);
        return target;
    }

    Settings settings_;
    Tolerance tolerance_;
    RingPlacement placement_;
    std::uint32_t next_ = 1000;  // the number of the next node
};

}  // namespace
}  // namespace ringkv::benchmarks

int main(int argc, char** argv) {
    using namespace ringkv::benchmarks;
    Settings settings;
    CLI::App app("Moves when nodes come and go, against the least possible.", "planner_bench");
    app.add_option("--partitions", settings.partitions, "a power of two");
    app.add_option("--replication", settings.replication, "copies of each");
    app.add_option("--churn", settings.churn, "random changes before each row");
    app.add_option("--nodes", settings.nodes, "sizes of clusters")->delimiter(',');
    app.add_option("--racks", settings.racks, "as many nodes in each as can be; 0: 3 for up to 29 nodes, else 10");
    app.add_flag("--no-floor", settings.no_floor, "no lower bound on what a node holds");
    CLI11_PARSE(app, argc, argv);
    Table table(settings);
    for (const std::uint32_t size : settings.nodes)
        table.rows(size, settings.racks > 0 ? settings.racks : size < 30 ? 3 : 10);
    return 0;
}
