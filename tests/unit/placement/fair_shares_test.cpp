#include "common/placement/fair_shares.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "candidates.hpp"

namespace ringkv {
namespace {

TEST(FairShares, FloorIsNineTenthsOfTheShareAndWhoHasLessIsFilledUp) {
    EXPECT_EQ(floor_of_share(100.0, 100), 90U);
    EXPECT_EQ(floor_of_share(100.0, 90), 90U);
    EXPECT_EQ(floor_of_share(100.0, 89), 95U);
    EXPECT_EQ(floor_of_share(40.96, 0), 39U);
    EXPECT_EQ(floor_of_share(1.05, 0), 1U);
    EXPECT_EQ(floor_of_share(1.05, 1), 1U);
    EXPECT_EQ(floor_of_share(0.95, 0), 0U);
    EXPECT_EQ(floor_of_share(100.0, 0, {0.05, 1.0, 1.0}), 0U);
}

TEST(FairShares, AreEqualWhereNothingIsInTheWay) {
    for (const double share : fair_shares(HashRing(testing::racks_of({4, 4, 4}), 1), 3)) EXPECT_NEAR(share, 0.25, 1e-9);
}

TEST(FairShares, WhoIsAloneInARackThatEveryListNeedsHoldsEverything) {
    const HashRing ring(testing::racks_of({2, 2, 1}), 1);
    const std::vector<double> shares = fair_shares(ring, 3);
    for (Ring::Index node = 0; node < 5; ++node)
        EXPECT_NEAR(shares[node], ring.nodes()[node].rack == "rack2" ? 1.0 : 0.5, 1e-9);
}

TEST(FairShares, BigRacksHoldOneOfEachAndTheOthersShareTheRest) {
    const HashRing ring(testing::racks_of({10, 2, 2}), 1);  // two copies: one in the big rack, one in the small
    const std::vector<double> shares = fair_shares(ring, 2);
    for (Ring::Index node = 0; node < 14; ++node)
        EXPECT_NEAR(shares[node], ring.nodes()[node].rack == "rack0" ? 0.1 : 0.25, 1e-9);
}

RC_GTEST_PROP(FairShares, AddUpToTheCopiesAndKeepTheRackRule, ()) {
    const HashRing ring(testing::any_cluster(), 1);
    const auto count =
        std::min<std::uint32_t>(testing::any_replication(), static_cast<std::uint32_t>(ring.nodes().size()));
    const std::vector<double> shares = fair_shares(ring, count);
    RC_ASSERT(std::abs(std::accumulate(shares.begin(), shares.end(), 0.0) - count) < 1e-6);
    const RackRule rule(ring.rack_sizes(), count);
    std::vector<double> of_rack(ring.rack_sizes().size());
    for (Ring::Index node = 0; node < shares.size(); ++node) {
        RC_ASSERT(shares[node] >= 0 && shares[node] <= 1);
        of_rack[ring.rack_of(node)] += shares[node];
    }
    for (std::size_t rack = 0; rack < of_rack.size(); ++rack) {
        RC_ASSERT(of_rack[rack] > rule.least[rack] - 1e-6);
        RC_ASSERT(of_rack[rack] < rule.most[rack] + 1e-6);
    }
}

}  // namespace
}  // namespace ringkv
