// Every command with -o json prints what docs/json.md says: each field, of its type, and no other; and each field that
// is documented can be had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "kvctl/command_table.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/json_shapes.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::string_literals;
using testing::IsEmpty;
using Words = std::vector<std::string>;

// One section of the document, and the commands that are to keep to it.
class Section {
  public:
    explicit Section(std::string name) : name_(std::move(name)) {}

    void prints(const Words& words, int code = 0, const std::string& input = "") {
        const Ran ran = run(words, code, input);
        EXPECT_THAT(shapes_.faults(name_, ran.out), IsEmpty()) << testing::PrintToString(words) << "\n" << ran.out;
    }
    void prints_elements(const Words& words) {
        const Ran ran = run(words, 0, "");
        EXPECT_THAT(shapes_.faults_of_elements(name_, ran.out), IsEmpty()) << ran.out;
    }
    static void prints_nothing(const Words& words, int code, const std::string& input = "") {
        EXPECT_EQ(run(words, code, input).out, "") << testing::PrintToString(words);
    }
    [[nodiscard]] Words never_seen() const { return shapes_.never_seen(name_); }
    [[nodiscard]] std::filesystem::path folder() const { return directory_.path(); }

  private:
    static Ran run(Words words, int code, const std::string& input) {
        words.insert(words.begin(), {"-o", "json"});
        Ran ran = kvctl(words, input);
        EXPECT_EQ(ran.code, code) << testing::PrintToString(words) << "\n" << ran.err;
        return ran;
    }

    const std::string name_;
    JsonShapes shapes_ = JsonShapes::of_the_documents();
    const test::TemporaryDirectory directory_;
};

const Words no_registry = {"--registry", "tcp://127.0.0.1:1"};

Words with(const Words& first, const Words& second) {
    Words all = first;
    all.insert(all.end(), second.begin(), second.end());
    return all;
}

constexpr const char* binary = "\xff";
constexpr const char* binary_in_base64 = "/w==";

void store(const std::string& key, const std::string& value) {
    fake::store()[key] = {value, 7};
}

// A cluster in trouble, so that every field has something to say.
ClusterStatus troubled() {
    ClusterStatus status;
    status.cluster = "demo\xff";
    status.cluster_id = "5f0c";
    status.health = "degraded";
    status.replication = 3;
    status.total = status.full = 1;
    status.frozen = "most nodes are down";
    status.nodes = {{"n1", "rack-a", "up", "tcp://127.0.0.1:7411", "memory", 1.0, 1, 1, 1, "draining"},
                    {"n2", "rack-b", "down", "tcp://127.0.0.1:7412", "fsync", 0.5, 1, 0, 1, ""}};
    status.partitions = {{0, "1.4", "n1", {{"n1", "rack-a", "primary", "up"}}, true, false}};
    return status;
}

Plan some_plan() {
    Plan plan;
    plan.moves = plan.least_moves = 3;
    plan.bytes = 3072;
    plan.warnings = {"2 racks are left for 3 copies"};
    plan.nodes = {{"n1", "rack-a", 4, 0, 2, 0, 0, 0}};
    plan.silent = {"n2"};
    return plan;
}

Plan refused_plan() {
    Plan plan;
    plan.refused = true;
    plan.reason = "only 2 nodes are left for 3 copies";
    return plan;
}

void put(Section& it) {
    it.prints({"put", "k", "v"});
    it.prints({"put", "k", "v", "--ack", "primary"});
    it.prints({"put", "--if-absent", "new", "v"});
    Section::prints_nothing({"put", "k", "v", "--if-version", "1000000"}, 3);
    Section::prints_nothing({"put", "unknown", "v"}, 5);
    Section::prints_nothing({"put", "k"}, 2);
}

void get(Section& it) {
    store("k", "v");
    store(binary, binary);
    it.prints({"get", "k"});
    it.prints({"get", "--key-base64", binary_in_base64});
    it.prints({"get", "k", "--read", "stale"});
    Section::prints_nothing({"get", "gone"}, 1);
    Section::prints_nothing({"get", "unavailable"}, 4);
}

