#include "kvctl/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "kvctl/text.hpp"

namespace ringkv::kvctl {

namespace {

constexpr std::size_t most_named = 10;
// Of limits.memory: from here on there is little room.
constexpr double nearly_full = 0.9;
// Of a clock's rate: how far it may be from 1.
constexpr double clock_is_off = 0.05;
constexpr double clock_is_unsafe = 0.15;
constexpr double copy_takes_long = 60;  // seconds

// "3, 17, 40 and 12 more".
template <class Items>
std::string listed(const Items& items) {
    std::string text;
    std::size_t named = 0;
    for (const auto& item : items) {
        if (named == most_named) break;
        text += fmt::format("{}{}", named++ == 0 ? "" : ", ", item);
    }
    return items.size() > most_named ? text + fmt::format(" and {} more", items.size() - most_named) : text;
}

// "fsync: n1, n2; memory: n3".
std::string listed_by(const std::map<std::string, std::vector<std::string>>& kinds) {
    std::string text;
    for (const auto& [kind, names] : kinds)
        text += (text.empty() ? "" : "; ") + fmt::format("{}: {}", escape(kind), listed(names));
    return text;
}

bool is_member(const ReplicaStatus& replica) {
    return replica.role == "primary" || replica.role == "backup";
}

class Diagnosis {
  public:
    explicit Diagnosis(const Examined& examined)
        : examined_(examined), status_(examined.status), repair_(examined.repair), holdings_(examined.holdings) {}

    std::vector<Finding> make() {
        partitions_without_service();
        copies_that_lack();
        racks();
        nodes();
        room();
        durability();
        memory();
        if (const Condition* condition = examined_.condition)
            told_by_the_registry(*condition);
        else
            add(Severity::warning, "registry-not-asked",
                "the registry did not tell how the nodes are: maps, versions, clocks, disks and copies were not looked "
                "at",
                "", "kvctl events; is the registry of an older release?");
        std::stable_sort(findings_.begin(), findings_.end(),
                         [](const Finding& left, const Finding& right) { return left.severity > right.severity; });
        return std::move(findings_);
    }

  private:
    void add(Severity severity, std::string_view code, std::string what, std::string evidence, std::string next) {
        findings_.push_back({severity, code, std::move(what), std::move(evidence), std::move(next)});
    }

    void partitions_without_service() {
        std::vector<std::uint32_t> lost;
        std::vector<std::uint32_t> unserved;
        std::set<std::string> primaries;
        for (const PartitionStatus& partition : status_.partitions) {
            if (partition.lost) lost.push_back(partition.partition);
            if (partition.available) continue;
            unserved.push_back(partition.partition);
            if (!partition.primary.empty()) primaries.insert(escape(partition.primary));
        }
        if (!lost.empty())
            add(Severity::critical, "partitions-lost",
                fmt::format("{} lost, no copy is left: {}", counted(lost.size(), "partition"), listed(lost)),
                "every node that had them has ended, and its data with it",
                "kvctl partition reset all --accept-data-loss begins them anew, empty (docs/operations.md)");
        if (unserved.size() <= lost.size()) return;
        add(Severity::critical, "partitions-unavailable",
            fmt::format("{} not served: {}", counted(unserved.size(), "partition"), listed(unserved)),
            fmt::format("their primaries are on {}", listed(primaries)),
            "start these nodes again; a backup takes over within a second if one is up");
    }

    void copies_that_lack() {
        if (repair_.frozen)
            add(Severity::critical, "repair-frozen", "no copies are made", escape(repair_.reason),
                "kvctl repair resume, if the nodes that are down will not be back soon");
        const std::uint32_t lacking = status_.under_replicated;
        if (lacking == 0) return;
        const std::string evidence =
            repair_.active + repair_.pending > 0
                ? fmt::format("{} being made, {} to be made", counted(repair_.active, "copy"), repair_.pending)
                : "none is being made";
        add(Severity::warning, "under-replicated",
            fmt::format("{} with fewer than {} copies", counted(lacking, "partition"), status_.replication), evidence,
            "kvctl repair status");
    }

