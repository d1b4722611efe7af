// Nodes come and go all the time, from several threads, while others read and write: nothing is lost, nothing stale,
// and no call fails. For RINGKV_CHURN_SECONDS (5).
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>

#include "tests/unit/local/cluster_fixture.hpp"

namespace ringkv {
namespace {

using testing::Log;

constexpr int writers = 4;
constexpr int keys_each = 25;

// A key that one thread writes, with the numbers 1, 2, 3, ...
struct Ledger {
    std::atomic<std::uint64_t> begun{0};  // of the newest write that was begun
    std::atomic<std::uint64_t> acked{0};  // of the newest write that was acknowledged
};

class Churn {
  public:
    explicit Churn(LocalCluster& cluster) : cluster_(cluster) {}

    void write(int writer) {
        for (int round = 0; !over_; ++round) {
            const int key = writer * keys_each + round % keys_each;
            Ledger& ledger = ledgers_[static_cast<std::size_t>(key)];
            const std::uint64_t number = ++ledger.begun;
            const auto put = cluster_.put(name(key), std::to_string(number));
            if (!put) return fail("put " + name(key) + ": " + put.error().message());
            ledger.acked = number;
            ++written_;
        }
    }

    // Reads begin anywhere, so that two readers are rarely at the same key.
    void read(int key) {
        for (; !over_; key = (key + 7) % (writers * keys_each)) {
            check(key);
            ++read_;
        }
    }

    void check(int key) {
        Ledger& ledger = ledgers_[static_cast<std::size_t>(key)];
        const std::uint64_t least = ledger.acked;
        const auto found = cluster_.get(name(key));
        const std::uint64_t most = ledger.begun;
        if (!found) return fail("get " + name(key) + ": " + found.error().message());
        const std::uint64_t value = *found ? std::stoull((*found)->value) : 0;
        if (value < least || value > most)
            fail(name(key) + " is " + std::to_string(value) + ", acknowledged was " + std::to_string(least) +
                 ", begun " + std::to_string(most));
    }

    // Comes and goes by that name; `killed`: without a word.
    void change(const std::string& node, const std::string& rack, bool killed) {
        while (!over_) {
            if (const auto added = cluster_.add_node(node, rack); !added)
                return fail("add " + node + ": " + added.error().message());
            if (++changes_ % 3 != 0) linger(node, changes_ % 2 == 0);
            if (const auto removed = killed ? cluster_.kill_node(node) : cluster_.remove_node(node); !removed)
                return fail("remove " + node + ": " + removed.error().message());
        }
    }

    // Until the node has copies, or serves some.
    void linger(const std::string& node, bool serves) {
        (void)testing::eventually([&] {
            const auto status = cluster_.status();
            if (over_ || !status) return true;
            for (const NodeStatus& it : status->nodes)
                if (it.name == node && (serves ? it.primaries : it.copies) > 0) return true;
            return false;
        });
    }

    void stop() { over_ = true; }
    void fail(const std::string& what) {
        over_ = true;
        const std::lock_guard lock(mutex_);
        failures_ += what + "\n";
    }
    [[nodiscard]] std::string failures() {
        const std::lock_guard lock(mutex_);
        return failures_;
    }
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] int written() const { return written_; }
    [[nodiscard]] int read() const { return read_; }
    [[nodiscard]] int changes() const { return changes_; }

  private:
    static std::string name(int key) { return "key" + std::to_string(key); }

    LocalCluster& cluster_;
    std::array<Ledger, std::size_t{writers} * keys_each> ledgers_;
    std::atomic<bool> over_{false};
    std::atomic<int> written_{0};
    std::atomic<int> read_{0};
    std::atomic<int> changes_{0};
    std::mutex mutex_;
    std::string failures_;
};

std::chrono::seconds how_long() {
    const char* seconds = std::getenv("RINGKV_CHURN_SECONDS");
    return std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 5);
}

// `staying` nodes stay, the others come and go, or are killed.
void churn_with(std::uint32_t replication, int staying, const std::vector<std::string>& others, bool killed = false) {
    Log log;
    LocalCluster::Options options = log.options(replication);
    options.deadline = std::chrono::seconds(30);
    LocalCluster cluster(options);
    for (int node = 1; node <= staying; ++node) {
        const std::string name = "node" + std::to_string(node);
        ASSERT_EQ(testing::error(cluster.add_node(name, "rack-" + name)), "");
    }
    Churn churn(cluster);
    std::vector<std::thread> threads;
    threads.reserve(writers + 4 + others.size());
    for (int writer = 0; writer < writers; ++writer) threads.emplace_back([&, writer] { churn.write(writer); });
    for (int reader = 0; reader < 4; ++reader) threads.emplace_back([&, reader] { churn.read(reader * 13); });
    for (const std::string& node : others)
        threads.emplace_back([&, node] { churn.change(node, "rack-" + node, killed); });
    const auto end = std::chrono::steady_clock::now() + how_long();
    const bool happened = testing::eventually(
        [&] { return churn.over() || (churn.changes() >= 6 && churn.written() > 1000 && churn.read() > 1000); });
    while (!churn.over() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    churn.stop();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(churn.failures(), "");
    EXPECT_TRUE(happened);
    for (int key = 0; key < writers * keys_each; ++key) churn.check(key);
    EXPECT_EQ(churn.failures(), "");
    EXPECT_FALSE(log.lines().empty());
    std::uint64_t keys = 0;
    for (const MoveSummary& moved : log.lines()) keys += moved.keys;
    std::printf("%d writes, %d reads, %d nodes came, %llu keys changed hands in %zu moves\n", churn.written(),
                churn.read(), churn.changes(), static_cast<unsigned long long>(keys), log.lines().size());
}

TEST(LocalClusterChurn, LosesNothingAndServesNothingStale) {
    churn_with(3, 3, {"node4", "node5", "node6"});
}

// Often fewer nodes than copies are wanted: then nodes leave without another node to move their copies to.
TEST(LocalClusterChurn, LosesNothingWhereOneNodeStays) {
    churn_with(3, 1, {"node2", "node3", "node4"});
}

// A node that leaves without having moved its copies away takes them along.
TEST(LocalClusterChurn, LosesNothingWhereEachKeyHasOneCopy) {
    churn_with(1, 2, {"node3", "node4"});
}

// Every partition has a copy at least on one of those that stay, for there are fewer others than copies.
TEST(LocalClusterChurn, LosesNothingWhereNodesAreKilled) {
    churn_with(3, 3, {"node4", "node5"}, true);
}

}  // namespace
}  // namespace ringkv
