// kvctl local: scripts in, answers out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kvctl/commands/local.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::local {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

kvctl::Ran local(const std::string& script, const std::vector<std::string>& words = {"local"}) {
    kvctl::TextInput in(script, 7);
    std::ostringstream out;
    std::ostringstream err;
    const kvctl::Console console{.in = in, .out = out, .err = err};
    kvctl::Program program;
    program.local = kvctl::run_local;
    const auto code = static_cast<int>(kvctl::run(words, console, program));
    return {code, out.str(), err.str()};
}

TEST(KvctlLocal, AnswersWithTheValueOrNone) {
    const kvctl::Ran ran = local(
        "# two nodes\n"
        "add_node node1 rack-a\n"
        "put key1 the whole line, # but for this\r\n"
        "\n"
        "add_node node2 rack-b   # a comment\n"
        "  get key1\n"
        "get key2\n"
        "delete key1\n"
        "delete key1\n"
        "get key1",
        {"local", "-"});
    EXPECT_EQ(ran.out, "the whole line,\nNone\nNone\n");
    EXPECT_THAT(ran.err, HasSubstr("copied 1 key, 19 bytes, in "));
    EXPECT_THAT(ran.err, HasSubstr("from node1 to node2"));
    EXPECT_EQ(ran.code, 0);
}

// docs/json.md says so.
TEST(KvctlLocal, PrintsTheSameWithJson) {
    EXPECT_EQ(local("add_node node1\nput k v\nget k\n", {"local", "-o", "json"}).out, "v\n");
}

TEST(KvctlLocal, NamesTheLineThatFailedAndGoesOn) {
    const kvctl::Ran ran = local(
        "get key1\n"
        "add_node node1\n"
        "ad_node node2\n"
        "put key1\n"
        "get key1 key2\n"
        "remove_node node9\n"
        "remove_node node1\n"
        "add_node node1\n"
        "put key1 value1\n"
        "get key1\n");
    EXPECT_EQ(ran.out, "value1\n");
    EXPECT_THAT(ran.err, HasSubstr("line 1: the cluster has no nodes; add_node first"));
    EXPECT_THAT(ran.err, HasSubstr("line 3: unknown command 'ad_node'; did you mean 'add_node'?"));
    EXPECT_THAT(ran.err, HasSubstr("line 4: too few words; it is: put KEY VALUE"));
    EXPECT_THAT(ran.err, HasSubstr("line 5: too many words; it is: get KEY"));
    EXPECT_THAT(ran.err, HasSubstr("line 6: there is no node node9"));
    EXPECT_THAT(ran.err, HasSubstr("line 7: node1 is the last node"));
    EXPECT_THAT(ran.err, HasSubstr("line 8: there is a node node1 already"));
    EXPECT_THAT(ran.err, Not(HasSubstr("line 9")));
    EXPECT_EQ(ran.code, 6);
}

TEST(KvctlLocal, TellsWhoOwnsAKey) {
    const std::string script =
        "add_node node1\nadd_node node2\nadd_node node3\nput key1 value1\nowner key1\n"
        "remove_node node1\nremove_node node2\nowner key1\nget key1\n";
    const kvctl::Ran ran = local(script);
    EXPECT_THAT(ran.out, AllOf(::testing::StartsWith("node"), ::testing::EndsWith("\nnode3\nvalue1\n")));
    EXPECT_EQ(ran.err.find("line"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(local(script).out, ran.out);
}

TEST(KvctlLocal, SaysThatThereIsNoSuchScript) {
    const kvctl::Ran ran = local("", {"local", "/nowhere/script"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("/nowhere/script"));
}

TEST(KvctlLocal, DoesNothingWithAnEmptyScript) {
    const kvctl::Ran ran = local("\n# nothing\n");
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out + ran.err, "");
}

}  // namespace
}  // namespace ringkv::local
