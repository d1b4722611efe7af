// The command line and the exit code that every server has.
#include "common/edge/program/server_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ringkv/version.hpp"

namespace ringkv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct TestConfig {
    std::vector<std::string> notices;
};

class ServerProgramTest : public ::testing::Test {
  protected:
    // Runs it with these arguments; the streams are in out_ and err_ afterwards.
    int run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "ringkv-test");
        std::vector<char*> values;
        values.reserve(arguments.size());
        for (std::string& argument : arguments) values.push_back(argument.data());
        ServerProgram program("ringkv-test", "A server of the tests", "configs/test.yaml");
        ::testing::internal::CaptureStdout();
        ::testing::internal::CaptureStderr();
        const int code = program.run<TestConfig>(
            static_cast<int>(values.size()), values.data(),
            [this](const std::string& path, const std::vector<std::string>& overrides) {
                path_ = path;
                overrides_ = overrides;
                return loaded_;
            },
            [](const TestConfig&) { return "n1"; },
            [this](const TestConfig&) {
                ++served_;
                return outcome_;
            });
        out_ = ::testing::internal::GetCapturedStdout();
        err_ = ::testing::internal::GetCapturedStderr();
        return code;
    }

    Result<TestConfig> loaded_ = TestConfig{{"a notice"}};
    Result<void> outcome_;
    std::string path_, out_, err_;
    std::vector<std::string> overrides_;
    int served_ = 0;
};

TEST_F(ServerProgramTest, ServesWithWhatTheFileAndTheOverridesSay) {
    EXPECT_EQ(run({"--config", "a.yaml", "--set", "one=1", "--set", "list=[a,b]"}), 0);
    EXPECT_EQ(served_, 1);
    EXPECT_EQ(path_, "a.yaml");
    EXPECT_THAT(overrides_, ElementsAre("one=1", "list=[a,b]"));
    EXPECT_THAT(err_, HasSubstr("a notice"));
}

TEST_F(ServerProgramTest, WhatEndsItIsItsExitCode) {
    outcome_ = Error(ErrorCode::refused, "this is not safe");
    EXPECT_EQ(run({"--config", "a.yaml"}), 6);
    EXPECT_THAT(err_, HasSubstr("this is not safe"));
    outcome_ = Error(ErrorCode::storage, "the disk is gone");
    EXPECT_EQ(run({"--config", "a.yaml"}), 7);
}

TEST_F(ServerProgramTest, AWrongConfigurationServesNothing) {
    loaded_ = Error(ErrorCode::configuration, "a.yaml:1: this is wrong");
    EXPECT_EQ(run({"--config", "a.yaml"}), 2);
    EXPECT_EQ(run({"--config", "a.yaml", "--check-config"}), 2);
    EXPECT_EQ(err_, "ringkv-test: a.yaml:1: this is wrong\n");
    EXPECT_EQ(served_, 0);
}

TEST_F(ServerProgramTest, ACheckSaysSoAndServesNothing) {
    EXPECT_EQ(run({"--check-config", "--config", "a.yaml"}), 0);
    EXPECT_EQ(out_, "a.yaml: ok\n");
    EXPECT_EQ(err_, "warning: a notice\n");
    EXPECT_EQ(served_, 0);
}

TEST_F(ServerProgramTest, TheVersionNeedsNoConfiguration) {
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_EQ(out_, "ringkv-test " + std::string(version()) + "\n");
    EXPECT_EQ(run({"--help"}), 0);
    EXPECT_THAT(out_, HasSubstr("configs/test.yaml"));
    EXPECT_THAT(path_, IsEmpty());
    EXPECT_EQ(served_, 0);
}

TEST_F(ServerProgramTest, AWrongCommandLineServesNothing) {
    EXPECT_EQ(run({}), 2);
    EXPECT_EQ(run({"--config", "a.yaml", "--nonsense"}), 2);
    EXPECT_EQ(run({"--config", "a.yaml", "--set", "one=1", "two=2"}), 2);
    EXPECT_EQ(served_, 0);
}

}  // namespace
}  // namespace ringkv
