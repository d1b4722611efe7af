// status, nodes, ring, locate: what the cluster map says.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kvctl/commands/commands.hpp"
#include "kvctl/ring_drawing.hpp"
#include "kvctl/state_words.hpp"
#include "kvctl/table.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

Json nodes_json(const std::vector<NodeStatus>& nodes) {
    Json list = Json::array();
    for (const NodeStatus& node : nodes) {
        list.push_back({{"name", node.name},
                        {"rack", node.rack},
                        {"state", node.state},
                        {"primaries", node.primaries},
                        {"copies", node.copies},
                        {"address", node.address},
                        {"durability", node.durability},
                        {"weight", node.weight},
                        {"shards", node.shards},
                        {"duty", node.duty}});
    }
    return list;
}

Json partition_json(const PartitionStatus& partition) {
    Json members = Json::array();
    for (const ReplicaStatus& member : partition.members) {
        members.push_back(
            {{"name", member.name}, {"rack", member.rack}, {"role", member.role}, {"state", member.state}});
    }
    return {{"partition", partition.partition}, {"view", partition.view},
            {"primary", partition.primary},     {"members", members},
            {"available", partition.available}, {"full", partition.full}};
}

void print_nodes(const Console& console, const std::vector<NodeStatus>& nodes) {
    Table table({{"NODE"},
                 {"RACK"},
                 {"STATE"},
                 {"PRIMARIES", Align::right},
                 {"COPIES", Align::right},
                 {"SHARDS", Align::right},
                 {"WEIGHT", Align::right},
                 {"DURABILITY"},
                 {"ADDRESS"}});
    for (const NodeStatus& node : nodes) {
        table.add({escape(node.name),
                   escape(node.rack),
                   {escape(state_of(node)), colour_of(node)},
                   std::to_string(node.primaries),
                   std::to_string(node.copies),
                   std::to_string(node.shards),
                   fmt::format("{:g}", node.weight),
                   escape(node.durability),
                   escape(node.address)});
    }
    table.print(console);
}

void print_partition(const Console& console, const PartitionStatus& partition) {
    const bool served = partition.available;
    const std::string state = !served ? "unavailable" : partition.full ? "full" : "under-replicated";
    const Colour colour = !served ? Colour::red : partition.full ? Colour::green : Colour::yellow;
    console.out << fmt::format("partition {}, view {}, {}\n", partition.partition, escape(partition.view),
                               console.paint_out(colour, state));
    Table table({{"NODE"}, {"RACK"}, {"ROLE"}, {"STATE"}});
    for (const ReplicaStatus& member : partition.members) {
        table.add(
            {escape(member.name), escape(member.rack), member.role, Cell(member.state, colour_of_state(member.state))});
    }
    table.print(console);
}

void print_status(const Console& console, const ClusterStatus& status) {
    console.out << fmt::format("{}  health {}, epoch {}, {} copies of each partition\n",
                               console.paint_out(Colour::bold, escape(status.cluster)),
                               console.paint_out(colour_of_health(status.health), status.health), status.epoch,
                               status.replication);
    console.out << fmt::format("partitions {}: {} full, {} under-replicated, {} unavailable\n", status.total,
                               status.full, status.under_replicated, status.unavailable);
    console.out << fmt::format("copies being made {}, to be made {}\n", status.learners, status.pending);
    if (!status.frozen.empty())
        console.out << console.paint_out(Colour::yellow, "FROZEN") << ": " << escape(status.frozen) << "\n";
    if (status.lost > 0)
        console.out << console.paint_out(Colour::red, fmt::format("LOST: {} partitions have no copy left", status.lost))
                    << "; their data was in memory, and every node that had it has ended.\n"
                    << "To begin anew: stop the nodes and the registry, remove the registry's data_dir, start them.\n";
    console.out << "\n";
    print_nodes(console, status.nodes);
}

Json status_json(const ClusterStatus& status) {
    return {{"cluster", status.cluster},
            {"cluster_id", status.cluster_id},
            {"generation", status.generation},
            {"epoch", status.epoch},
            {"health", status.health},
            {"replication", status.replication},
            {"partitions",
             {{"total", status.total},
              {"full", status.full},
              {"under_replicated", status.under_replicated},
              {"unavailable", status.unavailable},
              {"lost", status.lost}}},
            {"nodes", nodes_json(status.nodes)},
            {"moves", {{"active", status.learners}, {"pending", status.pending}}},
            {"frozen", status.frozen}};
}

// Down, too busy, or of an older release.
std::vector<std::string> silent_nodes(const Holdings& holdings, const ClusterStatus& status) {
    std::vector<std::string> silent;
    for (const NodeStatus& node : status.nodes)
        if (std::ranges::find(holdings.memory, node.name, &NodeMemory::name) == holdings.memory.end())
            silent.push_back(node.name);
    return silent;
}

Json memory_json(const Holdings& holdings) {
    Json list = Json::array();
    for (const NodeMemory& node : holdings.memory)
        list.push_back({{"name", node.name},
                        {"data", node.data},
                        {"log", node.log},
                        {"sessions", node.sessions},
                        {"requests", node.requests},
                        {"limit", node.limit}});
    return list;
}

Result<Holdings> ask_holdings(const Context& context) {
    auto admin = connect_admin(context);
    if (!admin) return admin.error();
    return admin->holdings();
}

