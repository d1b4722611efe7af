#include "registry/activity.hpp"

#include <algorithm>

#include "common/metrics/quantile.hpp"

namespace ringkv::registry {
namespace {

// A node that was not heard of for longer has a gap, and no rate that is an average over it.
constexpr Duration longest_gap = 2 * ActivityLog::slot;

// A counter that went back is of another start, or wrong: nothing is known of what it counted.
std::uint64_t growth(std::uint64_t before, std::uint64_t now) {
    return now > before ? now - before : 0;
}

}  // namespace

void ActivityLog::add(Time now, const std::string& name, NodeId id, StartNumber start, const NodeActivity& activity) {
    if (!nodes_.contains(name))
        std::erase_if(nodes_, [now](const auto& item) { return now - item.second.told_at > memory; });
    Node& node = nodes_[name];
    const bool goes_on =
        node.id == id && node.start == start && now > node.told_at && now - node.told_at <= longest_gap;
    if (goes_on) {
        const SlotNumber number = now.time_since_epoch() / slot;
        SlotWork& work = node.work.at(number);
        const NodeActivity& before = node.told;
        work.covered += now - node.told_at;
        work.writes += growth(before.writes, activity.writes);
        work.gets += growth(before.gets, activity.gets);
        work.scans += growth(before.scans, activity.scans);
        work.refused += growth(before.refused, activity.refused);
        work.received += growth(before.received, activity.received);
        work.sent += growth(before.sent, activity.sent);
        const auto add_times = [&](SlotTimes SlotLatency::*kind, const std::vector<std::uint64_t>& then,
                                   const std::vector<std::uint64_t>& counts) {
            const std::size_t buckets = std::min({then.size(), counts.size(), SlotTimes{}.size()});
            for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
                const std::uint64_t more = growth(then[bucket], counts[bucket]);
                (node.latency.at(number).*kind)[bucket] += more;
                (latency_.at(number).*kind)[bucket] += more;
            }
        };
        add_times(&SlotLatency::writes, before.write_times, activity.write_times);
        add_times(&SlotLatency::gets, before.get_times, activity.get_times);
    }
    node.id = id;
    node.start = start;
    node.told_at = now;
    node.told = activity;
}

Rates ActivityLog::rates_of(const SlotWork& work) {
    const double seconds = std::chrono::duration<double>(work.covered).count();
    const auto rate = [seconds](std::uint64_t count) { return seconds > 0 ? static_cast<double>(count) / seconds : 0; };
    return {rate(work.writes),  rate(work.gets),     rate(work.scans),
            rate(work.refused), rate(work.received), rate(work.sent)};
}

Percentiles ActivityLog::percentiles_of(const SlotTimes& times) {
    return {quantile(times, 0.5), quantile(times, 0.99)};
}

namespace {

// Of SlotWork, and of Rates.
template <class Work>
void add_to(Work& sum, const Work& more) {
    if constexpr (requires { sum.covered; }) sum.covered += more.covered;
    sum.writes += more.writes;
    sum.gets += more.gets;
    sum.scans += more.scans;
    sum.refused += more.refused;
    sum.received += more.received;
    sum.sent += more.sent;
}

void add_times(SlotTimes& sum, const SlotTimes& more) {
    for (std::size_t bucket = 0; bucket < sum.size(); ++bucket) sum[bucket] += more[bucket];
}

}  // namespace

NodeReport ActivityLog::report_of(const Node& node, SlotNumber newest) {
    NodeReport report;
    report.memory = node.told.memory;
    report.memory_limit = node.told.memory_limit;
    SlotWork recent;
    SlotLatency latency;
    for (SlotNumber number = newest - 1; number <= newest; ++number) {
        if (const SlotWork* work = node.work.find(number)) add_to(recent, *work);
        if (const SlotLatency* of = node.latency.find(number)) {
            add_times(latency.writes, of->writes);
            add_times(latency.gets, of->gets);
        }
    }
    report.rates = rates_of(recent);
    report.writes = percentiles_of(latency.writes);
    report.gets = percentiles_of(latency.gets);
    for (SlotNumber number = newest - static_cast<SlotNumber>(slots) + 1; number <= newest; ++number) {
        const SlotWork* work = node.work.find(number);
        report.requests.emplace_back();
        if (work == nullptr || work->covered == Duration::zero()) continue;
        const Rates rates = rates_of(*work);
        report.requests.back() = rates.writes + rates.gets + rates.scans;
    }
    return report;
}

ActivityReport ActivityLog::report(Time now) const {
    ActivityReport report;
    const SlotNumber newest = now.time_since_epoch() / slot;
    for (const auto& [name, node] : nodes_) {
        if (now - node.told_at > memory) continue;
        NodeReport of_node = report_of(node, newest);
        add_to(report.now.rates, of_node.rates);
        report.nodes.emplace(name, std::move(of_node));
    }
    SlotLatency recent;
    for (SlotNumber number = newest - static_cast<SlotNumber>(slots) + 1; number <= newest; ++number) {
        auto& sum = report.slots.emplace_back();
        for (const auto& [name, node] : nodes_) {
            const SlotWork* work = node.work.find(number);
            if (work == nullptr || work->covered == Duration::zero()) continue;
            if (!sum) sum.emplace();
            add_to(sum->rates, rates_of(*work));
        }
        const SlotLatency* latency = latency_.find(number);
        if (latency == nullptr) continue;
        if (sum) sum->writes = percentiles_of(latency->writes);
        if (sum) sum->gets = percentiles_of(latency->gets);
        if (number + 1 < newest) continue;
        add_times(recent.writes, latency->writes);
        add_times(recent.gets, latency->gets);
    }
    report.now.writes = percentiles_of(recent.writes);
    report.now.gets = percentiles_of(recent.gets);
    return report;
}

}  // namespace ringkv::registry
