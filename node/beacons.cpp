#include "node/beacons.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

namespace {
constexpr std::size_t most_unanswered = 32;
constexpr Duration answer_takes = std::chrono::milliseconds(20);  // at most, or it is not waited for
}  // namespace

void Beacons::set_claims(std::map<Link, std::vector<Claim>> claims) {
    std::erase_if(out_, [&](const auto& item) { return !claims.contains(item.first); });
    for (auto& [link, wanted] : claims) {
        Outbound& out = out_[link];
        if (out.claims == wanted) continue;
        out.claims = std::move(wanted);
        out.list = ++last_list_;
        out.known = false;
    }
}

void Beacons::send(Time now, const std::set<NodeId>& at_once) {
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
        Beacon beacon{last_nonce_, out.list, {}, !shard_.registry.in_reach};
        if (!out.known) beacon.claims = out.claims;
        out.sent_at = now;
        out.sent.push_back({last_nonce_, out.list, now});
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

bool Beacons::receive(Time now, const Origin& from, const Beacon& beacon, const Grant& grant, const KnownView& known) {
    std::erase_if(in_, [&](const auto& item) { return now - item.second.heard_at > std::chrono::seconds(10); });
    Inbound& in = in_[{from.node, from.start, from.address.connection}];
    in.heard_at = now;
    const NodeInfo* sender = shard_.map.find(from.node);
    // Its own word, or the registry's: it may hear the registry, and not be heard.
    const bool cut_off = beacon.cut_off || (sender != nullptr && sender->state == NodeState::down);
    if (!cut_off)
        in.cut_off_since.reset();
    else if (!in.cut_off_since)
        in.cut_off_since = now;
    if (beacon.claims) {
        in.list = beacon.list;
        in.claims = *beacon.claims;
    }
    bool behind = false;
    BeaconAnswer answer{beacon.nonce, in.list != beacon.list, {}};
    if (!answer.unknown_list) {
        const bool no_more_grants = in.cut_off_since && grants_end(now, *in.cut_off_since);
        for (const Claim& claim : in.claims) {
            const bool granted = !no_more_grants && grant(claim);
            if (granted) continue;
            const ViewId ours = known(claim.partition);
            if (ours < claim.view) behind = true;
            answer.others.push_back({claim.partition, ours});
        }
    }
    messages_.answer(from.address, std::move(answer));
    return behind;
}

bool Beacons::receive(NodeId from, const BeaconAnswer& answer, const Granted& granted, const Lags& lags) {
    for (auto& [link, out] : out_) {
        if (link.first != from) continue;
        const auto sent = std::find_if(out.sent.begin(), out.sent.end(),
                                       [&](const Sent& item) { return item.nonce == answer.nonce; });
        if (sent == out.sent.end()) continue;
        const Sent beacon = *sent;
        out.sent.erase(out.sent.begin(), std::next(sent));  // earlier ones come no more, or too late to matter
        if (out.again) out.sent_at = Time{};
        if (beacon.list != out.list) {  // its claims are not what we ask for now
            out.sent_at = Time{};
            return false;
        }
        if (answer.unknown_list) {
            out.known = false;
            out.sent_at = Time{};
            return false;
        }
        out.known = true;
        bool behind = false;
        for (const Claim& claim : out.claims) {
            const auto other = std::find_if(answer.others.begin(), answer.others.end(),
                                            [&](const Claim& item) { return item.partition == claim.partition; });
            if (other == answer.others.end())
                granted(claim, beacon.at);
            else if (other->view > claim.view)
                behind = true;
            else if (other->view < claim.view)
                lags(claim);
        }
        return behind;
    }
    return false;
}

void Beacons::check_invariants() const {
    for (const auto& [link, out] : out_) {
        RINGKV_CHECK(!out.claims.empty() && out.list != 0 && out.list <= last_list_, "a link without claims");
        RINGKV_CHECK(out.sent.size() <= most_unanswered, "unanswered beacons pile up");
        const Sent* before = nullptr;
        for (const Sent& sent : out.sent) {
            RINGKV_CHECK(sent.nonce <= last_nonce_ && sent.list <= out.list, "a beacon that was not sent yet");
            RINGKV_CHECK(before == nullptr || (before->nonce < sent.nonce && before->at <= sent.at),
                         "beacons out of order");
            before = &sent;
        }
    }
}

}  // namespace ringkv