    // N copies in fewer racks than N, or than there are.
    void racks() {
        std::set<std::string> all;
        for (const NodeStatus& node : status_.nodes)
            if (node.duty.empty()) all.insert(node.rack);
        const std::size_t wanted = std::min<std::size_t>(status_.replication, all.size());
        std::vector<std::uint32_t> narrow;
        for (const PartitionStatus& partition : status_.partitions) {
            std::set<std::string> here;
            for (const ReplicaStatus& member : partition.members)
                if (is_member(member)) here.insert(member.rack);
            if (partition.full && here.size() < wanted) narrow.push_back(partition.partition);
        }
        if (!narrow.empty())
            add(Severity::warning, "rack-diversity",
                fmt::format("{} with copies in fewer racks than possible: {}", counted(narrow.size(), "partition"),
                            listed(narrow)),
                fmt::format("there are {}, and {} copies", counted(all.size(), "rack"), status_.replication),
                "kvctl plan, which says what is still to move");
        if (all.size() < status_.replication && all.size() > 1)
            add(Severity::note, "few-racks",
                fmt::format("{} copies in {}: some racks have several", status_.replication,
                            counted(all.size(), "rack")),
                "", fmt::format("nodes in {} racks or more let each copy have a rack of its own", status_.replication));
    }

    void nodes() {
        for (const NodeStatus& node : status_.nodes) {
            const std::string name = escape(node.name);
            const auto absent = std::find_if(repair_.absent.begin(), repair_.absent.end(),
                                             [&](const AbsentNode& each) { return each.name == node.name; });
            if (node.state == "down") {
                const bool evicted = absent != repair_.absent.end() && absent->evicted;
                add(Severity::warning, "node-down", fmt::format("{} is down", name),
                    fmt::format(
                        "rack {}, at {}; {}", escape(node.rack), escape(node.address),
                        evicted ? "evicted: its copies are made elsewhere"
                                : fmt::format("waited for, {} from when it went down", exact(repair_.repair_after))),
                    fmt::format("its log; start it again, or: kvctl node remove {}", name));
            } else if (node.state == "stopping") {
                add(Severity::note, "node-stopping", fmt::format("{} is stopping", name), "", "");
            }
            if (node.duty == "drained")
                add(Severity::note, "node-drained", fmt::format("{} is drained", name), "it holds nothing",
                    fmt::format("it may be stopped; to fill it again: kvctl node undrain {}", name));
            else if (node.duty == "draining" || node.duty == "leaving")
                add(Severity::note, "node-emptied", fmt::format("{} is {}", name, node.duty),
                    fmt::format("it has {} left", counted(node.copies, "copy")), "kvctl status");
        }
    }

    // For the next failure.
    void room() {
        const auto up = std::count_if(status_.nodes.begin(), status_.nodes.end(),
                                      [](const NodeStatus& node) { return node.state == "up" && node.duty.empty(); });
        if (up < static_cast<std::ptrdiff_t>(status_.replication))
            add(Severity::warning, "too-few-nodes",
                fmt::format("{} copies need as many nodes; {} up", status_.replication,
                            up == 1 ? "1 is" : fmt::format("{} are", up)),
                "", "start or add nodes");
        else if (up == static_cast<std::ptrdiff_t>(status_.replication) && status_.replication > 1)
            add(Severity::note, "no-spare-node",
                fmt::format("{} nodes for {} copies: after a failure there is none to make new copies on", up,
                            status_.replication),
                "", "one node more");
        if (status_.replication == 1)
            add(Severity::note, "one-copy", "there is one copy of each key: a node that is lost takes its keys with it",
                "", "");
    }

    void durability() {
        std::map<std::string, std::vector<std::string>> classes;
        for (const NodeStatus& node : status_.nodes) classes[node.durability].push_back(escape(node.name));
        if (classes.size() > 1) {
            add(Severity::warning, "durability-mixed", "the nodes differ in durability: the weakest is what counts",
                listed_by(classes), "durability in their configuration");
        }
        if (const auto memory = classes.find("memory"); memory != classes.end())
            add(Severity::note, "memory-only", "data is in memory only: what all copies lose at once is lost",
                fmt::format("durability memory: {}", listed(memory->second)), "kvctl snapshot save DIR, now and then");
    }

    void memory() {
        if (holdings_ == nullptr) {
            add(Severity::warning, "nodes-not-asked", "the nodes could not be asked for their memory", "", "");
            return;
        }
        std::vector<std::string> silent;
        for (const std::string& name : holdings_->silent) {
            if (is_up(name)) silent.push_back(escape(name));
        }
        if (!silent.empty())
            add(Severity::warning, "node-silent", fmt::format("{} did not answer within two seconds", listed(silent)),
                "the registry hears their heartbeats: they are very busy, or cut off from here", "their logs");
        for (const NodeMemory& node : holdings_->memory) {
            const auto all = static_cast<double>(node.data + node.log + node.sessions + node.requests);
            const auto limit = static_cast<double>(node.limit);
            if (node.limit == 0 || all < nearly_full * limit) continue;
            const bool full = all >= limit;
            add(full ? Severity::critical : Severity::warning, full ? "memory-full" : "memory-nearly-full",
                full ? fmt::format("the memory of {} is full: it refuses writes", escape(node.name))
                     : fmt::format("the memory of {} is nearly full", escape(node.name)),
                fmt::format("{} of {}", readable_size(all), readable_size(limit)),
                "more nodes, a greater limits.memory, or fewer keys; kvctl status --memory");
        }
    }

