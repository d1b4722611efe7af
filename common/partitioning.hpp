// Keys to partitions: Q equal slices of the 64-bit XXH3 hash space (protocol.md, Words: "partition").
// Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/ids.hpp"

namespace ringkv {

inline constexpr std::uint32_t max_partitions = 65536;

// A power of two, 1 .. max_partitions.
[[nodiscard]] bool valid_partition_count(std::uint32_t partitions);

// XXH3, 64 bits, seed 0: part of the protocol (clients in other languages compute the same).
[[nodiscard]] std::uint64_t hash_of(std::string_view bytes);

// The top log2(partitions) bits of the key's hash. Precondition: valid_partition_count(partitions).
[[nodiscard]] PartitionId partition_of(std::string_view key, std::uint32_t partitions);
// The same of a key whose hash_of() is at hand.
[[nodiscard]] PartitionId partition_of_hash(std::uint64_t hash, std::uint32_t partitions);

// Where the partition's slice of the hash space begins. Same precondition; partition < partitions.
[[nodiscard]] std::uint64_t start_of(PartitionId partition, std::uint32_t partitions);

}  // namespace ringkv
