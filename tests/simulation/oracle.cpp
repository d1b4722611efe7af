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
    CommittedLog& log = log_.at(partition.value());
    log.last = std::max(log.last, entry.op);
    std::uint64_t& known = log.digests[entry.op.value()];
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
        const Replica* replica = cluster_.replica_of(host, partition);
        less_sure_.committed(entry, cluster_.world().now(),
                             replica != nullptr && another_term_between(partition, entry.view, replica->view()));
        committed_changes_.insert({partition, entry.op, entry.view});
        if (!entry.client.none() && !done_.insert({partition, entry.client, entry.sequence}).second)
            fail("applied-at-most-once",
                 fmt::format("{}: op {} is sequence {} of client {} once more", on(host, partition), entry.op.value(),
                             entry.sequence.value(), entry.client.value()));
    }
    if (cluster_.world().state(host) != HostState::down) check_everybody_has(host, partition, entry.op);
}

// P3, V6: a primary commits only what every other member of its view, and every node that it has proposed as one, has
// stored, and when all of them have stored that view. A replica that knows a newer view may have gone on from there.
void Oracle::check_everybody_has(HostId host, PartitionId partition, OpNumber op) {
    const Replica* self = cluster_.shard(host).replica(partition);
    if (self == nullptr || self->primary() == nullptr) return;
    const auto lacks = [&](HostId other, const char* what) {
        fail("committed-on-every-member",
             fmt::format("{} commits op {} in {}, and {} has not stored {}", on(host, partition), op.value(),
                         describe(self->view()), cluster_.world().name(other), what));
    };
    if (!self->view_is_stored()) return lacks(host, "that view");
    std::set<NodeId> required = self->primary()->proposed();
    for (const NodeId member : self->view().backups()) required.insert(member);
    for (const NodeId member : required) {
        const HostId other = cluster_.holder_of(member, partition);
        if (other.none() || cluster_.world().state(other) == HostState::down) continue;
        const Replica* replica = cluster_.replica_of(other, partition);
        if (replica != nullptr && (replica->view().id > self->view().id || replica->log().incomplete())) continue;
        if (replica == nullptr || replica->log().persisted() < op)
            lacks(other, "it");
        else if (replica->view().id < self->view().id || !replica->view_is_stored())
            lacks(other, "that view");
    }
}

// ---------------------------------------------------------------- after each turn

void Oracle::turned(HostId host) {
    if (cluster_.world().state(host) == HostState::down || cluster_.is_client(host)) return;
    if (cluster_.host("registry") == host) {
        if (cluster_.rebuilds()) return;
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
        seen = Seen{start, {}, {}, {}, {}, false};
        newcomers_.erase({host, partition});
    }
    if (replica.view().id != seen.view) {
        if (replica.view().id < seen.view) fail("views-grow", on(host, partition) + ": the view went back");
        if (replica.view().id.generation < seen.fence)
            fail("reports-are-final", fmt::format("{}: learns {} after its report to a rebuild of generation {}",
                                                  on(host, partition), describe(replica.view()), seen.fence.value()));
        check_view(partition, replica.view(), host);
        seen.view = replica.view().id;
    }
    seen.fence = cluster_.shard(host).fence().generation;
    // The registry may have crashed just after it had published.
    const bool map_is_newer = cluster_.map().formed() && cluster_.map().at(partition).view.id > replica.view().id;
    const View& newest = map_is_newer ? cluster_.map().at(partition).view : replica.view();
    // A copy that is under way goes, where the partition begins anew: the node has not heard of it (V8).
    const bool begins_anew = newest.begins > replica.view().begins;
    if (log.incomplete() && !begins_anew && newest.has(cluster_.shard(host).identity().node))
        fail("members-are-whole", on(host, partition) + ": a member waits for a copy");
    const bool deleted = log.incomplete() && log.last().none();
    const ClusterMap& map = cluster_.shard(host).map();
    // What an interrupted copy left may go: it counts for nothing (partition_checkpoint.cpp).
    if (deleted && seen.whole && log.commit() < seen.commit && replica.view().members.size() < wanted_copies(map))
        fail("deleted-when-useless",
             on(host, partition) + ": deletes its copy, and there are only " + describe(replica.view()));
    if (log.commit() < seen.commit && !deleted)
        fail("ops-grow", fmt::format("{}: the commit point went back from {} to {}", on(host, partition),
                                     seen.commit.value(), log.commit().value()));
    if (log.commit() > log.last()) fail("ops-grow", on(host, partition) + ": the commit point is beyond the log");
    seen.commit = log.commit();
    seen.whole = !log.incomplete();
    if (log.last().value() - log.suffix().start().value() > most_entries_held)
        fail("memory-bounded", on(host, partition) + ": holds its log from " +
                                   std::to_string(log.suffix().start().value()) + " to " +
                                   std::to_string(log.last().value()));
    check_what_it_brings(host, partition, log);
    check_lease(host, partition, replica);
    check_early_answers(host, partition, replica);
}

