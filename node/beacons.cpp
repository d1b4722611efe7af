#include "node/beacons.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

namespace {
constexpr std::size_t most_unanswered = 32;
constexpr std::size_t most_answers = 32;                          // whose times are kept
constexpr Duration answer_takes = std::chrono::milliseconds(20);  // at most, or it is not waited for
constexpr Duration silence = std::chrono::seconds(10);            // of a link that is forgotten then
constexpr Duration between_sweeps = std::chrono::seconds(1);
constexpr Duration between_commits = std::chrono::seconds(1);     // told to one that no stale reads are asked of
constexpr Duration stale_reads_go_on = std::chrono::seconds(10);  // after the last of them
// What others claim of us: a partition has one primary, and for a while those before it.
constexpr std::size_t most_links = 4096;
constexpr std::size_t most_claims_a_partition = 4;
constexpr std::size_t more_claims = 1024;

// Of the answer to that beacon by that process: what Beacon::heard says.
Nonce name_of_answer(Nonce beacon, StartNumber start) {
    return Nonce(beacon.value() + (start.value() << 40U));
}
}  // namespace

void Beacons::set_claims(PartitionId partition, ViewId view, std::vector<Link> links) {
    for (const Link& link : links_of(partition)) {
        if (std::find(links.begin(), links.end(), link) != links.end()) continue;
        const auto out = out_.find(link);
        out->second.claims.set(partition, {}, last_list_);
        if (out->second.claims.empty()) out_.erase(out);
    }
    for (const Link& link : links)
        if (claimed(link, partition) != view) out_[link].claims.set(partition, view, last_list_);
    if (links.empty())
        links_.erase(partition);
    else
        links_[partition] = std::move(links);
}

const std::vector<Beacons::Link>& Beacons::links_of(PartitionId partition) const {
    static const std::vector<Link> none;
    const auto found = links_.find(partition);
    return found == links_.end() ? none : found->second;
}

ViewId Beacons::claimed(const Link& link, PartitionId partition) const {
    const auto out = out_.find(link);
    if (out == out_.end()) return {};
    const auto& claims = out->second.claims.claims();
    const auto held = claims.find(partition);
    return held == claims.end() ? ViewId{} : held->second.view;
}

// To look at each partition for each beacon is a sixth of what an idle node does. So it is done for a peer that answers
// stale reads; for others now and then, for they may be asked when the primary is gone.
bool Beacons::tells_commits(Time now, const Outbound& out) {
    if (out.heard.none()) return false;
    return out.stale_reads || !out.told_commits_at || now - *out.told_commits_at >= between_commits;
}

void Beacons::send(Time now, const std::set<NodeId>& at_once, const SoleCommit& commit) {
    for (auto& [link, out] : out_) {
        const auto& [node, shard] = link;
        const bool due = now - out.sent_at >= shard_.lease().beacon;
        if (!due && !at_once.contains(node)) continue;
        if (!due && !out.sent.empty() && now - out.sent_at < answer_takes) {
            out.again = true;  // when the one under way is answered: not one for each turn of a busy shard
            continue;
        }
        out.again = false;
        const NodeInfo* info = shard_.map.find(node);
        if (info == nullptr || shard >= info->endpoints.size()) continue;
        last_nonce_ = last_nonce_.next();
        Beacon beacon{last_nonce_, 0, {}, !shard_.registry.in_reach};
        out.claims.send(beacon);
        if (tells_commits(now, out)) {
            out.told_commits_at = now;
            beacon.heard = out.heard;
            beacon.commits.reserve(out.claims.claims().size());
            for (const auto& [partition, held] : out.claims.claims()) beacon.commits.push_back(commit(partition));
        }
        out.sent_at = now;
        out.sent.push_back({last_nonce_, beacon.list, now});
        if (out.sent.size() > most_unanswered) out.sent.pop_front();
        messages_.send(node, shard, std::move(beacon));
    }
}

// V9: the members stop granting to a primary that does not reach the registry, once we have reached it for long enough
// ourselves that the primary must have, too, if it could: after an outage nodes find it again one by one.
bool Beacons::grants_end(Time now, Time cut_off) const {
    if (!shard_.registry.in_reach) return false;
    return now - std::max(cut_off, shard_.registry.since) > shard_.lease().grace * 2;
}

void Beacons::forget_silent_links(Time now) {
    if (now - swept_at_ < between_sweeps) return;
    swept_at_ = now;
    std::erase_if(in_, [&](const auto& item) {
        const bool silent = now - item.second.heard_at > silence;
        if (silent) claims_of_us_ -= item.second.claims.size();
        return silent;
    });
}

Beacons::Inbound* Beacons::link_of(const Origin& from, const Beacon& beacon) {
    const auto [place, is_new] = in_.try_emplace({from.node, from.start, from.address.connection});
    Inbound& in = place->second;
    const std::size_t others = claims_of_us_ - in.claims.size();
    const std::size_t claims = beacon.claims ? beacon.claims->size() : in.claims.size() + beacon.changes.size();
    const std::size_t room = shard_.map.partitions.size() * most_claims_a_partition + more_claims;
    if (others + claims > room || in_.size() > most_links) {
        if (is_new) in_.erase(place);
        return nullptr;
    }
    return &in;
}

bool Beacons::take_list(Inbound& in, const Beacon& beacon) {
    claims_of_us_ -= in.claims.size();
    const bool taken = list_taken(in, beacon);
    claims_of_us_ += in.claims.size();
    return taken;
}

