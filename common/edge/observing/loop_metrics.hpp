// What an event loop and its transport count, as metrics; the same of every server.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/edge/running/event_loop.hpp"
#include "common/edge/transport/transport.hpp"
#include "common/metrics/exposition.hpp"

namespace ringkv {

struct LoopFigures {
    TransportCounters transport;
    Backlog of_clients;
    Backlog of_servers;
    std::uint64_t send_bytes = 0;  // Transport::held_bytes
    LatencyHistogram turns;
};

// On the loop's thread.
[[nodiscard]] LoopFigures figures_of(const EventLoop& loop, const Transport& transport);

// A loop, and the labels that tell it from the others of its process.
struct ShownLoop {
    Exposition::Labels labels;
    const LoopFigures& figures;
};
void write_loops(Exposition& page, const std::vector<ShownLoop>& loops);

}  // namespace ringkv
