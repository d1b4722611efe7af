// How to test code that uses RingKV: with a whole cluster inside the test's process. No ports, no files, no other
// program, and nothing outlives the test.
#include <gtest/gtest.h>

#include <ringkv/client.hpp>
#include <ringkv/local_cluster.hpp>
#include <string>

namespace {

// The code under test. A template, because it gets a ringkv::Client in the program and a ringkv::LocalCluster here:
// both have the same calls.
template <class Store>
ringkv::Result<void> claim_name(Store& store, const std::string& name, const std::string& owner) {
    const auto claimed = store.compare_and_set("name:" + name, 0, owner);  // 0: only if there is no such key
    if (claimed) return {};
    return claimed.error();
}

class ClaimName : public ::testing::Test {
  protected:
    // Three nodes, three copies of every key; on_moves: this test does not want to read which keys move.
    ClaimName() : cluster_({.replication = 3, .on_moves = nullptr}) {
        // settle(): from here on every key has its three copies.
        for (const char* node : {"node1", "node2", "node3"})
            if (auto added = cluster_.add_node(node); !added) ADD_FAILURE() << added.error();
        if (auto settled = cluster_.settle(ringkv::Settled::copies); !settled) ADD_FAILURE() << settled.error();
    }

    std::string owner_of(const std::string& name) {
        const auto found = cluster_.get("name:" + name);
        return found && *found ? (*found)->value : "nobody";
    }

    ringkv::LocalCluster cluster_;
};

TEST_F(ClaimName, IsForTheFirstOne) {
    ASSERT_TRUE(claim_name(cluster_, "ada", "user 1"));
    const auto second = claim_name(cluster_, "ada", "user 2");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ringkv::ErrorCode::condition_failed);
    EXPECT_EQ(owner_of("ada"), "user 1");
}

// What no mock of a store can show: the code goes on when the machine that served its key is gone.
TEST_F(ClaimName, OutlivesTheNodeThatServedIt) {
    ASSERT_TRUE(claim_name(cluster_, "ada", "user 1"));
    const auto primary = cluster_.owner("name:ada");
    ASSERT_TRUE(primary);
    ASSERT_TRUE(cluster_.kill_node(*primary));
    const auto second = claim_name(cluster_, "ada", "user 2");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ringkv::ErrorCode::condition_failed);
    EXPECT_EQ(owner_of("ada"), "user 1");
}

}  // namespace
