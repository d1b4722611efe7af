// Lease traffic (protocol.md, L1 to L3) of one shard, whose peers are played by hand.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

constexpr PartitionId quiet{0}, busy{1};

// This shard is the primary of two partitions. One stays as it is; the other's members change.
class ChangingViews : public ShardTest {
  protected:
    ShardByHand node_{NodeId(1), engine_, every_member_, in_order_};
    std::uint64_t epoch_ = 0;

    static ViewId id(std::uint64_t number) { return ShardByHand::view(number, 1, {}).id; }

    void learn_busy(std::uint64_t number) {
        ClusterMap map = ShardByHand::map(ShardByHand::view(1, 1, {1, 2, 3}), ++epoch_);
        map.settings.partitions = 2;
        const View changed =
            number % 2 == 1 ? ShardByHand::view(number, 1, {1, 2, 3}, 1) : ShardByHand::view(number, 1, {1, 2}, 1);
        map.partitions.push_back({changed, changed.members, {}});
        node_.from_registry(MapSnapshot{map});
    }
    void start_serving() {
        learn_busy(1);
        for (const PartitionId partition : {quiet, busy})
            for (std::uint32_t peer : {2U, 3U})
                node_.from_node(peer, StartViewOk{partition, id(1), OpNumber(0), false, OpNumber(0), {}});
        node_.pass(milliseconds(10));
        node_.grant_leases({2, 3});
        ASSERT_TRUE(reads(quiet));
    }
    bool reads(PartitionId partition) { return node_.shard().replica(partition)->primary()->reads_now(node_.now()); }
};

TEST_F(ChangingViews, QuickerThanARoundTripLetNoOtherLeaseLapse) {
    start_serving();
    struct Answer {
        Time due;
        std::uint32_t from;
        Nonce nonce;
    };
    std::deque<Answer> under_way;
    std::uint64_t view = 1;
    for (int turn = 1; turn <= 400; ++turn) {  // 2 s
        node_.pass(milliseconds(5));
        if (turn % 8 == 0) learn_busy(++view);  // each 40 ms
        for (std::uint32_t peer : {2U, 3U})
            if (const auto beacon = node_.sent<Beacon>(peer))
                under_way.push_back({node_.now() + milliseconds(100), peer, beacon->nonce});
        for (; !under_way.empty() && under_way.front().due <= node_.now(); under_way.pop_front())
            node_.from_node(under_way.front().from, BeaconAnswer{under_way.front().nonce, false, {}});
        ASSERT_TRUE(reads(quiet)) << "after " << turn * 5 << " ms";
        const Propose proposed = node_.sent<Propose>().value_or(Propose{});
        for (const Proposal& proposal : proposed.proposals)
            ASSERT_NE(proposal.partition, quiet) << "members that answer are to go";
    }
}

// Two shards' lease traffic, of which messages are lost, late and repeated; and one of them restarts.
class BeaconTraffic : public ShardTest {
  protected:
    struct Side {
        Limits limits;
        ShardFacts facts;
        MessageOutlet messages{facts};
        LeaseOutlet leases;
        Beacons beacons{facts, leases, messages};

        Side(NodeId me, const CommitRule& commit, const SuccessionRule& succession, const ClusterMap& map,
             StartNumber start = StartNumber(1))
            : facts{limits, commit, succession, me, start, false, map, {true, {}}, {}} {}
    };
    using Claims = std::map<PartitionId, ViewId>;

    const ClusterMap map_ = ShardByHand::map(ShardByHand::view(1, 1, {1, 2, 3}));
    const Beacons::Link link_{NodeId(2), 0};
    Side asking_{NodeId(1), every_member_, in_order_, map_};
    std::unique_ptr<Side> answering_ = std::make_unique<Side>(NodeId(2), every_member_, in_order_, map_);
    Time now_ = start_time;
    Claims wanted_;
    std::map<Nonce, Claims> asked_;    // by each beacon
    std::map<Nonce, Claims> granted_;  // in the answer to each beacon
    std::size_t changes_sent_ = 0, lists_sent_ = 0;
    std::size_t told_ = 0;

