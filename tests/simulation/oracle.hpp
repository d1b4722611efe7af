// What must hold at every instant of a run, whatever the faults (docs/testing.md has the list). It sees all
// hosts at once and true time, which no actor does.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/simulation/less_sure_answers.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/reference_state.hpp"
#include "tests/world/cluster.hpp"

namespace ringkv::simulation {

struct Violation {
    std::string rule;  // short and stable: two runs that fail alike have the same
    Time at;           // true time
    std::string text;
};

class Oracle {
  public:
    Oracle(SimulatedCluster& cluster, const Plan& plan);

    // Hooks of the cluster.
    void applied(HostId host, PartitionId partition, const Entry& entry);
    void turned(HostId host);
    void read_stale(const StaleReading& reading);
    // Is told when an operator has a partition begun anew: which keys there were, and the version from which on they
    // are gone.
    void on_begun_anew(std::function<void(const std::string& key, OpNumber version)> hook) {
        begun_anew_ = std::move(hook);
    }

    [[nodiscard]] const LessSureAnswers& less_sure() const { return less_sure_; }
    // At the end: a leadership transfer loses nothing that the primary before it had acknowledged by itself (P6).
    void check_transfers();
    // Empty: every member of every partition has applied all that any has in its log. Else: which one has not.
    [[nodiscard]] std::string quiet() const;
    // When all is healed and quiet: every copy of a partition is the same, to the byte, sessions included.
    void compare_replicas();

    void fail(std::string rule, std::string text);
    [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }
    [[nodiscard]] std::uint64_t committed() const { return committed_; }
    [[nodiscard]] std::uint64_t views() const { return views_.size(); }
    // Members that ran, and were wanted, when another view came without them: one a partition.
    [[nodiscard]] std::uint64_t ejected() const { return ejected_; }
    // No member of its newest view has its storage any more: it waits for ever, as it must (V8).
    [[nodiscard]] bool is_lost(PartitionId partition) const;

  private:
    // What one replica showed last, in one life of its host.
    struct Seen {
        StartNumber start;
        ViewId view;
        OpNumber commit;
        OpNumber last;
        Generation fence;  // of its shard
        bool whole = false;
    };

    void check_replica(HostId host, PartitionId partition, const Replica& replica, StartNumber start);
    void check_newcomers(PartitionId partition, const View& view, const View& before);
    void count_ejected(PartitionId partition, const View& view, const View& before);
    void check_what_it_brings(HostId host, PartitionId partition, const PartitionLog& log);
    void check_view(PartitionId partition, const View& view, HostId host);
    void begun_anew(PartitionId partition, const View& view);
    void check_lease(HostId host, PartitionId partition, const Replica& replica);
    [[nodiscard]] bool another_term_between(PartitionId partition, ViewId written, const View& now) const;
    void check_early_answers(HostId host, PartitionId partition, const Replica& replica);
    void check_map(HostId host, const ClusterMap& map);
    void check_everybody_has(HostId host, PartitionId partition, OpNumber op);
    [[nodiscard]] std::string on(HostId host, PartitionId partition) const;

    SimulatedCluster& cluster_;
    const Plan& plan_;
    std::optional<Violation> violation_;
    struct CommittedLog {
        std::unordered_map<std::uint64_t, std::uint64_t> digests;  // of the committed entries, by op
        OpNumber last;
        OpNumber begins;  // of the newest view
    };
    std::vector<CommittedLog> log_;  // by partition
    std::map<PartitionId, ReferenceState> states_;
    // New members whose state has not been looked at: it is when they have applied all that was committed by then, and
    // their sessions when they have applied all that is.
    struct Newcomer {
        OpNumber reach;
        bool keys_are_right = false;
    };
    std::map<std::pair<HostId, PartitionId>, Newcomer> newcomers_;
    std::set<std::tuple<PartitionId, ClientId, Sequence>> done_;
    std::map<std::pair<PartitionId, ViewId>, View> views_;
    std::map<std::pair<HostId, PartitionId>, Seen> seen_;
    std::map<PartitionId, std::set<HostId>> readers_;  // hosts whose primary held all leases when last looked at
    LessSureAnswers less_sure_;
    std::function<void(const std::string&, OpNumber)> begun_anew_;
    std::set<std::tuple<PartitionId, OpNumber, ViewId>> answered_early_;
    std::set<std::tuple<PartitionId, OpNumber, ViewId>> committed_changes_;
    std::map<std::pair<Generation, Epoch>, ClusterMap> maps_;
    std::map<HostId, std::pair<Generation, Epoch>> epochs_;
    std::uint64_t committed_ = 0;
    std::uint64_t ejected_ = 0;
};

}  // namespace ringkv::simulation
