#include "common/partitioning.hpp"

#include <xxhash.h>

#include <bit>

#include "common/check.hpp"

namespace ringkv {

bool valid_partition_count(std::uint32_t partitions) {
    return std::has_single_bit(partitions) && partitions <= max_partitions;
}

std::uint64_t hash_of(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

PartitionId partition_of(std::string_view key, std::uint32_t partitions) {
    return partition_of_hash(hash_of(key), partitions);
}

PartitionId partition_of_hash(std::uint64_t hash, std::uint32_t partitions) {
    RINGKV_CHECK(valid_partition_count(partitions), "partitions must be a power of two");
    // The hash's upper 32 bits, scaled: its top bits, and no shift by 64 where there is one partition.
    const std::uint64_t upper = hash >> 32U;
    return PartitionId(static_cast<std::uint32_t>((upper * partitions) >> 32U));
}

std::uint64_t start_of(PartitionId partition, std::uint32_t partitions) {
    RINGKV_CHECK(valid_partition_count(partitions) && partition.value() < partitions, "no such partition");
    const std::uint64_t slice_minus_one = ~std::uint64_t{0} / partitions;  // one partition: a slice is 2^64
    return partition.value() * (slice_minus_one + 1);
}

}  // namespace ringkv
