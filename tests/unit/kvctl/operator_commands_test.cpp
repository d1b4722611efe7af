// node, plan, repair, partition, settings: whole commands, against the Admin of fake_admin.hpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Json = nlohmann::json;

class Operator : public testing::Test {
  protected:
    Operator() : admin(fake::administration()) {
        admin = {};
        admin.holdings.partitions.assign(4, {1, 1024});
        admin.plan.moves = 3;
        admin.plan.bytes = std::uint64_t{3} * 1024;
        admin.plan.least_moves = 3;
    }
    // The node's own answers, one after the other.
    void node(const std::string& name, std::vector<NodeMoves> answers) {
        admin.moves[name].assign(answers.begin(), answers.end());
    }
    static NodeMoves moves(const std::string& duty, std::vector<std::uint32_t> gives,
                           std::vector<std::uint32_t> awaits = {}, const std::string& state = "up") {
        NodeMoves moves;
        moves.name = "n4";
        moves.state = state;
        moves.duty = duty;
        moves.gives = std::move(gives);
        moves.awaits = std::move(awaits);
        return moves;
    }
    fake::Administration& admin;
};

TEST_F(Operator, DrainSaysWhatMovesHasItDoneAndWaitsUntilTheNodeIsEmpty) {
    node("n4", {moves("", {}), moves("draining", {0, 1, 2}), moves("draining", {2}), moves("drained", {})});
    const Ran ran = kvctl({"node", "drain", "n4", "--yes"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(admin.changes, ElementsAre("drain n4"));
    EXPECT_THAT(admin.request.remove, ElementsAre("n4"));
    EXPECT_THAT(ran.err, HasSubstr("drain n4: 3 copies, 3.0 KiB; the least possible is 3"));
    EXPECT_EQ(ran.out, "n4 is drained: it may be stopped now\n");
    EXPECT_EQ(admin.moves["n4"].size(), 1U);  // it was watched to the end
}

TEST_F(Operator, ProgressIsForTerminalsOnly) {
    const std::vector<NodeMoves> answers = {moves("", {}), moves("draining", {0, 1, 2, 3}), moves("draining", {2}),
                                            moves("draining", {2}), moves("drained", {})};
    node("n4", answers);
    EXPECT_THAT(kvctl({"node", "drain", "n4", "--yes"}).err, Not(HasSubstr("\r")));
    node("n4", answers);
    const Ran ran = kvctl({"node", "drain", "n4", "--yes"}, "", true, std::chrono::milliseconds(120));
    EXPECT_THAT(ran.err, HasSubstr("n4: 4 of 4 partitions left"));
    EXPECT_THAT(ran.err, HasSubstr("75 %"));
    EXPECT_THAT(ran.err, HasSubstr("n4: 1 of 4 partitions left, 3.0 KiB of 4.0 KiB"));
}

TEST_F(Operator, DrainIsRefusedWithSixAndAReason) {
    node("n4", {moves("", {})});
    admin.plan = {};
    admin.plan.refused = true;
    admin.plan.reason = "only 2 nodes are left for 3 copies";
    const Ran ran = kvctl({"node", "drain", "n4", "--yes", "-o", "json"});
    EXPECT_EQ(ran.code, 6);
    EXPECT_THAT(admin.changes, IsEmpty());
    EXPECT_THAT(ran.err, HasSubstr("only 2 nodes are left for 3 copies"));
    EXPECT_THAT(ran.err, HasSubstr("try: kvctl plan --add NAME:RACK --remove n4"));
    const Json result = Json::parse(ran.out);
    EXPECT_EQ(result["refused"], true);
    EXPECT_EQ(result["reason"], admin.plan.reason);
    // The registry has the last word.
    admin.plan = {};
    admin.change_error = Error(ErrorCode::refused, "another one was drained meanwhile");
    const Ran late = kvctl({"node", "drain", "n4", "--yes"});
    EXPECT_EQ(late.code, 6);
    EXPECT_THAT(late.err, HasSubstr("another one was drained meanwhile"));
}

TEST_F(Operator, WithoutATerminalItNeedsYes) {
    node("n4", {moves("", {})});
    const Ran ran = kvctl({"node", "drain", "n4"}, "y\n");
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("try: kvctl node drain n4 --yes"));
    EXPECT_THAT(admin.changes, IsEmpty());
}

TEST_F(Operator, OnATerminalItAsks) {
    node("n4", {moves("", {}), moves("drained", {})});
    EXPECT_EQ(kvctl({"node", "drain", "n4"}, "y\n", true).code, 0);
    EXPECT_THAT(admin.changes, ElementsAre("drain n4"));
    for (const char* const answer : {"n\n", "\n", "", "yesterday\n"}) {
        node("n4", {moves("", {})});
        const Ran ran = kvctl({"node", "remove", "n4"}, answer, true);
        EXPECT_EQ(ran.code, 7) << answer;
        EXPECT_THAT(ran.err, HasSubstr("go on? [y/N]"));
        EXPECT_THAT(ran.err, HasSubstr("nothing was changed"));
    }
    EXPECT_EQ(admin.changes.size(), 1U);
}

TEST_F(Operator, TheSameCommandAgainGoesOnWatching) {
    node("n4", {moves("draining", {1, 2}), moves("draining", {2}), moves("drained", {})});
    const Ran ran = kvctl({"node", "drain", "n4", "-o", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("begun already, 2 partitions left"));
    const Json result = Json::parse(ran.out);
    EXPECT_EQ(result["moves"], 2);
    EXPECT_EQ(result["bytes"], 2048);
    EXPECT_EQ(result["state"], "drained");
    EXPECT_EQ(result["refused"], false);
}

TEST_F(Operator, DetachReturnsAtOnce) {
    node("n4", {moves("", {}), moves("draining", {1})});
    const Ran ran = kvctl({"node", "drain", "n4", "--yes", "--detach", "-o", "json"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(admin.changes, ElementsAre("drain n4"));
    EXPECT_THAT(ran.err, HasSubstr("`kvctl node drain n4` shows how far it is"));
    const Json result = Json::parse(ran.out);
    EXPECT_EQ(result["state"], "draining");
    EXPECT_EQ(result["moves"], 3);
    EXPECT_EQ(result["least_moves"], 3);
}

TEST_F(Operator, ADrainThatWaitsSaysWhyOnce) {
    NodeMoves waiting = moves("draining", {1});
    waiting.waits = "n5 is down";
    node("n4", {moves("", {}), waiting, waiting, waiting, moves("drained", {})});
    const Ran ran = kvctl({"node", "drain", "n4", "--yes"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.err, HasSubstr("waiting: n5 is down"));
    EXPECT_EQ(ran.err.find("waiting:"), ran.err.rfind("waiting:"));
}

TEST_F(Operator, RemoveOfANodeThatIsUpEndsWhenItIsEmpty) {
    node("n4", {moves("", {}), moves("leaving", {1}), moves("leaving", {})});
    const Ran ran = kvctl({"node", "remove", "n4", "--yes"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out, "n4 is empty. Stop it: it is forgotten once it is down\n");
    EXPECT_THAT(admin.changes, ElementsAre("remove n4"));
}

TEST_F(Operator, RemoveOfANodeThatIsDownEndsWhenItIsForgotten) {
    node("n4", {moves("", {}, {}, "down"), moves("leaving", {1}, {}, "down"), moves("leaving", {}, {}, "down"),
                moves("", {}, {}, "gone")});
    const Ran ran = kvctl({"node", "remove", "n4", "--yes"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out, "n4 is forgotten\n");
}

TEST_F(Operator, UndrainWaitsForTheCopiesThatComeBack) {
    node("n4", {moves("drained", {}), moves("", {}), moves("", {}, {0, 1}), moves("", {}, {1}), moves("", {})});
    const Ran ran = kvctl({"node", "undrain", "n4", "--yes"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out, "n4 holds its partitions\n");
    EXPECT_THAT(admin.request.undrain, ElementsAre("n4"));
    EXPECT_EQ(admin.moves["n4"].size(), 1U);
    // Nothing to undo: nothing is asked.
    admin.changes.clear();
    const Ran again = kvctl({"node", "undrain", "n4", "-o", "json"});
    EXPECT_EQ(again.code, 0);
    EXPECT_EQ(Json::parse(again.out)["state"], "holding");
    EXPECT_THAT(admin.changes, IsEmpty());
}

TEST_F(Operator, WrongWordsAreSaid) {
    EXPECT_EQ(kvctl({"node", "drain", "n9", "--yes"}).code, 2);
    EXPECT_THAT(kvctl({"node", "drian", "n4"}).err, HasSubstr("did you mean 'drain'?"));
    EXPECT_EQ(kvctl({"node", "drain"}).code, 2);
    EXPECT_THAT(admin.changes, IsEmpty());
}

TEST_F(Operator, PlanTakesAllItsOptionsTogether) {
    admin.plan.nodes = {{"n5", "rack-b", 0, 3, 0, 1, 3, 3072}};
    admin.plan.warnings = {"2 racks are left"};
    admin.plan.silent = {"n2"};
    const Ran ran = kvctl({"plan", "--add", "n5:rack-b", "--add", "n6:rack-c:2.5", "--remove", "n1", "--remove=n2",
                           "--lose", "rack=rack-a", "--lose", "n7"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(admin.request.add.size(), 2U);
    EXPECT_EQ(admin.request.add[0].rack, "rack-b");
    EXPECT_EQ(admin.request.add[0].weight, 1.0);
    EXPECT_EQ(admin.request.add[1].name, "n6");
    EXPECT_EQ(admin.request.add[1].rack, "rack-c");
    EXPECT_EQ(admin.request.add[1].weight, 2.5);
    EXPECT_THAT(admin.request.remove, ElementsAre("n1", "n2"));
    EXPECT_THAT(admin.request.lose_racks, ElementsAre("rack-a"));
    EXPECT_THAT(admin.request.lose, ElementsAre("n7"));
    EXPECT_THAT(ran.out, HasSubstr("would be made: 3 copies, 3.0 KiB; the least possible is 3"));
    EXPECT_THAT(ran.out, HasSubstr("until copies are made: 0 partitions unavailable, 0 under-replicated"));
    EXPECT_THAT(ran.out, HasSubstr("the nodes that are left can hold all copies"));
    EXPECT_THAT(ran.out, HasSubstr("note: 2 racks are left"));
    EXPECT_THAT(ran.out, HasSubstr("no answer from n2"));
    EXPECT_THAT(ran.out, HasSubstr("n5    rack-b  0 -> 3     0 -> 1         3  3.0 KiB"));
    EXPECT_THAT(admin.changes, IsEmpty());
}

TEST_F(Operator, PlanHasTheFieldsThatScriptsReadFrom) {
    const Json planned = Json::parse(kvctl({"plan", "-o", "json"}).out);
    EXPECT_EQ(planned["moves"], 3);
    EXPECT_EQ(planned["bytes"], 3072);
    EXPECT_EQ(planned["least_moves"], 3);
    EXPECT_EQ(planned["refused"], false);
    EXPECT_EQ(planned["reason"], "");
    EXPECT_THAT(kvctl({"plan"}).out, HasSubstr("planned and not done: 3 copies"));
    admin.plan = {};
    admin.plan.refused = true;
    admin.plan.reason = "no room";
    const Ran refused = kvctl({"plan", "--remove", "n1", "-o", "json"});
    EXPECT_EQ(refused.code, 6);
    EXPECT_EQ(Json::parse(refused.out)["reason"], "no room");
}

TEST_F(Operator, PlanSaysWhatIsWrongWithANode) {
    for (const char* const text : {"n5", "n5:", ":rack", "n5:rack:", "n5:rack:x", "n5:rack:0", "n5:rack:-1"})
        EXPECT_THAT(kvctl({"plan", "--add", text}).err, HasSubstr("NAME:RACK")) << text;
    admin.plan_error = Error(ErrorCode::invalid_argument, "there is no node n9");
    EXPECT_EQ(kvctl({"plan", "--lose", "n9"}).code, 2);
}

TEST_F(Operator, RepairStatusSaysWhoIsAbsentAndWhatBecomesOfTheirCopies) {
    admin.repair.nodes = 5;
    EXPECT_THAT(kvctl({"repair", "status"}).out, HasSubstr("repair idle: 0 copies being made, 0 to be made"));
    EXPECT_THAT(kvctl({"repair", "status"}).out, HasSubstr("none of 5 nodes is down"));
    admin.repair.absent = {{"n1", "rack-a", 12, true}, {"n2", "rack-b", 11, false}};
    admin.repair.active = 1;
    admin.repair.repair_after = std::chrono::seconds(30);
    const std::string out = kvctl({"repair", "status"}).out;
    EXPECT_THAT(out, HasSubstr("repair under way: 1 copy being made"));
    EXPECT_THAT(out, HasSubstr("n1    rack-a      12  evicted; its copies are made elsewhere"));
    EXPECT_THAT(out, HasSubstr("n2    rack-b      11  waited for, 30s from"));
    EXPECT_THAT(admin.changes, IsEmpty());
}

TEST_F(Operator, RepairResumeAsksTheRegistry) {
    admin.repair.frozen = true;
    admin.repair.reason = "3 of 5 nodes are down";
    const Json status = Json::parse(kvctl({"repair", "status", "-o", "json"}).out);
    EXPECT_EQ(status["state"], "frozen");
    EXPECT_EQ(status["reason"], "3 of 5 nodes are down");
    EXPECT_EQ(kvctl({"repair", "resume"}).code, 0);
    EXPECT_THAT(admin.changes, ElementsAre("resume"));
    EXPECT_EQ(kvctl({"repair", "rseume"}).code, 2);
    EXPECT_EQ(admin.changes.size(), 1U);
}

TEST_F(Operator, PartitionResetAsksTheRegistryOnlyWhenTheLossIsAccepted) {
    const Ran unsaid = kvctl({"partition", "reset", "all"});
    EXPECT_EQ(unsaid.code, 2);
    EXPECT_THAT(unsaid.err, HasSubstr("--accept-data-loss"));
    for (const char* wrong : {"-1", "p3", "4294967296", "alll", "3.5"})
        EXPECT_EQ(kvctl({"partition", "reset", "--accept-data-loss", "--", "3", wrong}).code, 2) << wrong;
    EXPECT_EQ(kvctl({"partition", "rest", "all", "--accept-data-loss"}).code, 2);
    EXPECT_EQ(kvctl({"partition", "reset", "all", "3", "--accept-data-loss"}).code, 2);
    EXPECT_THAT(admin.changes, IsEmpty());
    EXPECT_EQ(kvctl({"partition", "reset", "3", "40", "--accept-data-loss"}).code, 0);
    EXPECT_THAT(admin.changes, ElementsAre("reset 3 40"));
    admin.change_error = Error(ErrorCode::refused, "partition 3 has not lost its members: n1 is up");
    const Ran refused = kvctl({"partition", "reset", "3", "--accept-data-loss"});
    EXPECT_EQ(refused.code, 6);
    EXPECT_THAT(refused.err, HasSubstr("n1 is up"));
}

TEST_F(Operator, PartitionResetOfAllIsOfThoseThatCanNeverComeBack) {
    ClusterStatus& status = fake::cluster_status();
    status = {};
    status.partitions.resize(4);
    for (std::uint32_t p = 0; p < 4; ++p) status.partitions[p].partition = p;
    const Ran nothing = kvctl({"partition", "reset", "all", "--accept-data-loss"});
    EXPECT_EQ(nothing.code, 0);
    EXPECT_THAT(nothing.out, HasSubstr("nothing to begin anew"));
    EXPECT_THAT(admin.changes, IsEmpty());
    status.partitions[1].lost = status.partitions[3].lost = true;
    EXPECT_EQ(kvctl({"partition", "reset", "all", "--accept-data-loss"}).code, 0);
    EXPECT_THAT(admin.changes, ElementsAre("reset 1 3"));
    status = {};
}

TEST_F(Operator, SettingsAreReadInTheUnitsOfTheConfiguration) {
    EXPECT_EQ(Json::parse(kvctl({"settings", "get", "-o", "json"}).out),
              Json::parse(R"({"repair_after":"30s","rebalance.max_bytes_per_second":"64MiB",
                              "rebalance.max_moves_per_node":"4",
                              "rebalance.max_moves_per_second":"10"})"));
    EXPECT_EQ(kvctl({"settings", "get", "repair_after"}).out, "30s\n");
    EXPECT_THAT(kvctl({"settings", "get"}).out, HasSubstr("rebalance.max_moves_per_node    4"));
}

TEST_F(Operator, SettingsAreChangedAndShown) {
    EXPECT_EQ(kvctl({"settings", "set", "repair_after", "10min"}).out, "10min\n");
    EXPECT_EQ(admin.settings.repair_after, std::chrono::minutes(10));
    EXPECT_EQ(kvctl({"settings", "set", "repair_after", "0"}).out, "0\n");
    EXPECT_EQ(kvctl({"settings", "set", "rebalance.max_bytes_per_second", "1GiB"}).out, "1GiB\n");
    EXPECT_EQ(kvctl({"settings", "set", "rebalance.max_moves_per_node", "8"}).out, "8\n");
    EXPECT_EQ(admin.settings.max_bytes_per_second, 1U << 30U);
    EXPECT_EQ(admin.settings.max_moves_per_node, 8U);
    EXPECT_EQ(kvctl({"settings", "set", "rebalance.max_moves_per_second", "50"}).out, "50\n");
    EXPECT_EQ(admin.settings.max_moves_per_second, 50U);
    EXPECT_EQ(admin.settings.max_moves_per_node, 8U);
}

TEST_F(Operator, AWrongSettingOrValueIsTwoWithTheNearestRightName) {
    const Ran name = kvctl({"settings", "set", "repair_aftr", "30s"});
    EXPECT_EQ(name.code, 2);
    EXPECT_THAT(name.err, HasSubstr("did you mean 'repair_after'?"));
    for (const auto& [setting, value] :
         std::vector<std::pair<std::string, std::string>>{{"repair_after", "30"},
                                                          {"repair_after", "1.5s"},
                                                          {"rebalance.max_bytes_per_second", "fast"},
                                                          {"rebalance.max_moves_per_node", "4.5"},
                                                          {"rebalance.max_moves_per_node", "4294967296"}}) {
        const Ran ran = kvctl({"settings", "set", setting, value});
        EXPECT_EQ(ran.code, 2) << setting << ' ' << value;
        EXPECT_THAT(ran.err, HasSubstr("needs a value such as")) << setting;
    }
    EXPECT_EQ(kvctl({"settings", "set", "repair_after"}).code, 2);
    EXPECT_EQ(kvctl({"settings", "put", "repair_after", "1s"}).code, 2);
    EXPECT_THAT(admin.changes, IsEmpty());
    admin.change_error = Error(ErrorCode::invalid_argument, "rebalance.max_bytes_per_second must be at least 1KiB");
    EXPECT_EQ(kvctl({"settings", "set", "rebalance.max_bytes_per_second", "1"}).code, 2);
}

TEST_F(Operator, ARegistryThatIsNotThereIsUnavailable) {
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"node", "drain", "n4", "--yes"},
                                               {"plan"},
                                               {"repair", "status"},
                                               {"repair", "resume"},
                                               {"partition", "reset", "all", "--accept-data-loss"},
                                               {"settings", "get"},
                                               {"settings", "set", "repair_after", "1s"}}) {
        std::vector<std::string> words = {"--registry", "tcp://127.0.0.1:1"};
        words.insert(words.end(), command.begin(), command.end());
        const Ran ran = kvctl(words);
        EXPECT_EQ(ran.code, 4) << command[0];
        EXPECT_EQ(ran.out, "") << command[0];
        EXPECT_THAT(ran.err, HasSubstr("try: ")) << command[0];
    }
}

TEST_F(Operator, AnUnknownOutcomeSaysToDoItAgain) {
    node("n4", {moves("", {})});
    admin.change_error = Error(ErrorCode::outcome_unknown, "no answer in time");
    const Ran ran = kvctl({"node", "drain", "n4", "--yes"});
    EXPECT_EQ(ran.code, 5);
    EXPECT_THAT(ran.err, HasSubstr("try: kvctl node drain n4"));
}

}  // namespace
}  // namespace ringkv::kvctl
