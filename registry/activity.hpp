// What the nodes say they do (NodeActivity, in their heartbeats), for the last five minutes: rates and times, of each
// node and of all (docs/decisions/0036). In bounded memory: 5 KB for each node that was heard of meanwhile, and 20 KB.
// Pure; thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/messages.hpp"
#include "common/metrics/histogram.hpp"

namespace ringkv::registry {

// In a second.
struct Rates {
    double writes = 0;
    double gets = 0;
    double scans = 0;
    double refused = 0;
    double received = 0;  // bytes
    double sent = 0;      // bytes
};

// How long requests took of which a share took no longer: half of them, 99 of 100. nullopt: there were none.
struct Percentiles {
    std::optional<Duration> half;
    std::optional<Duration> nearly_all;
};

struct NodeReport {
    Rates rates;  // now: of the newest two slots
    Percentiles writes;
    Percentiles gets;
    std::uint64_t memory = 0;        // bytes, roughly
    std::uint64_t memory_limit = 0;  // 0: none
    // Requests that were done, in a second; nullopt: nothing was heard of the node in that slot.
    std::vector<std::optional<double>> requests;
};

struct ActivityReport {
    struct Slot {
        Rates rates;
        Percentiles writes;
        Percentiles gets;
    };
    std::map<std::string, NodeReport> nodes;  // by name; only those that tell
    Slot now;                                 // of the newest two slots
    std::vector<std::optional<Slot>> slots;   // of all nodes, the oldest first; nullopt: no node told anything
};

using SlotNumber = std::int64_t;  // time / ActivityLog::slot
using SlotTimes = std::array<std::uint64_t, std::tuple_size_v<LatencyHistogram::Counts>>;

// What was done in a slot. Of a node: `covered` is for how long of it that is known.
struct SlotWork {
    Duration covered{};
    std::uint64_t writes = 0, gets = 0, scans = 0, refused = 0, received = 0, sent = 0;
};
struct SlotLatency {
    SlotTimes writes{};
    SlotTimes gets{};
};
// A ring: the slot of a number stands at number % Size, until a newer one takes its place.
template <class T, std::size_t Size>
class SlotRing {
  public:
    [[nodiscard]] T& at(SlotNumber number) {
        auto& [kept, value] = slots_[static_cast<std::size_t>(number) % Size];
        if (kept != number) {
            kept = number;
            value = T{};
        }
        return value;
    }
    [[nodiscard]] const T* find(SlotNumber number) const {
        const auto& [kept, value] = slots_[static_cast<std::size_t>(number) % Size];
        return kept == number ? &value : nullptr;
    }

  private:
    std::array<std::pair<SlotNumber, T>, Size> slots_{};
};

class ActivityLog {
  public:
    static constexpr Duration slot = std::chrono::seconds(5);
    static constexpr std::size_t slots = 60;
    static constexpr Duration memory = slots * slot;

    // The node of that name and identity, in that start, says what it has done since the start.
    void add(Time now, const std::string& name, NodeId node, StartNumber start, const NodeActivity& activity);
    [[nodiscard]] ActivityReport report(Time now) const;

  private:
    struct Node {
        NodeId id;
        StartNumber start;
        Time told_at{};
        NodeActivity told;
        SlotRing<SlotWork, slots> work;
        SlotRing<SlotLatency, 2> latency;
    };

    [[nodiscard]] static Rates rates_of(const SlotWork& work);
    [[nodiscard]] static Percentiles percentiles_of(const SlotTimes& times);
    [[nodiscard]] static NodeReport report_of(const Node& node, SlotNumber newest);

    std::map<std::string, Node> nodes_;
    SlotRing<SlotLatency, slots> latency_;  // of all nodes
};

}  // namespace ringkv::registry
