#include "registry/view_rules.hpp"

#include <algorithm>

namespace ringkv::registry {

namespace {

// The members are of the current view, or learners that the primary says have caught up.
std::optional<std::string_view> members_objection(const ClusterMap& map, NodeId proposer, const Proposal& proposal) {
    const PartitionState& state = map.at(proposal.partition);
    const std::vector<NodeId>& members = proposal.view.members;
    if (members.size() > state.view.members.size() + state.target.size()) return "it names too many members";
    for (auto member = members.begin(); member != members.end(); ++member)
        if (std::find(members.begin(), member, *member) != member) return "a member is named twice";
    for (NodeId member : members) {
        if (state.view.has(member)) continue;
        if (proposer != state.view.primary) return "only the primary brings in a new member";
        if (!state.targets(member)) return "a new member is not in the partition's target";
        if (!map.is_up(member)) return "a new member is not up";
    }
    return std::nullopt;
}

std::optional<std::string_view> primary_objection(const View& current, NodeId proposer, const Proposal& proposal) {
    const View& view = proposal.view;
    if (!view.has(view.primary)) return "the new primary is not a member";
    if (!current.has(view.primary)) return "the new primary was not a member";
    if (proposer == current.primary) {
        if (view.primary != proposer && !view.leadership_transferred)
            return "a primary leaves its place only by a leadership transfer";
        return std::nullopt;
    }
    if (view.primary != proposer) return "a node that is not the primary proposes only itself";
    if (!proposal.promise_expired) return "the proposer's promise to the primary has not run out";
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> objection_to(const ClusterMap& map, NodeId proposer, const Proposal& proposal) {
    const View& current = map.at(proposal.partition).view;
    if (proposal.base != current.id) return "its base is not the current view";
    if (proposal.view.id != proposal.base.next()) return "its view does not follow on its base";
    if (!current.has(proposer)) return "the proposer is not a member";
    if (auto objection = members_objection(map, proposer, proposal)) return objection;
    return primary_objection(current, proposer, proposal);
}

View accepted_view(const View& current, NodeId proposer, const Proposal& proposal) {
    View view = proposal.view;
    const bool new_primary = view.primary != current.primary;
    const bool new_term = new_primary || proposal.view.since == view.id;
    view.since = new_term ? view.id : current.since;
    view.begins = current.begins;  // an operator alone has a partition begun anew
    view.leadership_transferred = proposal.view.leadership_transferred && new_primary && proposer == current.primary;
    return view;
}

bool already_holds(const View& current, const Proposal& proposal) {
    return current.id == proposal.view.id && current.primary == proposal.view.primary &&
           current.members == proposal.view.members;
}

std::size_t kept_members(const View& current, const Proposal& proposal) {
    return static_cast<std::size_t>(std::count_if(current.members.begin(), current.members.end(),
                                                  [&](NodeId member) { return proposal.view.has(member); }));
}

}  // namespace ringkv::registry
