// top: rates of two moments, and how they are shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kvctl/load_rates.hpp"
#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using nlohmann::json;
using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

NodeLoad node(const std::string& name, std::uint64_t times) {
    NodeLoad node;
    node.name = name;
    node.start = 1;
    node.gets = 100 * times;
    node.puts = 10 * times;
    node.erases = 2 * times;
    node.scans = times;
    node.refused = 4 * times;
    node.read_bytes = 1000 * times;
    node.written_bytes = 500 * times;
    node.get_durations = {0, 0, 100 * times, 0};
    node.write_durations = {0, 12 * times, 0};
    return node;
}

TEST(LoadRates, AreOfWhatCameInBetween) {
    const LoadRates rates =
        rates_between({.nodes = {node("n1", 1), node("n2", 5)}}, {.nodes = {node("n1", 3), node("n2", 9)}}, seconds(2));
    ASSERT_EQ(rates.nodes.size(), 2U);
    EXPECT_DOUBLE_EQ(rates.nodes[0].gets, 100);
    EXPECT_DOUBLE_EQ(rates.nodes[1].gets, 200);
    EXPECT_DOUBLE_EQ(rates.nodes[1].puts, 20);
    EXPECT_DOUBLE_EQ(rates.nodes[1].erases, 4);
    EXPECT_DOUBLE_EQ(rates.nodes[1].scans, 2);
    EXPECT_DOUBLE_EQ(rates.nodes[1].refused, 8);
    EXPECT_DOUBLE_EQ(rates.nodes[1].read_bytes, 2000);
    EXPECT_DOUBLE_EQ(rates.nodes[1].written_bytes, 1000);
    EXPECT_DOUBLE_EQ(rates.total.gets, 300);
    EXPECT_GT(rates.total.get_p50, microseconds(20));
    EXPECT_LT(rates.total.get_p99, microseconds(50));
    EXPECT_LT(rates.total.write_p99, microseconds(20));
}

TEST(LoadRates, OfANodeThatStartedAnewCountFromItsStart) {
    NodeLoad restarted = node("n1", 1);
    restarted.start = 2;
    const LoadRates rates =
        rates_between({.nodes = {node("n1", 50)}}, {.nodes = {restarted, node("n2", 7)}}, seconds(1));
    ASSERT_EQ(rates.nodes.size(), 1U) << "n2 did not answer before";
    EXPECT_DOUBLE_EQ(rates.nodes[0].gets, 100);
}

TEST(LoadRates, PercentilesAreWithinTheirBucket) {
    EXPECT_EQ(percentile({}, 0.5), std::nullopt);
    EXPECT_EQ(percentile({0, 0}, 0.5), std::nullopt);
    EXPECT_EQ(percentile({10, 0}, 0.5), microseconds(5));
    EXPECT_EQ(percentile({0, 0, 0, 4, 0}, 0.5), microseconds(75));
    EXPECT_EQ(percentile({98, 0, 0, 2, 0}, 0.99), microseconds(75));
    std::vector<std::uint64_t> all(20, 0);
    all.back() = 3;
    EXPECT_EQ(percentile(all, 0.5), seconds(10)) << "or longer";
}

class Top : public testing::Test {
  protected:
    Top() {
        has = {};
        Load before{.nodes = {node("n1", 1)}};
        Load after{
            .nodes = {node("n1", 2)},
            .partitions = {{7, "n1", 0.25}},
            .keys = {{"user:\n1", 7, "n1", 0.125}, {std::string(100, 'x'), 7, "n1", 0.01}, {"\xff", 3, "n1", 0.01}},
            .silent = {"n3"}};
        has.loads = {before, after};
    }
    ~Top() override { has = {}; }
    fake::Administration& has = fake::administration();
};

TEST_F(Top, WithoutATerminalIsATableOnce) {
    const Ran ran = kvctl({"top", "--interval", "10ms"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr("A SECOND"));
    EXPECT_THAT(ran.out, HasSubstr("\ntotal "));
    EXPECT_THAT(ran.out, HasSubstr("7  n1    25.0 %\n"));
    EXPECT_THAT(ran.out, HasSubstr("user:\\n1 "));
    EXPECT_THAT(ran.out, HasSubstr(std::string(37, 'x') + "... "));
    EXPECT_THAT(ran.out, HasSubstr("did not say: n3\n"));
    EXPECT_THAT(ran.out, Not(HasSubstr("\033")));
}

TEST_F(Top, OnATerminalTheScreenIsDrawnAnewUntilAnInterrupt) {
    for (int i = 0; i < 3; ++i) has.loads.push_back(has.loads.back());
    const Ran once = kvctl({"top", "--once", "--interval", "10ms"}, "", true);
    EXPECT_THAT(once.out, Not(HasSubstr("\033[H")));
}

TEST_F(Top, AnObjectIsItsJson) {
    const Ran ran = kvctl({"top", "--once", "--interval", "10ms", "-o", "json"});
    EXPECT_EQ(ran.code, 0);
    const json top = json::parse(ran.out);
    EXPECT_GT(top.at("seconds"), 0.009);
    EXPECT_EQ(top.at("nodes").size(), 1U);
    for (const char* field : {"name", "gets", "puts", "erases", "scans", "refused", "read_bytes", "written_bytes",
                              "get_p50_us", "get_p99_us", "write_p50_us", "write_p99_us"}) {
        EXPECT_TRUE(top.at("nodes")[0].contains(field)) << field;
        EXPECT_TRUE(top.at("total").contains(field)) << field;
    }
    EXPECT_EQ(top.at("hot_partitions"), json::parse(R"([{"partition": 7, "node": "n1", "share": 0.25}])"));
    EXPECT_EQ(top.at("hot_keys")[0],
              json::parse(R"({"key": "user:\n1", "partition": 7, "node": "n1", "share": 0.125})"));
    EXPECT_EQ(top.at("hot_keys")[2].at("key_base64"), "/w==");
    EXPECT_EQ(top.at("silent"), json::parse(R"(["n3"])"));
}

}  // namespace
}  // namespace ringkv::kvctl
