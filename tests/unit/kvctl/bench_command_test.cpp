// kvctl bench as a whole, against the client of fake_client.hpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kvctl/bench/pump.hpp"
#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

class Bench : public testing::Test {
  protected:
    void SetUp() override {
        fake::store().clear();
        fake::spoiled_key().clear();
        fake::connected() = 0;
    }
    static Ran bench(std::vector<std::string> words, bool terminal = false) {
        words.insert(words.begin(), "bench");
        return kvctl(words, "", terminal);
    }
    static Json report_of(std::vector<std::string> words) {
        words.insert(words.end(), {"--clients", "2", "--depth", "3", "--seconds", "1", "-o", "json"});
        const Ran ran = bench(words);
        EXPECT_EQ(ran.code, 0) << words[0] << ran.err;
        return Json::parse(ran.out);
    }
};

TEST_F(Bench, EveryWorkloadSaysHowFastAndFindsNothingWrong) {
    for (const char* mode : {"get", "put", "mixed", "ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-e", "ycsb-f"}) {
        fake::store().clear();
        const Json result = report_of({mode, "--keys", "50"});
        EXPECT_GT(result["ops_per_second"], 0) << mode;
        EXPECT_EQ(result["errors"], 0) << mode;
        EXPECT_EQ(result["outcome_unknown"], 0) << mode;
        EXPECT_EQ(result["wrong_values"], 0) << mode;
        EXPECT_LE(result["p50_us"], result["p99_us"]);
        EXPECT_LE(result["p999_us"], result["max_us"]);
        EXPECT_GE(fake::store().size(), 1U);
        EXPECT_EQ(fake::store().begin()->second.value.size(), 100U);
        const std::string inserting = "ycsb-d ycsb-e";
        EXPECT_EQ(fake::store().size() > 50, inserting.find(mode) != std::string::npos) << mode;
    }
}

TEST_F(Bench, AsksForLessWhereItIsToldTo) {
    EXPECT_EQ(report_of({"get", "--keys", "50", "--read", "stale", "--max-age", "1s"})["oldest_ms"], 42);
    EXPECT_EQ(fake::last_read_options().max_age, std::chrono::seconds(1));
    EXPECT_EQ(fake::last_write_options().ack, WriteAck::all) << "the keys that are written first";
    EXPECT_FALSE(report_of({"put", "--keys", "50", "--ack", "primary"}).contains("oldest_ms"));
    EXPECT_EQ(fake::last_write_options().ack, WriteAck::primary);
}

TEST_F(Bench, TellsEachKindOfOperationByItself) {
    const Json kinds = report_of({"ycsb-e", "--keys", "50"})["kinds"];
    EXPECT_EQ(kinds.size(), 2U);
    EXPECT_GT(kinds["scan"]["operations"], kinds["insert"]["operations"]);
    EXPECT_GT(kinds["scan"]["p50_us"], 0);
    const Ran ran = bench({"ycsb-a", "--keys", "5", "--clients", "1", "--depth", "2", "--seconds", "1"});
    EXPECT_THAT(ran.out, HasSubstr("\n  get "));
    EXPECT_THAT(ran.out, HasSubstr("\n  put "));
    EXPECT_THAT(ran.out, HasSubstr("wrong values 0"));
}

TEST_F(Bench, AReadModifyWriteIsRepeatedWhileOthersAreFaster) {
    const Json result = report_of({"ycsb-f", "--keys", "1"});
    EXPECT_GT(result["conflicts"], 0);
    EXPECT_GT(result["kinds"]["read-modify-write"]["operations"], 0);
}

TEST_F(Bench, SharesTheLoadAmongSeveralClientObjects) {
    report_of({"mixed", "--keys", "50", "--connections", "4"});
    EXPECT_EQ(fake::connected(), 4);
    EXPECT_EQ(fake::store().size(), 50U);
}

TEST_F(Bench, AWrongValueIsAnErrorAndAnExitCode) {
    fake::spoiled_key() = "bench:0000000003";
    for (const char* mode : {"get", "ycsb-f"}) {
        const Ran ran = bench({mode, "--keys", "5", "--distribution", "uniform", "--seconds", "1", "-o", "json"});
        EXPECT_EQ(ran.code, 7) << mode;
        EXPECT_GT(Json::parse(ran.out)["wrong_values"], 0) << mode;
        EXPECT_THAT(ran.err, HasSubstr("the value of 'bench:0000000003' is not one that was written for it"));
    }
}

