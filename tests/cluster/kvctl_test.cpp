// kvctl as scripts use it: exit codes, what is on standard output, and what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One cluster for all: each test has keys of its own.
class Kvctl : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { cluster_ = std::make_unique<ProcessCluster>(); }
    static void TearDownTestSuite() { cluster_.reset(); }

    static Finished kvctl(std::vector<std::string> arguments, const std::string& input = {}) {
        arguments.insert(arguments.begin(), {"--registry", cluster_->registry_endpoint(), "--timeout", "30s"});
        return run(KVCTL_PROGRAM, arguments, cluster_->directory() / "kvctl", input);
    }
    static json kvctl_json(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"-o", "json"});
        const Finished done = kvctl(std::move(arguments));
        EXPECT_EQ(done.code, 0) << done.errors;
        return json::parse(done.output);
    }

    static std::unique_ptr<ProcessCluster> cluster_;
};
std::unique_ptr<ProcessCluster> Kvctl::cluster_;

TEST_F(Kvctl, PutGetDelRoundTrip) {
    EXPECT_EQ(kvctl({"put", "city", "Wien"}).code, 0);
    const Finished found = kvctl({"get", "city"});
    EXPECT_EQ(found.code, 0);
    EXPECT_EQ(found.output, "Wien");  // raw: no newline where there is no terminal
    EXPECT_EQ(kvctl({"del", "city"}).code, 0);
    const Finished gone = kvctl({"get", "city"});
    EXPECT_EQ(gone.code, 1);
    EXPECT_THAT(gone.output, IsEmpty());
    EXPECT_EQ(kvctl({"del", "city"}).code, 1);
}

TEST_F(Kvctl, ValueComesFromStandardInputOrAFileByteForByte) {
    const std::string binary("\0\1\xFF\r\n\n", 6);
    EXPECT_EQ(kvctl({"put", "from stdin", "-"}, binary).code, 0);
    EXPECT_EQ(kvctl({"get", "from stdin"}).output, binary);
    const auto file = cluster_->directory() / "value";
    write_file(file, binary + "file");
    EXPECT_EQ(kvctl({"put", "from file", "@" + file.string()}).code, 0);
    EXPECT_EQ(kvctl({"get", "from file"}).output, binary + "file");
}

TEST_F(Kvctl, ConditionsThatDoNotHoldExitWith3) {
    const std::uint64_t version = kvctl_json({"put", "conditional", "1"}).at("version");
    EXPECT_EQ(kvctl({"put", "conditional", "2", "--if-absent"}).code, 3);
    EXPECT_EQ(kvctl({"put", "conditional", "2", "--if-version", std::to_string(version + 1000)}).code, 3);
    EXPECT_EQ(kvctl({"put", "conditional", "2", "--if-version", std::to_string(version)}).code, 0);
    EXPECT_EQ(kvctl({"del", "conditional", "--if-version", std::to_string(version)}).code, 3);
    EXPECT_EQ(kvctl({"get", "conditional"}).output, "2");
}

TEST_F(Kvctl, MgetAndScanShowWhatIsThere) {
    for (const char* name : {"a", "b", "c"}) ASSERT_EQ(kvctl({"put", std::string("scan/") + name, name}).code, 0);
    EXPECT_EQ(kvctl({"mget", "scan/a", "scan/b"}).code, 0);
    EXPECT_EQ(kvctl({"mget", "scan/a", "scan/missing"}).code, 1);
    std::istringstream keys(kvctl({"scan", "scan/", "--keys"}).output);
    std::vector<std::string> found;
    for (std::string line; std::getline(keys, line);) found.push_back(line);
    EXPECT_THAT(found, ::testing::UnorderedElementsAre(HasSubstr("scan/a"), HasSubstr("scan/b"), HasSubstr("scan/c")));
}

TEST_F(Kvctl, ExportAfterImportIsTheSameByteForByte) {
    std::vector<json> records{{{"key", "trip/text"}, {"value", "gr\u00FC\u00DFe\n"}},
                              {{"key_base64", "dHJpcC8A/w=="}, {"value_base64", "AP8B"}},  // "trip/" 00 ff
                              {{"key", "trip/empty"}, {"value", ""}}};
    for (int i = 0; i < 500; ++i)
        records.push_back(
            {{"key", "trip/" + std::to_string(i)}, {"value", std::string(static_cast<std::size_t>(i), 'x')}});
    std::string lines;
    for (const json& record : records) lines += record.dump() + "\n";
    const Finished imported = kvctl({"import", "-"}, lines);
    EXPECT_EQ(imported.code, 0) << imported.errors;
    EXPECT_EQ(kvctl({"get", "trip/text"}).output, "gr\u00FC\u00DFe\n");

    const Finished exported = kvctl({"export", "trip/"});
    EXPECT_EQ(exported.code, 0) << exported.errors;
    std::vector<json> found;
    std::istringstream stream(exported.output);
    for (std::string line; std::getline(stream, line);) {
        json record = json::parse(line);
        record.erase("version");
        found.push_back(std::move(record));
    }
    std::sort(found.begin(), found.end());
    std::sort(records.begin(), records.end());
    EXPECT_EQ(found, records);
}