void del(Section& it) {
    store("a", "v");
    store("b", "v");
    it.prints({"del", "a"});
    it.prints({"del", "b", "--ack", "primary"});
    Section::prints_nothing({"del", "gone"}, 1);
    Section::prints_nothing({"del", "gone", "--if-version", "3"}, 3);
}

void mget(Section& it) {
    store("k", "v");
    store("binary", binary);
    it.prints({"mget", "k", "binary"});
    it.prints({"mget", "k", "gone"}, 1);
    it.prints({"mget", "k", "gone", "unavailable"}, 4);
    it.prints({"mget", binary}, 1);
    it.prints({"mget", "k", "gone", "unavailable", "--read", "stale"}, 4);
}

void mput(Section& it) {
    it.prints({"mput"}, 0, "{\"key\":\"a\",\"value\":\"1\"}\n{\"key_base64\":\"/w==\",\"value\":\"1\"}\n");
    it.prints({"mput", "--ack", "primary"}, 0, "{\"key\":\"a\",\"value\":\"1\"}\n");
    it.prints({"mput"}, 5, "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"unknown\",\"value\":\"1\"}\n");
    Section::prints_nothing({"mput"}, 2, "nonsense\n");
}

void scan(Section& it) {
    store("k", "v");
    store(binary, binary);
    it.prints({"scan"});
    it.prints({"scan", "--keys"});
    it.prints({"scan", "--read", "stale"});
    Section::prints_nothing({"scan", "nothing begins so"}, 0);
}

void export_all(Section& it) {
    store("k", "v");
    store(binary, binary);
    it.prints({"export"});
    Section::prints_nothing({"export", "nothing begins so"}, 0);
}

void import(Section& it) {
    it.prints({"import", "-"}, 0, "{\"key\":\"a\",\"value\":\"1\"}\n");
    it.prints({"import", "-"}, 0, "");
    it.prints({"import", "-"}, 7, "nonsense\n{\"key\":\"unknown\",\"value\":\"1\"}\n");
    Section::prints_nothing({"import", "/nonexistent/file"}, 2);
}

void status(Section& it) {
    it.prints({"status"});
    fake::administration().holdings.memory = {{"n1", 3U << 20U, 1U << 20U, 2048, 0, 4U << 20U}};
    it.prints({"status", "--memory"});
}

void nodes(Section& it) {
    it.prints({"nodes"});
}

void check(Section& it) {
    it.prints({"check"}, 7);
    fake::cluster_status() = {};
    it.prints({"check"});
}

void events(Section& it) {
    it.prints({"events"});
    fake::administration().events = {{1, "2026-11-26T17:40:00.123Z", 9, "cluster_formed"},
                                     {2, "2026-11-26T17:40:01.123Z", 9, "node_down", "n1", 3, 1, "n1 is down", 5}};
    it.prints({"events"});
    fake::administration().events_asked = [](std::size_t asked) {
        if (asked > 2) (void)note_interrupt();
    };
    fake::administration().queries.clear();
    it.prints_elements({"events", "--follow"});
    fake::administration().events_error = Error(ErrorCode::unavailable, "the registry does not answer");
    Section::prints_nothing({"events"}, 4);
}

void top(Section& it) {
    NodeLoad load;
    load.name = "n1";
    load.start = 1;
    load.get_durations = load.write_durations = {0, 0, 0};
    fake::administration().loads = {{.nodes = {load}}};
    it.prints({"top", "--once", "--interval", "1ms"});  // nothing was asked: no percentiles
    NodeLoad later = load;
    later.gets = later.puts = 100;
    later.get_durations = later.write_durations = {0, 100, 0};
    const std::vector<HotPartitionLoad> partitions = {{17, "n1", 0.5}};
    const std::vector<HotKeyLoad> keys = {{"user:1", 17, "n1", 0.5}, {binary, 17, "n1", 0.25}};
    fake::administration().loads = {{.nodes = {load}},
                                    {.nodes = {later}, .partitions = partitions, .keys = keys, .silent = {"n2"}}};
    it.prints({"top", "--once", "--interval", "1ms"});
}

void ring(Section& it) {
    it.prints({"ring"});
}

void locate(Section& it) {
    it.prints({"locate", "k"});
    it.prints({"locate", "--key-base64", binary_in_base64});
    it.prints({"ring", "--key", "k"});
}

