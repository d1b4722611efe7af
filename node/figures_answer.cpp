#include "node/figures_answer.hpp"

#include <numeric>

namespace ringkv {

namespace {

KindFigures figures_of(const RequestCounters& counters) {
    KindFigures figures;
    for (const RequestOutcome outcome :
         {RequestOutcome::done, RequestOutcome::not_found, RequestOutcome::condition_failed})
        figures.answered += counters.outcomes.at(static_cast<std::size_t>(outcome));
    figures.refused = std::accumulate(counters.refused.begin(), counters.refused.end(), std::uint64_t{0});
    const LatencyHistogram::Counts& durations = counters.answered.counts();
    figures.durations.assign(durations.begin(), durations.end());
    return figures;
}

}  // namespace

FiguresAnswer figures_answer(RequestId request, const ShardCounters& counters, const HotSpots& hot) {
    const auto of = [&](RequestKind kind) { return figures_of(counters.of(kind)); };
    FiguresAnswer answer;
    answer.request = request;
    answer.puts = counters.arrivals.puts;
    answer.erases = counters.arrivals.erases;
    answer.gets = counters.arrivals.gets;
    answer.scans = counters.arrivals.scans;
    answer.write = of(RequestKind::write);
    answer.get = of(RequestKind::get);
    answer.scan = of(RequestKind::scan);
    answer.written_bytes = counters.arrivals.written_bytes;
    answer.read_bytes = counters.read_bytes;
    answer.samples = hot.samples();
    answer.partitions = hot.partitions();
    answer.keys = hot.keys();
    return answer;
}

}  // namespace ringkv
