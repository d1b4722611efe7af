// What Tab offers in the shell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kvctl/command_table.hpp"
#include "kvctl/shell/candidates.hpp"

namespace ringkv::kvctl {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

std::vector<std::string> offered(std::string_view before) {
    return candidates(before, command_table()).words;
}

TEST(ShellCandidates, ALineBeginsWithACommand) {
    EXPECT_THAT(offered("sn"), ElementsAre("snapshot"));
    EXPECT_THAT(offered(""), IsSupersetOf({"put", "get", "exit", "quit", "help"}));
    EXPECT_THAT(offered(""), Not(Contains("config"))) << "which is not built yet";
    EXPECT_THAT(offered("kvctl sta"), ElementsAre("status"));
    EXPECT_THAT(offered("-o json sta"), ElementsAre("status"));
    EXPECT_THAT(offered("no-such-command "), IsEmpty());
    EXPECT_EQ(candidates("  sn", command_table()).typed, "sn");
}

TEST(ShellCandidates, HelpIsFollowedByACommand) {
    EXPECT_THAT(offered("help sna"), ElementsAre("snapshot"));
    EXPECT_THAT(offered("help "), AllOf(Contains("put"), Not(Contains("exit"))));
    EXPECT_THAT(offered("help node "), IsEmpty());
}

TEST(ShellCandidates, ACommandIsFollowedByItsWordsAndOptions) {
    EXPECT_THAT(offered("node "), ElementsAre("drain", "remove", "undrain"));
    EXPECT_THAT(offered("node drain "), IsEmpty());
    EXPECT_THAT(offered("settings "), ElementsAre("get", "set"));
    EXPECT_THAT(offered("put --if"), ElementsAre("--if-absent", "--if-version"));
    EXPECT_THAT(offered("put k v --"), IsSupersetOf({"--ack", "--timeout", "--output"}));
    EXPECT_THAT(offered("--if"), IsEmpty()) << "before a command only options of every command";
    EXPECT_THAT(offered("put -- --if"), IsEmpty()) << "a word, after --";
    EXPECT_THAT(offered("put k"), IsEmpty()) << "keys are not completed";
}

TEST(ShellCandidates, AnOptionIsFollowedByItsValue) {
    EXPECT_THAT(offered("status -o "), ElementsAre("json", "table"));
    EXPECT_THAT(offered("put k v --ack p"), ElementsAre("primary"));
    EXPECT_THAT(offered("events --kind "), IsEmpty());
    EXPECT_THAT(offered("events --limit 3 --fo"), ElementsAre("--follow"));
    EXPECT_THAT(offered("events --follow --n"), ElementsAre("--node"));
}

TEST(ShellCandidates, QuotedWordsAreLeftAlone) {
    EXPECT_THAT(offered("'sn"), IsEmpty());
    EXPECT_THAT(offered("s\\n"), IsEmpty());
    EXPECT_THAT(offered("node 'drain' --y"), ElementsAre("--yes"));
}

TEST(ShellCandidates, TheBeginningThatAllHaveIsFilledIn) {
    EXPECT_EQ(common_beginning({"mget", "mput"}), "m");
    EXPECT_EQ(common_beginning({"--if-absent", "--if-version"}), "--if-");
    EXPECT_EQ(common_beginning({"snapshot"}), "snapshot");
    EXPECT_EQ(common_beginning({"get", "put"}), "");
    EXPECT_EQ(common_beginning({}), "");
}

}  // namespace
}  // namespace ringkv::kvctl
