#include "tests/benchmarks/scale_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

namespace ringkv::benchmarks {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kib = 1024;
constexpr double mib = 1024 * 1024;

double ms(Duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}
double seconds(Duration time) {
    return ms(time) / 1000;
}

// A figure of each death, in order of size.
template <class Figure>
std::vector<double> sorted(const ScaleFigures& run, const Figure& figure) {
    std::vector<double> values;
    for (const Death& death : run.deaths) values.push_back(figure(death));
    std::sort(values.begin(), values.end());
    return values;
}

// "median (worst)" over the deaths.
template <class Figure>
std::string over_deaths(const ScaleFigures& run, const char* format, const Figure& figure) {
    const std::vector<double> values = sorted(run, figure);
    if (values.empty()) return "-";
    const std::string median = fmt::format(fmt::runtime(format), values[(values.size() - 1) / 2]);
    return values.size() == 1 ? median : median + " (" + fmt::format(fmt::runtime(format), values.back()) + ")";
}

struct Line {
    std::string title;
    std::function<std::string(const ScaleFigures&)> cell;  // absent: a heading
};

void add_cost(std::vector<Line>& lines, const std::function<const Cost&(const ScaleFigures&)>& cost) {
    lines.push_back(
        {"  registry CPU, ms", [=](const auto& run) { return fmt::format("{:.0f}", ms(cost(run).processor)); }});
    lines.push_back({"  epochs / maps asked for", [=](const auto& run) {
                         return fmt::format("{} / {}", cost(run).epochs, cost(run).maps_asked_for);
                     }});
    lines.push_back({"  published, KiB each / MiB all", [=](const auto& run) {
                         return fmt::format("{:.0f} / {:.1f}", cost(run).bytes_a_subscriber / kib,
                                            static_cast<double>(cost(run).bytes_published) / mib);
                     }});
}

template <class CostOf>
void add_cost_of_deaths(std::vector<Line>& lines, const CostOf& cost) {
    const auto line = [&](const std::string& title, const char* format, auto figure) {
        lines.push_back({title, [=](const auto& run) {
                             return over_deaths(run, format, [=](const Death& death) { return figure(cost(death)); });
                         }});
    };
    line("  registry CPU, ms", "{:.0f}", [](const Cost& of) { return ms(of.processor); });
    line("  epochs", "{:.0f}", [](const Cost& of) { return static_cast<double>(of.epochs); });
    line("  maps asked for", "{:.0f}", [](const Cost& of) { return static_cast<double>(of.maps_asked_for); });
    line("  published, KiB each", "{:.0f}", [](const Cost& of) { return of.bytes_a_subscriber / kib; });
    line("  published, MiB all", "{:.1f}",
         [](const Cost& of) { return static_cast<double>(of.bytes_published) / mib; });
}

void add_change(std::vector<Line>& lines, const std::string& title, Change ScaleFigures::*change) {
    lines.push_back({title, nullptr});
    lines.push_back(
        {"  in every map, ms", [=](const auto& run) { return fmt::format("{:.0f}", ms((run.*change).known)); }});
    lines.push_back({"  copies moved", [=](const auto& run) { return fmt::format("{}", (run.*change).copies); }});
    lines.push_back(
        {"  settled, s", [=](const auto& run) { return fmt::format("{:.1f}", seconds((run.*change).cost.took)); }});
    add_cost(lines, [=](const auto& run) -> const Cost& { return (run.*change).cost; });
}

void add_deaths(std::vector<Line>& lines) {
    const auto line = [&](const std::string& title, const char* format, auto figure) {
        lines.push_back({title, [=](const auto& run) { return over_deaths(run, format, figure); }});
    };
    lines.push_back({"a death: median (worst)", nullptr});
    lines.push_back({"  deaths", [](const auto& run) { return fmt::format("{}", run.deaths.size()); }});
    line("  its partitions", "{:.0f}", [](const Death& death) { return static_cast<double>(death.partitions); });
    line("  first proposal after, ms", "{:.0f}", [](const Death& death) { return ms(death.first_proposal); });
    line("  then: first subscriber, ms", "{:.1f}", [](const Death& death) { return ms(death.published); });
    line("  then: every subscriber, ms", "{:.1f}", [](const Death& death) { return ms(death.received); });
    line("  then: in every map, ms", "{:.1f}", [](const Death& death) { return ms(death.applied); });
    line("  then: all views new, ms", "{:.0f}", [](const Death& death) { return ms(death.all_partitions); });
    add_cost_of_deaths(lines, [](const Death& death) -> const Cost& { return death.fail_over; });
    lines.push_back({"its repair: median (worst)", nullptr});
    line("  settled, s", "{:.1f}", [](const Death& death) { return seconds(death.repair.took); });
    add_cost_of_deaths(lines, [](const Death& death) -> const Cost& { return death.repair; });
}

std::vector<Line> table() {
    std::vector<Line> lines;
    lines.push_back({"formation", nullptr});
    lines.push_back(
        {"  map at every node, s", [](const auto& run) { return fmt::format("{:.2f}", seconds(run.joined)); }});
    lines.push_back(
        {"  settled, s", [](const auto& run) { return fmt::format("{:.2f}", seconds(run.formation.took)); }});
    add_cost(lines, [](const auto& run) -> const Cost& { return run.formation; });
    lines.push_back({"at rest", nullptr});
    lines.push_back(
        {"  registry CPU, % of a core", [](const auto& run) { return fmt::format("{:.1f}", run.rest.load() * 100); }});
    lines.push_back({"  published, KiB/s each / all", [](const auto& run) {
                         const double took = seconds(run.rest.took);
                         return fmt::format("{:.2f} / {:.0f}", run.rest.bytes_a_subscriber / kib / took,
                                            static_cast<double>(run.rest.bytes_published) / kib / took);
                     }});
    lines.push_back({"  epochs / maps asked for",
                     [](const auto& run) { return fmt::format("{} / {}", run.rest.epochs, run.rest.maps_asked_for); }});
    add_deaths(lines);
    add_change(lines, "a join", &ScaleFigures::join);
    add_change(lines, "a drain", &ScaleFigures::drain);
    lines.push_back({"registry memory, MiB", nullptr});
    lines.push_back({"  after formation", [](const auto& run) {
                         return fmt::format("{:.1f}", static_cast<double>(run.after_formation.resident) / mib);
                     }});
    lines.push_back({"  at the end / most", [](const auto& run) {
                         return fmt::format("{:.1f} / {:.1f}", static_cast<double>(run.at_the_end.resident) / mib,
                                            static_cast<double>(run.at_the_end.most_resident) / mib);
                     }});
    lines.push_back({"the simulated nodes' CPU, % of a core", [](const auto& run) {
                         return fmt::format("{:.0f}", ms(run.own_processor) / ms(run.took) * 100);
                     }});
    lines.push_back(
        {"the nodes' clock left out, ms", [](const auto& run) { return fmt::format("{:.0f}", ms(run.lost)); }});
    return lines;
}

std::string verdict(const ScaleFigures& run) {
    const std::vector<double> received = sorted(run, [](const Death& death) { return ms(death.received); });
    std::string text = fmt::format("{} nodes: at rest {:.1f} % of a core (goal: less than 10)", run.options.nodes,
                                   run.rest.load() * 100);
    if (!received.empty())
        text += fmt::format("; first proposal -> every subscriber {:.0f} ms, worst {:.0f} (goal: at most 100)",
                            received[(received.size() - 1) / 2], received.back());
    return text + "\n";
}

Json to_json(const Cost& cost) {
    return {{"took_ms", ms(cost.took)},
            {"registry_cpu_ms", ms(cost.processor)},
            {"epochs", cost.epochs},
            {"published_bytes", cost.bytes_published},
            {"published_bytes_a_subscriber", cost.bytes_a_subscriber},
            {"maps_asked_for", cost.maps_asked_for}};
}

Json to_json(const Change& change) {
    return {{"in_every_map_ms", ms(change.known)}, {"copies", change.copies}, {"cost", to_json(change.cost)}};
}

Json to_json(const Death& death) {
    return {{"partitions", death.partitions},
            {"first_proposal_ms", ms(death.first_proposal)},
            {"first_subscriber_ms", ms(death.published)},
            {"every_subscriber_ms", ms(death.received)},
            {"every_map_ms", ms(death.applied)},
            {"all_views_ms", ms(death.all_partitions)},
            {"fail_over", to_json(death.fail_over)},
            {"repair", to_json(death.repair)}};
}

Json to_json(const Memory& memory) {
    return {{"resident", memory.resident}, {"most_resident", memory.most_resident}};
}

}  // namespace

