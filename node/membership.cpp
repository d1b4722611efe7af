#include "node/membership.hpp"

#include <algorithm>

namespace ringkv {

namespace {

constexpr Duration settled = std::chrono::seconds(1);  // serving for so long before leadership moves for balance

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

bool Membership::silent(Time now, const Peer& peer, Time since) const {
    const Duration grace = shard_.lease().grace;
    return now - peer.lease.heard_at > grace ||
           (peer.progress.waiting() && now - std::max(peer.progress.progress_at(), since) > grace * 2);
}

// Every op that is committed is stored there, and every one from now on will have to be, for a node that is proposed
// counts as required (V6, M3; docs/decisions/0005).
bool Membership::caught_up(Time now, NodeId node, const Peer& peer) const {
    return shard_.well(node) && peer.progress.replicating() && peer.progress.acked() >= log_.commit() &&
           peer.lease.until > now;
}

std::vector<NodeId> Membership::by_preference(const std::vector<NodeId>& nodes) const {
    std::vector<NodeId> ordered;
    for (NodeId node : term_.state.target)
        if (contains(nodes, node)) ordered.push_back(node);
    for (NodeId node : nodes)
        if (!term_.state.targets(node)) ordered.push_back(node);
    return ordered;
}

Membership::Wanted Membership::wanted_members(Time now, bool serving, Time since) const {
    const View& view = term_.view();
    Wanted wanted;
    for (NodeId node : view.members) {
        const bool lost = node != shard_.me &&
                          (silent(now, term_.peers.at(node), since) || (shard_.leaving(node) && !shard_.stopping));
        if (!lost) wanted.members.push_back(node);
    }
    for (NodeId node : term_.proposed) {
        // A proposed member that died, or that is not wanted any more, holds up every commit until a new view takes
        // that proposal's base away.
        const Peer* peer = term_.find(node);
        const bool still_wanted = view.has(node) || term_.state.targets(node);
        if (peer == nullptr || silent(now, *peer, since) || !still_wanted) wanted.renew = true;
    }
    if (!serving || wanted.renew) return wanted;
    for (const auto& [node, peer] : term_.peers)
        if (!view.has(node) && term_.state.has_learner(node) && caught_up(now, node, peer))
            wanted.members.push_back(node);
    // Grow first, shrink after (M4); the primary itself goes last, by a leadership transfer.
    const std::vector<NodeId>& target = term_.state.target;
    const bool grown =
        std::all_of(target.begin(), target.end(), [&](NodeId node) { return contains(wanted.members, node); });
    if (!target.empty() && grown)
        std::erase_if(wanted.members, [&](NodeId node) { return node != shard_.me && !term_.state.targets(node); });
    return wanted;
}

std::optional<std::vector<NodeId>> Membership::change(Time now, bool serving, Time since) const {
    const Wanted wanted = wanted_members(now, serving, since);
    const std::vector<NodeId>& present = term_.view().members;
    const bool same = std::is_permutation(wanted.members.begin(), wanted.members.end(), present.begin(), present.end());
    if (same && !wanted.renew) return std::nullopt;
    return by_preference(wanted.members);
}

bool Membership::whole_target_in() const {
    const std::vector<NodeId>& target = term_.state.target;
    return std::all_of(target.begin(), target.end(), [this](NodeId node) { return term_.view().has(node); });
}

NodeId Membership::successor(Time now, Time serving_since) const {
    const std::vector<NodeId>& target = term_.state.target;
    const bool well_placed = target.empty() || target.front() == shard_.me;
    if (well_placed && !shard_.stopping) return {};
    std::vector<NodeId> candidates;
    for (NodeId node : by_preference(term_.view().members)) {
        if (node == shard_.me || !shard_.well(node)) continue;
        const Peer& peer = term_.peers.at(node);
        if (peer.progress.replicating() && peer.lease.until > now) candidates.push_back(node);
    }
    if (candidates.empty()) return {};
    if (shard_.stopping) return shard_.succession_rule.successor(candidates);
    const bool preferred = !target.empty() && candidates.front() == target.front();
    return preferred && now - serving_since > settled && whole_target_in() ? candidates.front() : NodeId();
}

}  // namespace ringkv
