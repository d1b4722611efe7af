// A network whose every whim comes from the run's seed; links are cut and slowed by what injects faults.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tests/simulation/plan.hpp"
#include "tests/world/network.hpp"

namespace ringkv::simulation {

class SeededNetwork final : public Network {
  public:
    explicit SeededNetwork(const Plan& plan);

    [[nodiscard]] Fate fate(const Flight& flight) override;

    // Message by message faults are on from now on, or off.
    void set_faulty(bool faulty) { faulty_ = faulty; }
    // One way. Cuts of the same link add up: it is open when each of them has been healed.
    void cut(HostId from, HostId to) { ++cuts_[{from, to}]; }
    void heal(HostId from, HostId to);
    void slow(HostId host, Duration by) { slow_[host] = by; }
    // What leaves the host takes its time, and waits in a queue for each receiver; none: it does not.
    struct Width {
        std::uint64_t bytes_per_second = 0;
        std::uint64_t queue = 0;  // bytes; what finds no room does not leave
    };
    void narrow(HostId host, std::optional<Width> width);
    // No cut, no slow host, no fault.
    void heal_all();
    // Writes of clients arrive once: TCP delivers no frame twice, and C3's `not applied` rests on that.
    void add_client(HostId host) { clients_.insert(host); }
    // Called with each message that is sent.
    void on_flight(std::function<void(const Flight& flight)> hook) { on_flight_ = std::move(hook); }

    [[nodiscard]] const FaultCounts& fired() const { return fired_; }

  private:
    [[nodiscard]] bool strikes(Fault fault, double at_most);
    void count(Fault fault) { ++fired_[index_of(fault)]; }
    [[nodiscard]] bool lost(const Flight& flight);
    void repeat(const Flight& flight, Fate& fate);
    // How long it waits in its queue; none: there is no room.
    [[nodiscard]] std::optional<Duration> queued(const Flight& flight);

    const Plan& plan_;
    Random random_;
    Duration fastest_;
    Duration slowest_;
    bool faulty_ = false;
    std::map<std::pair<HostId, HostId>, int> cuts_;
    std::map<HostId, Duration> slow_;
    std::map<HostId, Width> narrow_;
    std::map<std::pair<HostId, HostId>, Time> queued_until_;  // of narrow hosts
    std::set<HostId> clients_;
    std::function<void(const Flight&)> on_flight_;
    FaultCounts fired_{};
};

}  // namespace ringkv::simulation
