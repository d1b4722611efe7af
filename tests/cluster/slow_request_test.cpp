// A request that is slow is named by the same ids at its client and at the nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// The lines with that text in a server's log.
std::vector<json> lines(const ChildProcess& server, std::string_view text) {
    std::vector<json> found;
    std::istringstream log(server.errors());
    for (std::string line; std::getline(log, line);)
        if (json parsed = json::parse(line, nullptr, false); parsed.is_object() && parsed.value("text", "") == text)
            found.push_back(std::move(parsed));
    return found;
}

class SlowRequests : public ::testing::Test {
  protected:
    Client slow_telling_client() {
        Options options;
        options.registries = {cluster_.registry_endpoint()};
        options.deadline = patience;
        options.slow_call = 200ms;
        options.on_slow_call = [this](const SlowCall& call) {
            const std::lock_guard lock(mutex_);
            told_[call.key] = call;
        };
        auto client = Client::connect(std::move(options));
        EXPECT_TRUE(client) << client.error().message();
        return std::move(*client);
    }
    std::optional<SlowCall> told(const std::string& key) {
        const std::lock_guard lock(mutex_);
        const auto found = told_.find(key);
        return found == told_.end() ? std::nullopt : std::optional(found->second);
    }

    ProcessCluster cluster_;
    std::mutex mutex_;
    std::map<std::string, SlowCall> told_;
};

TEST_F(SlowRequests, AWriteThatABackupHeldUpIsToldAtBothEnds) {
    Client client = slow_telling_client();
    cluster_.wait_until_settled(client, 3);
    ASSERT_TRUE(client.put("k", "before"));
    const PartitionStatus home = client.locate("k");
    const auto backup = std::ranges::find(home.members, std::string("backup"), &ReplicaStatus::role);
    ASSERT_NE(backup, home.members.end());
    cluster_.node(backup->name).signal(SIGSTOP);
    const auto put = client.put("k", "meanwhile");  // until it is no member any more
    cluster_.node(backup->name).signal(SIGCONT);
    ASSERT_TRUE(put) << put.error().message();

    ASSERT_TRUE(told("k")) << "it waited for nothing";
    const SlowCall call = *told("k");
    EXPECT_EQ(call.operation, "write");
    EXPECT_GE(call.took, 200ms);
    const ChildProcess& primary = cluster_.node(home.primary);
    const auto its_line = [&]() -> json {
        for (const json& line : lines(primary, "slow request"))
            if (line.value("request", "") == call.request) return line;
        return {};
    };
    ASSERT_TRUE(wait_until(patience, [&] { return !its_line().is_null(); })) << primary.errors();
    const json line = its_line();
    EXPECT_EQ(line["client"], call.client);
    EXPECT_EQ(line["sequence"], std::to_string(call.sequence));
    EXPECT_EQ(line["kind"], "write");
    EXPECT_EQ(line["partition"], std::to_string(home.partition));
    EXPECT_THAT(line["waited_for"].get<std::string>(), ::testing::HasSubstr(backup->name + " never"));
    EXPECT_LE(std::stoll(line["took_ms"].get<std::string>()) * 1ms, call.took) << "it is a part of the client's time";
    EXPECT_THAT(primary.errors(), ::testing::Not(::testing::HasSubstr("meanwhile"))) << "a value is in no log";
}

}  // namespace
}  // namespace ringkv::testing
