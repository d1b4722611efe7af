// nemesis: a real cluster, real faults, and clients whose histories are judged.
//
//     nemesis --minutes 5 --seed 7
//
// Exits with 0 if every history is linearizable and the cluster always healed; else with 1, and says where the
// logs, the history and the list of faults are.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "tests/cluster/nemesis.hpp"

int main(int argc, char** argv) {
    ringkv::testing::NemesisOptions options;
    double minutes = 1;
    CLI::App app("Faults on real processes, while clients keep histories that must be linearizable");
    app.add_option("--minutes", minutes, "how long")->check(CLI::PositiveNumber);
    app.add_option("--seed", options.seed, "which faults are drawn");
    app.add_option("--clients", options.clients, "each a thread")->check(CLI::Range(1, 100));
    CLI11_PARSE(app, argc, argv);
    ::testing::InitGoogleTest();  // the cluster's harness reports through it
    options.duration = std::chrono::seconds(static_cast<long>(minutes * 60));
    try {
        std::cout << "nemesis: seed " << options.seed << ", " << minutes << " minutes" << std::endl;
        const auto report =
            ringkv::testing::run_nemesis(options, [](const std::string& line) { std::cout << line << std::endl; });
        std::cout << report.summary();
        std::cout << (report.failures.empty() && !::testing::Test::HasFailure() ? "nemesis: nothing found\n"
                                                                                : "nemesis: FAILED\n");
        return report.failures.empty() && !::testing::Test::HasFailure() ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "nemesis: " << error.what() << '\n';
        return 2;
    }
}