TEST_F(Bench, AScanThatMissesAKeyOrBringsAWrongValueIsWrong) {
    ASSERT_EQ(bench({"get", "--keys", "5", "--seconds", "1"}).code, 0);
    // Scans alone, so that no insert hides a missing key behind a scan's limit.
    const Mix mix{.name = "", .shares = {0, 0, 0, 1, 0}, .distribution = Distribution::uniform};
    const BenchValues values(100);
    Client client = *Client::connect({.registries = {"tcp://127.0.0.1:7400"}});
    Workers workers(2);
    const auto scan_for_a_while = [&] {
        Workload workload(mix, 5);
        const auto pump = std::make_shared<Pump>(client, 2, 1, workload, values, &workers);
        pump->start();
        for (std::uint64_t done = 0; done < 200;) {
            pump->wait(std::chrono::milliseconds(1));
            const PumpStatistics statistics = pump->statistics();
            done = statistics.all().count() + statistics.wrong_values;
        }
        pump->stop();
        while (!pump->wait(std::chrono::seconds(1))) {
        }
        return pump->statistics();
    };
    EXPECT_EQ(scan_for_a_while().wrong_values, 0U);
    for (auto* defect : {&fake::spoiled_key(), &fake::unscanned_key()}) {
        *defect = "bench:0000000003";
        const PumpStatistics statistics = scan_for_a_while();
        EXPECT_GT(statistics.wrong_values, 0U);
        EXPECT_EQ(statistics.worst, ExitCode::failed);
        defect->clear();
    }
}

TEST_F(Bench, WarmUpIsNotCounted) {
    kvctl({"put", "before", "v"});
    const Json result = report_of({"put", "--warm-up", "1s"});
    const double counted = result["operations"];
    EXPECT_NEAR(counted / result["seconds"].get<double>(), result["ops_per_second"], 1);
    Version last = 0;
    for (const auto& [key, entry] : fake::store()) last = std::max(last, entry.version);
    EXPECT_GT(static_cast<double>(last - fake::store()["before"].version), counted);
}

TEST_F(Bench, ShowsALiveLineToAPersonAndToNothingElse) {
    const std::vector<std::string> words = {"put", "--keys", "5", "--clients", "1", "--depth", "1", "--seconds", "3"};
    const Ran ran = bench(words, true);
    EXPECT_THAT(ran.err, HasSubstr(" ops/s  p50 "));
    EXPECT_THAT(ran.out, Not(HasSubstr("\r")));
    auto json = words;
    json.insert(json.end(), {"-o", "json"});
    EXPECT_EQ(bench(json, true).err, "");
    EXPECT_EQ(bench(words, false).err, "");
}

TEST_F(Bench, RefusesWhatItCannotDo) {
    const auto refused = [](const std::vector<std::string>& words, const std::string& why) {
        const Ran ran = bench(words);
        EXPECT_EQ(ran.code, 2) << why;
        EXPECT_THAT(ran.err, HasSubstr(why));
    };
    refused({"delete"}, "there is no workload 'delete': get, put, mixed, or ycsb-a to ycsb-f");
    refused({"ycsb-g"}, "there is no workload 'ycsb-g'");
    refused({"put", "--clients", "1000000", "--depth", "2"}, "at most 1 000 000");
    refused({"ycsb-e", "--clients", "1000", "--depth", "2"}, "where keys are scanned");
    refused({"put", "--clients", "2", "--depth", "2", "--connections", "5"}, "--connections is at most");
    refused({"put", "--distribution", "normal"}, "there is no distribution 'normal'");
    refused({"put", "--warm-up", "2"}, "--warm-up needs a time");
    refused({"put", "--warm-up", "25h"}, "--warm-up needs a time");
    refused({"put", "--value-size", "65MiB"}, "at most 64MiB");
}

}  // namespace
}  // namespace ringkv::kvctl
