// cluster_load: writers and readers that keep books, for scripts/demo and scripts/failover.
//
//     cluster_load --registry tcp://127.0.0.1:7400 --seconds 6 --victim n3
//
// Prints "running" when every key has been written once; the script that started it may then do its worst to
// the victim. At the end one line of JSON: what was acknowledged, what was broken (`violations`, empty if
// nothing was lost, doubled or stale), and for how long keys could not be written: all, those whose primary the victim
// was, and those of which it had no copy. Exits with 0 if nothing was broken.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cluster/load.hpp"

namespace {

using ringkv::testing::Load;
using ringkv::testing::LoadOptions;
using ringkv::testing::LoadReport;
using std::chrono::milliseconds;

template <class Wanted>
std::vector<std::string> keys_where(const ringkv::Client& client, const Load& load, const Wanted& wanted) {
    std::vector<std::string> keys;
    for (const std::string& key : load.keys())
        if (wanted(client.locate(key))) keys.push_back(key);
    return keys;
}

nlohmann::json gaps_as_json(const Load& load, const std::vector<std::string>& keys) {
    const auto all = load.gaps();
    std::vector<milliseconds::rep> gaps;
    gaps.reserve(keys.size());
    for (const std::string& key : keys) gaps.push_back(all.at(key).count());
    std::sort(gaps.begin(), gaps.end());
    if (gaps.empty()) return nullptr;
    return {{"keys", gaps.size()}, {"median_ms", gaps[gaps.size() / 2]}, {"longest_ms", gaps.back()}};
}

int run(const LoadOptions& options, unsigned seconds, const std::string& victim) {
    ringkv::Options observe;
    observe.registries = options.endpoints;
    observe.deadline = options.deadline;
    auto observer = ringkv::Client::connect(observe);
    if (!observer) throw std::runtime_error(observer.error().message());
    Load load(options);
    if (!load.every_key_written(options.deadline)) throw std::runtime_error("not every key could be written");
    const auto victims = keys_where(*observer, load, [&](const auto& home) { return home.primary == victim; });
    const auto elsewhere = keys_where(*observer, load, [&](const auto& home) {
        return std::none_of(home.members.begin(), home.members.end(),
                            [&](const auto& member) { return member.name == victim; });
    });
    load.measure();
    std::cout << "running" << std::endl;  // flushed: a script waits for it
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    const bool writable = load.every_key_written(options.deadline);
    const auto victim_gaps = gaps_as_json(load, victims);
    const auto elsewhere_gaps = gaps_as_json(load, elsewhere);
    const auto all_gaps = gaps_as_json(load, load.keys());
    LoadReport report = load.verify(options.endpoints);
    if (!writable) report.violations.emplace_back("not every key is writable again");
    std::cout << nlohmann::json{{"acknowledged", report.acknowledged},
                                {"reads", report.reads},
                                {"keys", report.keys},
                                {"not_applied", report.refused},
                                {"outcome_unknown", report.unknown},
                                {"failed_reads", report.failed_reads},
                                {"last_error", report.last_error},
                                {"violations", report.violations},
                                {"victim", victim_gaps},
                                {"elsewhere", elsewhere_gaps},
                                {"all", all_gaps}}
                     .dump()
              << std::endl;
    return report.violations.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    LoadOptions options;
    unsigned seconds = 6;
    std::string victim;
    CLI::App app("Load that keeps books, for scripts/demo and scripts/failover");
    app.add_option("--registry", options.endpoints, "registry or nodes")->required()->delimiter(',');
    app.add_option("--seconds", seconds, "how long");
    app.add_option("--clients", options.clients, "each with a thread of its own");
    app.add_option("--keys", options.keys_per_client, "of each client, and so many writes under way");
    app.add_option("--prefix", options.prefix, "of the keys; none of them may be there yet");
    app.add_option("--victim", victim, "whose keys' gap is told");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(options, seconds, victim);
    } catch (const std::exception& error) {
        std::cerr << "cluster_load: " << error.what() << '\n';
        return 2;
    }
}
