#include "node/edge/node_metrics.hpp"

#include <algorithm>

#include "common/edge/observing/process_metrics.hpp"
#include "common/refusal_reason.hpp"
#include "node/primary.hpp"

namespace ringkv {
namespace {

using Labels = Exposition::Labels;

// A shard that can be shown: it has turned.
struct Shown {
    std::string index;
    const ShardObservation& seen;

    [[nodiscard]] const ShardFigures& figures() const { return seen.shard; }
    [[nodiscard]] const ShardCounters& counters() const { return seen.shard.counters; }
    [[nodiscard]] Labels labels() const { return {{"shard", index}}; }
    [[nodiscard]] Labels with(std::string_view name, std::string_view value) const {
        return {{"shard", index}, {name, std::string(value)}};
    }
};
using Shards = std::vector<Shown>;

// One number a shard.
struct Metric {
    std::string_view name;
    MetricType type;
    std::string_view help;
    std::uint64_t (*value)(const ShardFigures& figures);
};

constexpr std::array metrics{
    Metric{"ringkv_joined", MetricType::gauge, "1: this node is in the cluster.",
           [](const ShardFigures& of) -> std::uint64_t { return of.joined ? 1 : 0; }},
    Metric{"ringkv_stopping", MetricType::gauge, "1: it hands over, and ends.",
           [](const ShardFigures& of) -> std::uint64_t { return of.stopping ? 1 : 0; }},
    Metric{"ringkv_registry_in_reach", MetricType::gauge, "1: the registry was heard of within a grace.",
           [](const ShardFigures& of) -> std::uint64_t { return of.registry_in_reach ? 1 : 0; }},
    Metric{"ringkv_epoch", MetricType::gauge, "Of the cluster map that is known here.",
           [](const ShardFigures& of) { return of.epoch; }},
    Metric{"ringkv_primaries_without_lease", MetricType::gauge,
           "Partitions that are served here and not read: not all of their leases run.",
           [](const ShardFigures& of) { return of.without_leases; }},
    Metric{"ringkv_primaries_under_replicated", MetricType::gauge,
           "Primaries whose views have fewer members than there should be copies.",
           [](const ShardFigures& of) { return of.under_replicated; }},
    Metric{"ringkv_view_changes_total", MetricType::counter, "Views that replicas here took over.",
           [](const ShardFigures& of) { return of.counters.view_changes; }},
    Metric{"ringkv_terms_total", MetricType::counter, "Terms of which a replica here became the primary.",
           [](const ShardFigures& of) { return of.counters.terms; }},
    Metric{"ringkv_lease_losses_total", MetricType::counter,
           "Times that a partition was served and its leases ran out.",
           [](const ShardFigures& of) { return of.counters.lease_losses; }},
    Metric{"ringkv_reads_waited_total", MetricType::counter, "Reads that waited for leases.",
           [](const ShardFigures& of) { return of.counters.reads_waited; }},
    Metric{"ringkv_prepares_sent_again_total", MetricType::counter,
           "Times that what a peer had not acknowledged was sent again.",
           [](const ShardFigures& of) { return of.counters.prepares_again; }},
    Metric{"ringkv_state_transfers_begun_total", MetricType::counter, "State transfers that primaries here began.",
           [](const ShardFigures& of) { return of.counters.transfers_begun; }},
    Metric{"ringkv_state_transfers_completed_total", MetricType::counter,
           "Those of them that reached their end; the others are under way, or were given up.",
           [](const ShardFigures& of) { return of.counters.transfers_completed; }},
    Metric{"ringkv_state_transfer_sent_bytes_total", MetricType::counter, "What was sent of them.",
           [](const ShardFigures& of) { return of.counters.transfer_bytes; }},
    Metric{"ringkv_copies_deleted_total", MetricType::counter, "Copies that were of no use any more.",
           [](const ShardFigures& of) { return of.counters.copies_deleted; }},
    Metric{"ringkv_refused_messages_total", MetricType::counter,
           "Messages of nodes and the registry that no honest one sends.",
           [](const ShardFigures& of) { return of.refused_messages; }},
    Metric{"ringkv_requests_held", MetricType::gauge,
           "Requests that wait, and writes that are not committed; limits.inflight bounds them.",
           [](const ShardFigures& of) { return of.requests_held; }},
    Metric{"ringkv_keys", MetricType::gauge, "Keys of all copies here.",
           [](const ShardFigures& of) { return of.keys; }},
    Metric{"ringkv_key_value_bytes", MetricType::gauge, "Keys and values of all copies here, by themselves.",
           [](const ShardFigures& of) { return of.key_value_bytes; }},
    Metric{"ringkv_log_entries", MetricType::gauge, "Entries of the logs that are kept in memory.",
           [](const ShardFigures& of) { return of.log_entries; }},
    Metric{"ringkv_uncommitted_entries", MetricType::gauge, "Entries of primaries here that are not committed yet.",
           [](const ShardFigures& of) { return of.uncommitted_entries; }},
    Metric{"ringkv_uncommitted_bytes", MetricType::gauge, "Memory of them.",
           [](const ShardFigures& of) { return of.uncommitted_bytes; }},
    Metric{"ringkv_memory_limit_bytes", MetricType::gauge, "Of what ringkv_memory_bytes says together; 0: none.",
           [](const ShardFigures& of) { return of.memory_limit; }},
};

constexpr std::array<std::string_view, request_outcomes> outcomes{"done", "not_found", "condition_failed", "redirected",
                                                                  "forgotten"};
constexpr std::array<std::string_view, replica_roles> roles{"primary", "backup", "learner", "leaving"};
constexpr std::array<std::string_view, primary_phases> phases{"waiting", "starting", "serving",
                                                              "transferring_leadership"};
static_assert(static_cast<std::size_t>(Primary::Phase::transferring_leadership) + 1 == primary_phases);

// "session_expired", as label.
std::string word_of(std::size_t reason) {
    std::string word(name_of(static_cast<RefusalReason>(reason)));
    std::replace(word.begin(), word.end(), ' ', '_');
    return word;
}

void write_requests(Exposition& page, const Shards& shards) {
    page.family("ringkv_requests_total", MetricType::counter, "Requests that ended, by how.");
    for (const Shown& shard : shards) {
        for (const RequestKind kind : all_request_kinds) {
            const RequestCounters& counters = shard.counters().of(kind);
            const auto sample = [&](std::string_view outcome, std::uint64_t count) {
                Labels labels = shard.with("kind", name_of(kind));
                labels.emplace_back("outcome", outcome);
                page.sample(labels, count);
            };
            for (std::size_t i = 0; i < request_outcomes; ++i) sample(outcomes.at(i), counters.outcomes.at(i));
            const std::string unknown = word_of(refusal_reasons - 1);
            for (std::size_t i = 0; i < refusal_reasons; ++i)
                if (word_of(i) != unknown) sample(word_of(i), counters.refused.at(i));
        }
    }
    page.family("ringkv_request_duration_seconds", MetricType::histogram,
                "Requests that were done, from their arrival in the transport to their answer.");
    for (const Shown& shard : shards)
        for (const RequestKind kind : all_request_kinds)
            page.sample(shard.with("kind", name_of(kind)), shard.counters().of(kind).answered);
    page.family("ringkv_slow_requests_total", MetricType::counter,
                "Requests that were done and took longer than slow_request; the log has them.");
    for (const Shown& shard : shards)
        for (const RequestKind kind : all_request_kinds)
            page.sample(shard.with("kind", name_of(kind)), shard.counters().of(kind).slow);
    page.family("ringkv_replication_duration_seconds", MetricType::histogram,
                "Entries, from the primary's log until they are committed: every member has them.");
    for (const Shown& shard : shards) page.sample(shard.labels(), shard.counters().replication);
}

void write_replicas(Exposition& page, const Shards& shards) {
    page.family("ringkv_replicas", MetricType::gauge, "Partitions of which there is a replica here, by its role.");
    for (const Shown& shard : shards)
        for (std::size_t i = 0; i < replica_roles; ++i)
            page.sample(shard.with("role", roles.at(i)), shard.figures().replicas.at(i));
    page.family("ringkv_primaries", MetricType::gauge, "Primaries here, by how far they are.");
    for (const Shown& shard : shards)
        for (std::size_t i = 0; i < primary_phases; ++i)
            page.sample(shard.with("phase", phases.at(i)), shard.figures().primaries.at(i));
    page.family("ringkv_state_transfers", MetricType::gauge, "State transfers under way.");
    for (const Shown& shard : shards) {
        page.sample(shard.with("direction", "sending"), shard.figures().transfers_sending);
        page.sample(shard.with("direction", "receiving"), shard.figures().transfers_receiving);
    }
}

void write_memory(Exposition& page, const Shards& shards) {
    page.family("ringkv_memory_bytes", MetricType::gauge, "Memory, roughly, by what takes it.");
    for (const Shown& shard : shards) {
        const MemoryUse& use = shard.figures().memory;
        page.sample(shard.with("account", "data"), use.data);
        page.sample(shard.with("account", "log"), use.log);
        page.sample(shard.with("account", "sessions"), use.sessions);
        page.sample(shard.with("account", "requests"), use.requests);
        page.sample(shard.with("account", "to_send"), use.to_send);
    }
}

std::string shard_text(std::size_t index) {
    return "shard " + std::to_string(index);
}

}  // namespace

std::string node_metrics(const std::vector<ObservedShard>& shards) {
    Exposition page;
    Shards shown;
    std::vector<ShownLoop> loops;
    page.family("ringkv_shard_turns", MetricType::gauge, "1: the shard took a turn when it was asked for this page.");
    for (std::size_t index = 0; index < shards.size(); ++index) {
        page.sample({{"shard", std::to_string(index)}}, std::uint64_t{shards[index].turns ? 1U : 0U});
        if (shards[index].newest == nullptr) continue;
        shown.push_back({std::to_string(index), *shards[index].newest});
        loops.push_back({shown.back().labels(), shards[index].newest->loop});
    }
    write_requests(page, shown);
    write_replicas(page, shown);
    for (const Metric& metric : metrics) {
        page.family(metric.name, metric.type, metric.help);
        for (const Shown& shard : shown) page.sample(shard.labels(), metric.value(shard.figures()));
    }
    write_memory(page, shown);
    write_loops(page, loops);
    write_process(page);
    return page.take();
}

std::vector<std::string> node_not_alive(const std::vector<ObservedShard>& shards) {
    std::vector<std::string> reasons;
    for (std::size_t index = 0; index < shards.size(); ++index)
        if (!shards[index].turns) reasons.push_back(shard_text(index) + " does not turn");
    return reasons;
}

std::vector<std::string> node_not_ready(const std::vector<ObservedShard>& shards) {
    std::vector<std::string> reasons = node_not_alive(shards);
    for (std::size_t index = 0; index < shards.size(); ++index) {
        if (!shards[index].turns) continue;
        const ShardFigures& figures = shards[index].newest->shard;
        const auto say = [&](bool so, const std::string& what) {
            if (so) reasons.push_back(shard_text(index) + ": " + what);
        };
        const auto in = [&](Primary::Phase phase) { return figures.primaries.at(static_cast<std::size_t>(phase)); };
        const std::uint64_t starting = in(Primary::Phase::waiting) + in(Primary::Phase::starting);
        say(figures.stopping, "the node is stopping");
        say(!figures.joined, "not joined: the registry has not taken the node in");
        say(figures.joined && !figures.registry_in_reach,
            "the registry is out of reach; what is served is served on, and no failure of another node is mended here");
        say(starting > 0, std::to_string(starting) + " partitions are not served yet: their primaries are starting");
        say(figures.without_leases > 0,
            std::to_string(figures.without_leases) + " partitions are not read: not all of their leases run");
    }
    return reasons;
}

}  // namespace ringkv
