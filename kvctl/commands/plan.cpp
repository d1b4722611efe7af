// plan: what would move, or be at risk.
#include <fmt/format.h>

#include <charconv>

#include "kvctl/commands/commands.hpp"
#include "kvctl/plan_text.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

constexpr std::string_view rack_prefix = "rack=";

// "NAME:RACK[:WEIGHT]"
Result<PlannedNode> parse_node(const std::string& text) {
    const Error wrong(ErrorCode::invalid_argument,
                      fmt::format("--add needs NAME:RACK or NAME:RACK:WEIGHT, not '{}'", escape(text)));
    const std::size_t first = text.find(':');
    if (first == std::string::npos) return wrong;
    const std::size_t second = text.find(':', first + 1);
    PlannedNode node;
    node.name = text.substr(0, first);
    node.rack = text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
    if (node.name.empty() || node.rack.empty()) return wrong;
    if (second == std::string::npos) return node;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + second + 1, end, node.weight);
    if (error != std::errc() || stop != end || !(node.weight > 0)) return wrong;
    return node;
}

Result<PlanRequest> parse_request(const Arguments& arguments) {
    PlanRequest request;
    for (const std::string& text : arguments.texts("--add")) {
        auto node = parse_node(text);
        if (!node) return node.error();
        request.add.push_back(std::move(*node));
    }
    request.remove = arguments.texts("--remove");
    for (const std::string& text : arguments.texts("--lose")) {
        if (text.starts_with(rack_prefix))
            request.lose_racks.push_back(text.substr(rack_prefix.size()));
        else
            request.lose.push_back(text);
    }
    return request;
}

void print_loss(const Console& console, const Plan& plan) {
    console.out << fmt::format("until copies are made: {} unavailable, {} under-replicated\n",
                               counted(plan.unavailable, "partition"), plan.under_replicated);
    if (plan.lost > 0)
        console.out << console.paint_out(Colour::red, fmt::format("LOST: {}", counted(plan.lost, "partition")))
                    << ", whose copies are all in the memory of nodes that would be gone\n";
    console.out << (plan.all_copies ? "the nodes that are left can hold all copies\n"
                                    : "the nodes that are left cannot hold all copies\n");
}

}  // namespace

ExitCode run_plan(Context& context) {
    const auto request = parse_request(context.arguments);
    if (!request) return report(context, request.error());
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    const auto holdings = admin->holdings();
    if (!holdings) return report(context, holdings.error());
    const auto plan = admin->plan(*request, *holdings);
    if (!plan) return report(context, plan.error());
    const Console& console = context.console;
    if (context.json) print_json(context, plan_json(*plan));
    if (plan->refused) return report(context, Error(ErrorCode::refused, plan->reason));
    if (context.json) return ExitCode::ok;
    const bool asked = !context.arguments.lists.empty();
    console.out << (asked ? "would be made: " : "planned and not done: ") << moves_text(*plan) << '\n';
    if (context.arguments.has("--lose")) print_loss(console, *plan);
    for (const std::string& note : notes(*plan))
        console.out << console.paint_out(Colour::yellow, "note") << ": " << note << '\n';
    console.out << '\n';
    print_node_plans(console, *plan);
    return ExitCode::ok;
}

}  // namespace ringkv::kvctl
