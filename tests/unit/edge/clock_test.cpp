#include "common/edge/system/clock.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <set>

namespace ringkv {
namespace {

TEST(Clock, IsTheBootTimeClockAndNeverGoesBack) {
    timespec raw{};
    clock_gettime(CLOCK_BOOTTIME, &raw);
    const Time before(std::chrono::seconds(raw.tv_sec) + std::chrono::nanoseconds(raw.tv_nsec));
    Time last = before;
    for (int i = 0; i < 1000; ++i) {
        const Time now = boot_time();
        EXPECT_GE(now, last);
        last = now;
    }
    EXPECT_LT(last - before, std::chrono::minutes(1));
    EXPECT_GT(last.time_since_epoch(), Duration::zero());
}

TEST(Random, DrawsSomethingElseEachTime) {
    std::set<std::uint64_t> numbers;
    std::set<Uuid> ids;
    for (int i = 0; i < 1000; ++i) {
        numbers.insert(random_u64());
        ids.insert(random_uuid());
    }
    EXPECT_EQ(numbers.size(), 1000U);
    EXPECT_EQ(ids.size(), 1000U);
    for (const Uuid& id : ids) EXPECT_FALSE(id.none());
}

TEST(Random, EveryBitOfAnIdButTheVersionVaries) {
    Uuid ones;
    Uuid zeros;
    for (int i = 0; i < 200; ++i) {
        const Uuid id = random_uuid();
        for (std::size_t byte = 0; byte < id.bytes.size(); ++byte) {
            ones.bytes[byte] |= id.bytes[byte];
            zeros.bytes[byte] |= static_cast<std::uint8_t>(~id.bytes[byte]);
        }
    }
    for (std::size_t byte = 0; byte < ones.bytes.size(); ++byte) {
        const unsigned fixed = byte == 6 ? 0xF0U : byte == 8 ? 0xC0U : 0U;
        EXPECT_EQ((ones.bytes[byte] & zeros.bytes[byte]) | fixed, 0xFFU) << byte;
    }
}

}  // namespace
}  // namespace ringkv
