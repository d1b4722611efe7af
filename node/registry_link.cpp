#include "node/registry_link.hpp"

#include <algorithm>
#include <utility>

#include "common/proposal_pace.hpp"
#include "common/published_endpoint.hpp"
#include "ringkv/version.hpp"

namespace ringkv {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr Duration join_interval = milliseconds(500);
constexpr Duration between_proposals = milliseconds(10);
constexpr Duration map_interval = milliseconds(100);
constexpr Duration publication_patience = milliseconds(50);  // a delta is on its way: a snapshot costs more
constexpr Duration trouble_interval = std::chrono::seconds(1);
constexpr Duration refusal_patience = std::chrono::seconds(6);
}  // namespace

RegistryLink::RegistryLink(const NodeDescription& self, bool speaks, const ShardFacts& shard, RegistryReach& reach,
                           MessageOutlet& messages, EventLog& events)
    : self_(self), speaks_(speaks), shard_(shard), reach_(reach), messages_(messages), events_(events) {}

void RegistryLink::ask(Message message) {
    messages_.send(self_.registries[registry_], std::move(message));
}

void RegistryLink::heard(Time now) {
    heard_at_ = now;
    ever_heard_ = true;
    if (!std::exchange(reach_.in_reach, true)) reach_.since = now;
}

void RegistryLink::join(Time now) {
    if (now - joined_at_ < join_interval && joined_at_ != Time{}) return;
    joined_at_ = now;
    ask(Join{self_.name, self_.rack, self_.weight, self_.storage, self_.start, self_.endpoints, self_.durability,
             shard_.me.none() ? self_.id : shard_.me,
             shard_.map.settings.id.none() ? self_.cluster : shard_.map.settings.id, ticket_});
}

bool RegistryLink::is_registry(const std::string& endpoint) const {
    return std::find(self_.registries.begin(), self_.registries.end(), endpoint) != self_.registries.end();
}

void RegistryLink::waits(const JoinWaiting& waiting) {
    if (waiting.present == present_) return;
    present_ = waiting.present;
    events_.add(LogLevel::info,
                "waits for the cluster to form: " + std::to_string(waiting.present) + " of " +
                    std::to_string(waiting.needed) + " nodes are there",
                {});
}

// A registry that does not answer is normal for a moment, and worth a line when it lasts.
void RegistryLink::warn_of_silence(Time now) {
    if (began_at_ == Time{}) began_at_ = now;
    const Time silent_since = std::max(began_at_, heard_at_);
    if (!speaks_ || now - silent_since < seconds(2) || now - warned_at_ < seconds(30)) return;
    warned_at_ = now;
    std::string asked;
    for (const std::string& endpoint : self_.registries) asked += (asked.empty() ? "" : ", ") + endpoint;
    events_.add(LogLevel::warning, "no answer from the registry at " + asked + "; still trying", {});
}

void RegistryLink::stuck_sibling(std::optional<ShardIndex> shard) {
    if (shard == stuck_) return;
    if (stuck_) trouble(TroubleKind::shard_stuck, *stuck_, false);
    if (shard) trouble(TroubleKind::shard_stuck, *shard, true);
    stuck_ = shard;
    if (stuck_)
        events_.add(LogLevel::error,
                    "shard " + std::to_string(*stuck_) + " does not turn: no heartbeat is sent until it does", {});
    else
        events_.add(LogLevel::info, "all shards turn again", {});
}

void RegistryLink::trouble(TroubleKind kind, ShardIndex shard, bool lasts) {
    if (lasts)
        troubles_.try_emplace({kind, shard});
    else if (troubles_.erase({kind, shard}) > 0 && !shard_.me.none())
        ask(Trouble{shard_.me, self_.start, kind, shard, true});
}

void RegistryLink::tell_troubles(Time now) {
    for (auto& [which, told_at] : troubles_) {
        if (shard_.me.none() || now - told_at < trouble_interval) continue;
        told_at = now;
        ask(Trouble{shard_.me, self_.start, which.first, which.second, false});
    }
}

