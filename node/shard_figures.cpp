#include "node/shard_figures.hpp"

#include <numeric>

#include "common/placement/planning.hpp"
#include "node/shard.hpp"

namespace ringkv {
namespace {

ReplicaRole role_of(const Replica& replica, NodeId me) {
    if (replica.primary() != nullptr) return ReplicaRole::primary;
    if (replica.view().has(me)) return ReplicaRole::backup;
    return replica.state().targets(me) ? ReplicaRole::learner : ReplicaRole::leaving;
}

void count_primary(ShardFigures& figures, const Primary& primary, std::size_t wanted, Time now) {
    ++figures.primaries.at(static_cast<std::size_t>(primary.phase()));
    const bool serves = primary.phase() == Primary::Phase::serving;
    figures.without_leases += serves && !primary.leases_run(now) ? 1 : 0;
    figures.under_replicated += primary.view().members.size() < wanted ? 1 : 0;
    figures.uncommitted_entries += primary.uncommitted().size();
}

std::uint64_t answered_in(const RequestCounters& requests) {
    return requests.answered.count();
}

std::uint64_t refused_in(const RequestCounters& requests) {
    return std::accumulate(requests.refused.begin(), requests.refused.end(), std::uint64_t{0});
}

std::vector<std::uint64_t> times_of(const RequestCounters& requests) {
    const LatencyHistogram::Counts& counts = requests.answered.counts();
    return {counts.begin(), counts.end()};
}

}  // namespace

NodeActivity Shard::activity() const {
    const auto& [writes, gets, scans] = counters_.requests;  // by RequestKind
    NodeActivity activity;
    activity.writes = answered_in(writes);
    activity.gets = answered_in(gets);
    activity.scans = answered_in(scans);
    activity.refused = refused_in(writes) + refused_in(gets) + refused_in(scans);
    activity.memory = memory_.use().sum();
    activity.memory_limit = facts_.limits.memory;
    activity.write_times = times_of(writes);
    activity.get_times = times_of(gets);
    return activity;
}

ShardFigures Shard::figures(Time now) const {
    ShardFigures figures;
    figures.counters = counters_;
    const std::size_t wanted = facts_.map.formed() ? wanted_copies(facts_.map) : 0;
    for (std::uint32_t p = 0; p < replicas_.size(); ++p) {
        if (!replicas_[p]) continue;
        const Replica& replica = *replicas_[p];
        const PartitionLog& log = replica.log();
        const ReplicaRole role = role_of(replica, facts_.me);
        const Engine::Size size = engine_.size(PartitionId(p));
        if (role == ReplicaRole::leaving && log.last().none() && size.keys == 0) continue;  // nothing is left of it
        ++figures.replicas.at(static_cast<std::size_t>(role));
        figures.transfers_receiving += log.incomplete() ? 1 : 0;
        figures.keys += size.keys;
        figures.key_value_bytes += size.bytes;
        figures.log_entries += log.last().value() - log.suffix().start().value();
        if (replica.primary() != nullptr) count_primary(figures, *replica.primary(), wanted, now);
    }
    figures.transfers_sending = transfers_.transfers();
    figures.uncommitted_bytes = memory_.uncommitted();
    figures.requests_held = admission_.held();
    figures.memory = memory_.use();
    figures.memory_limit = facts_.limits.memory;
    figures.epoch = facts_.map.epoch.value();
    figures.joined = joined();
    figures.stopping = facts_.stopping;
    figures.registry_in_reach = facts_.registry.in_reach;
    figures.refused_messages = refused_.count();
    return figures;
}

}  // namespace ringkv
