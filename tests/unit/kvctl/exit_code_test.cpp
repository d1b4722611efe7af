#include "kvctl/exit_code.hpp"

#include <gtest/gtest.h>

namespace ringkv::kvctl {
namespace {

TEST(ExitCodes, AnUnknownOutcomeIsTheWorstThatAKeyCanHave) {
    EXPECT_EQ(worse(ExitCode::ok, ExitCode::not_found), ExitCode::not_found);
    EXPECT_EQ(worse(ExitCode::unavailable, ExitCode::not_found), ExitCode::unavailable);
    EXPECT_EQ(worse(ExitCode::failed, ExitCode::outcome_unknown), ExitCode::outcome_unknown);
    EXPECT_EQ(worse(ExitCode::outcome_unknown, ExitCode::unavailable), ExitCode::outcome_unknown);
    EXPECT_EQ(worse(ExitCode::interrupted, ExitCode::outcome_unknown), ExitCode::interrupted);
    EXPECT_EQ(worse(ExitCode::ok, ExitCode::ok), ExitCode::ok);
}

}  // namespace
}  // namespace ringkv::kvctl