void bench(Section& it) {
    it.prints({"bench", "ycsb-f", "--clients", "2", "--depth", "2", "--keys", "10", "--seconds", "1"});
    it.prints({"bench", "get", "--read", "stale", "--clients", "2", "--depth", "2", "--keys", "10", "--seconds", "1"});
    Section::prints_nothing({"bench", "nonsense"}, 2);
}

void plan(Section& it) {
    fake::administration().plan = some_plan();
    it.prints({"plan", "--add", "n3:rack-c"});
    it.prints({"plan", "--lose", "n1"});
    fake::administration().plan = refused_plan();
    it.prints({"plan", "--remove", "n1"}, 6);
    fake::administration().plan_error = Error(ErrorCode::invalid_argument, "there is no node n9");
    Section::prints_nothing({"plan", "--remove", "n9"}, 2);
}

void node(Section& it) {
    NodeMoves holds;
    holds.name = "n1";
    holds.state = "up";
    NodeMoves drained = holds;
    drained.duty = "drained";
    NodeMoves gone = holds;
    gone.state = "gone";
    fake::administration().plan = some_plan();
    fake::administration().moves["n1"] = {holds, drained};
    it.prints({"node", "drain", "n1", "--yes"});
    it.prints({"node", "drain", "n1", "--yes"});  // begun already
    it.prints({"node", "undrain", "n1", "--yes", "--detach"});
    fake::administration().moves["n1"] = {holds};
    it.prints({"node", "undrain", "n1", "--yes"});  // nothing to do
    fake::administration().moves["n1"] = {holds, gone};
    it.prints({"node", "remove", "n1", "--yes"});
    fake::administration().moves["n1"] = {holds};
    it.prints({"node", "remove", "n1", "--yes", "--detach"});
    fake::administration().plan = refused_plan();
    it.prints({"node", "drain", "n1", "--yes"}, 6);
    Section::prints_nothing({"node", "drain", "n9", "--yes"}, 2);
}

void repair(Section& it) {
    it.prints({"repair", "status"});
    fake::administration().repair.absent = {{"n2", "rack-b", 12, true}};
    it.prints({"repair", "resume"});
    fake::administration().change_error = Error(ErrorCode::refused, "repair is not frozen");
    Section::prints_nothing({"repair", "resume"}, 6);
}

void partition(Section& it) {
    it.prints({"partition", "reset", "3", "--accept-data-loss"});
    it.prints({"partition", "reset", "all", "--accept-data-loss"});
    Section::prints_nothing({"partition", "reset", "all"}, 2);
}

void settings(Section& it) {
    it.prints({"settings", "get"});
    it.prints({"settings", "get", "repair_after"});
    it.prints({"settings", "set", "rebalance.max_moves_per_node", "3"});
    Section::prints_nothing({"settings", "get", "nonsense"}, 2);
}

void snapshot_save(Section& it) {
    store("k", "v");
    it.prints({"snapshot", "save", it.folder() / "saved"});
    it.prints({"snapshot", "save", it.folder() / "no UTF-8: \xff"});
    Section::prints_nothing({"snapshot", "save", it.folder() / "saved"}, 2);
}

void snapshot_verify(Section& it) {
    store("k", "v");
    const std::string saved = it.folder() / "saved";
    ASSERT_EQ(kvctl({"snapshot", "save", saved}).code, 0);
    it.prints({"snapshot", "verify", saved});
    std::ofstream(saved + "/keys-00000", std::ios::app) << "more";
    it.prints({"snapshot", "verify", saved}, 7);
    Section::prints_nothing({"snapshot", "verify", it.folder() / "nothing"}, 7);
}

void snapshot_restore(Section& it) {
    store("k", "v");
    store("unknown", "v");
    const std::string saved = it.folder() / "saved";
    ASSERT_EQ(kvctl({"snapshot", "save", saved}).code, 0);
    Section::prints_nothing({"snapshot", "restore", saved}, 6);
    fake::store().clear();
    it.prints({"snapshot", "restore", saved}, 5);
}

void version(Section& it) {
    it.prints({"version"});
    it.prints({"--version"});
}

using Cases = void (*)(Section& it);

