// The lease traffic of a shard (protocol.md, L1 to L5). For each shard of another node that has replicas
// of partitions whose primary is here, one beacon an interval claims all of them at once; what it grants
// is counted from the time that very beacon was sent.
//
// What is claimed of a peer is a numbered list. An answer speaks of the list of its beacon, and counts for the claims
// that are in that list as they are now. Work is proportional to what has changed, but for one look at each claim when
// a beacon or its answer comes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/container/btree_map.h"
#include "node/claim_list.hpp"
#include "node/outlets.hpp"

namespace ringkv {

class Beacons {
  public:
    // Another node's shard.
    using Link = std::pair<NodeId, ShardIndex>;

    // All must outlive it.
    Beacons(const ShardFacts& shard, const LeaseOutlet& leases, MessageOutlet& messages)
        : shard_(shard), leases_(leases), messages_(messages) {}

    // Whose leases the partition's primary asks for in its view from the next beacon on; none: there is no primary
    // here. Those that it holds last on. Precondition: each link is there once.
    void set_claims(PartitionId partition, ViewId view, std::vector<Link> links);
    [[nodiscard]] const std::vector<Link>& links_of(PartitionId partition) const;
    // A view that is claimed of the link; none if the partition is not.
    [[nodiscard]] ViewId claimed(const Link& link, PartitionId partition) const;
    // -> up to which op a partition that is claimed here is committed by any node; none: that is not sure.
    using SoleCommit = std::function<std::optional<OpNumber>(PartitionId partition)>;
    // Sends what is due, and to these nodes at once, or when they have answered what is under way.
    void send(Time now, const std::set<NodeId>& at_once, const SoleCommit& commit);

    // -> may the claim be granted? Asked for each claim of a beacon.
    using Grant = std::function<bool(const Claim& claim)>;
    // -> the view that we know of the partition.
    using KnownView = std::function<ViewId(PartitionId partition)>;
    // Told of each commit point in the beacon: nothing above it was committed anywhere before `at`.
    using ToldCommit = std::function<void(PartitionId partition, Time at, OpNumber commit)>;
    // -> is our map behind: has the sender a newer view of a partition than it?
    [[nodiscard]] bool receive(Time now, const Origin& from, const Beacon& beacon, const Grant& grant,
                               const KnownView& known, const ToldCommit& told);

    // Told of each claim that the peer granted, and when the beacon so answered was sent.
    using Granted = std::function<void(const Claim& claim, Time sent)>;
    // Told of each claim whose view the peer does not know yet.
    using Lags = std::function<void(const Claim& claim)>;
    // -> is our map behind?
    [[nodiscard]] bool receive(const Origin& from, const BeaconAnswer& answer, const Granted& granted,
                               const Lags& lags);

    // A link has claims; its list was numbered here, and its beacons that wait for an answer are few, of growing nonces
    // and times.
    void check_invariants() const;

  private:
    struct Sent {
        Nonce nonce;
        std::uint64_t list = 0;
        Time at{};
    };
    struct Outbound {
        ClaimList claims;
        Time sent_at{};
        std::deque<Sent> sent;
        bool again = false;        // one more was wanted while one was under way
        Nonce heard;               // names the newest answer
        bool stale_reads = false;  // that answer says that commit points are wanted in each beacon
        std::optional<Time> told_commits_at;
    };
    // What a primary's shard claims of us.
    struct Inbound {
        std::uint64_t list = 0;
        absl::btree_map<PartitionId, ViewId> claims;
        std::optional<Time> cut_off_since;  // it has said so ever since (V9)
        Time heard_at{};
        Nonce newest;                                // beacon that was answered
        std::deque<std::pair<Nonce, Time>> answers;  // the newest, by their names: when each was given
    };

    // The link that it came by, with room for its claims; nullptr: more is claimed of us than a cluster could.
    [[nodiscard]] Inbound* link_of(const Origin& from, const Beacon& beacon);
    // The claims of the beacon, if its list is there or can be made.
    [[nodiscard]] bool take_list(Inbound& in, const Beacon& beacon);
    [[nodiscard]] static bool list_taken(Inbound& in, const Beacon& beacon);
    static void take_commits(const Inbound& in, const Beacon& beacon, const ToldCommit& told);
    void forget_silent_links(Time now);
    [[nodiscard]] static bool tells_commits(Time now, const Outbound& out);
    [[nodiscard]] static bool take_answer(const ClaimList& claims, const Sent& beacon, const BeaconAnswer& answer,
                                          const Granted& granted, const Lags& lags);
    // Is a primary cut off for so long that it is to be deposed?
    [[nodiscard]] bool grants_end(Time now, Time cut_off) const;

    const ShardFacts& shard_;
    const LeaseOutlet& leases_;
    MessageOutlet& messages_;
    std::map<Link, Outbound> out_;
    absl::btree_map<PartitionId, std::vector<Link>> links_;                 // of which each partition is claimed
    std::map<std::tuple<NodeId, StartNumber, std::uint64_t>, Inbound> in_;  // the last: its connection
    std::size_t claims_of_us_ = 0;                                          // of all of them
    Time swept_at_{};
    Nonce last_nonce_;
    std::uint64_t last_list_ = 0;
};

}  // namespace ringkv
