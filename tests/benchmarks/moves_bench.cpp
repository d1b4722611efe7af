// What clients feel while a cluster grows from three nodes to six, is restarted node by node, and shrinks back to
// three:
//
//     moves_bench [--rate N] [--clients N] [--keys N] [--bytes N] [--partitions N] [--quiet SECONDS]
//
// Real processes on this machine. Each client has keys of its own, which it writes and reads in turn, one call at a
// time, at a fixed rate; a latency counts from the moment at which the call was due, so that a stall is felt by all
// calls that it held up. As no other client writes its keys, a client knows every byte that it must find. Says the
// latencies of each phase and their ratio to those of the quiet ones. Exits with 1 if a call failed, a byte was wrong
// or a partition's copies were in fewer than three racks ("crowded").
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>
#include <set>

#include "ringkv/admin.hpp"
#include "tests/benchmarks/paced_load.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::benchmarks {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ProcessCluster;

struct Settings {
    PacedLoad::Options load;
    unsigned partitions = 256;
    unsigned quiet = 20;                // seconds
    std::optional<unsigned> moves;      // max_moves_per_node, instead of the default
    std::optional<unsigned> pace;       // max_moves_per_second
    std::optional<std::uint64_t> rate;  // max_bytes_per_second
};

constexpr const char* newcomers[] = {"n4", "n5", "n6"};

void check(const Result<Change>& change) {
    if (!change) throw std::runtime_error(change.error().message());
}

// Partitions whose members are not in three racks.
std::size_t in_too_few_racks(const ClusterStatus& status) {
    return static_cast<std::size_t>(
        std::count_if(status.partitions.begin(), status.partitions.end(), [](const PartitionStatus& partition) {
            std::set<std::string> racks;
            for (const ReplicaStatus& member : partition.members)
                if (member.role == "primary" || member.role == "backup") racks.insert(member.rack);
            return racks.size() < 3;
        }));
}

class Story {
  public:
    explicit Story(const Settings& settings)
        : settings_(settings),
          cluster_({.nodes = 3, .partitions = settings.partitions}),
          observer_(cluster_.client()),
          admin_(cluster_.admin()),
          load_({cluster_.registry_endpoint()}, settings.load) {
        check(admin_.change_settings({.max_bytes_per_second = settings.rate,
                                      .max_moves_per_node = settings.moves,
                                      .max_moves_per_second = settings.pace}));
    }

    int tell() {
        fmt::print("{} calls/s by {} clients on {} keys of {} bytes, {} partitions, 3 copies\n", settings_.load.rate,
                   settings_.load.clients, settings_.load.keys, settings_.load.value_bytes, settings_.partitions);
        fmt::print("{:<16} {:>8} {:>8} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8}\n", "phase", "seconds", "calls",
                   "failed", "p50 ms", "p99 ms", "p99.9 ms", "longest", "p99/quiet", "crowded");
        start_empty();
        quiet("quiet, 3 nodes");
        load_.begin_phase();
        grow();
        row("3 -> 6 nodes");
        quiet("quiet, 6 nodes");
        load_.begin_phase();
        restart();
        row("each restarted");
        load_.begin_phase();
        shrink();
        row("6 -> 3 nodes");
        quiet("quiet, 3 nodes");
        load_.stop();
        const std::size_t wrong = load_.wrong_at_the_end();
        fmt::print("{} keys read again at the end, {} not as their writers left them\n", settings_.load.keys, wrong);
        for (const std::string& trouble : load_.troubles()) fmt::print("  {}\n", trouble);
        return failed_ == 0 && wrong == 0 && crowded_ == 0 ? 0 : 1;
    }

  private:
    void quiet(const char* name) {
        load_.begin_phase();
        // Watched as the others are, so that it is the moves that make the difference.
        const auto end = steady_clock::now() + std::chrono::seconds(settings_.quiet);
        cluster_.wait_for_status(observer_, "the end of a quiet phase",
                                 [&](const ClusterStatus&) { return steady_clock::now() >= end; });
        quiet_p99_ = row(name);
    }

