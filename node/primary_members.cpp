// Who should be a member of the primary's partition, and when somebody else should be the primary. The
// planner says what should be (the target); the primary does it, one view at a time (M1).
#include <algorithm>

#include "node/primary.hpp"

namespace ringkv {

namespace {
constexpr Duration settled = std::chrono::seconds(1);  // serving for so long before it hands over for balance
}  // namespace

void Primary::propose(View view) {
    view.id = state_.view.id.next();
    context_.propose(Proposal{log_.partition(), state_.view.id, std::move(view), false});
}

// No answer to a beacon, or no progress with what was sent, for too long (V1).
bool Primary::silent(Time now, const Peer& peer) const {
    const Duration grace = context_.lease().grace;
    return now - peer.heard_at > grace || (peer.waiting() && now - std::max(peer.progress_at, phase_at_) > grace * 2);
}

// Every op that is committed is persisted there, and every one from now on will have to be, for who is
// proposed counts as required (V6, M3; docs/decisions/0005).
bool Primary::caught_up(Time now, NodeId node, const Peer& peer) const {
    return context_.well(node) && peer.started && !peer.copy && peer.acked >= log_.commit() && peer.lease_until > now;
}

std::vector<NodeId> Primary::by_preference(const std::vector<NodeId>& nodes) const {
    std::vector<NodeId> ordered;
    for (NodeId node : state_.target)
        if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) ordered.push_back(node);
    for (NodeId node : nodes)
        if (!state_.targets(node)) ordered.push_back(node);
    return ordered;
}

std::vector<NodeId> Primary::wanted_members(Time now, bool& renew) const {
    std::vector<NodeId> members;
    for (NodeId node : state_.view.members) {
        const bool lost =
            node != context_.me && (silent(now, peers_.at(node)) || (context_.leaving(node) && !context_.stopping));
        if (!lost) members.push_back(node);
    }
    for (NodeId node : proposed_) {
        const auto peer = peers_.find(node);
        // A proposed member that died, or that nobody wants any more, holds up every commit until a new view takes that
        // proposal's base away.
        const bool wanted = state_.view.has(node) || state_.targets(node);
        if (peer == peers_.end() || silent(now, peer->second) || !wanted) renew = true;
    }
    if (phase_ != Phase::serving || renew) return members;
    for (const auto& [node, peer] : peers_)
        if (!state_.view.has(node) && state_.has_learner(node) && caught_up(now, node, peer)) members.push_back(node);
    const auto is_member = [&](NodeId node) {
        return std::find(members.begin(), members.end(), node) != members.end();
    };
    // Grow first, shrink after (M4); the primary itself goes last, by handing over.
    if (!state_.target.empty() && std::all_of(state_.target.begin(), state_.target.end(), is_member))
        std::erase_if(members, [&](NodeId node) { return node != context_.me && !state_.targets(node); });
    return members;
}

bool Primary::tick_members(Time now) {
    bool renew = false;
    std::vector<NodeId> wanted = wanted_members(now, renew);
    const bool same =
        std::is_permutation(wanted.begin(), wanted.end(), state_.view.members.begin(), state_.view.members.end());
    if (same && !renew) return false;
    for (NodeId node : wanted)
        if (!state_.view.has(node)) {
            if (proposed_.insert(node).second) context_.claims_changed = true;
        }
    propose(View{{}, state_.view.since, context_.me, by_preference(wanted), false});
    return true;
}

// V7: no new requests; what is under way commits; then another member is proposed.
void Primary::tick_leadership_transfer(Time now) {
    if (phase_ == Phase::serving) {
        if (!context_.registry_in_reach) return;  // nobody could take over, and we would not serve on (V6)
        const bool well_placed = state_.target.empty() || state_.target.front() == context_.me;
        if (well_placed && !context_.stopping) return;
        std::vector<NodeId> candidates;
        for (NodeId node : by_preference(state_.view.members)) {
            if (node == context_.me || !context_.well(node)) continue;
            const Peer& peer = peers_.at(node);
            if (peer.started && peer.lease_until > now) candidates.push_back(node);
        }
        if (candidates.empty()) return;
        const bool preferred = !state_.target.empty() && candidates.front() == state_.target.front() &&
                               now - phase_at_ > settled &&
                               std::all_of(state_.target.begin(), state_.target.end(),
                                           [this](NodeId node) { return state_.view.has(node); });
        if (!context_.stopping && !preferred) return;
        successor_ = context_.stopping ? context_.succession_rule.successor(candidates) : candidates.front();
        phase_ = Phase::transferring_leadership;
        phase_at_ = now;
    }
    if (log_.commit() != log_.last()) {
        // Requests wait meanwhile; a member that does not answer is removed by tick_members.
        return;
    }
    View next{{}, state_.view.id.next(), successor_, state_.view.members, true};
    if (context_.stopping) std::erase(next.members, context_.me);
    if (now - phase_at_ > context_.lease().grace * 2) {
        // Nobody took it: a new view of ours ends "never again in that view" (V6), and we serve on.
        next = View{{}, state_.view.since, context_.me, state_.view.members, false};
    }
    propose(std::move(next));
}

}  // namespace ringkv