// What was told of it last, if that was not sent yet; with what is known here.
std::optional<NodeActivity> RegistryLink::activity_of(Time now) {
    if (!activity_) return std::nullopt;
    activity_->version = version();
    activity_->clock = now.time_since_epoch();
    return std::exchange(activity_, std::nullopt);
}

void RegistryLink::tick(Time now) {
    warn_of_silence(now);
    tell_troubles(now);
    const Duration silence = std::max<Duration>(shard_.lease().grace, milliseconds(700));
    if (!ever_heard_ || now - heard_at_ > silence) {
        reach_.in_reach = false;
        if (turned_at_ == Time{}) turned_at_ = now;
        if (now - turned_at_ > silence) {  // the next one of the list
            registry_ = (registry_ + 1) % self_.registries.size();
            turned_at_ = now;
        }
    }
    const bool speaks = speaks_ && !stuck_;
    if (speaks && !joined_) {
        join(now);
        return;
    }
    if (speaks && now - heartbeat_at_ >= shard_.lease().beacon) {
        heartbeat_at_ = now;
        ask(Heartbeat{shard_.me, self_.start, shard_.map.generation, shard_.map.epoch, shard_.stopping,
                      activity_of(now)});
    }
    const bool unknown_to_us = shard_.me.none();
    if ((map_behind_ || unknown_to_us) && now >= map_wanted_at_ && now - map_asked_at_ >= map_interval) {
        map_asked_at_ = now;
        ask(MapRequest{shard_.map.generation, shard_.map.epoch});
    }
}

void RegistryLink::epoch_seen(Time now, Generation generation, Epoch epoch) {
    if (std::tie(generation, epoch) <= std::tie(shard_.map.generation, shard_.map.epoch)) return;
    if (map_behind_) return;
    map_behind_ = true;
    map_wanted_at_ = now + publication_patience;
}

void RegistryLink::answered(const ProposeAnswer& answer) {
    for (const ProposalOutcome& outcome : answer.outcomes) {
        const auto asked = asked_.find(outcome.partition);
        if (asked != asked_.end() && asked->second.proposal.base < outcome.state.view.id) asked_.erase(asked);
    }
}

void RegistryLink::refused(const JoinRefused& refusal, Time now) {
    if (refusal.ticket != 0) {
        if (refusal.ticket != ticket_) joined_at_ = Time{};  // at once
        ticket_ = refusal.ticket;
        return;
    }
    if (!refused_since_) refused_since_ = now;
    // The holder of our name may be our own earlier start, dead but not yet missed.
    if (refusal.retry && now - *refused_since_ < refusal_patience) return;
    refusal_ = refusal.text;
    older_data_ = refusal.older_data;
}

std::string RegistryLink::publisher() const {
    return reachable_endpoint(shard_.map.settings.publish, self_.registries[registry_]);
}

void RegistryLink::flush(Time now, ProposalOutlet& outlet) {
    std::map<PartitionId, Proposal>& proposals = outlet.pending();
    std::erase_if(proposals, [&](const auto& item) {
        const auto asked = asked_.find(item.first);
        return asked != asked_.end() && asked->second.proposal == item.second &&
               now - asked->second.sent_at < proposal_repeat;
    });
    if (proposals.empty()) return;
    // What a death asks for comes in several turns, and goes together (R5); for a leadership transfer requests wait.
    const bool awaited = std::any_of(proposals.begin(), proposals.end(),
                                     [](const auto& item) { return item.second.view.leadership_transferred; });
    if (!awaited && now - proposed_at_ < between_proposals) return;
    proposed_at_ = now;
    last_request_ = last_request_.next();
    Propose propose{last_request_, shard_.me, {}};
    for (auto& [partition, proposal] : proposals) {
        asked_[partition] = {proposal, now};
        propose.proposals.push_back(std::move(proposal));
    }
    proposals.clear();
    ask(std::move(propose));
}

}  // namespace ringkv