void print_memory(const Console& console, const Holdings& holdings, const ClusterStatus& status) {
    console.out << "\n";
    Table table({{"MEMORY"},
                 {"DATA", Align::right},
                 {"LOG", Align::right},
                 {"SESSIONS", Align::right},
                 {"REQUESTS", Align::right},
                 {"ALL", Align::right},
                 {"LIMIT", Align::right}});
    const auto size = [](std::uint64_t bytes) { return readable_size(static_cast<double>(bytes)); };
    for (const NodeMemory& node : holdings.memory) {
        const std::uint64_t all = node.data + node.log + node.sessions + node.requests;
        const bool full = node.limit != 0 && all >= node.limit;
        table.add({escape(node.name),
                   size(node.data),
                   size(node.log),
                   size(node.sessions),
                   size(node.requests),
                   {size(all), full ? Colour::red : Colour::none},
                   node.limit == 0 ? "none" : size(node.limit)});
    }
    table.print(console);
    if (const auto silent = silent_nodes(holdings, status); !silent.empty())
        console.out << fmt::format("did not say: {}\n", escape(fmt::format("{}", fmt::join(silent, ", "))));
}

// One line for each distinct list of members, the most frequent first.
void print_ring(const Console& console, const ClusterStatus& status) {
    using Row = std::tuple<std::string, std::string, bool, bool>;
    std::map<Row, std::uint32_t> counts;
    for (const PartitionStatus& partition : status.partitions) {
        std::string members;
        std::string learners;
        for (const ReplicaStatus& replica : partition.members) {
            if (replica.role == "planned") continue;
            std::string& list = replica.role == "learner" ? learners : members;
            list += (list.empty() ? "" : " ") + escape(replica.name) +
                    (replica.state == "up" ? "" : "(" + replica.state + ")");
        }
        ++counts[{members, learners, partition.available, partition.full}];
    }
    std::vector<std::pair<Row, std::uint32_t>> rows(counts.begin(), counts.end());
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& left, const auto& right) { return left.second > right.second; });
    Table table({{"PARTITIONS", Align::right}, {"MEMBERS (primary first)"}, {"LEARNERS"}, {"STATE"}});
    for (const auto& [row, count] : rows) {
        const auto& [members, learners, available, full] = row;
        table.add({std::to_string(count), members, learners.empty() ? "-" : learners,
                   !available ? Cell("unavailable", Colour::red)
                   : full     ? Cell("full", Colour::green)
                              : Cell("under-replicated", Colour::yellow)});
    }
    table.print(console);
}

// For a terminal that is wide enough; what follows says the same to all.
void draw(const Console& console, const ClusterStatus& status, const PartitionStatus* of = nullptr) {
    if (!console.out_is_terminal || console.columns < ring_width) return;
    for (const std::string& line : draw_ring(console, status, of)) console.out << line << '\n';
    console.out << '\n';
}

enum class Drawn : bool { no, yes };

ExitCode show_partition_of(const Context& context, const std::string& key, Drawn drawn) {
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const PartitionStatus partition = client->locate(key);
    if (context.json) {
        Json object = partition_json(partition);
        add_bytes(object, "key", key);
        print_json(context, object);
    } else {
        if (drawn == Drawn::yes && context.console.out_is_terminal)
            if (const auto status = client->status()) draw(context.console, *status, &partition);
        print_partition(context.console, partition);
    }
    return ExitCode::ok;
}

// Asks for the newest map and hands it to `show`.
template <class Show>
ExitCode with_status(const Context& context, Show show) {
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const auto status = client->status();
    if (!status) return report(context, status.error());
    show(*status);
    return ExitCode::ok;
}

}  // namespace

ExitCode run_status(Context& context) {
    std::optional<Result<Holdings>> holdings;
    if (context.arguments.has("--memory")) holdings = ask_holdings(context);
    const ExitCode shown = with_status(context, [&](const ClusterStatus& status) {
        const Holdings* known = holdings && *holdings ? &**holdings : nullptr;
        if (context.json) {
            Json json = status_json(status);
            if (known != nullptr) {
                json["memory"] = memory_json(*known);
                json["silent"] = silent_nodes(*known, status);
            }
            return print_json(context, json);
        }
        print_status(context.console, status);
        if (known != nullptr) print_memory(context.console, *known, status);
    });
    // What the registry knows is shown, though the nodes may not answer.
    if (shown == ExitCode::ok && holdings && !*holdings) return report(context, holdings->error());
    return shown;
}

ExitCode run_nodes(Context& context) {
    return with_status(context, [&](const ClusterStatus& status) {
        if (!context.json) return print_nodes(context.console, status.nodes);
        print_json(context, nodes_json(status.nodes));
    });
}

ExitCode run_ring(Context& context) {
    if (const auto key = context.arguments.text("--key")) return show_partition_of(context, *key, Drawn::yes);
    return with_status(context, [&](const ClusterStatus& status) {
        if (!context.json) {
            draw(context.console, status);
            return print_ring(context.console, status);
        }
        Json partitions = Json::array();
        for (const PartitionStatus& partition : status.partitions) partitions.push_back(partition_json(partition));
        print_json(context, {{"epoch", status.epoch}, {"partitions", std::move(partitions)}});
    });
}

ExitCode run_locate(Context& context) {
    const auto key = key_of(context, context.arguments.words[0]);
    if (!key) return report(context, key.error());
    return show_partition_of(context, *key, Drawn::no);
}

}  // namespace ringkv::kvctl
