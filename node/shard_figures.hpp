// What a shard is and holds at a moment, and what it has counted until then: for metrics and health. Pure values.
#pragma once

#include <array>
#include <cstdint>

#include "node/memory_account.hpp"
#include "node/shard_counters.hpp"

namespace ringkv {

// Of a replica, as the newest view that it knows says.
enum class ReplicaRole : std::uint8_t { primary, backup, learner, leaving };
inline constexpr std::size_t replica_roles = 4;
// Primary::Phase.
inline constexpr std::size_t primary_phases = 4;

struct ShardFigures {
    ShardCounters counters;

    // Of replicas that the shard has, and that are, or hold, something.
    std::array<std::uint64_t, replica_roles> replicas{};    // by ReplicaRole
    std::array<std::uint64_t, primary_phases> primaries{};  // by Primary::Phase
    std::uint64_t without_leases = 0;                       // of those that serve
    std::uint64_t under_replicated = 0;                     // of the primaries: with fewer members than there should be
    std::uint64_t transfers_sending = 0;
    std::uint64_t transfers_receiving = 0;

    std::uint64_t keys = 0;
    std::uint64_t key_value_bytes = 0;      // by themselves
    std::uint64_t log_entries = 0;          // in memory
    std::uint64_t uncommitted_entries = 0;  // of the primaries
    std::uint64_t uncommitted_bytes = 0;
    std::uint64_t requests_held = 0;  // that wait, and entries that are not committed
    MemoryUse memory;
    std::uint64_t memory_limit = 0;  // 0 = none

    std::uint64_t epoch = 0;
    bool joined = false;
    bool stopping = false;
    bool registry_in_reach = false;      // heard of within a grace
    std::uint64_t refused_messages = 0;  // that no honest node or registry sends
};

}  // namespace ringkv
