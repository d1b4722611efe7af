// check: what is wrong, and what to do about it.
#include <fmt/format.h>

#include <algorithm>

#include "kvctl/commands/commands.hpp"
#include "kvctl/diagnosis.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

Colour colour_of(Severity severity) {
    switch (severity) {
        case Severity::note: return Colour::dim;
        case Severity::warning: return Colour::yellow;
        case Severity::critical: return Colour::red;
    }
    return Colour::none;
}

void print_findings(const Console& console, const std::vector<Finding>& findings) {
    constexpr std::size_t indent = 10;
    for (const Finding& finding : findings) {
        const std::string_view severity = to_string(finding.severity);
        console.out << console.paint_out(colour_of(finding.severity), severity)
                    << std::string(indent - severity.size(), ' ') << finding.what << '\n';
        if (!finding.evidence.empty()) console.out << std::string(indent, ' ') << finding.evidence << '\n';
        if (!finding.next.empty()) console.out << std::string(indent, ' ') << "-> " << finding.next << '\n';
    }
}

Json json_of(const std::vector<Finding>& findings, bool healthy) {
    Json list = Json::array();
    for (const Finding& finding : findings)
        list.push_back({{"severity", to_string(finding.severity)},
                        {"code", finding.code},
                        {"what", finding.what},
                        {"evidence", finding.evidence},
                        {"next", finding.next}});
    return {{"healthy", healthy}, {"findings", std::move(list)}};
}

}  // namespace

ExitCode run_check(Context& context) {
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const auto status = client->status();
    if (!status) return report(context, status.error());
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    const auto repair = admin->repair_status();
    if (!repair) return report(context, repair.error());
    const auto settings = admin->settings();
    if (!settings) return report(context, settings.error());
    const auto holdings = admin->holdings();
    const auto condition = admin->condition();

    const std::vector<Finding> findings = diagnose({.status = *status,
                                                    .repair = *repair,
                                                    .settings = *settings,
                                                    .holdings = holdings ? &*holdings : nullptr,
                                                    .condition = condition ? &*condition : nullptr});
    const bool healthy = std::none_of(findings.begin(), findings.end(),
                                      [](const Finding& each) { return each.severity != Severity::note; });
    if (context.json) {
        print_json(context, json_of(findings, healthy));
    } else {
        print_findings(context.console, findings);
        if (healthy)
            context.console.out << context.console.paint_out(Colour::green, "ok")
                                << fmt::format(": {}, {}, all with {} copies\n", counted(status->nodes.size(), "node"),
                                               counted(status->total, "partition"), status->replication);
    }
    return healthy ? ExitCode::ok : ExitCode::failed;
}

}  // namespace ringkv::kvctl
