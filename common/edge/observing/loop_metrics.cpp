#include "common/edge/observing/loop_metrics.hpp"

#include <array>
#include <string>

namespace ringkv {
namespace {

constexpr std::array<std::string_view, peer_kinds> peers{"client", "server", "subscriber"};

Exposition::Labels with(Exposition::Labels labels, std::string_view name, std::string_view value) {
    labels.emplace_back(name, value);
    return labels;
}

struct TrafficMetric {
    std::string_view name;
    std::string_view help;
    std::array<Traffic, peer_kinds> TransportCounters::*way;
    std::uint64_t Traffic::*what;
};
constexpr std::array traffic_metrics{
    TrafficMetric{"ringkv_received_frames_total", "Frames that came, by what sent them; but for refused ones.",
                  &TransportCounters::in, &Traffic::frames},
    TrafficMetric{"ringkv_received_messages_total", "Messages that were handed over, by what sent them.",
                  &TransportCounters::in, &Traffic::messages},
    TrafficMetric{"ringkv_received_bytes_total", "Bytes of the frames that came, by what sent them.",
                  &TransportCounters::in, &Traffic::bytes},
    TrafficMetric{"ringkv_sent_frames_total", "Frames that left, by what they went to.", &TransportCounters::out,
                  &Traffic::frames},
    TrafficMetric{"ringkv_sent_messages_total", "Messages that left, by what they went to.", &TransportCounters::out,
                  &Traffic::messages},
    TrafficMetric{"ringkv_sent_bytes_total", "Bytes of the frames that left, by what they went to.",
                  &TransportCounters::out, &Traffic::bytes},
};

void write_traffic(Exposition& page, const std::vector<ShownLoop>& loops) {
    for (const TrafficMetric& metric : traffic_metrics) {
        const bool received = metric.way == &TransportCounters::in;
        page.family(metric.name, MetricType::counter, metric.help);
        for (const ShownLoop& loop : loops) {
            for (std::size_t kind = 0; kind < peer_kinds; ++kind) {
                if (received && kind == static_cast<std::size_t>(PeerKind::subscriber)) continue;
                page.sample(with(loop.labels, "peer", peers.at(kind)),
                            (loop.figures.transport.*metric.way).at(kind).*metric.what);
            }
        }
    }
}

void write_queues(Exposition& page, const std::vector<ShownLoop>& loops) {
    const auto backlog = [&](std::uint64_t Backlog::*what) {
        for (const ShownLoop& loop : loops) {
            page.sample(with(loop.labels, "peer", "client"), loop.figures.of_clients.*what);
            page.sample(with(loop.labels, "peer", "server"), loop.figures.of_servers.*what);
        }
    };
    page.family("ringkv_inbox_frames", MetricType::gauge, "Frames that came and wait for their turn.");
    backlog(&Backlog::frames);
    page.family("ringkv_inbox_bytes", MetricType::gauge, "Memory of the frames that wait for their turn.");
    backlog(&Backlog::bytes);
    page.family("ringkv_send_queue_bytes", MetricType::gauge, "Answers that clients have not taken yet.");
    for (const ShownLoop& loop : loops) page.sample(loop.labels, loop.figures.send_bytes);
}

void write_refused(Exposition& page, const std::vector<ShownLoop>& loops) {
    page.family("ringkv_refused_frames_total", MetricType::counter, "Frames of which nothing was handed over.");
    for (const auto& [labels, figures] : loops) {
        page.sample(with(labels, "reason", "malformed"), figures.transport.malformed);
        page.sample(with(labels, "reason", "too_much_waits"), figures.transport.overflowed);
    }
    page.family("ringkv_dropped_messages_total", MetricType::counter, "Messages that were not sent, or not read.");
    for (const auto& [labels, figures] : loops) {
        page.sample(with(labels, "reason", "not_sent"), figures.transport.dropped);
        page.sample(with(labels, "reason", "newer_release"), figures.transport.unreadable);
    }
    page.family("ringkv_requests_refused_unread_total", MetricType::counter,
                "Requests that were refused as overloaded before they reached a partition.");
    for (const auto& [labels, figures] : loops) page.sample(labels, figures.transport.overloaded);
}

}  // namespace

LoopFigures figures_of(const EventLoop& loop, const Transport& transport) {
    return {transport.counters(), transport.backlog(PeerKind::client), transport.backlog(PeerKind::server),
            transport.held_bytes(), loop.turns()};
}

void write_loops(Exposition& page, const std::vector<ShownLoop>& loops) {
    write_traffic(page, loops);
    write_queues(page, loops);
    write_refused(page, loops);
    page.family("ringkv_wake_ups_total", MetricType::counter, "Waits that something else than the time ended.");
    for (const auto& [labels, figures] : loops) page.sample(labels, figures.transport.wake_ups);
    page.family("ringkv_turn_duration_seconds", MetricType::histogram,
                "Turns in which messages were handed over, without the wait before them.");
    for (const auto& [labels, figures] : loops) page.sample(labels, figures.turns);
}

}  // namespace ringkv