const std::map<std::string, Cases>& all_cases() {
    static const std::map<std::string, Cases> cases = {{"put", put},
                                                       {"get", get},
                                                       {"del", del},
                                                       {"mget", mget},
                                                       {"mput", mput},
                                                       {"scan", scan},
                                                       {"export", export_all},
                                                       {"import", import},
                                                       {"status", status},
                                                       {"nodes", nodes},
                                                       {"check", check},
                                                       {"events", events},
                                                       {"top", top},
                                                       {"ring", ring},
                                                       {"locate", locate},
                                                       {"bench", bench},
                                                       {"plan", plan},
                                                       {"node", node},
                                                       {"repair", repair},
                                                       {"partition", partition},
                                                       {"settings", settings},
                                                       {"snapshot save", snapshot_save},
                                                       {"snapshot verify", snapshot_verify},
                                                       {"snapshot restore", snapshot_restore},
                                                       {"version", version}};
    return cases;
}

// Of rooms that these tests cannot see: tests/unit/debug/debug_test.cpp, tests/cluster/demo_test.cpp.
bool tested_elsewhere(std::string_view name) {
    return name == "debug" || name == "demo" || name.starts_with("demo ");
}

class JsonOutput : public testing::TestWithParam<std::string> {
  protected:
    JsonOutput() {
        fake::store().clear();
        fake::administration() = {};
        fake::cluster_status() = troubled();
    }
};

TEST_P(JsonOutput, IsAsDocumented) {
    Section section(GetParam());
    all_cases().at(GetParam())(section);
    EXPECT_THAT(section.never_seen(), IsEmpty()) << "documented, but never printed";
}

INSTANTIATE_TEST_SUITE_P(Of, JsonOutput, testing::ValuesIn([] {
                             Words names;
                             for (const auto& [name, cases] : all_cases()) names.push_back(name);
                             return names;
                         }()),
                         [](const auto& tested) {
                             std::string name = tested.param;
                             std::ranges::replace(name, ' ', '_');
                             return name;
                         });

TEST(JsonDocument, HasASectionForEveryCommandAndATestForEverySection) {
    const JsonShapes shapes = JsonShapes::of_the_documents();
    Words commands;
    for (const CommandSpec& command : command_table()) {
        if (command.run == nullptr) continue;
        commands.emplace_back(command.name);
        const auto names = shapes.names();
        EXPECT_TRUE(std::ranges::any_of(names,
                                        [&](const std::string& name) {
                                            return name == command.name ||
                                                   name.starts_with(std::string(command.name) + " ");
                                        }))
            << "docs/json.md says nothing of " << command.name;
    }
    for (const std::string& name : shapes.names()) {
        EXPECT_THAT(commands, testing::Contains(name.substr(0, name.find(' ')))) << "there is no such command";
        if (shapes.form(name) == JsonShapes::Form::none || tested_elsewhere(name)) continue;
        EXPECT_TRUE(all_cases().contains(name)) << "no test runs " << name;
    }
}

TEST(JsonDocument, HasExamplesThatAreAsItSays) {
    JsonShapes shapes = JsonShapes::of_the_documents();
    for (const std::string& name : shapes.names()) {
        if (shapes.form(name) == JsonShapes::Form::none) continue;
        EXPECT_THAT(shapes.faults(name, shapes.example(name)), IsEmpty()) << name;
    }
}

TEST(JsonDocument, CommandsWithoutJsonPrintTheSameWithIt) {
    const JsonShapes shapes = JsonShapes::of_the_documents();
    ASSERT_EQ(shapes.form("completion"), JsonShapes::Form::none);
    EXPECT_EQ(kvctl({"completion", "bash", "-o", "json"}).out, kvctl({"completion", "bash"}).out);
    ASSERT_EQ(shapes.form("shell"), JsonShapes::Form::none);
    EXPECT_EQ(kvctl({"shell", "-o", "json"}, "version\n").out, kvctl({"version", "-o", "json"}).out);
}

TEST(JsonDocument, WhatCannotConnectPrintsNothing) {
    for (const Words& words : commands_that_ask()) Section::prints_nothing(with(no_registry, words), 4);
}

}  // namespace
}  // namespace ringkv::kvctl
