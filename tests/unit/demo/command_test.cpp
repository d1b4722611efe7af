// kvctl demo: what may be typed, and what is said where there is no demo.
#include "kvctl/commands/demo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Ran demo(std::vector<std::string> words) {
    words.insert(words.begin(), {"--timeout", "1s", "demo", "--port", "64999"});  // where no test runs one
    TextInput in("");
    std::ostringstream out;
    std::ostringstream err;
    const Console console{.in = in, .out = out, .err = err};
    Program program;
    program.demo = run_demo;
    const auto code = static_cast<int>(run(words, console, program));
    return {code, out.str(), err.str()};
}

TEST(KvctlDemo, NoDemoIsSaidWithHowToStartOne) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"nodes"}, {"kill", "n1"}}) {
        const Ran ran = demo(words);
        EXPECT_EQ(ran.code, 4);
        EXPECT_THAT(ran.out, IsEmpty());
        EXPECT_THAT(ran.err, AllOf(HasSubstr("no demo of this user runs with base port 64999"),
                                   HasSubstr("start one in another terminal: kvctl demo --port 64999")));
    }
}

TEST(KvctlDemo, WordsThatAreWrongAreNamed) {
    const auto fault = [](const std::vector<std::string>& words) {
        const Ran ran = demo(words);
        EXPECT_EQ(ran.code, 2);
        return ran.err;
    };
    EXPECT_THAT(fault({"kil", "n1"}), HasSubstr("unknown word 'kil'; did you mean 'kill'?"));
    EXPECT_THAT(fault({"n1"}), HasSubstr("there are nodes, kill, pause, resume"));
    EXPECT_THAT(fault({"pause"}), HasSubstr("pause needs the NAME of a node"));
    EXPECT_THAT(fault({"nodes", "n1"}), HasSubstr("'nodes' takes no NAME"));
    EXPECT_THAT(fault({"kill", "n1", "n2"}), HasSubstr("'n2' is one word too many"));
}

TEST(KvctlDemo, OptionsOutOfTheirRangeStartNothing) {
    EXPECT_THAT(demo({"--nodes", "11"}).err, HasSubstr("1 to 10 nodes, not 11"));
    EXPECT_THAT(demo({"--nodes", "2", "--racks", "3"}).err, HasSubstr("3 racks for 2 nodes"));
    EXPECT_THAT(demo({"--nodes", "0"}).err, HasSubstr("--nodes needs a whole number above 0"));
    EXPECT_THAT(demo({"--port", "80"}).err, HasSubstr("the base port is 80"));
    EXPECT_EQ(demo({"--port", "80"}).code, 2);
}

}  // namespace
}  // namespace ringkv::kvctl
