// A cluster of five nodes in three racks, clients that keep histories, and a nemesis: faults drawn from a seed
// on the processes and the links between them. Every history must be linearizable.
//
// The seed fixes which faults are drawn; what then happens is up to real processes and real time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/cluster/nemesis_faults.hpp"
#include "tests/cluster/nemesis_judge.hpp"

namespace ringkv::testing {

struct NemesisOptions {
    std::uint64_t seed = 1;
    std::chrono::seconds duration{60};  // whole rounds: a little longer
    bool every_fault = false;           // go on, up to three times as long, until every kind has fired
    unsigned clients = 12;
};

struct NemesisReport {
    std::string links;  // why links were not cut; empty if they were
    std::map<Fault, unsigned> fired;
    unsigned rounds = 0;
    milliseconds longest_healing{0};
    JudgeReport judged;
    // Whatever must not be: histories that are not legal, servers that end, partitions that do not heal, keys
    // that cannot be read at the end.
    std::vector<std::string> failures;

    [[nodiscard]] std::string summary() const;
};

// From the main thread, before there are other threads: it moves into a network namespace of its own, where it
// may. If it finds something, the cluster's directory is kept, with logs, histories and the list of faults.
// `progress` is told a line now and then; first whether links are cut.
NemesisReport run_nemesis(const NemesisOptions& options, const std::function<void(const std::string&)>& progress);

}  // namespace ringkv::testing