std::string as_text(const std::vector<ScaleFigures>& figures) {
    if (figures.empty()) return {};
    const ScaleOptions& options = figures.front().options;
    std::string text = fmt::format("{} partitions, {} copies, {} racks; node for node, of the registry's process\n\n",
                                   options.registry.partitions, options.registry.replication, options.racks);
    text += fmt::format("{:<38}", "nodes");
    for (const ScaleFigures& run : figures) text += fmt::format("{:>18}", run.options.nodes);
    text += '\n';
    for (const Line& line : table()) {
        text += fmt::format("{:<38}", line.title);
        for (const ScaleFigures& run : figures)
            if (line.cell) text += fmt::format("{:>18}", line.cell(run));
        text += '\n';
    }
    text += '\n';
    for (const ScaleFigures& run : figures) text += verdict(run);
    return text;
}

std::string as_json(const std::vector<ScaleFigures>& figures) {
    Json runs = Json::array();
    for (const ScaleFigures& run : figures) {
        Json deaths = Json::array();
        for (const Death& death : run.deaths) deaths.push_back(to_json(death));
        runs.push_back({{"nodes", run.options.nodes},
                        {"racks", run.options.racks},
                        {"partitions", run.options.registry.partitions},
                        {"replication", run.options.registry.replication},
                        {"turn_ms", ms(run.options.turn_interval)},
                        {"map_at_every_node_ms", ms(run.joined)},
                        {"formation", to_json(run.formation)},
                        {"rest", to_json(run.rest)},
                        {"deaths", deaths},
                        {"join", to_json(run.join)},
                        {"drain", to_json(run.drain)},
                        {"memory_after_formation", to_json(run.after_formation)},
                        {"memory_at_the_end", to_json(run.at_the_end)},
                        {"own_cpu_ms", ms(run.own_processor)},
                        {"clock_left_out_ms", ms(run.lost)},
                        {"took_ms", ms(run.took)}});
    }
    return Json{{"runs", runs}}.dump(2) + "\n";
}

}  // namespace ringkv::benchmarks
