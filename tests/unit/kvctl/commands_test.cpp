// Whole commands, against the client of fake_client.hpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using Json = nlohmann::json;

class Commands : public testing::Test {
  protected:
    void SetUp() override {
        fake::store().clear();
        fake::cluster_status() = {};
    }
    static void store(const std::string& key, const std::string& value, Version version = 7) {
        fake::store()[key] = {value, version};
    }
    static std::string stored(const std::string& key) {
        const auto found = fake::store().find(key);
        return found == fake::store().end() ? "(nothing)" : found->second.value;
    }
};

TEST_F(Commands, PutStoresTheBytesOfTheWord) {
    const Ran ran = kvctl({"put", "k", "v"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("version"));
    EXPECT_EQ(stored("k"), "v");
}

TEST_F(Commands, PutReadsStandardInputAndFilesByteForByte) {
    const std::string bytes = "a\0\n\xff"s;
    EXPECT_EQ(kvctl({"put", "piped", "-"}, bytes).code, 0);
    EXPECT_EQ(stored("piped"), bytes);

    const std::string path = testing::TempDir() + "kvctl_put_value";
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_EQ(kvctl({"put", "file", "@" + path}).code, 0);
    EXPECT_EQ(stored("file"), bytes);
    EXPECT_EQ(kvctl({"put", "file", "@/nonexistent/file"}).code, 2);
}

TEST_F(Commands, PutWithAConditionFailsWithThree) {
    store("k", "old", 5);
    const Ran failed = kvctl({"put", "k", "new", "--if-version", "4"});
    EXPECT_EQ(failed.code, 3);
    EXPECT_THAT(failed.err, HasSubstr("the version is 5"));
    EXPECT_THAT(failed.err, HasSubstr("try: kvctl get k -o json"));
    EXPECT_EQ(kvctl({"put", "k", "new", "--if-absent"}).code, 3);
    EXPECT_EQ(stored("k"), "old");
    EXPECT_EQ(kvctl({"put", "k", "new", "--if-version", "5"}).code, 0);
    EXPECT_EQ(kvctl({"put", "fresh", "v", "--if-absent"}).code, 0);
    EXPECT_EQ(kvctl({"put", "k", "v", "--if-absent", "--if-version", "1"}).code, 2);
}

TEST_F(Commands, WhatThePrimaryAloneAcknowledgesHasNoVersion) {
    EXPECT_THAT(kvctl({"put", "k", "v", "--ack", "all"}).out, HasSubstr("version"));
    EXPECT_EQ(kvctl({"put", "k", "v", "--ack", "primary"}).out, "stored, on the primary\n");
    EXPECT_EQ(fake::last_write_options().ack, WriteAck::primary);
    EXPECT_EQ(kvctl({"put", "k", "v", "--ack", "primary", "-o", "json"}).out, "{\"ack\":\"primary\"}\n");
    EXPECT_EQ(kvctl({"mput", "--ack", "primary"}, "{\"key\":\"m\",\"value\":\"v\"}\n").out, "m\ton the primary\n");
    EXPECT_EQ(kvctl({"del", "k", "--ack", "primary"}).out, "removed, on the primary\n");
    EXPECT_EQ(kvctl({"put", "k", "v", "--ack", "some"}).code, 2);
}

TEST_F(Commands, AConditionalWriteIsAcknowledgedByAll) {
    store("k", "old", 5);
    EXPECT_EQ(kvctl({"put", "k", "new", "--if-version", "5", "--ack", "primary"}).code, 2);
    EXPECT_EQ(kvctl({"put", "x", "new", "--if-absent", "--ack", "primary"}).code, 2);
    EXPECT_EQ(kvctl({"del", "k", "--if-version", "5", "--ack", "primary"}).code, 2);
    EXPECT_EQ(stored("k"), "old");
}

TEST_F(Commands, AStaleReadSaysHowOldItMayBe) {
    store("k", "v", 5);
    const Ran ran = kvctl({"get", "k", "--read", "stale", "--max-age", "500ms", "--rack", "rack-b"});
    EXPECT_EQ(ran.out, "v");
    EXPECT_THAT(ran.err, HasSubstr("at most 42 ms old"));
    EXPECT_EQ(fake::last_read_options().read, ReadConsistency::stale);
    EXPECT_EQ(fake::last_read_options().max_age, std::chrono::milliseconds(500));
    EXPECT_EQ(fake::last_options().rack, "rack-b");
    EXPECT_EQ(kvctl({"get", "k", "--read", "stale", "-o", "json"}).out,
              "{\"key\":\"k\",\"value\":\"v\",\"version\":5,\"age_ms\":42}\n");
    EXPECT_THAT(kvctl({"mget", "k", "--read", "stale"}).err, HasSubstr("at most 42 ms old"));
    EXPECT_THAT(kvctl({"scan", "--read", "stale"}).err, HasSubstr("at most 42 ms old"));
    EXPECT_EQ(kvctl({"get", "k", "--read", "linearizable"}).err, "");
    EXPECT_EQ(kvctl({"get", "k", "--read", "some"}).code, 2);
    EXPECT_EQ(kvctl({"get", "k", "--max-age", "1s"}).code, 2);
    EXPECT_EQ(kvctl({"get", "k", "--read", "stale", "--max-age", "0s"}).code, 2);
}

TEST_F(Commands, TheThreeOutcomesOfAWriteHaveTheirOwnCodes) {
    EXPECT_EQ(kvctl({"put", "k", "v"}).code, 0);
    EXPECT_EQ(kvctl({"put", "unavailable", "v"}).code, 4);
    EXPECT_EQ(kvctl({"put", "unknown", "v"}).code, 5);
    EXPECT_EQ(kvctl({"put", "", "v"}).code, 2);
    EXPECT_EQ(kvctl({"put", std::string(4097, 'k'), "v"}).code, 2);
}

TEST_F(Commands, GetPrintsTheValueAlone) {
    store("k", "a\0\n\xff"s);
    EXPECT_EQ(kvctl({"get", "k"}).out, "a\0\n\xff"s);
    EXPECT_EQ(kvctl({"get", "k"}, "", true).out, "a\0\n\xff\n"s);
    EXPECT_EQ(kvctl({"get", "k", "-o", "json"}).out, "{\"key\":\"k\",\"value_base64\":\"YQAK/w==\",\"version\":7}\n");
}

TEST_F(Commands, GetOfAMissingKeyIsOneAndSaysNothingOnStdout) {
    const Ran ran = kvctl({"get", "k\033"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("there is no key 'k\\x1b'"));
}

TEST_F(Commands, KeysMayBeBase64OrBeginWithADash) {
    EXPECT_EQ(kvctl({"put", "--key-base64", "AP8=", "v"}).code, 0);
    EXPECT_EQ(stored("\0\xff"s), "v");
    EXPECT_EQ(kvctl({"get", "--key-base64", "AP8="}).out, "v");
    EXPECT_EQ(kvctl({"del", "AP8=", "--key-base64"}).code, 0);
    EXPECT_EQ(kvctl({"get", "--key-base64", "AP8"}).code, 2);
    EXPECT_EQ(kvctl({"put", "--", "-k", "-v"}).code, 0);
    EXPECT_EQ(kvctl({"get", "--", "-k"}).out, "-v");
}

TEST_F(Commands, DelSaysWhetherThereWasAKey) {
    store("k", "v", 5);
    EXPECT_EQ(kvctl({"del", "k", "--if-version", "4"}).code, 3);
    EXPECT_EQ(kvctl({"del", "k", "--if-version", "5"}).code, 0);
    EXPECT_EQ(kvctl({"del", "k"}).code, 1);
    store("k", "v");
    const Ran ran = kvctl({"del", "k", "-o", "json"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(Json::parse(ran.out).contains("version"));
}

TEST_F(Commands, MgetKeepsTheOrderOfItsArguments) {
    store("b", "two\tlines\n", 2);
    store("a", "one", 1);
    const Ran table = kvctl({"mget", "b", "gone", "a"});
    EXPECT_EQ(table.code, 1);
    EXPECT_EQ(table.out, "b\ttwo\\tlines\\n\ngone\t(not found)\na\tone\n");
    EXPECT_EQ(kvctl({"mget", "b", "gone", "-o", "json"}).out,
              "{\"key\":\"b\",\"value\":\"two\\tlines\\n\",\"version\":2,\"found\":true}\n"
              "{\"key\":\"gone\",\"found\":false}\n");
    EXPECT_EQ(kvctl({"mget", "a", "b"}).code, 0);
    EXPECT_EQ(kvctl({"mget", "a", "gone", "unavailable"}).code, 4);
}

TEST_F(Commands, MputStoresAllOrNamesTheBadLines) {
    const Ran bad = kvctl({"mput"}, "{\"key\":\"a\",\"value\":\"1\"}\nnonsense\n");
    EXPECT_EQ(bad.code, 2);
    EXPECT_THAT(bad.err, HasSubstr("line 2: not JSON"));
    EXPECT_EQ(stored("a"), "(nothing)");

    const Ran good =
        kvctl({"mput", "-o", "json"}, "{\"key\":\"a\",\"value\":\"1\"}\n\n{\"key\":\"unknown\",\"value\":\"2\"}");
    EXPECT_EQ(good.code, 5);
    EXPECT_EQ(stored("a"), "1");
    EXPECT_THAT(good.out, HasSubstr("{\"key\":\"unknown\",\"error\":\"outcome_unknown\""));
}

TEST_F(Commands, ScanEscapesInATableAndIsExactInJson) {
    store("user:1", "Ada\033[2J");
    store("user:2", "\xff");
    store("zebra", "z");
    EXPECT_EQ(kvctl({"scan", "user:"}).out, "user:1\tAda\\x1b[2J\nuser:2\t\\xff\n");
    EXPECT_EQ(kvctl({"scan", "--keys", "--limit", "1"}).out, "user:1\n");
    EXPECT_EQ(kvctl({"scan", "user:", "-o", "json"}).out,
              "{\"key\":\"user:1\",\"value\":\"Ada\\u001b[2J\",\"version\":7}\n"
              "{\"key\":\"user:2\",\"value_base64\":\"/w==\",\"version\":7}\n");
}

TEST_F(Commands, ExportComesBackThroughImport) {
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
    store(every_byte, every_byte + every_byte);
    store("text", "line\nline\n");
    store("empty", "");
    const auto before = fake::store();
    const Ran exported = kvctl({"export"});
    EXPECT_EQ(exported.code, 0);

    fake::store().clear();
    const Ran imported = kvctl({"import", "-"}, exported.out);
    EXPECT_EQ(imported.code, 0) << imported.err;
    ASSERT_EQ(fake::store().size(), before.size());
    for (const auto& [key, entry] : before) EXPECT_EQ(stored(key), entry.value);
}

TEST_F(Commands, ImportNamesEachBadLineAndStoresTheOthers) {
    const Ran ran = kvctl({"import", "-", "-o", "json"},
                          "{\"key\":\"a\",\"value\":\"1\"}\r\n"
                          "\n"
                          "{\"key\":\"b\"}\n"
                          "not json\n"
                          "{\"key\":\"unknown1\",\"value\":\"2\"}\n"
                          "{\"key\":\"c\",\"value\":\"3\"}");
    EXPECT_EQ(ran.code, 7);
    EXPECT_EQ(stored("a"), "1");
    EXPECT_EQ(stored("c"), "3");
    EXPECT_THAT(ran.err, HasSubstr("line 3: neither \"value\""));
    EXPECT_THAT(ran.err, HasSubstr("line 4: not JSON"));
    EXPECT_THAT(ran.err, HasSubstr("line 5: 'unknown1': outcome_unknown"));
    const Json result = Json::parse(ran.out);
    EXPECT_EQ(result["stored"], 2);
    EXPECT_EQ(result["bad"], 2);
    EXPECT_EQ(result["failed"], 1);
    EXPECT_EQ(result["outcome_unknown"], 1);
}

TEST_F(Commands, ImportWithoutBadLinesTellsTheWorstOutcome) {
    EXPECT_EQ(
        kvctl({"import", "-"}, "{\"key\":\"unknown\",\"value\":\"\"}\n{\"key\":\"unavailable\",\"value\":\"\"}").code,
        5);
    EXPECT_EQ(kvctl({"import", "-"}, "{\"key\":\"unavailable\",\"value\":\"\"}").code, 4);
    EXPECT_EQ(kvctl({"import", "-"}, "{\"key\":\"" + std::string(5000, 'k') + "\",\"value\":\"\"}").code, 2);
    EXPECT_EQ(kvctl({"import", "-"}, "").code, 0);
    EXPECT_EQ(kvctl({"import", "/nonexistent/file"}).code, 2);
}

TEST_F(Commands, ImportKeepsGoingThroughManyMoreLinesThanMayBeUnderWay) {
    std::string lines;
    for (int i = 0; i < 20000; ++i) lines += "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"v\"}\n";
    const std::string path = testing::TempDir() + "kvctl_import_lines";
    std::ofstream(path) << lines;
    const Ran ran = kvctl({"import", path});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(fake::store().size(), 20000U);
}

ClusterStatus three_nodes() {
    ClusterStatus status;
    status.cluster = "demo";
    status.epoch = 12;
    status.health = "degraded";
    status.replication = 3;
    status.total = 2;
    status.full = 1;
    status.under_replicated = 1;
    status.learners = 1;
    status.pending = 2;
    status.frozen = "most nodes are down";
    status.nodes = {{"n1", "rack-a", "up", "tcp://127.0.0.1:7411", "memory", 1.0, 1, 2, 2, "draining"},
                    {"n2", "rack-b", "down", "tcp://127.0.0.1:7412", "memory", 1.0, 1, 0, 1, ""}};
    const ReplicaStatus primary{"n1", "rack-a", "primary", "up"};
    const ReplicaStatus backup{"n2", "rack-b", "backup", "down"};
    const ReplicaStatus learner{"n2", "rack-b", "learner", "up"};
    const ReplicaStatus planned{"n3", "rack-c", "planned", "up"};
    status.partitions = {{0, "1.4", "n1", {primary, backup}, true, true},
                         {1, "1.5", "n1", {primary, learner, planned}, true, false}};
    return status;
}

TEST_F(Commands, StatusHasTheFieldsThatScriptsReadFrom) {
    fake::cluster_status() = three_nodes();
    const Ran ran = kvctl({"status", "-o", "json"});
    EXPECT_EQ(ran.code, 0);
    const Json status = Json::parse(ran.out);
    EXPECT_EQ(status["cluster"], "demo");
    EXPECT_EQ(status["epoch"], 12);
    EXPECT_EQ(status["health"], "degraded");
    EXPECT_EQ(status["partitions"],
              Json::parse(R"({"total":2,"full":1,"under_replicated":1,"unavailable":0,"lost":0})"));
    EXPECT_EQ(status["moves"], Json::parse(R"({"active":1,"pending":2})"));
    EXPECT_EQ(status["frozen"], "most nodes are down");
    EXPECT_EQ(status["nodes"][0]["duty"], "draining");
    EXPECT_EQ(status["nodes"][1]["state"], "down");
    for (const char* field : {"name", "rack", "state", "primaries", "copies", "address"}) {
        EXPECT_TRUE(status["nodes"][0].contains(field)) << field;
    }
    EXPECT_EQ(Json::parse(kvctl({"nodes", "-o", "json"}).out), status["nodes"]);
}

TEST_F(Commands, StatusShowsWhatMemoryIsTakenBy) {
    fake::cluster_status() = three_nodes();
    fake::administration() = {};
    fake::administration().holdings.memory = {{"n1", 3U << 20U, 1U << 20U, 2048, 0, 4U << 20U}};
    const std::string text = kvctl({"status", "--memory"}).out;
    EXPECT_THAT(text, HasSubstr("demo  health degraded"));
    EXPECT_THAT(text, HasSubstr("n1      3.0 MiB  1.0 MiB   2.0 KiB       0 B  4.0 MiB  4.0 MiB"));
    EXPECT_THAT(text, HasSubstr("did not say: n2"));
    const Json status = Json::parse(kvctl({"status", "--memory", "-o", "json"}).out);
    EXPECT_EQ(status["health"], "degraded");
    EXPECT_EQ(status["memory"][0]["sessions"], 2048);
    EXPECT_EQ(status["memory"].size(), 1U);
    EXPECT_FALSE(Json::parse(kvctl({"status", "-o", "json"}).out).contains("memory"));
}

TEST_F(Commands, StatusNodesAndRingAreTablesForPeople) {
    fake::cluster_status() = three_nodes();
    EXPECT_THAT(kvctl({"status"}).out, HasSubstr("demo  health degraded, epoch 12"));
    EXPECT_THAT(kvctl({"status"}).out, HasSubstr("partitions 2: 1 full, 1 under-replicated, 0 unavailable"));
    EXPECT_THAT(kvctl({"status"}).out, HasSubstr("copies being made 1, to be made 2"));
    EXPECT_THAT(kvctl({"status"}).out, HasSubstr("FROZEN: most nodes are down"));
    EXPECT_THAT(kvctl({"nodes"}).out, HasSubstr("n1    rack-a  up, draining"));
    EXPECT_THAT(kvctl({"nodes"}).out, HasSubstr("n2    rack-b  down"));
    const std::string ring = kvctl({"ring"}).out;
    EXPECT_THAT(ring, HasSubstr("n1 n2(down)"));
    EXPECT_THAT(ring, HasSubstr("under-replicated"));
}

TEST_F(Commands, LocateAndRingShowThePartitionOfAKey) {
    fake::cluster_status() = three_nodes();
    const Json located = Json::parse(kvctl({"locate", "k", "-o", "json"}).out);
    EXPECT_EQ(located["partition"], 0);
    EXPECT_EQ(located["view"], "1.4");
    EXPECT_EQ(located["primary"], "n1");
    EXPECT_EQ(located["members"][1]["role"], "backup");
    EXPECT_EQ(located["members"][1]["rack"], "rack-b");
    EXPECT_EQ(Json::parse(kvctl({"ring", "--key", "k", "-o", "json"}).out), located);
    EXPECT_EQ(Json::parse(kvctl({"ring", "-o", "json"}).out)["partitions"].size(), 2U);
    EXPECT_THAT(kvctl({"locate", "k"}).out, HasSubstr("partition 0, view 1.4, full"));
}

TEST_F(Commands, TheRegistryComesFromTheOptionTheEnvironmentOrTheDefault) {
    store("k", "v");
    EXPECT_EQ(kvctl({"get", "k", "--timeout", "250ms"}).code, 0);
    EXPECT_THAT(fake::last_options().registries, testing::ElementsAre("tcp://127.0.0.1:7400"));
    EXPECT_EQ(fake::last_options().deadline, std::chrono::milliseconds(250));
    EXPECT_EQ(kvctl({"get", "k", "--registry", "tcp://a:1,tcp://b:2"}).code, 0);
    EXPECT_THAT(fake::last_options().registries, testing::ElementsAre("tcp://a:1", "tcp://b:2"));
    EXPECT_EQ(kvctl({"get", "k", "--registry", ","}).code, 2);
}

TEST_F(Commands, SlowCallsAreToldByTheirIds) {
    store("slow-99", "v");
    store("slow-100", "v");
    const Ran fast = kvctl({"get", "slow-99", "--slow", "100ms"});
    EXPECT_EQ(fast.code, 0);
    EXPECT_EQ(fast.err, "");
    const Ran slow = kvctl({"--slow", "100ms", "get", "slow-100"});
    EXPECT_EQ(slow.code, 0);
    EXPECT_EQ(slow.out, "v");
    EXPECT_EQ(slow.err,
              "slow: get 'slow-100' took 100.0 ms: 2 attempts, the last after 7.0 ms to tcp://10.0.0.1:7411; refused: "
              "busy; request=00000000000000aa client=00000000000000bb\n");
    EXPECT_EQ(kvctl({"get", "slow-100"}).err, "");
}

TEST_F(Commands, OfManySlowCallsTheSlowestAreTold) {
    std::vector<std::string> words{"--slow", "10ms", "mget"};
    for (int n = 21; n <= 32; ++n) words.push_back("slow-" + std::to_string(n));
    const std::string err = kvctl(words).err;
    EXPECT_LT(err.find("get 'slow-32' took 32.0 ms"), err.find("get 'slow-31' took 31.0 ms")) << err;
    EXPECT_THAT(err, HasSubstr("slow-23"));
    EXPECT_THAT(err, testing::Not(HasSubstr("'slow-22' took")));
    EXPECT_THAT(err, HasSubstr("12 calls were slow; these are the slowest"));
}

TEST_F(Commands, ARegistryThatIsNotThereIsUnavailableForEveryCommand) {
    for (const std::vector<std::string>& command : commands_that_ask()) {
        std::vector<std::string> words = {"--registry", "tcp://127.0.0.1:1"};
        words.insert(words.end(), command.begin(), command.end());
        const Ran ran = kvctl(words);
        EXPECT_EQ(ran.code, 4) << command[0];
        EXPECT_EQ(ran.out, "") << command[0];
        EXPECT_THAT(ran.err, HasSubstr("no answer from tcp://127.0.0.1:1")) << command[0];
        EXPECT_THAT(ran.err, HasSubstr("try: ")) << command[0];
    }
}

TEST_F(Commands, VersionAndHelpNeedNoCluster) {
    EXPECT_EQ(kvctl({"version"}).out, "kvctl 1.2.3 (protocol 1.0)\n");
    EXPECT_EQ(kvctl({"--version"}).out, "kvctl 1.2.3 (protocol 1.0)\n");
    EXPECT_EQ(kvctl({"version", "-o", "json"}).out, "{\"version\":\"1.2.3\",\"protocol\":\"1.0\"}\n");
    EXPECT_EQ(kvctl({"--help"}).code, 0);
    EXPECT_THAT(kvctl({"import", "--help"}).out, HasSubstr("Exit code: 7 if any"));
    EXPECT_EQ(kvctl({"help", "import"}).out, kvctl({"import", "--help"}).out);
    EXPECT_EQ(kvctl({}).code, 2);
    EXPECT_EQ(kvctl({}).out, "");
    EXPECT_EQ(kvctl({"nonsense"}).code, 2);
}

TEST_F(Commands, OutputThatCannotBeWrittenIsAFailure) {
    store("k", "v");
    TextInput in("");
    std::ofstream full("/dev/full");
    std::ostringstream err;
    const Program program{.version = "1", .protocol = "1", .registries = std::nullopt, .watch_every = {}};
    EXPECT_EQ(run({"export"}, Console{.in = in, .out = full, .err = err}, program), ExitCode::failed);
    EXPECT_THAT(err.str(), HasSubstr("cannot write to standard output"));
}

}  // namespace
}  // namespace ringkv::kvctl
