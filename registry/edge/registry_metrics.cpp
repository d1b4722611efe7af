#include "registry/edge/registry_metrics.hpp"

#include "common/cluster_map.hpp"
#include "common/edge/observing/process_metrics.hpp"

namespace ringkv::registry {
namespace {

struct Metric {
    std::string_view name;
    MetricType type;
    std::string_view help;
    std::uint64_t (*value)(const Figures& figures);
};

constexpr std::array plain_metrics{
    Metric{"ringkv_epoch", MetricType::gauge, "Of the cluster map that is published.",
           [](const Figures& of) { return of.epoch; }},
    Metric{"ringkv_registry_formed", MetricType::gauge, "1: there is a cluster.",
           [](const Figures& of) -> std::uint64_t { return of.formed ? 1 : 0; }},
    Metric{"ringkv_registry_standing_aside", MetricType::gauge,
           "1: it changes nothing, for nodes know more than it does; its log says what to do.",
           [](const Figures& of) -> std::uint64_t { return of.standing_aside.empty() ? 0 : 1; }},
    Metric{"ringkv_registry_stands_still", MetricType::gauge, "1: nothing could be stored for more than a second.",
           [](const Figures& of) -> std::uint64_t { return of.stands_still ? 1 : 0; }},
    Metric{"ringkv_registry_repair_frozen", MetricType::gauge,
           "1: more than half of the nodes are down; no copies are made and none deleted.",
           [](const Figures& of) -> std::uint64_t { return of.repair_frozen ? 1 : 0; }},
    Metric{"ringkv_registry_heartbeats_total", MetricType::counter, "Heartbeats of nodes.",
           [](const Figures& of) { return of.counters.heartbeats; }},
    Metric{"ringkv_registry_moves_begun_total", MetricType::counter, "Copies that primaries were told to make.",
           [](const Figures& of) { return of.counters.moves_begun; }},
    Metric{"ringkv_registry_messages_dropped_total", MetricType::counter,
           "Messages that came when there were too many; their senders repeat them.",
           [](const Figures& of) { return of.counters.messages_dropped; }},
    Metric{"ringkv_registry_messages_refused_total", MetricType::counter,
           "Messages that were refused, with a reason: of another cluster, or not for a registry.",
           [](const Figures& of) { return of.counters.messages_refused; }},
};

void write_cluster(Exposition& page, const Figures& figures) {
    const Census& census = figures.census;
    page.family("ringkv_registry_nodes", MetricType::gauge, "Nodes of the cluster, by state.");
    for (const NodeState state : {NodeState::up, NodeState::down, NodeState::stopping})
        page.sample({{"state", std::string(to_string(state))}}, census.nodes.at(static_cast<std::size_t>(state)));
    page.family("ringkv_registry_partitions", MetricType::gauge, "Partitions, by state.");
    page.sample({{"state", "full"}}, census.full);
    page.sample({{"state", "under_replicated"}}, census.under_replicated);
    page.sample({{"state", "unavailable"}}, census.unavailable);
    page.family("ringkv_registry_moves", MetricType::gauge, "Copies to be made.");
    page.sample({{"state", "planned"}}, census.moves_planned);
    page.sample({{"state", "under_way"}}, census.moves_under_way);
    page.family("ringkv_registry_unavailable_partition_seconds_total", MetricType::counter,
                "How long partitions were unavailable, all together.");
    page.sample({}, std::chrono::duration<double>(figures.unavailable).count());
}

void write_outcomes(Exposition& page, const Counters& counters) {
    page.family("ringkv_registry_joins_total", MetricType::counter, "Nodes that asked to join, and repeats of it.");
    page.sample({{"outcome", "accepted"}}, counters.joins_accepted);
    page.sample({{"outcome", "refused"}}, counters.joins_refused);
    page.family("ringkv_registry_proposals_total", MetricType::counter, "Views that were proposed, by answer.");
    page.sample({{"outcome", "accepted"}}, counters.proposals_accepted);
    page.sample({{"outcome", "refused"}}, counters.proposals_refused);
}

void write_storage(Exposition& page, const StorageThread::Figures& storage) {
    page.family("ringkv_storage_commit_duration_seconds", MetricType::histogram,
                "Batches, until they are synced to disk.");
    page.sample({}, storage.commits);
    page.family("ringkv_storage_waiting_batches", MetricType::gauge, "Batches behind the one that is being stored.");
    page.sample({}, storage.waiting);
}

}  // namespace

std::string metrics(const ObservedRegistry& seen) {
    Exposition page;
    page.family("ringkv_registry_turns", MetricType::gauge, "1: it took a turn when it was asked for this page.");
    page.sample({}, std::uint64_t{seen.turns ? 1U : 0U});
    if (seen.newest != nullptr) {
        const Figures& figures = seen.newest->registry;
        write_cluster(page, figures);
        write_outcomes(page, figures.counters);
        for (const Metric& metric : plain_metrics) {
            page.family(metric.name, metric.type, metric.help);
            page.sample({}, metric.value(figures));
        }
        write_storage(page, seen.newest->storage);
        write_loops(page, {{{}, seen.newest->loop}});
    }
    write_process(page);
    return page.take();
}

std::vector<std::string> not_alive(const ObservedRegistry& seen) {
    if (seen.turns) return {};
    return {"the registry does not turn"};
}

std::vector<std::string> not_ready(const ObservedRegistry& seen) {
    if (!seen.turns) return not_alive(seen);
    std::vector<std::string> reasons;
    const Figures& figures = seen.newest->registry;
    if (!figures.formed) reasons.emplace_back("no cluster is formed yet: it waits for nodes");
    if (!figures.standing_aside.empty()) reasons.push_back(figures.standing_aside);
    if (figures.stands_still) reasons.emplace_back("nothing could be stored for more than a second; the log says why");
    return reasons;
}

}  // namespace ringkv::registry