    void told_by_the_registry(const Condition& condition) {
        for (const NodeTrouble& trouble : condition.troubles) {
            const bool disk = trouble.what == "disk_stalled";
            add(Severity::critical, disk ? "disk-stalled" : "shard-stuck",
                disk ? fmt::format("the disk of {} stores nothing", escape(trouble.name))
                     : fmt::format("{} has a shard that does not turn", escape(trouble.name)),
                fmt::format("shard {}, for {}; other nodes take over what it serves", trouble.shard,
                            readable_time(seconds(trouble.lasts))),
                disk ? "is it full, or broken? Its log" : "its log; it may have to be started anew");
        }
        maps_that_lag(condition);
        versions(condition);
        clocks(condition);
        copies_that_take_long(condition);
    }

    void maps_that_lag(const Condition& condition) {
        for (const NodeVitals& node : condition.nodes)
            if (node.behind > 0 && is_up(node.name))
                add(Severity::warning, "map-lags", fmt::format("{} has an old map", escape(node.name)),
                    fmt::format("{} behind the registry's, for more than a second", counted(node.behind, "epoch")),
                    "its log; does it reach the registry's publications (publish)?");
    }

    // A rolling upgrade that was not finished.
    void versions(const Condition& condition) {
        std::map<std::string, std::vector<std::string>> versions;
        for (const NodeVitals& node : condition.nodes)
            if (is_up(node.name))
                versions[node.version.empty() ? "of an older release" : node.version].push_back(escape(node.name));
        versions[condition.registry_version].emplace_back("the registry");
        if (versions.size() == 1) return;
        add(Severity::warning, "versions-mixed", "not all run the same version", listed_by(versions),
            "finish the upgrade: scripts/rolling-restart");
    }

    // Leases bear a difference of a fifth between any two (protocol.md, L1).
    void clocks(const Condition& condition) {
        for (const NodeVitals& node : condition.nodes) {
            const double off = std::abs(node.clock_rate - 1);
            if (node.clock_watched.count() == 0 || off < clock_is_off) continue;
            add(off < clock_is_unsafe ? Severity::warning : Severity::critical, "clock-rate",
                fmt::format("the clock of {} runs {} than the registry's", escape(node.name),
                            node.clock_rate < 1 ? "slower" : "faster"),
                fmt::format("at {:.2f} of it, over {}; leases bear 0.8 to 1.25", node.clock_rate,
                            readable_time(seconds(node.clock_watched))),
                "the clock source of its machine, or guest; until then reads: confirmed at the registry");
        }
    }

    // Longer than three times what its bytes need at the pace that is allowed, and a minute.
    void copies_that_take_long(const Condition& condition) {
        for (const CopyUnderWay& copy : condition.copies) {
            const auto pace = static_cast<double>(examined_.settings.max_bytes_per_second);
            double needs = 0;
            if (holdings_ != nullptr && copy.partition < holdings_->partitions.size() && pace > 0)
                needs = static_cast<double>(holdings_->partitions[copy.partition].bytes) *
                        examined_.settings.max_moves_per_node / pace;
            if (seconds(copy.lasts) < copy_takes_long + 3 * needs) continue;
            add(Severity::warning, "copy-stuck",
                fmt::format("the copy of partition {} to {} does not come to its end", copy.partition, escape(copy.to)),
                fmt::format("under way for {}; its bytes need {} at the pace that is set",
                            readable_time(seconds(copy.lasts)), readable_time(needs)),
                fmt::format("the logs of {} and of the partition's primary; kvctl settings get", escape(copy.to)));
        }
    }

    static double seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }
    [[nodiscard]] bool is_up(const std::string& name) const {
        return std::any_of(status_.nodes.begin(), status_.nodes.end(),
                           [&](const NodeStatus& node) { return node.name == name && node.state == "up"; });
    }

    const Examined& examined_;
    const ClusterStatus& status_;
    const RepairStatus& repair_;
    const Holdings* const holdings_;
    std::vector<Finding> findings_;
};

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::note: return "note";
        case Severity::warning: return "warning";
        case Severity::critical: return "critical";
    }
    return "?";
}

std::vector<Finding> diagnose(const Examined& examined) {
    return Diagnosis(examined).make();
}

}  // namespace ringkv::kvctl