    static ViewId view(std::uint64_t number) { return {Generation(1), ViewNumber(number)}; }

    void claim(PartitionId partition, ViewId view) {
        if (view.none())
            wanted_.erase(partition);
        else
            wanted_[partition] = view;
        asking_.beacons.set_claims(partition, view, view.none() ? std::vector<Beacons::Link>{} : std::vector{link_});
        asking_.beacons.check_invariants();
    }
    std::vector<Beacon> beacons() {
        now_ += milliseconds(100);
        asking_.beacons.send(now_, {}, [](PartitionId partition) { return commit_of(partition); });
        std::vector<Beacon> sent;
        for (Outgoing& outgoing : asking_.messages.take()) {
            auto& beacon = std::get<Beacon>(outgoing.message);
            asked_[beacon.nonce] = wanted_;
            (beacon.claims ? lists_sent_ : changes_sent_) += 1;
            sent.push_back(std::move(beacon));
        }
        return sent;
    }
    static std::optional<OpNumber> commit_of(PartitionId partition) {
        if (partition.value() % 3 == 0) return std::nullopt;
        return OpNumber(partition.value() + 100);
    }
    // How many of the next beacons, which all come and are answered, have commit points.
    int with_commits(int beacons_sent) {
        int count = 0;
        for (int i = 0; i < beacons_sent; ++i) {
            for (const Beacon& beacon : beacons()) {
                if (!beacon.commits.empty()) ++count;
                for (const BeaconAnswer& answer : take(beacon)) learn(answer);
            }
        }
        return count;
    }
    // The answers to it; every view of an odd number is granted.
    std::vector<BeaconAnswer> take(const Beacon& beacon) {
        Claims granted;
        const Origin from{Address::back(1), ShardByHand::cluster(), NodeId(1), StartNumber(1), NodeId(2)};
        (void)answering_->beacons.receive(
            now_, from, beacon,
            [&](const Claim& claim) {
                if (claim.view.number.value() % 2 == 0) return false;
                granted[claim.partition] = claim.view;
                return true;
            },
            [](PartitionId) { return ViewId{}; },
            [&](PartitionId partition, Time at, OpNumber commit) {
                ++told_;
                EXPECT_EQ(commit, commit_of(partition)) << "told of another partition";
                EXPECT_LT(at, now_) << "of an answer that was given before";
            });
        std::vector<BeaconAnswer> answers;
        for (Outgoing& outgoing : answering_->messages.take()) {
            auto& answer = std::get<BeaconAnswer>(outgoing.message);
            if (!answer.unknown_list) granted_[answer.nonce] = granted;
            answers.push_back(std::move(answer));
        }
        return answers;
    }
    // What counts as granted was granted, by the answer to that beacon, and is claimed now.
    Claims learn(const BeaconAnswer& answer) { return learn(answer, answering_->facts.start); }
    // It was given by that process.
    Claims learn(const BeaconAnswer& answer, StartNumber start) {
        Claims counted;
        const Origin from{{}, ShardByHand::cluster(), NodeId(2), start, NodeId(1)};
        (void)asking_.beacons.receive(
            from, answer, [&](const Claim& claim, Time) { counted[claim.partition] = claim.view; },
            [](const Claim&) {});
        for (const auto& [partition, view] : counted) {
            const Claims& granted = granted_[answer.nonce];
            const auto given = granted.find(partition);
            EXPECT_TRUE(given != granted.end() && given->second == view) << "nobody granted that";
            EXPECT_EQ(asked_[answer.nonce][partition], view) << "that beacon did not ask for it";
            EXPECT_EQ(wanted_[partition], view);
        }
        return counted;
    }
};

