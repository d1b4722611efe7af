#include "tests/scenarios/runner/arguments.hpp"

#include <gtest/gtest.h>

namespace ringkv::scenarios {
namespace {

using std::chrono::milliseconds;

TEST(Bound, HoldsItsEndsAndWhatIsBetween) {
    const Bound bound = bound_of("200ms..1s");
    EXPECT_FALSE(bound.contains(milliseconds(199)));
    EXPECT_TRUE(bound.contains(milliseconds(200)));
    EXPECT_TRUE(bound.contains(milliseconds(1000)));
    EXPECT_FALSE(bound.contains(milliseconds(1001)));
    EXPECT_EQ(bound.words, "200ms..1s");
}

TEST(Bound, MayHaveOneEnd) {
    EXPECT_TRUE(bound_of("..10ms").contains(milliseconds(0)));
    EXPECT_FALSE(bound_of("..10ms").contains(milliseconds(11)));
    EXPECT_FALSE(bound_of("700ms..").contains(milliseconds(699)));
    EXPECT_TRUE(bound_of("700ms..").contains(milliseconds(100000)));
}

TEST(Bound, AnythingElseIsAnError) {
    for (const char* word : {"", "..", "10ms", "10..20", "20ms..10ms", "ms..10ms", "..10ms..", "1ms.. 2ms"})
        EXPECT_THROW((void)bound_of(word), BadCommand) << word;
}

TEST(Arguments, TakeTheirBoundWhereverItStands) {
    Arguments arguments({"c1", "took=..10ms", "k"});
    ASSERT_TRUE(arguments.bound());
    EXPECT_FALSE(arguments.bound());
    EXPECT_EQ(arguments.rest(), (std::vector<std::string>{"c1", "k"}));
}

}  // namespace
}  // namespace ringkv::scenarios
