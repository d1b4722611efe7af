// What one run is like: drawn from its seed, and then perhaps made smaller (shrink.hpp).
#pragma once

#include <algorithm>
#include <string>

#include "client/contacts.hpp"
#include "common/cluster_map.hpp"
#include "tests/simulation/faults.hpp"
#include "tests/simulation/random.hpp"

namespace ringkv::simulation {

struct Plan {
    std::uint64_t seed = 0;
    // The cluster.
    std::uint32_t nodes = 3;
    std::uint32_t racks = 3;
    std::uint32_t shards = 1;  // of a node, at most: each has a number of its own
    double older = 0;          // share of the nodes that speak minor version 0 of the protocol
    std::uint32_t replication = 3;
    Duration repair_after = std::chrono::seconds(30);
    std::uint32_t moves = 4;                      // of a node at a time
    std::uint32_t moves_per_second = 10;          // of a node, where no copy is missing
    std::uint64_t bytes_per_second = 64U << 20U;  // of a node's copies; if slow, the load goes on until all are made
    std::uint32_t partitions = 4;
    Durability durability = Durability::memory;
    bool engines_on_disk = false;  // keep the keys there as well
    std::size_t checkpoint = 0;    // a log with so many records is made shorter; 0 = none is
    ReadMode reads = ReadMode::lease;
    Duration session_expiry = std::chrono::minutes(10);
    std::uint64_t inflight = 65536;                    // limits.inflight
    std::uint64_t sessions = std::uint64_t{1} << 20U;  // limits.sessions
    std::uint64_t memory = 0;                          // limits.memory; 0 = none
    // Of the clients.
    std::size_t window = ContactSettings().window;
    bool hasty = false;  // hardly a pause between two attempts: thousands of them until a deadline
    // The load.
    std::uint32_t clients = 4;
    std::uint32_t keys = 16;        // at a time; one that has had its share of operations is replaced by a new one
    double skew = 0;                // 0 = all keys alike; 1 = most operations on a few
    std::uint32_t value_bytes = 0;  // besides a few, of a value, at most
    std::uint32_t outstanding = 2;  // of one client, at most
    double early = 0;               // share of the puts and erases that are acknowledged by the primary alone
    double stale = 0;               // share of the reads that any replica may answer
    Duration pace = std::chrono::milliseconds(80);  // between the operations of one client, on average
    // The faults.
    FaultSet faults;
    std::array<double, fault_kinds> strength{};    // 0 < x <= 1, of those that are on
    bool faults_from_the_start = false;            // else once the cluster has formed
    bool beyond_clock_bound = false;               // clocks may be wrong by more than the lease allows for
    Duration duration = std::chrono::seconds(60);  // with faults

    [[nodiscard]] bool has(Fault fault) const { return faults.test(index_of(fault)); }
    [[nodiscard]] double strength_of(Fault fault) const { return strength[index_of(fault)]; }
    // A stream that only this purpose uses.
    [[nodiscard]] Random random(std::string_view purpose) const { return Random(seed).fork(purpose); }
    [[nodiscard]] bool long_copies() const { return bytes_per_second < (1U << 20U); }
    // Nodes that the registry waits for before it forms the cluster.
    [[nodiscard]] std::uint32_t form_with() const { return std::min<std::uint32_t>(nodes, 3); }
};

struct PlanOptions {
    FaultSet allowed = all_faults();
    bool all_allowed_are_on = false;  // else each run has some of them (swarm testing, Groce et al. 2012)
    bool beyond_clock_bound = false;
    Duration duration = std::chrono::seconds(60);
    // Instead of what the seed says; 0 = as it says.
    std::uint32_t partitions = 0;
    std::uint32_t shards = 0;
    std::uint32_t clients = 0;
    std::uint32_t keys = 0;
    std::uint32_t outstanding = 0;
};

[[nodiscard]] Plan draw_plan(std::uint64_t seed, const PlanOptions& options);
// One paragraph.
[[nodiscard]] std::string describe(const Plan& plan);

}  // namespace ringkv::simulation