TEST_F(BeaconTraffic, WhatHasChangedTravelsAlone) {
    for (std::uint32_t p = 0; p < 100; ++p) claim(PartitionId(p), view(1));
    const auto first = beacons();
    ASSERT_EQ(first.size(), 1U);
    ASSERT_TRUE(first[0].claims);
    EXPECT_EQ(learn(take(first[0]).at(0)).size(), 100U);
    claim(PartitionId(7), view(3));
    claim(PartitionId(8), {});
    const auto second = beacons();
    ASSERT_FALSE(second[0].claims);
    EXPECT_EQ(second[0].changes, (std::vector<Claim>{{PartitionId(7), view(3)}, {PartitionId(8), {}}}));
    claim(PartitionId(9), view(3));
    const auto third = beacons();
    EXPECT_EQ(third[0].changes.size(), 3U) << "the second may be lost";
    EXPECT_EQ(learn(take(third[0]).at(0)).size(), 99U);
    const auto fourth = beacons();
    EXPECT_TRUE(!fourth[0].claims && fourth[0].changes.empty()) << "its number is enough";
    EXPECT_EQ(learn(take(fourth[0]).at(0)).size(), 99U);
}

TEST_F(BeaconTraffic, APeerThatDoesNotKnowChangesGetsLists) {
    for (std::uint32_t p = 0; p < 10; ++p) claim(PartitionId(p), view(1));
    const auto first = beacons();
    BeaconAnswer answer = take(first[0]).at(0);
    answer.takes_changes = false;
    learn(answer);
    claim(PartitionId(7), view(3));
    const auto second = beacons();
    ASSERT_TRUE(second[0].claims);
    EXPECT_EQ(learn(take(second[0]).at(0)).size(), 10U);
}

TEST_F(BeaconTraffic, CommitPointsAreInEachBeaconOnlyWhereStaleReadsWereAskedLately) {
    claim(PartitionId(1), view(1));
    ASSERT_EQ(with_commits(1), 0) << "no answer has come that they could count from";
    EXPECT_EQ(with_commits(30), 3) << "once a second";
    answering_->leases.stale_read(now_);
    (void)with_commits(1);
    EXPECT_EQ(with_commits(20), 20);
    (void)with_commits(100);
    EXPECT_EQ(with_commits(30), 3);
}

TEST_F(BeaconTraffic, CountsNothingThatWasNotGrantedWhateverIsLostOrLate) {
    std::mt19937 random(7);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    std::size_t counted = 0;
    std::uint64_t newest = 1;
    std::deque<Beacon> going;
    std::deque<std::pair<BeaconAnswer, StartNumber>> coming;
    for (int round = 0; round < 20000; ++round) {
        for (unsigned changes = random() % 4; changes > 0; --changes) {
            const PartitionId partition(random() % 12);
            if (chance(30))
                claim(partition, {});
            else
                claim(partition, view(++newest));
        }
        if (chance(10)) answering_->leases.stale_read(now_);
        for (Beacon& beacon : beacons()) going.push_back(std::move(beacon));
        while (!going.empty() && chance(70)) {
            const std::size_t which = random() % going.size();
            if (!chance(10))
                for (BeaconAnswer& answer : take(going[which]))
                    coming.emplace_back(std::move(answer), answering_->facts.start);
            if (!chance(10)) going.erase(going.begin() + static_cast<std::ptrdiff_t>(which));
        }
        while (!coming.empty() && chance(70)) {
            const std::size_t which = random() % coming.size();
            if (!chance(10)) counted += learn(coming[which].first, coming[which].second).size();
            coming.erase(coming.begin() + static_cast<std::ptrdiff_t>(which));
        }
        if (chance(1))
            answering_ =
                std::make_unique<Side>(NodeId(2), every_member_, in_order_, map_, answering_->facts.start.next());
        ASSERT_FALSE(HasFailure()) << "in round " << round;
    }
    EXPECT_GT(counted, 10000U);
    EXPECT_GT(changes_sent_, 1000U);
    EXPECT_GT(told_, 1000U) << "commit points";
    EXPECT_GT(lists_sent_, 1000U);
}

}  // namespace
}  // namespace ringkv
