#include <gtest/gtest.h>

#include "kvctl/bench/values.hpp"

namespace ringkv::kvctl {
namespace {

std::string value_of(const BenchValues& values, std::string_view key, std::uint64_t nonce) {
    std::string value;
    values.write(key, nonce, value);
    return value;
}

TEST(BenchValues, AreRightForTheirKeyWhateverTheirSize) {
    for (const std::size_t size : {1, 7, 15, 16, 17, 24, 100, 4096, 1 << 20}) {
        const BenchValues values(size);
        for (const std::uint64_t nonce : {0U, 1U, 4095U, 123456789U}) {
            const std::string value = value_of(values, "bench:0000000001", nonce);
            EXPECT_EQ(value.size(), size);
            EXPECT_TRUE(BenchValues::is_right("bench:0000000001", value)) << size;
        }
    }
}

TEST(BenchValues, OfAnotherKeyOrChangedAnywhereAreWrong) {
    for (const std::size_t size : {16, 40, 100}) {
        const std::string value = value_of(BenchValues(size), "bench:0000000001", 5);
        EXPECT_FALSE(BenchValues::is_right("bench:0000000002", value));
        for (std::size_t at = 0; at < size; ++at) {
            std::string changed = value;
            changed[at] = static_cast<char>(changed[at] ^ 1);
            EXPECT_FALSE(BenchValues::is_right("bench:0000000001", changed)) << size << " " << at;
        }
        EXPECT_FALSE(BenchValues::is_right("bench:0000000001", value + "x"));
        EXPECT_FALSE(BenchValues::is_right("bench:0000000001", ""));
    }
    const std::string whole = value_of(BenchValues(100), "bench:0000000001", 5);
    EXPECT_FALSE(BenchValues::is_right("bench:0000000001", whole.substr(0, 99)));
    const std::string other = value_of(BenchValues(100), "bench:0000000001", 6);
    EXPECT_NE(whole, other);
    EXPECT_FALSE(BenchValues::is_right("bench:0000000001", whole.substr(0, 50) + other.substr(50)));
}

TEST(BenchKey, HasTenDigitsOrMore) {
    EXPECT_EQ(bench_key(0), "bench:0000000000");
    EXPECT_EQ(bench_key(12'345'678'901), "bench:12345678901");
}

}  // namespace
}  // namespace ringkv::kvctl
