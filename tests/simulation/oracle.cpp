#include "tests/simulation/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/partitioning.hpp"
#include "common/placement/planning.hpp"
#include "tests/world/describe.hpp"

namespace ringkv::simulation {

namespace {

// Of a log, in memory: what is kept for a replica that fell behind (24 in this build, 60 while it follows), and what
// clients can have under way while a silent member is waited for.
constexpr std::uint64_t most_entries_held = 500;

std::uint64_t digest_of(const Entry& entry) {
    std::uint64_t digest = hash_of(entry.key);
    const auto add = [&](std::uint64_t value) { digest = (digest ^ value) * 0x9E3779B97F4A7C15U + 1; };
    add(hash_of(entry.value));
    add(entry.op.value());
    add(entry.view.generation.value());
    add(entry.view.number.value());
    add(static_cast<std::uint64_t>(entry.kind));
    add(static_cast<std::uint64_t>(entry.status));
    add(entry.version.value());
    add(entry.client.value());
    add(entry.sequence.value());
    add(entry.lowest.value());
    for (const ClientId client : entry.expired) add(client.value());
    return digest | 1U;  // never 0
}

}  // namespace

Oracle::Oracle(SimulatedCluster& cluster, const Plan& plan) : cluster_(cluster), plan_(plan), log_(plan.partitions) {}

void Oracle::fail(std::string rule, std::string text) {
    if (!violation_) violation_ = Violation{std::move(rule), cluster_.world().now(), std::move(text)};
}

std::string Oracle::on(HostId host, PartitionId partition) const {
    return fmt::format("{} partition {}", cluster_.world().name(host), partition.value());
}

// ---------------------------------------------------------------- what is committed

void Oracle::applied(HostId host, PartitionId partition, const Entry& entry) {
    auto& log = log_.at(partition.value());
    if (log.size() <= entry.op.value()) log.resize(entry.op.value() + 1);
    std::uint64_t& known = log[entry.op.value()];
    const std::uint64_t digest = digest_of(entry);
    if (known != 0) {
        if (known != digest)
            fail("committed-prefixes-agree",
                 fmt::format("{}: op {} of view {} is not what was committed before as op {}", on(host, partition),
                             entry.op.value(), entry.view.to_string(), entry.op.value()));
    } else {
        known = digest;
        ++committed_;
        states_[partition].apply(entry);
        if (!entry.client.none() && !done_.insert({partition, entry.client, entry.sequence}).second)
            fail("applied-at-most-once",
                 fmt::format("{}: op {} is sequence {} of client {} once more", on(host, partition), entry.op.value(),
                             entry.sequence.value(), entry.client.value()));
    }
    if (cluster_.world().state(host) != HostState::down) check_everybody_has(host, partition, entry.op);
}

// P3: a primary commits only what every other member of its view has stored. A replica that knows a newer view may have
// gone on from there.
void Oracle::check_everybody_has(HostId host, PartitionId partition, OpNumber op) {
    const Replica* self = cluster_.shard(host).replica(partition);
    if (self == nullptr || self->primary() == nullptr) return;
    for (const NodeId member : self->view().backups()) {
        const HostId other = cluster_.holder_of(member, partition);
        if (other.none() || cluster_.world().state(other) == HostState::down) continue;
        const Replica* replica = cluster_.replica_of(other, partition);
        if (replica != nullptr && (replica->view().id > self->view().id || replica->log().incomplete())) continue;
        if (replica == nullptr || replica->log().persisted() < op)
            fail("committed-on-every-member",
                 fmt::format("{} commits op {} in {}, which {} has not stored", on(host, partition), op.value(),
                             describe(self->view()), cluster_.world().name(other)));
    }
}

// ---------------------------------------------------------------- after each turn

void Oracle::turned(HostId host) {
    if (cluster_.world().state(host) == HostState::down || cluster_.is_client(host)) return;
    if (cluster_.host("registry") == host) {
        check_map(host, cluster_.registry().map());
        cluster_.registry().check_invariants();
        return;
    }
    const Shard& shard = cluster_.shard(host);
    const StartNumber start = shard.identity().start;
    check_map(host, shard.map());
    shard.check_invariants();
    for (std::uint32_t p = 0; p < plan_.partitions; ++p)
        if (const Replica* replica = shard.replica(PartitionId(p)))
            check_replica(host, PartitionId(p), *replica, start);
}

void Oracle::check_replica(HostId host, PartitionId partition, const Replica& replica, StartNumber start) {
    Seen& seen = seen_[{host, partition}];
    const PartitionLog& log = replica.log();
    if (seen.start != start) {
        seen = Seen{start, {}, {}, {}};
        newcomers_.erase({host, partition});
    }
    if (replica.view().id != seen.view) {
        if (replica.view().id < seen.view) fail("views-grow", on(host, partition) + ": the view went back");
        check_view(partition, replica.view(), host);
        seen.view = replica.view().id;
    }
    // The registry may have crashed just after it had published.
    const bool map_is_newer = cluster_.map().formed() && cluster_.map().at(partition).view.id > replica.view().id;
    const View& newest = map_is_newer ? cluster_.map().at(partition).view : replica.view();
    if (log.incomplete() && newest.has(cluster_.shard(host).identity().node))
        fail("members-are-whole", on(host, partition) + ": a member waits for a copy");
    const bool deleted = log.incomplete() && log.last().none();
    const ClusterMap& map = cluster_.shard(host).map();
    if (deleted && log.commit() < seen.commit && replica.view().members.size() < wanted_copies(map))
        fail("deleted-when-useless",
             on(host, partition) + ": deletes its copy, and there are only " + describe(replica.view()));
    if (log.commit() < seen.commit && !deleted)
        fail("ops-grow", fmt::format("{}: the commit point went back from {} to {}", on(host, partition),
                                     seen.commit.value(), log.commit().value()));
    if (log.commit() > log.last()) fail("ops-grow", on(host, partition) + ": the commit point is beyond the log");
    seen.commit = log.commit();
    if (log.last().value() - log.suffix().start().value() > most_entries_held)
        fail("memory-bounded", on(host, partition) + ": holds its log from " +
                                   std::to_string(log.suffix().start().value()) + " to " +
                                   std::to_string(log.last().value()));
    check_what_it_brings(host, partition, log);
    check_lease(host, partition, replica);
}

void Oracle::check_view(PartitionId partition, const View& view, HostId host) {
    if (view.id.none()) return;
    const auto [known, added] = views_.try_emplace({partition, view.id}, view);
    if (!added && known->second != view)
        fail("one-view-a-number",
             fmt::format("{}: {}, but elsewhere {}", on(host, partition), describe(view), describe(known->second)));
    const auto before = views_.find({partition, {view.id.generation, ViewNumber(view.id.number.value() - 1)}});
    if (!added || before == views_.end()) return;
    check_newcomers(partition, view, before->second);
    count_ejected(partition, view, before->second);
}

void Oracle::count_ejected(PartitionId partition, const View& view, const View& before) {
    const std::vector<NodeId>& wanted = cluster_.map().at(partition).target;
    for (const NodeId member : before.members) {
        if (view.has(member) || std::find(wanted.begin(), wanted.end(), member) == wanted.end()) continue;
        const HostId host = cluster_.holder_of(member, partition);
        if (!host.none() && cluster_.world().state(host) == HostState::running) ++ejected_;
    }
}

// M3, M4: a new member knows the view that it was proposed in, and so has not deleted its copy because of that view.
void Oracle::check_newcomers(PartitionId partition, const View& view, const View& before) {
    for (const NodeId member : view.members) {
        const HostId host = cluster_.holder_of(member, partition);
        if (before.has(member) || host.none() || cluster_.world().state(host) == HostState::down) continue;
        const Replica* replica = cluster_.replica_of(host, partition);
        if (replica == nullptr || replica->log().log_view() < before.id)
            fail("newcomers-know-the-view", fmt::format("{} comes in with {}, and has not answered in the view before",
                                                        on(host, partition), describe(view)));
        newcomers_[{host, partition}] = {OpNumber(std::max<std::size_t>(log_.at(partition.value()).size(), 1) - 1)};
    }
}

// M2, M3: a new member has what the log makes of keys and sessions. Later writes would soon cover what a copy has
// wrong.
void Oracle::check_what_it_brings(HostId host, PartitionId partition, const PartitionLog& log) {
    const auto found = newcomers_.find({host, partition});
    if (found == newcomers_.end() || log.incomplete() || log.commit() < found->second.reach) return;
    const ReferenceState& state = states_[partition];
    std::string difference;
    if (!std::exchange(found->second.keys_are_right, true))
        difference = state.difference(log.commit(), cluster_.engine(host).scan(partition, {}).records);
    if (difference.empty()) {
        if (log.commit() != state.last()) return;
        if (log.sessions().snapshot(log.commit()) != state.sessions()) difference = "other sessions";
    }
    newcomers_.erase(found);
    if (!difference.empty())
        fail("newcomers-have-the-state",
             fmt::format("{} at op {}: {}", on(host, partition), log.commit().value(), difference));
}

void Oracle::check_lease(HostId host, PartitionId partition, const Replica& replica) {
    World& world = cluster_.world();
    std::set<HostId>& readers = readers_[partition];
    const auto reads = [&](HostId other, const Replica* it) {
        return it != nullptr && it->primary() != nullptr && it->primary()->reads_now(world.local_time(other));
    };
    if (!reads(host, &replica)) {
        readers.erase(host);
        return;
    }
    readers.insert(host);
    if (readers.size() == 1 || plan_.beyond_clock_bound) return;
    for (const HostId other : readers)
        if (other != host && reads(other, cluster_.replica_of(other, partition)))
            fail("one-lease-holder",
                 fmt::format("{} and {} both hold all leases", on(host, partition), world.name(other)));
}

void Oracle::check_map(HostId host, const ClusterMap& map) {
    if (!map.formed()) return;
    Epoch& newest = epochs_[host];
    if (map.epoch == newest) return;
    newest = map.epoch;
    if (plan_.has(Fault::registry_loss)) return;  // an old backup counts on from where it was, until it is noticed
    const auto [known, added] = maps_.try_emplace(map.epoch, map);
    if (!added && known->second != map)
        fail("one-map-an-epoch",
             fmt::format("{}: epoch {} is not what it was elsewhere", cluster_.world().name(host), map.epoch.value()));
    for (std::uint32_t p = 0; added && p < map.partitions.size(); ++p)
        check_view(PartitionId(p), map.partitions[p].view, host);
}

// ---------------------------------------------------------------- at the end

bool Oracle::is_lost(PartitionId partition) const {
    const std::vector<NodeId>& members = cluster_.map().at(partition).view.members;
    return std::none_of(members.begin(), members.end(),
                        [&](NodeId member) { return !cluster_.holder_of(member, partition).none(); });
}

std::string Oracle::quiet() const {
    for (std::uint32_t p = 0; p < plan_.partitions; ++p) {
        const PartitionId partition(p);
        if (is_lost(partition)) continue;
        OpNumber end;  // of the primary's log; others may have more, from a view that is over, which counts for nothing
        const NodeId first = cluster_.map().at(partition).view.primary;
        if (const HostId primary = cluster_.holder_of(first, partition); !primary.none())
            if (const Replica* replica = cluster_.replica_of(primary, partition)) end = replica->log().last();
        for (const NodeId member : cluster_.map().at(partition).view.members) {
            const HostId host = cluster_.holder_of(member, partition);
            const Replica* replica = host.none() ? nullptr : cluster_.replica_of(host, partition);
            if (replica == nullptr) return fmt::format("a member of partition {} is not there", p);
            if (const OpNumber commit = replica->log().commit(); commit != end)
                return fmt::format("{} stays at op {}, and the primary's log ends at {}", on(host, partition),
                                   commit.value(), end.value());
        }
    }
    return {};
}

void Oracle::compare_replicas() {
    for (std::uint32_t p = 0; p < plan_.partitions; ++p) {
        const PartitionId partition(p);
        if (is_lost(partition)) continue;
        std::optional<std::vector<KeyRecord>> first;
        std::optional<SessionSnapshot> sessions;
        for (const NodeId member : cluster_.map().at(partition).view.members) {
            const HostId host = cluster_.holder_of(member, partition);
            const Replica* replica = host.none() ? nullptr : cluster_.replica_of(host, partition);
            if (replica == nullptr) return fail("replicas-alike", fmt::format("partition {}: a member has nothing", p));
            std::vector<KeyRecord> records = cluster_.engine(host).scan(partition, {}).records;
            SessionSnapshot table = replica->log().sessions().snapshot(replica->log().commit());
            if (!first) {
                first = std::move(records);
                sessions = std::move(table);
            } else if (*first != records) {
                fail("replicas-alike", on(host, partition) + ": other keys or values than the primary");
            } else if (*sessions != table) {
                fail("replicas-alike", on(host, partition) + ": other sessions than the primary");
            }
        }
    }
}

}  // namespace ringkv::simulation
