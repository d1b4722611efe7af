// The books themselves: each kind of broken promise must show in them, and a sound history must not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cluster/load.hpp"

namespace ringkv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Books : public ::testing::Test {
  protected:
    // A write that is acknowledged at once.
    void wrote(std::uint64_t value, Version version) {
        history_.attempted(value);
        history_.acknowledged(value, version, Instant{} + std::chrono::seconds(value));
    }
    // A read that begins now and returns that.
    void read(std::uint64_t value, Version version) { history_.was_read(value, version, history_.oldest_allowed()); }

    KeyHistory history_{"key"};
};

TEST_F(Books, SoundHistoryHasNoViolations) {
    read(0, 0);
    wrote(1, 10);
    read(1, 10);
    history_.attempted(2);  // unknown outcome: it may show, or not
    read(1, 10);
    read(2, 15);
    wrote(3, 20);
    history_.attempted(4);
    history_.refused(4);
    read(3, 20);
    EXPECT_THAT(history_.violations(), IsEmpty());
}

TEST_F(Books, ReadThatBeganBeforeANewerWriteMayReturnTheOlderValue) {
    wrote(1, 10);
    const std::uint64_t oldest_allowed = history_.oldest_allowed();
    wrote(2, 20);
    history_.was_read(1, 10, oldest_allowed);
    EXPECT_THAT(history_.violations(), IsEmpty());
}

TEST_F(Books, LostWriteShows) {
    wrote(1, 10);
    wrote(2, 20);
    read(1, 10);
    EXPECT_THAT(history_.violations(), ElementsAre(HasSubstr("read 1 after 2")));
}

TEST_F(Books, LostKeyShows) {
    wrote(1, 10);
    read(0, 0);
    EXPECT_THAT(history_.violations(), ElementsAre(HasSubstr("read 0 after 1")));
}

TEST_F(Books, ReadsThatGoBackShowThoughNothingWasAcknowledged) {
    history_.attempted(1);
    history_.attempted(2);
    read(2, 20);
    read(1, 10);
    EXPECT_THAT(history_.violations(), ElementsAre(HasSubstr("read 1 after 2")));
}

TEST_F(Books, WriteThatHappenedTwiceShows) {
    wrote(1, 10);
    read(1, 12);
    EXPECT_THAT(history_.violations(), ElementsAre(HasSubstr("version 10 and 12")));
}

TEST_F(Books, OldWriteOverANewerOneShows) {
    history_.attempted(1);  // unknown outcome
    wrote(2, 20);
    history_.was_read(1, 30, 0);
    EXPECT_THAT(history_.violations(), ElementsAre(HasSubstr("not below")));
}

TEST_F(Books, RefusedWriteThatShowsIsFoundWhicheverComesFirst) {
    history_.attempted(1);
    history_.refused(1);
    read(1, 10);
    EXPECT_THAT(history_.violations(), ElementsAre(HasSubstr("refused")));
    history_.attempted(2);
    read(2, 20);
    history_.refused(2);
    EXPECT_EQ(history_.violations().size(), 2U);
}

TEST_F(Books, GapIsTheLongestTimeBetweenAcknowledgedWrites) {
    wrote(1, 10);  // at 1 s
    history_.measure(Instant{} + std::chrono::seconds(2));
    wrote(4, 20);
    wrote(5, 30);
    const Instant end = Instant{} + std::chrono::seconds(6);
    EXPECT_EQ(history_.longest_gap(end), std::chrono::seconds(3));
    EXPECT_EQ(history_.longest_gap(end + std::chrono::seconds(4)), std::chrono::seconds(5));
    EXPECT_TRUE(history_.written_since(Instant{} + std::chrono::seconds(4)));
    EXPECT_FALSE(history_.written_since(end));
}

}  // namespace
}  // namespace ringkv::testing