    // Three more, which hold nothing yet: starting three programs on a few processors is not what is measured.
    void start_empty() {
        for (const char* name : newcomers) {
            cluster_.add_node(name, "rack-" + std::string(1, static_cast<char>(name[1] - '4' + 'a')));
            cluster_.start_node(name);
            cluster_.wait_for_status(observer_, "it has joined", [&](const ClusterStatus& status) {
                return testing::find_node(status, name) != nullptr;
            });
            check(admin_.drain(name));
        }
        wait_until_empty();
    }

    void wait_until_empty() {
        cluster_.wait_for_status(observer_, "n4, n5 and n6 are empty", [](const ClusterStatus& status) {
            return testing::at_rest(status) &&
                   std::all_of(std::begin(newcomers), std::end(newcomers),
                               [&](const char* name) { return testing::copies_of(status, name) == 0; });
        });
    }

    void grow() {
        for (const char* name : newcomers) check(admin_.undrain(name));
        const double copies = settings_.partitions * 3 / 6.0;
        const double primaries = settings_.partitions / 6.0;
        cluster_.wait_for_status(observer_, "every node has its share", [&](const ClusterStatus& status) {
            return testing::at_rest(status) && status.nodes.size() == 6 &&
                   std::all_of(status.nodes.begin(), status.nodes.end(), [&](const NodeStatus& node) {
                       return node.copies >= 0.9 * copies && node.primaries >= std::floor(0.9 * primaries);
                   });
        });
    }

    // One node after the other.
    void restart() {
        for (const char* name : {"n1", "n2", "n3", "n4", "n5", "n6"}) {
            cluster_.stop_node(name);
            cluster_.start_node(name);
            cluster_.wait_until_full(observer_, 6);
        }
    }

    void shrink() {
        for (const char* name : newcomers) check(admin_.drain(name));
        wait_until_empty();
    }

    // -> p99
    double row(const char* name) {
        const PacedLoad::Latencies phase = load_.end_phase();
        const auto status = observer_.status();
        const std::size_t crowded = status ? in_too_few_racks(*status) : settings_.partitions;
        failed_ += phase.failed;
        crowded_ += crowded;
        const double p99 = phase.quantile(0.99);
        const std::string ratio = quiet_p99_ ? fmt::format("{:.2f}", p99 / *quiet_p99_) : "";
        fmt::print("{:<16} {:>8.1f} {:>8} {:>6} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9} {:>8}\n", name, phase.seconds,
                   phase.calls(), phase.failed, phase.quantile(0.5), p99, phase.quantile(0.999), phase.quantile(1),
                   ratio, crowded);
        std::cout.flush();
        return p99;
    }

    Settings settings_;
    ProcessCluster cluster_;
    Client observer_;
    Admin admin_;
    PacedLoad load_;
    std::optional<double> quiet_p99_;  // of the last quiet phase
    std::uint64_t failed_ = 0;
    std::size_t crowded_ = 0;
};

}  // namespace
}  // namespace ringkv::benchmarks

int main(int argc, char** argv) {
    ringkv::benchmarks::Settings settings;
    CLI::App app("What clients feel while a cluster grows and shrinks");
    app.add_option("--rate", settings.load.rate, "calls a second, of all clients together");
    app.add_option("--clients", settings.load.clients, "each with one call at a time");
    app.add_option("--keys", settings.load.keys, "of all clients together");
    app.add_option("--bytes", settings.load.value_bytes, "of a value");
    app.add_option("--partitions", settings.partitions, "of the cluster");
    app.add_option("--quiet", settings.quiet, "seconds of each quiet phase")->check(CLI::Range(1, 50));
    app.add_option("--moves", settings.moves, "max_moves_per_node, instead of the default");
    app.add_option("--moves-per-second", settings.pace, "max_moves_per_second, instead of the default");
    app.add_option("--bytes-per-second", settings.rate, "max_bytes_per_second, instead of the default");
    CLI11_PARSE(app, argc, argv);
    try {
        return ringkv::benchmarks::Story(settings).tell();
    } catch (const std::exception& error) {
        std::cerr << "moves_bench: " << error.what() << '\n';
        return 2;
    }
}
