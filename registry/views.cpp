#include "registry/views.hpp"

#include <algorithm>

#include "common/check.hpp"
#include "common/proposal_pace.hpp"
#include "registry/view_rules.hpp"

namespace ringkv::registry {

Views::Views(Publication& publication, const Membership& membership)
    : publication_(publication), membership_(membership) {}

bool Views::is_ahead(const Propose& propose) const {
    const ClusterMap& map = publication_.map();
    return std::any_of(propose.proposals.begin(), propose.proposals.end(),
                       [&](const Proposal& proposal) { return proposal.base > map.at(proposal.partition).view.id; });
}

void Views::propose(Time now, const Origin& from, const Propose& propose) {
    for (const Proposal& proposal : propose.proposals)
        propose_one(now, {propose.node, proposal, from.address, propose.request, now, 0});
}

void Views::propose_one(Time now, Rival rival) {
    const PartitionId partition = rival.proposal.partition;
    const View& current = publication_.map().at(partition).view;
    if (already_holds(current, rival.proposal)) return answer(rival, true);
    if (const auto objection = objection_to(publication_.map(), rival.proposer, rival.proposal)) {
        // To be late is common, and no fault.
        if (rival.proposal.base == current.id) ++objections_[*objection];
        return answer(rival, false);
    }
    rival.kept = kept_members(current, rival.proposal);
    enter(now, std::move(rival));
    const auto contest = contests_.find(partition);
    if (decide(now, partition, contest->second)) contests_.erase(contest);
}

// A repeated proposal takes its earlier one's place and does not prolong the wait: proposers repeat until answered.
void Views::enter(Time now, Rival rival) {
    Contest& contest = contests_.try_emplace(rival.proposal.partition, Contest{now, {}}).first->second;
    std::vector<Rival>& rivals = contest.rivals;
    const auto before = std::find_if(rivals.begin(), rivals.end(),
                                     [&](const Rival& other) { return other.proposer == rival.proposer; });
    if (before != rivals.end()) {
        if (rival.request < before->request && rival.answer_to == before->answer_to) return;  // overtaken on its way
        if (rival.proposal == before->proposal) {
            *before = std::move(rival);
            return;
        }
        rivals.erase(before);
    }
    const auto place =
        std::find_if(rivals.begin(), rivals.end(), [&](const Rival& other) { return other.kept < rival.kept; });
    rivals.insert(place, std::move(rival));
}

void Views::excuse(Duration stall) {
    for (auto& [partition, contest] : contests_) {
        contest.since += stall;
        for (Rival& rival : contest.rivals) rival.heard += stall;
    }
}

void Views::drop_rivals(Time now, Contest& contest) {
    // Its proposer does not want it any more: the link to the member that it misses is back, say. No answer is awaited.
    std::erase_if(contest.rivals, [&](const Rival& rival) { return now - rival.heard > proposal_stands; });
    // What was allowed when it came may not be by now: a learner may have died.
    std::erase_if(contest.rivals, [&](const Rival& rival) {
        const bool out = objection_to(publication_.map(), rival.proposer, rival.proposal).has_value();
        if (out) answer(rival, false);
        return out;
    });
}

bool Views::decide(Time now, PartitionId partition, Contest& contest) {
    const ClusterMap& map = publication_.map();
    drop_rivals(now, contest);
    if (publication_.stands_still(now)) return contest.rivals.empty();  // it could not be stored
    const bool over = now - contest.since >= map.settings.lease.grace;
    const auto winner = std::find_if(contest.rivals.begin(), contest.rivals.end(), [&](const Rival& rival) {
        return (over || !removes_a_live_member(now, rival)) && !deposes_too_soon(now, rival);
    });
    if (winner == contest.rivals.end()) return contest.rivals.empty();
    const Rival accepted = *winner;
    RINGKV_CHECK(now - accepted.heard <= proposal_stands, "a proposal is accepted that is not repeated any more");
    contest.rivals.erase(winner);
    accept(now, accepted);
    for (const Rival& loser : contest.rivals) answer(loser, already_holds(map.at(partition).view, loser.proposal));
    return true;
}

bool Views::removes_a_live_member(Time now, const Rival& rival) const {
    const ClusterMap& map = publication_.map();
    const PartitionState& state = map.at(rival.proposal.partition);
    const std::vector<NodeId>& members = state.view.members;
    return std::any_of(members.begin(), members.end(), [&](NodeId member) {
        // A member outside of the target leaves as planned.
        return member != rival.proposer && !rival.proposal.view.has(member) && state.targets(member) &&
               membership_.live(member, now, map.settings.lease.duration);
    });
}

// No livelock of views: two nodes that both see each other as dead must not depose each other in turn.
bool Views::deposes_too_soon(Time now, const Rival& rival) const {
    const ClusterMap& map = publication_.map();
    const View& current = map.at(rival.proposal.partition).view;
    if (rival.proposal.view.primary == current.primary || rival.proposer == current.primary) return false;
    const auto changed = primary_changed_.find(rival.proposal.partition);
    return changed != primary_changed_.end() && now - changed->second < map.settings.lease.grace &&
           membership_.live(current.primary, now, map.settings.lease.duration);
}

void Views::accept(Time now, const Rival& rival) {
    const PartitionId partition = rival.proposal.partition;
    PartitionState state = publication_.map().at(partition);
    const View before = state.view;
    state.view = accepted_view(before, rival.proposer, rival.proposal);
    std::erase_if(state.learners, [&](NodeId node) { return state.view.has(node); });
    if (state.view.primary != before.primary) primary_changed_[partition] = now;
    sum_up(before, state.view);
    publication_.put(partition, std::move(state));
    changed_ = true;
    answer(rival, true);
}

void Views::answer(const Rival& rival, bool accepted) {
    const PartitionId partition = rival.proposal.partition;
    auto& [to, message] = answers_[{rival.answer_to, rival.request}];
    to = rival.proposer;
    message.request = rival.request;
    message.outcomes.push_back({partition, accepted, publication_.map().at(partition)});
    ++(accepted ? publication_.counters().proposals_accepted : publication_.counters().proposals_refused);
}

void Views::sum_up(const View& before, const View& after) {
    if (before.primary != after.primary)
        ++(after.leadership_transferred ? summary_.leadership_transferred : summary_.primaries);
    else if (after.since == after.id)
        ++summary_.renewed;
    for (NodeId member : before.members) summary_.removed += after.has(member) ? 0 : 1;
    for (NodeId member : after.members) summary_.added += before.has(member) ? 0 : 1;
}

bool Views::tick(Time now) {
    for (auto contest = contests_.begin(); contest != contests_.end();)
        contest = decide(now, contest->first, contest->second) ? contests_.erase(contest) : std::next(contest);
    const Duration grace = publication_.map().settings.lease.grace;
    std::erase_if(primary_changed_, [&](const auto& entry) { return now - entry.second >= grace; });
    flush();
    return std::exchange(changed_, false);
}

void Views::flush() {
    const auto say = [&](std::size_t count, const std::string& one, const std::string& many) {
        if (count > 0)
            publication_.log_when_durable(LogLevel::info, std::to_string(count) + " " + (count == 1 ? one : many));
    };
    say(summary_.primaries, "partition changed primary", "partitions changed primary");
    say(summary_.leadership_transferred, "partition transferred its leadership",
        "partitions transferred their leadership");
    say(summary_.renewed, "primary took over again after its restart", "primaries took over again after their restart");
    say(summary_.removed, "member was removed from a view", "members were removed from views");
    say(summary_.added, "member was added to a view", "members were added to views");
    summary_ = {};
    for (const auto& [objection, count] : objections_)
        publication_.log(LogLevel::warning, std::to_string(count) + (count == 1 ? " proposal" : " proposals") +
                                                " refused: " + std::string(objection));
    objections_.clear();
    for (auto& [where, answer] : answers_)
        publication_.send_when_durable(where.first, answer.first, std::move(answer.second));
    answers_.clear();
}

}  // namespace ringkv::registry
