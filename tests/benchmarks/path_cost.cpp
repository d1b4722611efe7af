// What a get and a put cost the nodes and the client's core: allocations, frames and their bytes; and, when it runs
// under callgrind, instructions (scripts/path-cost does that, and prints both as one table).
//
// Counted is all from the bytes of a frame that came to the bytes of those that leave: codec, actor, engine. Not
// counted: ZeroMQ, the kernel, threads. "nodes" is all three together: of a get the one that serves it, of a put the
// primary and both backups; of "idle ms", a millisecond without a request. The counts depend on neither machine nor
// load.
#include <fmt/format.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS static_cast<void>(0)
#define CALLGRIND_DUMP_STATS_AT(name) static_cast<void>(0)
#endif

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/benchmarks/counted_cluster.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks;

struct Settings {
    std::uint32_t partitions = 1024;
    std::uint64_t keys = 10000;
    std::uint64_t value_size = 100;
    std::vector<std::uint64_t> outstanding{1, 50, 800};
    bool for_client = false;
    bool as_json = false;
};

constexpr Duration resting = std::chrono::seconds(1);

std::string key_of(std::uint64_t number) {
    return fmt::format("key-{:013}", number);  // 17 bytes, as everywhere in scripts/bench
}

// A multiple of what is outstanding, so that every round is full.
std::uint64_t operations_for(std::uint64_t outstanding) {
    return outstanding * std::max<std::uint64_t>(10, 2000 / outstanding);
}

nlohmann::json cost_of(const PartyCost& before, const PartyCost& after, double count) {
    const auto each = [count](std::uint64_t from, std::uint64_t to) { return static_cast<double>(to - from) / count; };
    return {{"allocations", each(before.allocated.calls, after.allocated.calls)},
            {"allocated_bytes", each(before.allocated.bytes, after.allocated.bytes)},
            {"turns", each(before.turns, after.turns)},
            {"frames", each(before.frames, after.frames)},
            {"frame_bytes", each(before.frame_bytes, after.frame_bytes)}};
}

class Measurement {
  public:
    explicit Measurement(const Settings& settings)
        : settings_(settings),
          cluster_(settings.partitions, settings.for_client ? Party::client : Party::nodes),
          value_(settings.value_size, 'v') {}

    nlohmann::json run() {
        std::uint64_t key = 0;
        cluster_.run(settings_.keys, 800, [&] { return WriteOperation{key_of(key++), value_, {}}; });
        for (const std::uint64_t outstanding : settings_.outstanding) {
            const std::uint64_t count = operations_for(outstanding);
            measure("get", outstanding, count, [&] {
                cluster_.run(count, outstanding, [&] { return GetOperation{key_of(random_() % settings_.keys)}; });
            });
            measure("put", outstanding, count, [&] {
                cluster_.run(count, outstanding, [&] {
                    return WriteOperation{key_of(random_() % settings_.keys), value_, {}};
                });
            });
        }
        measure("idle ms", 0, resting / std::chrono::milliseconds(1), [&] { cluster_.rest(resting); });
        return rows_;
    }

  private:
    void measure(const std::string& name, std::uint64_t outstanding, std::uint64_t count,
                 const std::function<void()>& work) {
        const Costs before = cluster_.costs();
        CALLGRIND_ZERO_STATS;
        work();
        CALLGRIND_DUMP_STATS_AT(fmt::format("{} {} {}", name, outstanding, count).c_str());
        const Costs& after = cluster_.costs();
        nlohmann::json row{{"name", name}, {"outstanding", outstanding}, {"count", count}};
        for (const auto& [party, text] : {std::pair(Party::nodes, "nodes"), std::pair(Party::client, "client")}) {
            const auto place = static_cast<std::size_t>(party);
            row[text] = cost_of(before[place], after[place], static_cast<double>(count));
        }
        rows_.push_back(std::move(row));
    }

    const Settings& settings_;
    CountedCluster cluster_;
    const std::string value_;
    std::mt19937_64 random_{1};
    nlohmann::json rows_ = nlohmann::json::array();
};

void print_table(const nlohmann::json& rows) {
    fmt::print("{:<8} {:>11}   {:>11} {:>9} {:>7} {:>7} {:>7}   {:>11} {:>9}\n", "", "outstanding", "nodes: alloc",
               "bytes", "turns", "frames", "bytes", "client: alloc", "bytes");
    for (const auto& row : rows) {
        const auto& nodes = row["nodes"];
        const auto& client = row["client"];
        const auto number = [](const nlohmann::json& of, const char* name) { return of[name].get<double>(); };
        fmt::print("{:<8} {:>11}   {:>12.2f} {:>9.0f} {:>7.2f} {:>7.2f} {:>7.0f}   {:>13.2f} {:>9.0f}\n",
                   row["name"].get<std::string>(), row["outstanding"].get<std::uint64_t>(),
                   number(nodes, "allocations"), number(nodes, "allocated_bytes"), number(nodes, "turns"),
                   number(nodes, "frames"), number(nodes, "frame_bytes"), number(client, "allocations"),
                   number(client, "allocated_bytes"));
    }
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("What a get and a put cost, per operation");
    app.option_defaults()->always_capture_default();
    app.add_option("--partitions", settings.partitions, "of the cluster");
    app.add_option("--keys", settings.keys, "written before, and drawn from uniformly");
    app.add_option("--value-size", settings.value_size, "bytes");
    app.add_option("--outstanding", settings.outstanding, "operations at a time; several, with commas")
        ->delimiter(',')
        ->check(CLI::PositiveNumber);
    app.add_flag("--client", settings.for_client, "callgrind collects the client's turns, not the nodes'");
    app.add_flag("--json", settings.as_json, "rows as JSON");
    CLI11_PARSE(app, argc, argv);
    try {
        const nlohmann::json rows = Measurement(settings).run();
        if (settings.as_json)
            std::cout << rows.dump(1) << "\n";
        else
            print_table(rows);
    } catch (const std::exception& error) {
        std::cerr << "path_cost: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
