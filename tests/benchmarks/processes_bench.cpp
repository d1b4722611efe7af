// Thirty real node processes and a registry on this machine: forms, loses a node by SIGKILL, repairs itself, gains a
// node, drains one; before it and after each of these every key that was written is read and compared. Then counts what
// the processes hold: threads, sockets, memory.
//
//     processes_bench [--nodes N] [--partitions N] [--keys N]
//
// Exits with 0 if the cluster settled after everything and every key was right, 1 otherwise. How long things take says
// little here: the processes share this machine's few processors.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <optional>

#include "ringkv/admin.hpp"
#include "tests/benchmarks/process_figures.hpp"
#include "tests/cluster/process_cluster.hpp"

namespace ringkv::benchmarks {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Settings {
    unsigned nodes = 30;
    unsigned partitions = 256;
    unsigned keys = 5000;
    unsigned rest = 10;                               // seconds
    milliseconds patience = std::chrono::minutes(5);  // with each event
};

double seconds_since(steady_clock::time_point begin) {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

class Story {
  public:
    explicit Story(const Settings& settings)
        : settings_(settings),
          began_(steady_clock::now()),
          cluster_({.nodes = settings.nodes, .partitions = settings.partitions}),
          client_(cluster_.client()) {
        for (unsigned number = 1; number <= settings.nodes; ++number) names_.push_back("n" + std::to_string(number));
    }

    int tell() {
        wait("a share for every node", [](const ClusterStatus& status) { return testing::at_rest(status); });
        say(fmt::format("{} processes started, {} partitions formed and full", settings_.nodes, settings_.partitions),
            began_);
        must(cluster_.admin().change_settings({.repair_after = std::chrono::seconds(2)}));
        write_all();
        verify();
        die();
        verify();
        join();
        verify();
        drain();
        verify();
        count();
        fmt::print("every key was read after each step: {} reads, {} wrong\n", reads_, wrong_);
        return wrong_ == 0 ? 0 : 1;
    }

  private:
    template <class T>
    static void must(const Result<T>& result) {
        if (!result) throw std::runtime_error(result.error().message());
    }

    void say(const std::string& what, steady_clock::time_point begin) const {
        fmt::print("{:>7.1f} s  {}\n", seconds_since(begin), what);
        std::cout.flush();
    }

    void wait(const std::string& what, const std::function<bool(const ClusterStatus&)>& condition) {
        std::string last = "no status";
        auto complain_at = steady_clock::now() + std::chrono::seconds(10);
        const bool came = testing::wait_until(settings_.patience, [&] {
            const auto status = client_.status();
            last = status ? testing::describe(*status) : status.error().message();
            if (steady_clock::now() > complain_at) {
                std::cerr << "still waiting for: " << what << "; now: " << last << std::endl;
                complain_at += std::chrono::seconds(10);
            }
            return status && condition(*status);
        });
        if (!came) throw std::runtime_error("never came: " + what + "; last seen: " + last);
    }

    // ------------------------------------------------------------ data

    [[nodiscard]] static std::string key(unsigned number) { return "key" + std::to_string(number); }
    [[nodiscard]] std::string value(unsigned number) const {
        return "round " + std::to_string(round_) + ", value " + std::to_string(number);
    }

    void write_all() {
        ++round_;
        std::vector<std::pair<std::string, std::string>> entries;
        for (unsigned i = 0; i < settings_.keys; ++i) entries.emplace_back(key(i), value(i));
        for (const auto& written : client_.put_many(entries)) must(written);
    }

    // Every key has the value of the round before; then a new round is written.
    void verify() {
        std::vector<std::string> keys;
        for (unsigned i = 0; i < settings_.keys; ++i) keys.push_back(key(i));
        const auto found = client_.get_many(keys);
        for (unsigned i = 0; i < settings_.keys; ++i) {
            ++reads_;
            if (found[i] && *found[i] && (*found[i])->value == value(i)) continue;
            ++wrong_;
            fmt::print("{} is wrong: {}\n", keys[i],
                       !found[i]   ? found[i].error().message()
                       : *found[i] ? (*found[i])->value
                                   : "absent");
        }
        write_all();
    }

    // ------------------------------------------------------------ what happens

    void die() {
        const std::string name = names_[names_.size() / 2];
        const auto begin = steady_clock::now();
        cluster_.kill_node(name);
        wait("every partition served without " + name, [&](const ClusterStatus& status) {
            return status.unavailable == 0 && testing::copies_of(status, name) == 0;
        });
        say(name + " killed: every partition served without it", begin);
        wait("all copies made elsewhere", testing::at_rest);
        say("all its copies made elsewhere (2 s of it are repair_after)", begin);
        std::erase(names_, name);
    }

    void join() {
        const std::string name = "n" + std::to_string(settings_.nodes + 1);
        cluster_.add_node(name, "rack-a");
        const auto begin = steady_clock::now();
        cluster_.start_node(name);
        wait("a share for " + name, [&](const ClusterStatus& status) {
            return testing::at_rest(status) && testing::copies_of(status, name) > 0;
        });
        names_.push_back(name);
        say(name + " joined and has its share", begin);
    }

    void drain() {
        const std::string name = names_.front();
        const auto begin = steady_clock::now();
        must(cluster_.admin().drain(name));
        wait(name + " empty", [&](const ClusterStatus& status) {
            return testing::at_rest(status) && testing::copies_of(status, name) == 0;
        });
        say(name + " drained: it holds nothing", begin);
    }

    // ------------------------------------------------------------ what they hold

    void count() {
        const auto processor_times = [this] {
            std::vector<std::chrono::nanoseconds> times;
            for (const std::string& name : names_) times.push_back(processor_time(cluster_.node(name).pid()));
            times.push_back(processor_time(cluster_.registry().pid()));
            return times;
        };
        const auto before = processor_times();
        const auto begin = steady_clock::now();
        testing::sleep_for(std::chrono::seconds(settings_.rest));
        const auto after = processor_times();
        const double took = seconds_since(begin);
        const auto percent = [took](std::chrono::nanoseconds used) {
            return std::chrono::duration<double>(used).count() * 100 / took;
        };
        fmt::print("\n{:<10} {:>8} {:>8} {:>11} {:>9} {:>9} {:>8}\n", "process", "threads", "sockets", "other files",
                   "RSS MiB", "PSS MiB", "CPU %");
        Totals totals;
        for (std::size_t i = 0; i < names_.size(); ++i)
            row(names_[i], cluster_.node(names_[i]).pid(), percent(after[i] - before[i]), &totals);
        row("registry", cluster_.registry().pid(), percent(after.back() - before.back()), nullptr);
        const auto nodes = static_cast<double>(names_.size());
        fmt::print("{:<10} {:>8.1f} {:>8.1f} {:>11.1f} {:>9.1f} {:>9.1f} {:>8.1f}\n\n", "mean node",
                   totals.threads / nodes, totals.sockets / nodes, totals.others / nodes, totals.resident / nodes,
                   totals.proportional / nodes, totals.processor / nodes);
    }

    struct Totals {
        double threads = 0, sockets = 0, others = 0, resident = 0, proportional = 0, processor = 0;
    };

    static void row(const std::string& name, pid_t process, double processor, Totals* totals) {
        constexpr double mib = 1024 * 1024;
        const Memory memory = memory_of(process);
        const OpenFiles files = open_files_of(process);
        const auto resident = static_cast<double>(memory.resident) / mib;
        const auto proportional = static_cast<double>(memory.proportional) / mib;
        const std::uint64_t threads = threads_of(process);
        fmt::print("{:<10} {:>8} {:>8} {:>11} {:>9.1f} {:>9} {:>8.1f}\n", name, threads, files.sockets,
                   files.all - files.sockets, resident,
                   memory.proportional == 0 ? "-" : fmt::format("{:.1f}", proportional), processor);
        if (totals == nullptr) return;
        totals->threads += static_cast<double>(threads);
        totals->sockets += static_cast<double>(files.sockets);
        totals->others += static_cast<double>(files.all - files.sockets);
        totals->resident += resident;
        totals->proportional += proportional;
        totals->processor += processor;
    }

    const Settings settings_;
    const steady_clock::time_point began_;
    testing::ProcessCluster cluster_;
    Client client_;
    std::vector<std::string> names_;  // of the nodes that run
    unsigned round_ = 0;
    std::uint64_t reads_ = 0;
    std::uint64_t wrong_ = 0;
};

}  // namespace
}  // namespace ringkv::benchmarks

int main(int argc, char** argv) {
    ringkv::benchmarks::Settings settings;
    CLI::App app("Many real processes on this machine: do they settle, and what do they hold?", "processes_bench");
    app.add_option("--nodes", settings.nodes, "processes, in three racks")->check(CLI::Range(5, 200));
    app.add_option("--partitions", settings.partitions, "a power of two");
    app.add_option("--keys", settings.keys, "written and read after each step");
    app.add_option("--rest", settings.rest, "seconds over which the processors' time is counted");
    CLI11_PARSE(app, argc, argv);
    try {
        return ringkv::benchmarks::Story(settings).tell();
    } catch (const std::exception& error) {
        std::cerr << "processes_bench: " << error.what() << std::endl;
        return 1;
    }
}
