// repair: copies that were lost with their nodes.
#include <fmt/format.h>

#include "kvctl/commands/commands.hpp"
#include "kvctl/table.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

std::string_view state_of(const RepairStatus& status) {
    if (status.frozen) return "frozen";
    return status.active + status.pending > 0 ? "under way" : "idle";
}

void print_json(const Context& context, const RepairStatus& status) {
    Json absent = Json::array();
    for (const AbsentNode& node : status.absent)
        absent.push_back(
            {{"name", node.name}, {"rack", node.rack}, {"copies", node.copies}, {"evicted", node.evicted}});
    print_json(context, Json{{"state", state_of(status)},
                             {"frozen", status.frozen},
                             {"regardless", status.regardless},
                             {"reason", status.reason},
                             {"nodes", status.nodes},
                             {"absent", std::move(absent)},
                             {"repair_after", exact(status.repair_after)},
                             {"partitions",
                              {{"under_replicated", status.under_replicated}, {"unavailable", status.unavailable}}},
                             {"moves", {{"active", status.active}, {"pending", status.pending}}}});
}

std::string prospect(const RepairStatus& status, const AbsentNode& node) {
    if (node.evicted) return status.frozen ? "evicted; its copies wait" : "evicted; its copies are made elsewhere";
    if (status.frozen) return "waited for";
    return fmt::format("waited for, {} from when it went down", exact(status.repair_after));
}

void print_text(const Console& console, const RepairStatus& status) {
    console.out << fmt::format("repair {}: {} being made, {} to be made\n",
                               console.paint_out(status.frozen ? Colour::yellow : Colour::green, state_of(status)),
                               counted(status.active, "copy"), status.pending);
    if (!status.reason.empty()) console.out << escape(status.reason) << '\n';
    if (status.regardless) console.out << "more than half of the nodes are down; an operator wants copies made\n";
    console.out << fmt::format("{} under-replicated, {} unavailable\n", counted(status.under_replicated, "partition"),
                               status.unavailable);
    if (status.absent.empty()) {
        console.out << fmt::format("none of {} is down\n", counted(status.nodes, "node"));
        return;
    }
    console.out << '\n';
    Table table({{"DOWN"}, {"RACK"}, {"COPIES", Align::right}, {"WHAT HAPPENS"}});
    for (const AbsentNode& node : status.absent)
        table.add({escape(node.name), escape(node.rack), std::to_string(node.copies), prospect(status, node)});
    table.print(console);
}

}  // namespace

ExitCode run_repair(Context& context) {
    const std::string& action = context.arguments.words[0];
    if (action != "status" && action != "resume")
        return report(context, Error(ErrorCode::invalid_argument,
                                     fmt::format("'{}' is neither status nor resume", escape(action))));
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    if (action == "resume") {
        const auto resumed = admin->resume_repair();
        if (!resumed) return report(context, resumed.error(), "kvctl repair resume, once more; kvctl repair status");
        context.console.say(escape(resumed->text));
    }
    const auto status = admin->repair_status();
    if (!status) return report(context, status.error());
    if (context.json)
        print_json(context, *status);
    else
        print_text(context.console, *status);
    return ExitCode::ok;
}

}  // namespace ringkv::kvctl
