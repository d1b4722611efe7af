#include "ringkv/exit_code.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

int code_of(ErrorCode code) {
    return static_cast<int>(exit_code(Error(code, "why")));
}

TEST(ExitCodes, AreTheNumbersThatScriptsRelyOn) {
    EXPECT_EQ(code_of(ErrorCode::invalid_argument), 2);
    EXPECT_EQ(code_of(ErrorCode::configuration), 2);
    EXPECT_EQ(code_of(ErrorCode::condition_failed), 3);
    EXPECT_EQ(code_of(ErrorCode::unavailable), 4);
    EXPECT_EQ(code_of(ErrorCode::closed), 4);
    EXPECT_EQ(code_of(ErrorCode::outcome_unknown), 5);
    EXPECT_EQ(code_of(ErrorCode::refused), 6);
    for (const ErrorCode code : {ErrorCode::wrong_cluster, ErrorCode::version_mismatch, ErrorCode::malformed,
                                 ErrorCode::storage, ErrorCode::internal}) {
        EXPECT_EQ(code_of(code), 7) << to_string(code);
    }
}

}  // namespace
}  // namespace ringkv
