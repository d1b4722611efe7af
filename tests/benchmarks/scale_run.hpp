// The life of one cluster, measured: it forms, is at rest, loses a node, repairs itself, gains a node, drains one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/time.hpp"
#include "tests/benchmarks/process_figures.hpp"
#include "tests/benchmarks/registry_process.hpp"

namespace ringkv::benchmarks {

struct ScaleOptions {
    unsigned nodes = 300;
    unsigned racks = 10;
    unsigned deaths = 5;  // one after the other, each repaired before the next
    Duration at_rest = std::chrono::seconds(10);
    Duration turn_interval = std::chrono::milliseconds(10);  // of a node
    Duration patience = std::chrono::minutes(5);             // with each of the events
    RegistrySettings registry;
};

// What something cost the registry, from its beginning until the cluster was settled again.
struct Cost {
    Duration took{};
    Duration processor{};
    std::uint64_t epochs = 0;
    std::uint64_t bytes_published = 0;  // to all subscribers together
    double bytes_a_subscriber = 0;
    std::uint64_t maps_asked_for = 0;  // by nodes that missed something
    // Share of a core.
    [[nodiscard]] double load() const {
        return took <= Duration::zero() ? 0
                                        : static_cast<double>(processor.count()) / static_cast<double>(took.count());
    }
};

struct Death {
    std::size_t partitions = 0;  // of which the dead node was a member
    Duration first_proposal{};   // from its end to the first proposal
    // From that proposal's leaving its node:
    Duration published{};       // until its epoch came to the first subscriber
    Duration received{};        // until it had come to all of them
    Duration applied{};         // until it was in the map of every node
    Duration all_partitions{};  // until every partition had a view without the dead node, in every map
    Cost fail_over;             // up to there
    Cost repair;                // from there until all copies were made again elsewhere; repair_after is in it
};

struct Change {
    Duration known{};        // until it was in every map: the new node, or the drained one's state
    std::size_t copies = 0;  // moved
    Cost cost;
};

struct ScaleFigures {
    ScaleOptions options;
    Duration joined{};  // from the start of all nodes, until each had the map
    Cost formation;
    Cost rest;
    std::vector<Death> deaths;
    Change join;
    Change drain;
    Memory after_formation;
    Memory at_the_end;
    Duration own_processor{};  // of this process, all along
    Duration lost{};           // in which it did not run, though it would have (NodeFarm::lost)
    Duration took{};
};

// `say` is told what happens. Throws std::runtime_error if the cluster does not settle in time.
[[nodiscard]] ScaleFigures run_scale(const ScaleOptions& options, const std::function<void(const std::string&)>& say);

}  // namespace ringkv::benchmarks
