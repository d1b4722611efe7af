#include "common/partitioning.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringkv {
namespace {

TEST(Partitioning, ValidCountsArePowersOfTwoUpTo65536) {
    for (std::uint32_t count = 1; count <= 65536; count *= 2) EXPECT_TRUE(valid_partition_count(count)) << count;
    for (const std::uint32_t count : {0U, 3U, 1000U, 65535U, 65537U, 131072U, 0xFFFFFFFFU})
        EXPECT_FALSE(valid_partition_count(count)) << count;
}

// These values are part of the protocol: a client in another language computes the same.
TEST(Partitioning, HashIsXxh3WithSeedZero) {
    EXPECT_EQ(hash_of(""), 0x2d06800538d394c2U);
    EXPECT_EQ(hash_of("a"), 0xe6c632b61e964e1fU);
    EXPECT_EQ(hash_of(std::string_view("\0", 1)), hash_of(std::string(1, '\0')));
    EXPECT_NE(hash_of(std::string_view("\0", 1)), hash_of(std::string_view("\0\0", 2)));
}

TEST(Partitioning, PartitionIsTheTopBitsOfTheHash) {
    for (int i = 0; i < 1000; ++i) {
        const std::string key = "key" + std::to_string(i);
        EXPECT_EQ(partition_of(key, 1), PartitionId(0));
        EXPECT_EQ(partition_of(key, 2).value(), hash_of(key) >> 63U);
        EXPECT_EQ(partition_of(key, 1024).value(), hash_of(key) >> 54U);
        EXPECT_EQ(partition_of(key, 65536).value(), hash_of(key) >> 48U);
    }
}

TEST(Partitioning, SliceBeginsWhereItsPartitionDoes) {
    EXPECT_EQ(start_of(PartitionId(0), 1), 0U);
    EXPECT_EQ(start_of(PartitionId(1), 2), std::uint64_t{1} << 63U);
    EXPECT_EQ(start_of(PartitionId(3), 4), std::uint64_t{3} << 62U);
    EXPECT_EQ(start_of(PartitionId(65535), 65536), std::uint64_t{65535} << 48U);
}

TEST(Partitioning, SpreadsSimilarKeysEvenly) {
    std::vector<int> count(64);
    for (int i = 0; i < 64000; ++i) ++count[partition_of("user:" + std::to_string(i), 64).value()];
    for (const int keys : count) {
        EXPECT_GT(keys, 800);  // 1000 expected, standard deviation 31
        EXPECT_LT(keys, 1200);
    }
}

}  // namespace
}  // namespace ringkv