// A next primary that has the entry commits it before it serves; one that has it not may serve before it comes back.
bool Oracle::another_term_between(PartitionId partition, ViewId written, const View& now) const {
    std::set<ViewId> terms{now.since};
    for (auto view = views_.find({partition, written}); view != views_.end() && view->first.first == partition;
         ++view) {
        if (view->first.second > now.id) break;
        terms.insert(view->second.since);
    }
    return terms.size() > 2;
}

// P6: what a primary alone acknowledges, it acknowledges under the leases of all. A turn takes no time here.
void Oracle::check_early_answers(HostId host, PartitionId partition, const Replica& replica) {
    const Primary* primary = replica.primary();
    if (primary == nullptr || primary->uncommitted().answered_early() == 0) return;
    for (const UncommittedWrites::Op& op : primary->uncommitted()) {
        if (!op.answered_early || !answered_early_.insert({partition, op.entry->op, op.entry->view}).second) continue;
        less_sure_.answered_early(*op.entry, cluster_.world().now());
        // It may have begun to transfer its leadership later in that turn.
        const bool serves = primary->phase() == Primary::Phase::serving;
        if (serves && !primary->reads_now(cluster_.world().local_time(host)))
            fail("early-answers-need-leases", fmt::format("{} answers op {} by itself, and does not hold all leases",
                                                          on(host, partition), op.entry->op.value()));
    }
}

void Oracle::check_transfers() {
    for (const auto& [partition, op, view] : answered_early_) {
        if (committed_changes_.contains({partition, op, view})) continue;
        // The view that ended its term.
        auto next = views_.find({partition, view});
        const ViewId term = next == views_.end() ? ViewId{} : next->second.since;
        ViewId before = view;
        while (next != views_.end() && next->first.first == partition && next->second.since == term) {
            before = next->first.second;
            ++next;
        }
        if (next == views_.end() || next->first != std::pair(partition, before.next())) continue;
        if (next->second.leadership_transferred)
            fail("transfers-lose-nothing",
                 fmt::format("partition {}: op {} of {} was acknowledged by the primary alone, and is lost by {}",
                             partition.value(), op.value(), view.to_string(), describe(next->second)));
    }
}

void Oracle::read_stale(const StaleReading& reading) {
    const std::string objection = less_sure_.objection(reading, !plan_.beyond_clock_bound);
    if (objection.empty()) return;
    fail("stale-reads-tell-their-age",
         fmt::format("key {} is read as {}, at most {} ms old: {}", reading.key,
                     reading.value ? fmt::format("{}, version {}", *reading.value, reading.version.value()) : "absent",
                     std::chrono::duration_cast<std::chrono::milliseconds>(reading.age).count(), objection));
}

void Oracle::check_view(PartitionId partition, const View& view, HostId host) {
    if (view.id.none()) return;
    const auto [known, added] = views_.try_emplace({partition, view.id}, view);
    if (!added && known->second != view)
        fail("one-view-a-number",
             fmt::format("{}: {}, but elsewhere {}", on(host, partition), describe(view), describe(known->second)));
    const auto before = views_.find({partition, {view.id.generation, ViewNumber(view.id.number.value() - 1)}});
    if (added && view.begins > log_.at(partition.value()).begins) return begun_anew(partition, view);
    if (!added || before == views_.end()) return;
    check_newcomers(partition, view, before->second);
    count_ejected(partition, view, before->second);
}

// V8: what was acknowledged before is gone, all of it, and nothing else.
void Oracle::begun_anew(PartitionId partition, const View& view) {
    log_.at(partition.value()).last = log_.at(partition.value()).begins = view.begins;
    for (const std::string& key : states_[partition].begin_anew(view.begins)) {
        Entry gone;
        gone.op = view.begins;
        gone.view = view.id;
        gone.kind = EntryKind::remove;
        gone.key = key;
        less_sure_.committed(gone, cluster_.world().now(), false);
        if (begun_anew_) begun_anew_(key, view.begins);
    }
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
    // One that goes before it was seen to have the state: the next copy to it is another matter, and is not whole at
    // the op that the first was to reach.
    for (const NodeId member : before.members)
        if (!view.has(member)) newcomers_.erase({cluster_.holder_of(member, partition), partition});
    for (const NodeId member : view.members) {
        const HostId host = cluster_.holder_of(member, partition);
        if (before.has(member) || host.none() || cluster_.world().state(host) == HostState::down) continue;
        const Replica* replica = cluster_.replica_of(host, partition);
        if (replica == nullptr || replica->log().log_view() < before.id)
            fail("newcomers-know-the-view", fmt::format("{} comes in with {}, and has not answered in the view before",
                                                        on(host, partition), describe(view)));
        newcomers_[{host, partition}] = {log_.at(partition.value()).last};
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
    const std::pair epoch(map.generation, map.epoch);
    if (std::exchange(epochs_[host], epoch) == epoch) return;
    if (plan_.has(Fault::registry_loss)) return;  // an old backup counts on from where it was, until it is noticed
    const auto [known, added] = maps_.try_emplace(epoch, map);
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
