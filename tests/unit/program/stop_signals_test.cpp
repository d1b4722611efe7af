#include "common/edge/program/stop_signals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <semaphore>

namespace ringkv {
namespace {

using std::chrono::seconds;

// The mask of the test's thread is as it was, afterwards.
class StopSignals : public ::testing::Test {
  protected:
    StopSignals() {
        pthread_sigmask(SIG_SETMASK, nullptr, &before_);
        block_stop_signals();
    }
    ~StopSignals() override { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    std::counting_semaphore<> asked_{0};

  private:
    sigset_t before_{};
};

TEST_F(StopSignals, EachOfBothIsToldOnce) {
    const OnStopSignal on_stop([this] { asked_.release(); });
    for (const int signal : {SIGTERM, SIGINT, SIGTERM}) {
        ASSERT_EQ(::kill(::getpid(), signal), 0);
        ASSERT_TRUE(asked_.try_acquire_for(seconds(30))) << signal;
    }
    EXPECT_FALSE(asked_.try_acquire());
}

TEST_F(StopSignals, OneThatCameBeforeIsToldAsWell) {
    ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
    const OnStopSignal on_stop([this] { asked_.release(); });
    EXPECT_TRUE(asked_.try_acquire_for(seconds(30)));
}

TEST_F(StopSignals, TheEndOfTheObjectIsNoSignal) {
    {
        const OnStopSignal on_stop([this] { asked_.release(); });
    }
    EXPECT_FALSE(asked_.try_acquire());
    sigset_t pending;
    sigpending(&pending);
    for (const int signal : {SIGTERM, SIGINT}) EXPECT_EQ(sigismember(&pending, signal), 0) << signal;
}

}  // namespace
}  // namespace ringkv
