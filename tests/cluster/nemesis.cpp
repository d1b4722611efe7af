#include "tests/cluster/nemesis.hpp"

#include <gtest/gtest.h>

#include <iomanip>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "tests/cluster/nemesis_clients.hpp"

namespace ringkv::testing {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::vector<std::string> nodes{"n1", "n2", "n3", "n4", "n5"};
constexpr unsigned replication = 3;

RecordedLoadOptions load_options(const NemesisOptions& options, const ProcessCluster& cluster, bool links) {
    RecordedLoadOptions load;
    const std::vector<std::string> registry{cluster.registry_endpoint()};
    load.endpoints = {registry, cluster.node_endpoints()};
    if (links) {
        load.on_thread = Links::act_for_clients;
        load.launcher = Links::launcher(other_clients_party);
    }
    load.seed = options.seed;
    load.clients = options.clients;
    return load;
}

std::string line(std::chrono::seconds time, const Nemesis& nemesis, const RecordedLoad& load) {
    std::ostringstream text;
    unsigned faults = 0;
    for (const auto& [fault, count] : nemesis.fired()) faults += count;
    text << std::setw(5) << time.count() << " s: " << nemesis.rounds() << " rounds, " << faults << " faults, "
         << load.answered() << " calls";
    return text.str();
}

void rounds(const NemesisOptions& options, Nemesis& nemesis, const RecordedLoad& load, const Judge& judge, bool links,
            const std::function<void(const std::string&)>& progress) {
    const std::size_t kinds = links ? kinds_of_faults : static_cast<std::size_t>(Fault::cut_pair);
    const auto begin = Clock::now();
    for (auto told = begin; !judge.found_something();) {
        const auto now = Clock::now();
        const bool wants_more = options.every_fault && nemesis.fired().size() < kinds;
        if (now - begin >= options.duration * (wants_more ? 3 : 1)) return;
        if (now - told >= 10s) {
            told = now;
            progress(line(std::chrono::duration_cast<std::chrono::seconds>(now - begin), nemesis, load));
        }
        nemesis.round();
    }
}

void write_events(const ProcessCluster& cluster, const Nemesis& nemesis) {
    std::string text;
    for (const std::string& event : nemesis.events()) text += event + '\n';
    write_file(cluster.directory() / "faults.txt", text);
}

}  // namespace

std::string NemesisReport::summary() const {
    std::ostringstream text;
    if (!links.empty()) text << "links are not cut: " << links << '\n';
    text << rounds << " rounds, longest healing " << longest_healing.count() << " ms; faults:";
    for (const auto& [fault, count] : fired) text << ' ' << name_of(fault) << ' ' << count << ';';
    text << '\n' << judged.summary();
    for (const std::string& failure : failures) text << "FAILED: " << failure << '\n';
    return text.str();
}

NemesisReport run_nemesis(const NemesisOptions& options, const std::function<void(const std::string&)>& progress) {
    NemesisReport report;
    report.links = Links::enter_own_network();
    progress(report.links.empty() ? "links are cut, too" : "links are not cut: " + report.links);
    ClusterOptions cluster_options{.nodes = 5, .replication = replication, .partitions = 64};
    if (report.links.empty()) cluster_options.node_launcher = Links::launcher;
    ProcessCluster cluster(cluster_options);
    std::unique_ptr<Links> links;
    if (report.links.empty()) links = std::make_unique<Links>(cluster, nodes);

    Nemesis nemesis(cluster, nodes, replication, links.get(), options.seed);
    Judge judge(cluster.directory());
    RecordedLoad load(load_options(options, cluster, links != nullptr), judge);
    nemesis.count_time_from(load.start());
    try {
        rounds(options, nemesis, load, judge, links != nullptr, progress);
    } catch (const std::exception& error) {
        report.failures.emplace_back(error.what());
    }
    if (links != nullptr) links->heal_all();
    try {
        Client reader = cluster.client({}, report.failures.empty() ? patience : 1000ms);
        for (std::string& unread : load.finish(reader)) report.failures.push_back(std::move(unread));
    } catch (const std::exception& error) {
        report.failures.emplace_back(error.what());
    }
    report.judged = judge.finish();
    report.failures.insert(report.failures.end(), report.judged.findings.begin(), report.judged.findings.end());
    report.fired = nemesis.fired();
    report.rounds = nemesis.rounds();
    report.longest_healing = nemesis.longest_healing();
    if (!report.failures.empty()) {
        write_events(cluster, nemesis);
        ADD_FAILURE() << "the nemesis found something";  // so that the directory is kept
    }
    return report;
}

}  // namespace ringkv::testing