TEST_F(Kvctl, LinesThatCannotBeImportedAreNamedAndTheOthersImported) {
    const Finished done = kvctl({"import", "-"},
                                "{\"key\":\"bad/1\",\"value\":\"good\"}\nnot json\n{\"value\":\"no key\"}\n"
                                "{\"key\":\"bad/4\",\"value\":\"good\"}\n");
    EXPECT_EQ(done.code, 7);
    EXPECT_THAT(done.errors, AllOf(HasSubstr("2"), HasSubstr("3")));
    EXPECT_EQ(kvctl({"get", "bad/1"}).output, "good");
    EXPECT_EQ(kvctl({"get", "bad/4"}).output, "good");
}

TEST_F(Kvctl, MputWritesEachLine) {
    EXPECT_EQ(kvctl({"mput"}, "{\"key\":\"mput/1\",\"value\":\"one\"}\n{\"key\":\"mput/2\",\"value\":\"two\"}\n").code,
              0);
    EXPECT_EQ(kvctl({"get", "mput/2"}).output, "two");
}

TEST_F(Kvctl, BadKeysAndValuesExitWith2) {
    EXPECT_EQ(kvctl({"put", "", "value"}).code, 2);
    EXPECT_EQ(kvctl({"get", std::string(4097, 'k')}).code, 2);
    const Finished large = kvctl({"put", "large", "-"}, std::string((std::size_t{1} << 20U) + 1, 'x'));
    EXPECT_EQ(large.code, 2) << large.errors;
    EXPECT_EQ(kvctl({"get", "large"}).code, 1);
}

TEST_F(Kvctl, WrongUsageExitsWith2AndSaysWhatWouldBeRight) {
    const Finished misspelt = kvctl({"gte", "key"});
    EXPECT_EQ(misspelt.code, 2);
    EXPECT_THAT(misspelt.errors, HasSubstr("get"));
    EXPECT_EQ(kvctl({"put", "key"}).code, 2);
    EXPECT_EQ(kvctl({"get", "key", "--nonsense"}).code, 2);
    EXPECT_EQ(kvctl({"get", "key", "--stale"}).code, 2);  // of a later version
}

TEST_F(Kvctl, NobodyAtTheEndpointExitsWith4AndNamesIt) {
    const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(free_ports(1));
    for (const std::string command : {"get", "status"}) {
        std::vector<std::string> arguments{"--registry", endpoint, "--timeout", "1s", command};
        if (command == "get") arguments.emplace_back("key");
        const Finished done = run(KVCTL_PROGRAM, arguments, cluster_->directory() / "kvctl");
        EXPECT_EQ(done.code, 4) << command;
        EXPECT_THAT(done.errors, HasSubstr(endpoint)) << command;
        EXPECT_THAT(done.output, IsEmpty()) << command;
    }
}

TEST_F(Kvctl, NodesEndpointsServeAsWell) {
    const Finished done = run(KVCTL_PROGRAM, {"--registry", cluster_->node_endpoint("n2"), "put", "through", "n2"},
                              cluster_->directory() / "kvctl");
    EXPECT_EQ(done.code, 0) << done.errors;
    EXPECT_EQ(kvctl({"get", "through"}).output, "n2");
}

TEST_F(Kvctl, StatusNodesAndLocateSpeakJson) {
    const json status = kvctl_json({"status"});
    EXPECT_EQ(status.at("cluster"), "test");
    EXPECT_EQ(status.at("health"), "ok");
    EXPECT_GT(status.at("epoch"), 0);
    EXPECT_EQ(status.at("partitions").at("total"), 64);
    EXPECT_EQ(status.at("partitions").at("full"), 64);
    EXPECT_EQ(status.at("partitions").at("unavailable"), 0);
    ASSERT_EQ(status.at("nodes").size(), 3U);
    for (const json& node : status.at("nodes")) {
        EXPECT_EQ(node.at("state"), "up");
        EXPECT_EQ(node.at("copies"), 64);
        EXPECT_THAT(node.at("address"), HasSubstr("127.0.0.1"));
    }
    EXPECT_TRUE(status.contains("moves"));
    EXPECT_EQ(kvctl_json({"nodes"}).size(), 3U);

    const json place = kvctl_json({"locate", "some key"});
    EXPECT_LT(place.at("partition"), 64);
    EXPECT_EQ(place.at("members").size(), 3U);
    EXPECT_EQ(place.at("members")[0].at("name"), place.at("primary"));
    EXPECT_EQ(kvctl({"ring"}).code, 0);
    EXPECT_EQ(kvctl({"version"}).code, 0);
}

TEST_F(Kvctl, GetSpeaksJsonWithBinaryAsBase64) {
    ASSERT_EQ(kvctl({"put", "json", "-"}, "\xFF\x01").code, 0);
    const json found = kvctl_json({"get", "json"});
    EXPECT_EQ(found.at("key"), "json");
    EXPECT_EQ(found.at("value_base64"), "/wE=");
    EXPECT_GT(found.at("version"), 0);
}

TEST_F(Kvctl, BenchReportsWithoutErrors) {
    for (const char* kind : {"put", "get", "mixed", "ycsb-a", "ycsb-d", "ycsb-e", "ycsb-f"}) {
        const json report = kvctl_json(
            {"bench", kind, "--seconds", "1", "--clients", "2", "--depth", "4", "--keys", "100", "--connections", "2"});
        EXPECT_GT(report.at("ops_per_second"), 0) << kind;
        EXPECT_GT(report.at("p99_us"), 0) << kind;
        EXPECT_EQ(report.at("errors"), 0) << kind;
        EXPECT_EQ(report.at("outcome_unknown"), 0) << kind;
        EXPECT_EQ(report.at("wrong_values"), 0) << kind;
    }
}

}  // namespace
}  // namespace ringkv::testing
