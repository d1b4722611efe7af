// A node as its program runs it: how it ends, and what it leaves behind.
#include "node/edge/node_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "common/edge/system/clock.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/edge/ports.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

class NodeServerTest : public ::testing::Test {
  protected:
    // Of a registry that is not there.
    [[nodiscard]] std::unique_ptr<NodeServer> open() const {
        NodeConfig config;
        config.name = "n1";
        config.rack = "rack-a";
        config.registries = {free_endpoint()};
        config.listen = config.advertise = free_endpoint();
        config.shards = 1;
        config.data_dir = directory_.string();
        config.durability = Durability::os;
        config.log.segment = std::uint64_t{1} << 20U;
        auto server = NodeServer::open(config);
        EXPECT_TRUE(server) << server.error();
        return std::move(*server);
    }
    static bool says(const NodeServer& server, const std::string& reason) {
        const Time until = boot_time() + seconds(60);
        while (boot_time() < until) {
            for (const std::string& said : server.not_ready())
                if (said.find(reason) != std::string::npos) return true;
            std::this_thread::sleep_for(milliseconds(1));
        }
        return false;
    }
    [[nodiscard]] std::string identity() const {
        std::ostringstream text;
        text << std::ifstream(directory_.path() / "identity").rdbuf();
        return text.str();
    }

  private:
    test::TemporaryDirectory directory_;
};

TEST_F(NodeServerTest, APausedOneDoesNotTurnUntilItIsResumed) {
    const auto server = open();
    server->start();
    EXPECT_TRUE(says(*server, "not joined"));
    server->pause();
    EXPECT_TRUE(says(*server, "shard 0 does not turn"));
    server->resume();
    EXPECT_TRUE(says(*server, "not joined"));
    server->pause();
    server->kill();
    EXPECT_TRUE(server->wait());
}

TEST_F(NodeServerTest, AKilledOneLeavesADirectoryThatWasNotClosed) {
    {
        const auto server = open();
        server->start();
        EXPECT_TRUE(says(*server, "not joined"));
        server->kill();
        EXPECT_TRUE(server->wait());
    }
    EXPECT_THAT(identity(), AllOf(HasSubstr("start 1\n"), HasSubstr("end none\n")));
    const auto again = open();
    again->start();
    again->stop();
    EXPECT_TRUE(again->wait());
    EXPECT_TRUE(again->close());
    EXPECT_THAT(identity(), AllOf(HasSubstr("start 2\n"), HasSubstr("end clean\n")));
}

}  // namespace
}  // namespace ringkv
