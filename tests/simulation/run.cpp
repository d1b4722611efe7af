#include "tests/simulation/run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/partitioning.hpp"
#include "common/placement/placement.hpp"
#include "tests/linearizability/checker.hpp"
#include "tests/simulation/chaos.hpp"
#include "tests/simulation/planted.hpp"
#include "tests/simulation/story.hpp"
#include "tests/world/describe.hpp"

namespace ringkv::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration formation_takes = seconds(30);  // at most, when nothing is wrong
constexpr Duration healing_takes = seconds(60);
constexpr Duration last_deadline = seconds(20);
constexpr std::size_t storm = 200000;  // so much is never under way at once

RegistryOptions registry_options(const Plan& plan) {
    RegistryOptions options;
    options.settings.cluster = "simulated";
    options.settings.partitions = plan.partitions;
    options.settings.replication = plan.replication;
    options.settings.reads = plan.reads;
    options.settings.session_expiry = plan.session_expiry;
    options.settings.pace.repair_after = plan.repair_after;
    options.settings.pace.max_moves_per_node = plan.moves;
    options.settings.pace.max_moves_per_second = plan.moves_per_second;
    options.settings.pace.max_bytes_per_second = plan.bytes_per_second;
    options.form_with = plan.form_with();
    return options;
}

class Run {
  public:
    Run(const Plan& plan, const Teller& teller)
        : plan_(plan),
          network_(plan_),
          placement_(16),
          cluster_(network_, registry_options(plan), placement_, milliseconds(10)),
          registry_(cluster_.add_registry()),
          oracle_(cluster_, plan_),
          workload_(cluster_, plan_),
          chaos_(cluster_, network_, workload_, plan_) {
        for (const HostId client : workload_.clients()) network_.add_client(client);
        cluster_.on_apply([this](HostId host, PartitionId partition, const Entry& entry) {
            oracle_.applied(host, partition, entry);
        });
        cluster_.on_turn([this](HostId host) {
            oracle_.turned(host);
            chaos_.turned(host);
        });
        if (plan_.engines_on_disk) cluster_.use_engines_on_disk();
        cluster_.use_checkpoints(plan_.checkpoint);
        cluster_.on_finished([this](HostId client, const Finished& finished) { workload_.finished(client, finished); });
        cluster_.on_point([this](HostId host) { return chaos_.dies_here(host); });
        oracle_.on_begun_anew([this](const std::string& key, OpNumber version) { workload_.begun_anew(key, version); });
        workload_.on_stale([this](const StaleReading& reading) { oracle_.read_stale(reading); });
        if (!teller) return;
        tell_story(cluster_, teller);
        chaos_.on_news([this, teller](const std::string& news) { tell_news(cluster_, teller, news); });
    }

    Report go() {
        try {
            live();
        } catch (const BrokenInvariant& broken) {
            oracle_.fail("invariant", broken.what());
        }
        return report();
    }

  private:
    void live() {
        chaos_.start_all();
        if (plan_.faults_from_the_start) chaos_.begin();
        const bool formed = advance_until([this] { return whole(); }, formation_takes);
        if (!plan_.faults_from_the_start) {
            if (!formed) oracle_.fail("liveness", "the cluster has not formed, and nothing was wrong");
            chaos_.begin();
        }
        advance(plan_.duration);
        heal();
        judge();
    }

    // Virtual time goes on until `until`, or until a rule is broken.
    void advance_to(Time until) {
        World& world = cluster_.world();
        while (!oracle_.violation() && world.now() < until) {
            const Time next = std::min({until, chaos_.due(), workload_.due()});
            while (!oracle_.violation() && world.step(next))
                if (world.under_way() > storm) oracle_.fail("storm", "messages multiply without end");
            if (oracle_.violation()) return;
            if (next > world.now()) world.advance(next - world.now());
            chaos_.tick();
            workload_.tick();
        }
    }
    void advance(Duration duration) { advance_to(cluster_.world().now() + duration); }

    bool advance_until(const std::function<bool()>& condition, Duration limit) {
        const Time end = cluster_.world().now() + limit;
        while (!oracle_.violation() && cluster_.world().now() < end) {
            if (condition()) return true;
            advance(milliseconds(50));
        }
        return condition();
    }

