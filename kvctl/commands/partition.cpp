// partition reset: begins partitions anew that have lost all their members.
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "kvctl/commands/commands.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

using Partitions = std::vector<std::uint32_t>;

Error usage_error(std::string text) {
    return {ErrorCode::invalid_argument, std::move(text)};
}

// Errors: invalid_argument.
Result<Partitions> numbers(const std::vector<std::string>& words) {
    Partitions partitions;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto number = parse_number(words[i]);
        if (!number || *number > std::numeric_limits<std::uint32_t>::max())
            return usage_error(
                fmt::format("'{}' is no partition: give numbers, as kvctl check and kvctl locate do, or "
                            "all, for those that have lost all their members",
                            escape(words[i])));
        partitions.push_back(static_cast<std::uint32_t>(*number));
    }
    return partitions;
}

Partitions lost(const ClusterStatus& status) {
    Partitions lost;
    for (const PartitionStatus& partition : status.partitions)
        if (partition.lost) lost.push_back(partition.partition);
    return lost;
}

void print(const Context& context, const Change& change) {
    if (context.json)
        print_json(context, Json{{"text", change.text}, {"epoch", change.epoch}});
    else
        context.console.out << escape(change.text) << '\n';
}

}  // namespace

ExitCode run_partition(Context& context) {
    const std::vector<std::string>& words = context.arguments.words;
    if (words[0] != "reset") return report(context, usage_error(fmt::format("'{}' is not reset", escape(words[0]))));
    const bool all = words.size() == 2 && words[1] == "all";
    auto partitions = all ? Result<Partitions>(Partitions()) : numbers(words);
    if (!partitions) return report(context, partitions.error());
    if (!context.arguments.has("--accept-data-loss"))
        return report(context, usage_error("what was in the partitions is lost for good: say --accept-data-loss if the "
                                           "nodes that had them are stopped and will not be back with their data"));
    if (all) {
        auto client = connect(context);
        if (!client) return report_unconnected(context, client.error());
        const auto status = client->status();
        if (!status) return report(context, status.error());
        partitions = lost(*status);
        if (partitions->empty()) {
            print(context, {"nothing to begin anew: no partition has lost all its members for good", status->epoch});
            return ExitCode::ok;
        }
    }
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    const auto reset = admin->reset_partitions(*partitions);
    if (!reset) return report(context, reset.error(), "kvctl check, which names what is not served");
    print(context, *reset);
    return ExitCode::ok;
}

}  // namespace ringkv::kvctl
