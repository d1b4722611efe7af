#include "kvctl/plan_text.hpp"

#include <fmt/format.h>

#include "kvctl/table.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

std::string list_of(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + escape(name);
    return list;
}

// "341", "341 -> 0"
std::string change(std::uint32_t now, std::uint32_t then) {
    return now == then ? std::to_string(now) : fmt::format("{} -> {}", now, then);
}

}  // namespace

Json plan_json(const Plan& plan) {
    Json nodes = Json::array();
    for (const NodePlan& node : plan.nodes) {
        nodes.push_back({{"name", node.name},
                         {"rack", node.rack},
                         {"copies", node.copies_now},
                         {"copies_then", node.copies_then},
                         {"primaries", node.primaries_now},
                         {"primaries_then", node.primaries_then},
                         {"receives", node.receives},
                         {"bytes_received", node.bytes_received}});
    }
    return {{"moves", plan.moves},
            {"bytes", plan.bytes},
            {"least_moves", plan.least_moves},
            {"refused", plan.refused},
            {"reason", plan.reason},
            {"warnings", plan.warnings},
            {"nodes", std::move(nodes)},
            {"silent", plan.silent},
            {"unavailable", plan.unavailable},
            {"lost", plan.lost},
            {"under_replicated", plan.under_replicated},
            {"all_copies", plan.all_copies}};
}

std::string moves_text(const Plan& plan) {
    return fmt::format("{}, {}; the least possible is {}", counted(plan.moves, "copy"),
                       readable_size(static_cast<double>(plan.bytes)), grouped(plan.least_moves));
}

std::vector<std::string> notes(const Plan& plan) {
    std::vector<std::string> lines;
    for (const std::string& warning : plan.warnings) lines.push_back(escape(warning));
    if (!plan.silent.empty())
        lines.push_back(
            fmt::format("no answer from {}: the bytes are without what only they have", list_of(plan.silent)));
    return lines;
}

void print_node_plans(const Console& console, const Plan& plan) {
    Table table({{"NODE"},
                 {"RACK"},
                 {"COPIES", Align::right},
                 {"PRIMARIES", Align::right},
                 {"RECEIVES", Align::right},
                 {"BYTES", Align::right}});
    for (const NodePlan& node : plan.nodes) {
        table.add({escape(node.name), escape(node.rack), change(node.copies_now, node.copies_then),
                   change(node.primaries_now, node.primaries_then), std::to_string(node.receives),
                   node.receives == 0 ? "-" : readable_size(static_cast<double>(node.bytes_received))});
    }
    table.print(console);
}

}  // namespace ringkv::kvctl
