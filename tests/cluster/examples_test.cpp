// The programs of examples/, against real processes. (examples/local_cluster_test.cpp is a test itself.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using ::testing::IsEmpty;

class Examples : public ::testing::Test {
  protected:
    static std::filesystem::path program(const std::string& name) {
        return std::filesystem::path(RINGKV_EXAMPLES) / name;
    }
    Finished example(const std::string& name, std::vector<std::string> arguments = {}) {
        arguments.insert(arguments.begin(), cluster_.registry_endpoint());
        return run(program(name), arguments, cluster_.directory() / name);
    }
    std::unique_ptr<ChildProcess> start_counter(unsigned increments, unsigned threads) {
        const std::vector<std::string> arguments{cluster_.registry_endpoint(), std::to_string(increments),
                                                 std::to_string(threads)};
        const std::string log = "counter-" + std::to_string(started_++);
        return std::make_unique<ChildProcess>(program("counter"), arguments, cluster_.directory() / log);
    }
    // The sum of the counter's entries ("writer=number ..."); 0 if there is none yet, or it cannot be read now.
    static std::uint64_t counter(Client& client) {
        const auto found = client.get("counter");
        if (!found || !*found) return 0;
        std::uint64_t sum = 0;
        std::istringstream words((*found)->value);
        for (std::string word; words >> word;) sum += std::stoull(word.substr(word.find('=') + 1));
        return sum;
    }
    static std::string backup_of(Client& client, std::string_view key) {
        for (const ReplicaStatus& member : client.locate(key).members)
            if (member.role == "backup") return member.name;
        return {};
    }

    ProcessCluster cluster_;
    unsigned started_ = 0;
};

TEST_F(Examples, FirstClientReadsWhatItWrote) {
    const Finished done = example("first_client");
    EXPECT_EQ(done.output, "user:1 is Ada\n");
    EXPECT_EQ(done.code, 0) << done.errors;
}

TEST_F(Examples, PipelineWritesAll) {
    const Finished done = example("pipeline", {"2000"});
    EXPECT_EQ(done.output, "2000 written, 0 not applied, 0 unknown\n");
    EXPECT_EQ(done.code, 0) << done.errors;
    Client client = cluster_.client();
    for (const std::string number : {"0", "1999"}) {
        const auto found = client.get("pipeline:" + number);
        ASSERT_TRUE(found && *found) << number;
        EXPECT_EQ((*found)->value, "value " + number);
    }
}

TEST_F(Examples, AClientWithoutAClusterSaysSo) {
    const Finished done = run(program("first_client"), {"tcp://127.0.0.1:" + std::to_string(free_ports(1))},
                              cluster_.directory() / "first_client");
    EXPECT_EQ(done.code, 1);
    EXPECT_THAT(done.output, IsEmpty());
    EXPECT_EQ(done.errors.find("unavailable: "), 0U) << done.errors;
}

// While a backup is paused a write cannot be acknowledged, nor refused: its deadline passes, and it is applied when
// the backup has been removed. A program that counted once more, or took it for counted, would be wrong then.
TEST_F(Examples, CounterIsExactAlthoughOutcomesWereUnknown) {
    constexpr unsigned rounds = 4;  // one alone may meet a moment without a write
    constexpr unsigned increments = 40, threads = 4, programs = 2;
    Client client = cluster_.client();
    unsigned unknown = 0;
    for (unsigned round = 0; round < rounds; ++round) {
        const std::uint64_t before = counter(client);
        std::vector<std::unique_ptr<ChildProcess>> running;
        for (unsigned i = 0; i < programs; ++i) running.push_back(start_counter(increments, threads));
        ASSERT_TRUE(wait_until(patience, [&] { return counter(client) >= before + 20; }));
        ChildProcess& backup = cluster_.node(backup_of(client, "counter"));
        backup.signal(SIGSTOP);
        sleep_for(milliseconds(1200));
        backup.signal(SIGCONT);
        for (const auto& process : running) {
            ASSERT_EQ(process->wait_for_exit(patience), 0) << process->output() << process->errors();
            unsigned counted = 0, of_this = 0;
            ASSERT_EQ(std::sscanf(process->output().c_str(), "counted %u times, %u outcomes", &counted, &of_this), 2)
                << process->output();
            EXPECT_EQ(counted, increments * threads);
            unknown += of_this;
        }
        cluster_.wait_until_full(client, 3);
    }
    EXPECT_GT(unknown, 0U) << "no outcome was unknown: this has shown nothing";
    EXPECT_EQ(counter(client), increments * threads * programs * rounds);
}

}  // namespace
}  // namespace ringkv::testing
