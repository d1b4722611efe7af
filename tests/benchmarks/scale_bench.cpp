// A real registry and clusters of growing size, whose nodes are the real node actors in this one process
// (node_farm.hpp says how): what joins, deaths, repairs and drains cost, and how that grows.
//
//     scale_bench --nodes 10,30,100,300
//
// Exits with 0 if every cluster settled after everything, 1 otherwise. Goals that are missed are reported, not judged.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>

#include "tests/benchmarks/scale_report.hpp"
#include "tests/benchmarks/scale_run.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks;

// A node has two sockets, each of several files; so has the registry for it.
void raise_limit_of_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Hundreds of whole maps come at formation. By default glibc gives such blocks back to the kernel at once, which then
// clears the next one's pages again: more work than all the nodes have.
void keep_freed_memory() {
    ::mallopt(M_MMAP_THRESHOLD, 64 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

}  // namespace

int main(int argc, char** argv) {
    ScaleOptions options;
    std::vector<unsigned> sizes{10, 30, 100, 300};
    std::string output = "text";
    unsigned rest = 10;
    unsigned turn = 0;
    CLI::App app("What a cluster costs its registry, from few nodes to hundreds", "scale_bench");
    app.add_option("--nodes", sizes, "sizes of clusters")->delimiter(',')->check(CLI::Range(4, 1000));
    app.add_option("--racks", options.racks, "as many nodes in each as can be")->check(CLI::Range(1, 1000));
    app.add_option("--partitions", options.registry.partitions, "a power of two");
    app.add_option("--deaths", options.deaths, "one after the other; at most a quarter of the nodes");
    app.add_option("--rest", rest, "seconds at rest, measured");
    app.add_option("--turn", turn, "milliseconds between turns of a node; 0: 10 for up to 100 nodes, else 25");
    app.add_option("--repair-after", options.registry.repair_after, "how long a dead node may take to come back");
    app.add_option("--registry", options.registry.program, "the ringkv-registry to measure");
    app.add_option("--directory", options.registry.directory,
                   "where the registry stores; else that of temporary files");
    app.add_option("-o,--output", output, "text or json")->check(CLI::IsMember({"text", "json"}));
    CLI11_PARSE(app, argc, argv);
    raise_limit_of_open_files();
    keep_freed_memory();
    options.at_rest = std::chrono::seconds(rest);
    const unsigned deaths = options.deaths;
    std::vector<ScaleFigures> figures;
    try {
        for (const unsigned nodes : sizes) {
            options.nodes = nodes;
            options.deaths = std::min(deaths, nodes / 4);
            options.turn_interval = std::chrono::milliseconds(turn > 0 ? turn : nodes <= 100 ? 10 : 25);
            figures.push_back(run_scale(options, [](const std::string& line) { std::cerr << line << std::endl; }));
        }
    } catch (const std::exception& error) {
        std::cerr << "scale_bench: " << error.what() << std::endl;
        return 1;
    }
    std::cout << (output == "json" ? as_json(figures) : as_text(figures)) << std::flush;
    return 0;
}
