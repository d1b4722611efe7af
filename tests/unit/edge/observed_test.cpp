// What one thread shows another of itself, without waiting for it.
#include "common/edge/observing/observed.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Observed, NothingIsMadeThatIsNotAskedFor) {
    Observed<int> observed;
    int made = 0;
    for (int i = 0; i < 10; ++i) observed.offer([&] { return ++made; });
    EXPECT_EQ(made, 0);
    EXPECT_EQ(observed.value(), nullptr);
    observed.ask();
    for (int i = 0; i < 10; ++i) observed.offer([&] { return ++made; });
    EXPECT_EQ(made, 1);
    EXPECT_TRUE(observed.wait_until(boot_time()));
    EXPECT_EQ(*observed.value(), 1);
}

TEST(Observed, AnOwnerThatDoesNotTurnIsNotWaitedForLonger) {
    Observed<int> observed;
    observed.ask();
    observed.offer([] { return 5; });
    observed.ask();
    const Time begun = boot_time();
    EXPECT_FALSE(observed.wait_until(begun + milliseconds(50)));
    EXPECT_GE(boot_time() - begun, milliseconds(50));
    EXPECT_LT(boot_time() - begun, seconds(5));
    EXPECT_EQ(*observed.value(), 5);  // the newest that there is
}

// Each copy is of a moment: no reader sees half of what the owner does.
TEST(Observed, ACopyIsWhole) {
    struct Pair {
        std::uint64_t one = 0, other = 0;
    };
    Observed<Pair> observed;
    std::atomic<bool> over{false};
    std::thread owner([&] {
        Pair pair;
        while (!over) {
            ++pair.one;
            ++pair.other;
            observed.offer([&] { return pair; });
        }
    });
    std::uint64_t last = 0;
    for (int i = 0; i < 2000; ++i) {
        observed.ask();
        ASSERT_TRUE(observed.wait_until(boot_time() + seconds(60)));
        const auto seen = observed.value();
        EXPECT_EQ(seen->one, seen->other);
        EXPECT_GE(seen->one, last);
        last = seen->one;
    }
    over = true;
    owner.join();
}

}  // namespace
}  // namespace ringkv