bool Beacons::list_taken(Inbound& in, const Beacon& beacon) {
    if (beacon.claims) {
        in.claims.clear();
        for (const Claim& claim : *beacon.claims) in.claims[claim.partition] = claim.view;
        in.list = beacon.list;
        return true;
    }
    // What has changed since `base` is named in full: it makes the same of any list that came after that one.
    const bool follows = beacon.base != 0 && beacon.base <= in.list;
    if (follows && in.list < beacon.list) {
        for (const Claim& claim : beacon.changes) {
            if (claim.view.none())
                in.claims.erase(claim.partition);
            else
                in.claims[claim.partition] = claim.view;
        }
        in.list = beacon.list;
    }
    return in.list == beacon.list;
}

// What the sender says was so when it had that answer of ours, or later: so at the time of that answer, or later.
void Beacons::take_commits(const Inbound& in, const Beacon& beacon, const ToldCommit& told) {
    if (beacon.commits.size() != in.claims.size()) return;
    const auto answer = std::find_if(in.answers.begin(), in.answers.end(),
                                     [&](const auto& item) { return item.first == beacon.heard; });
    if (answer == in.answers.end()) return;
    auto commit = beacon.commits.begin();
    for (const auto& [partition, view] : in.claims) {
        if (*commit) told(partition, answer->second, **commit);
        ++commit;
    }
}

bool Beacons::receive(Time now, const Origin& from, const Beacon& beacon, const Grant& grant, const KnownView& known,
                      const ToldCommit& told) {
    forget_silent_links(now);
    Inbound* link = link_of(from, beacon);
    if (link == nullptr) return false;
    Inbound& in = *link;
    in.heard_at = now;
    if (beacon.list < in.list) return false;  // overtaken on its way: the newer one is answered
    const NodeInfo* sender = shard_.map.find(from.node);
    // Its own word, or the registry's: it may hear the registry, and not be heard.
    const bool cut_off = beacon.cut_off || (sender != nullptr && sender->state == NodeState::down);
    if (!cut_off)
        in.cut_off_since.reset();
    else if (!in.cut_off_since)
        in.cut_off_since = now;
    const auto stale_read_at = leases_.stale_read_at();
    const bool stale_reads = stale_read_at && now - *stale_read_at < stale_reads_go_on;
    BeaconAnswer answer{beacon.nonce, !take_list(in, beacon), {}, true, stale_reads};
    bool behind = false;
    if (!answer.unknown_list) {
        take_commits(in, beacon, told);
        const bool no_more_grants = in.cut_off_since && grants_end(now, *in.cut_off_since);
        for (const auto& [partition, view] : in.claims) {
            const bool granted = !no_more_grants && grant(Claim{partition, view});
            if (granted) continue;
            const ViewId ours = known(partition);
            if (ours < view) behind = true;
            answer.others.push_back({partition, ours});
        }
    }
    // One that comes again is answered again, but its sender may have had the first answer.
    if (beacon.nonce > in.newest) {
        in.newest = beacon.nonce;
        in.answers.emplace_back(name_of_answer(beacon.nonce, shard_.start), now);
        if (in.answers.size() > most_answers) in.answers.pop_front();
    }
    messages_.answer(from.address, std::move(answer));
    return behind;
}

bool Beacons::receive(const Origin& from, const BeaconAnswer& answer, const Granted& granted, const Lags& lags) {
    const NodeId node = from.node;
    for (auto link = out_.lower_bound({node, ShardIndex{0}}); link != out_.end() && link->first.first == node; ++link) {
        Outbound& out = link->second;
        const auto sent = std::find_if(out.sent.begin(), out.sent.end(),
                                       [&](const Sent& item) { return item.nonce == answer.nonce; });
        if (sent == out.sent.end()) continue;
        const Sent beacon = *sent;
        out.heard = name_of_answer(beacon.nonce, from.start);
        out.stale_reads = answer.stale_reads;
        out.sent.erase(out.sent.begin(), std::next(sent));  // earlier ones come no more, or too late to matter
        if (out.again) out.sent_at = Time{};
        if (answer.unknown_list) {
            out.claims.forget_answers();
            out.sent_at = Time{};
            return false;
        }
        out.claims.answered(beacon.list, answer.takes_changes);
        return take_answer(out.claims, beacon, answer, granted, lags);
    }
    return false;
}

bool Beacons::take_answer(const ClaimList& claims, const Sent& beacon, const BeaconAnswer& answer,
                          const Granted& granted, const Lags& lags) {
    absl::btree_map<PartitionId, ViewId> others;
    for (const Claim& other : answer.others) others[other.partition] = other.view;
    bool behind = false;
    for (const auto& [partition, held] : claims.claims()) {
        if (held.since > beacon.list) continue;  // it was not asked for by that beacon
        const Claim claim{partition, held.view};
        const auto other = others.find(partition);
        if (other == others.end())
            granted(claim, beacon.at);
        else if (other->second > claim.view)
            behind = true;
        else if (other->second < claim.view)
            lags(claim);
    }
    return behind;
}

void Beacons::check_invariants() const {
    std::size_t claims = 0;
    for (const auto& [link, in] : in_) claims += in.claims.size();
    RINGKV_CHECK(claims == claims_of_us_ && in_.size() <= most_links, "claims of other nodes are miscounted");
    for (const auto& [link, out] : out_) {
        RINGKV_CHECK(!out.claims.empty() && out.claims.number() <= last_list_, "a link without claims");
        out.claims.check_invariants();
        RINGKV_CHECK(out.sent.size() <= most_unanswered, "unanswered beacons pile up");
        const Sent* before = nullptr;
        for (const Sent& sent : out.sent) {
            RINGKV_CHECK(sent.nonce <= last_nonce_ && sent.list <= out.claims.number(),
                         "a beacon that was not sent yet");
            RINGKV_CHECK(before == nullptr || (before->nonce < sent.nonce && before->at <= sent.at),
                         "beacons out of order");
            before = &sent;
        }
    }
}

}  // namespace ringkv
