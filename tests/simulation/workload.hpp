// The clients of a run: what they ask for, and what they were told, key by key, for the linearizability checker.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/linearizability/history.hpp"
#include "tests/simulation/less_sure_answers.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/world/cluster.hpp"

namespace ringkv::simulation {

struct WorkloadTotals {
    std::uint64_t calls = 0;
    std::uint64_t reads = 0;   // answered
    std::uint64_t writes = 0;  // happened
    std::uint64_t conditions_failed = 0;
    std::uint64_t refused = 0;  // not applied; or a read without an answer
    std::uint64_t unknown = 0;
    std::uint64_t early = 0;  // of the writes: by the primary alone, and without a version
    std::uint64_t stale = 0;  // reads, beside those above

    void add(const WorkloadTotals& other);
};

class Workload {
  public:
    // Adds the client hosts, and starts them.
    Workload(SimulatedCluster& cluster, const Plan& plan);

    // Hook of the cluster.
    void finished(HostId client, const Finished& finished);
    // Is told of each stale read that was answered. No history has them.
    void on_stale(std::function<void(const StaleReading&)> hook) { stale_ = std::move(hook); }
    // Submits what is due.
    void tick();
    // The next instant at which something is due.
    [[nodiscard]] Time due() const;
    // The client's process is gone: what it waited for is unknown.
    void crashed(HostId client);

    // An operator had the key's partition begun anew: it is gone as of that version.
    void begun_anew(const std::string& key, OpNumber version);
    // No new operations.
    void stop() { stopped_ = true; }
    [[nodiscard]] bool idle() const;
    // One more read of every key, by a client that has time; idle() tells when all are answered.
    void read_all(Duration deadline);

    [[nodiscard]] const std::vector<HostId>& clients() const { return clients_; }
    [[nodiscard]] const std::map<std::string, linearizability::History>& histories() const { return histories_; }
    [[nodiscard]] const WorkloadTotals& totals() const { return totals_; }
    // Values whose writes are done according to an answer that names no version (P6): they may be lost all the same.
    [[nodiscard]] const std::set<std::string>& early() const { return early_; }
    // Final reads that were not answered.
    [[nodiscard]] const std::vector<std::string>& unanswered() const { return unanswered_; }

  private:
    struct Open {
        std::string key;
        linearizability::Call call;
        bool last_read = false;
        Ack ack = Ack::all;
        std::optional<StaleRead> stale{};
    };
    struct Caller {
        Random random{0};
        Random less_sure{0};
        Time next;
        std::map<OperationId, Open> open;
        std::map<std::string, linearizability::Version> known;  // by key: the newest version it saw; 0 = absent
        std::uint32_t number = 0;
    };

    void call(HostId client, Caller& caller);
    void submit(HostId client, Caller& caller, Open open, Duration deadline);
    void choose_sureness(Caller& caller, Open& open);
    void told_early(Open& open);
    void record(const Open& open);
    [[nodiscard]] std::string choose_key(Caller& caller);
    [[nodiscard]] linearizability::Version expected_version(Caller& caller, const std::string& key);

    SimulatedCluster& cluster_;
    const Plan& plan_;
    std::vector<HostId> clients_;
    std::map<HostId, Caller> callers_;
    std::vector<std::uint32_t> lives_;            // by slot of the key: how many keys it had so far
    std::map<std::string, std::uint32_t> calls_;  // by key
    std::map<std::string, linearizability::History> histories_;
    std::set<std::string> early_;
    std::function<void(const StaleReading&)> stale_;
    std::uint64_t values_ = 0;
    WorkloadTotals totals_;
    std::vector<std::string> unanswered_;
    bool stopped_ = false;
};

}  // namespace ringkv::simulation