    // Every partition that is not lost has all its copies, where the placement wants them, and a primary that serves.
    [[nodiscard]] bool whole() {
        const ClusterMap& map = cluster_.map();
        if (!map.formed()) return false;
        for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
            const PartitionState& partition = map.partitions[p];
            if (oracle_.is_lost(PartitionId(p))) continue;
            if (!is_whole(partition)) return false;
            const HostId primary = cluster_.holder_of(partition.view.primary, PartitionId(p));
            if (primary.none() || cluster_.world().state(primary) != HostState::running) return false;
            const Replica* replica = cluster_.replica_of(primary, PartitionId(p));
            if (replica == nullptr || replica->primary() == nullptr ||
                replica->primary()->phase() != Primary::Phase::serving)
                return false;
        }
        return true;
    }

    // The second phase: all is repaired, and everything must finish.
    void heal() {
        if (oracle_.violation()) return;
        chaos_.heal();
        // A busy partition can always be replicated again (M2).
        if (plan_.long_copies() &&
            !comes([this] { return whole(); }, healing_takes, [this] { return what_is_stuck(); }))
            return;
        workload_.stop();
        if (!comes([this] { return whole() && workload_.idle(); }, healing_takes, [this] { return what_is_stuck(); }))
            return;
        workload_.read_all(last_deadline);
        if (!comes([this] { return workload_.idle(); }, last_deadline * 2,
                   [] { return std::string("a client was never answered"); }))
            return;
        check_last_reads();
        // Sessions go on expiring, each by an entry: the copies are compared when nothing is on its way.
        if (comes([this] { return oracle_.quiet().empty(); }, last_deadline, [this] { return oracle_.quiet(); }))
            oracle_.compare_replicas();
    }

    // Whether it does, in that time, and no rule is broken meanwhile. What never comes breaks liveness.
    bool comes(const std::function<bool()>& condition, Duration limit, const std::function<std::string()>& why) {
        const bool came = advance_until(condition, limit);
        if (!came && !oracle_.violation()) oracle_.fail("liveness", "all is healed, but " + why());
        return !oracle_.violation();
    }

    void check_last_reads() {
        for (const std::string& read : workload_.unanswered()) {
            const std::string key = read.substr(0, read.find(':'));
            if (!oracle_.is_lost(partition_of(key, plan_.partitions)))
                return oracle_.fail("liveness", "all is healed, but nobody answers for key " + read);
        }
    }

    [[nodiscard]] std::string what_is_stuck() {
        if (!workload_.idle()) return "a client waits beyond its deadline";
        const ClusterMap& map = cluster_.map();
        for (std::uint32_t p = 0; p < map.partitions.size(); ++p) {
            const PartitionState& partition = map.partitions[p];
            if (oracle_.is_lost(PartitionId(p)) || is_whole(partition)) continue;
            const auto name = [this](NodeId node) { return cluster_.name_of(node); };
            return fmt::format("partition {} stays in {}, and should be on {}", p, describe(partition.view, name),
                               describe(partition.target, name));
        }
        return "a primary does not serve";
    }

    void judge() {
        if (!oracle_.violation()) oracle_.check_transfers();
        for (const auto& [key, history] : workload_.histories()) {
            if (oracle_.violation()) return;
            linearizability::History judged = history;
            for (linearizability::Call& call : judged) settle_early(call);
            // Beyond the clock bound only reads may be stale: writes never go wrong.
            if (plan_.beyond_clock_bound)
                std::erase_if(judged, [](const auto& call) { return call.kind == linearizability::Kind::get; });
            const linearizability::Judgement judgement = linearizability::check(judged);
            ++histories_;
            if (judgement.verdict == linearizability::Verdict::legal) continue;
            const bool illegal = judgement.verdict == linearizability::Verdict::illegal;
            oracle_.fail(illegal ? "linearizable" : "decided", "key " + key + ": " + judgement.explanation);
        }
    }

    // What the primary alone acknowledged, and then was lost, may be done or not (P6). What was kept is certain.
    void settle_early(linearizability::Call& call) {
        if (call.outcome != linearizability::Outcome::done || call.version != 0 ||
            !workload_.early().contains(call.value))
            return;
        if (!oracle_.less_sure().kept(call.value, Time(Duration(call.returned))))
            call.outcome = linearizability::Outcome::unknown;
    }

    [[nodiscard]] Report report() {
        Report report;
        report.plan = plan_;
        report.violation = oracle_.violation();
        report.digest = cluster_.world().digest();
        report.simulated = cluster_.world().elapsed();
        report.calls = workload_.totals();
        report.fired = chaos_.fired();
        report.committed = oracle_.committed();
        report.views = oracle_.views();
        report.ejected = oracle_.ejected();
        report.histories = histories_;
        for (std::uint32_t p = 0; cluster_.map().formed() && p < plan_.partitions; ++p)
            if (oracle_.is_lost(PartitionId(p))) ++report.lost;
        return report;
    }

    const Plan plan_;
    SeededNetwork network_;
    RingPlacement placement_;
    SimulatedCluster cluster_;
    HostId registry_;  // made before the load and the faults, which look for it
    Oracle oracle_;
    Workload workload_;
    Chaos chaos_;
    std::uint64_t histories_ = 0;
};

}  // namespace

Report run(const Plan& plan, const Teller& teller) {
    return Run(plan, teller).go();
}

}  // namespace ringkv::simulation
