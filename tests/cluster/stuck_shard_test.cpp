// A shard that does not turn any more, while the others of its node do, is noticed as the death of its node is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

// The thread of that name, or none.
std::optional<pid_t> thread_of(pid_t process, const std::string& name) {
    const std::filesystem::path tasks = "/proc/" + std::to_string(process) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::string found;
        std::getline(std::ifstream(task.path() / "comm"), found);
        if (found == name) return static_cast<pid_t>(std::stol(task.path().filename().string()));
    }
    return std::nullopt;
}

// Stops one thread of a process, as no signal can, and lets it go on with the object.
class StoppedThread {
  public:
    explicit StoppedThread(pid_t thread)
        : thread_(thread), stopped_(::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) == 0) {
        if (!stopped_) return;
        ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr);
        ::waitpid(thread_, nullptr, __WALL);
    }
    ~StoppedThread() {
        if (stopped_) ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr);
    }
    StoppedThread(const StoppedThread&) = delete;
    StoppedThread& operator=(const StoppedThread&) = delete;
    [[nodiscard]] bool stopped() const { return stopped_; }

  private:
    pid_t thread_;
    bool stopped_;
};

bool tells_that_it_is_stuck(Admin& admin) {
    const auto condition = admin.condition();
    return condition && std::ranges::any_of(condition->troubles, [](const NodeTrouble& trouble) {
               return trouble.name == "n1" && trouble.what == "shard_stuck" && trouble.shard == 1;
           });
}

TEST(StuckShard, IsNoticedAsADeadNodeIs) {
    ProcessCluster cluster({.shards = 2});
    Client client = cluster.client();
    Admin admin = cluster.admin();
    const auto second_shard = thread_of(cluster.node("n1").pid(), "shard 1");
    ASSERT_TRUE(second_shard);
    {
        const StoppedThread stuck(*second_shard);
        if (!stuck.stopped()) GTEST_SKIP() << "no thread can be stopped here: ptrace is not allowed";
        cluster.wait_for_status(client, "n1 is down, and primary of nothing", [](const ClusterStatus& status) {
            return find_node(status, "n1")->state != "up" &&
                   std::none_of(status.partitions.begin(), status.partitions.end(),
                                [](const PartitionStatus& partition) { return partition.primary == "n1"; });
        });
        for (int key = 0; key < 100; ++key) {
            const auto put = client.put("key " + std::to_string(key), "value");
            EXPECT_TRUE(put) << put.error();
        }
        EXPECT_THAT(cluster.node("n1").errors() + cluster.node("n1").output(),
                    ::testing::HasSubstr("shard 1 does not turn"));
        EXPECT_TRUE(wait_until(patience, [&] { return tells_that_it_is_stuck(admin); })) << "kvctl check says nothing";
    }
    cluster.wait_until_full(client, 3);
    EXPECT_TRUE(wait_until(patience, [&] {
        const auto condition = admin.condition();
        return condition && condition->troubles.empty() && condition->nodes.size() == 3;
    })) << "it is over";
    const auto condition = admin.condition();
    ASSERT_TRUE(condition);
    for (const NodeVitals& node : condition->nodes) EXPECT_EQ(node.version, condition->registry_version);
    EXPECT_TRUE(client.get("key 0"));
}

}  // namespace
}  // namespace ringkv::testing
