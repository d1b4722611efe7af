#include "registry/edge/cluster_api.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/edge/http/query.hpp"
#include "common/partitioning.hpp"
#include "common/placement/planning.hpp"

namespace ringkv::registry {
namespace {

using Json = nlohmann::ordered_json;

// Of the copies that are being made, so many are named.
constexpr std::size_t most_moves_named = 200;

// Names are any bytes that a node chose: what is no UTF-8 is replaced.
HttpAnswer answer_of(const Json& json, unsigned status = 200) {
    return {status, "application/json",
            json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
}

const NodeInfo* find(const Layout& layout, NodeId id) {
    const auto node = layout.nodes.find(id);
    return node == layout.nodes.end() ? nullptr : &node->second;
}

std::string name_of(const Layout& layout, NodeId id) {
    const NodeInfo* node = find(layout, id);
    return node == nullptr ? "node " + std::to_string(id.value()) : node->name;
}

enum class Service : char { full = 'f', under_replicated = 'u', unavailable = 'x', lost = 'l' };

// What is known of a partition without the names of its nodes.
struct Condition {
    Service service = Service::unavailable;
    std::uint16_t live = 0;    // members that serve
    std::uint16_t making = 0;  // copies under way

    friend bool operator==(const Condition&, const Condition&) = default;
};

Condition condition_of(const Layout& layout, const PartitionRow& row) {
    Condition condition;
    condition.making = row.learners;
    bool gone = true;
    for (std::uint16_t i = 0; i < row.members; ++i) {
        const NodeInfo* node = find(layout, layout.holders[row.first + i]);
        gone = gone && (node == nullptr || node->state == NodeState::gone);
        condition.live += serves(node) ? 1 : 0;
    }
    const bool served = row.members > 0 && serves(find(layout, layout.holders[row.first]));
    if (gone) condition.service = Service::lost;
    if (served)
        condition.service = condition.live >= layout.settings.replication ? Service::full : Service::under_replicated;
    return condition;
}

// "1020f3 u2+1 3x0": runs of partitions, in order of their numbers. See docs/http-api.md.
class Runs {
  public:
    void add(const std::string& item) {
        if (item == item_) {
            ++count_;
            return;
        }
        flush();
        item_ = item;
        count_ = 1;
    }
    [[nodiscard]] std::string take() {
        flush();
        return std::move(text_);
    }

  private:
    void flush() {
        if (count_ == 0) return;
        if (!text_.empty()) text_ += ' ';
        if (count_ > 1) text_ += std::to_string(count_);
        text_ += item_;
    }

    std::string text_;
    std::string item_;
    std::size_t count_ = 0;
};

std::string text_of(const Condition& condition) {
    std::string text = static_cast<char>(condition.service) + std::to_string(condition.live);
    if (condition.making > 0) text += "+" + std::to_string(condition.making);
    return text;
}

struct Conditions {
    std::string runs;
    std::size_t lost = 0;
};

Conditions conditions_of(const Layout& layout) {
    Runs runs;
    Conditions all;
    for (const PartitionRow& row : layout.partitions) {
        const Condition condition = condition_of(layout, row);
        all.lost += condition.service == Service::lost ? 1 : 0;
        runs.add(text_of(condition));
    }
    all.runs = runs.take();
    return all;
}

Json partitions_json(const Layout& layout) {
    Conditions conditions = conditions_of(layout);
    return {{"total", layout.partitions.size()},
            {"full", layout.census.full},
            {"under_replicated", layout.census.under_replicated},
            {"unavailable", layout.census.unavailable},
            {"lost", conditions.lost},
            {"runs", std::move(conditions.runs)}};
}

Json moves_json(const Layout& layout) {
    Json named = Json::array();
    for (std::size_t p = 0; p < layout.partitions.size() && named.size() < most_moves_named; ++p) {
        const PartitionRow& row = layout.partitions[p];
        for (std::uint16_t i = 0; i < row.learners && row.members > 0; ++i)
            named.push_back({{"partition", p},
                             {"from", name_of(layout, layout.holders[row.first])},
                             {"to", name_of(layout, layout.holders[row.first + row.members + i])}});
    }
    return {{"active", layout.census.moves_under_way},
            {"pending", layout.census.moves_planned},
            {"frozen", layout.frozen},
            {"list", std::move(named)}};
}

Json nodes_json(const Overview& seen) {
    Json nodes = Json::array();
    for (const NodeRow& row : seen.layout->rows) {
        const NodeInfo& node = row.node;
        Json json{{"name", node.name},
                  {"rack", node.rack},
                  {"state", to_string(node.state)},
                  {"primaries", row.primaries},
                  {"copies", row.copies},
                  {"address", node.endpoints.empty() ? "" : node.endpoints.front()},
                  {"durability", to_string(node.durability)},
                  {"weight", node.weight},
                  {"shards", node.endpoints.size()},
                  {"duty", row.duty},
                  {"receiving", row.receiving},
                  {"awaiting", row.awaiting}};
        if (const auto silent = seen.silent.find(node.id); silent != seen.silent.end())
            json["silent_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(silent->second).count();
        nodes.push_back(std::move(json));
    }
    return nodes;
}

std::string health_of(const Layout& layout) {
    if (layout.partitions.empty()) return "forming";
    if (layout.census.unavailable > 0) return "unavailable";
    return layout.census.full < layout.partitions.size() ? "degraded" : "ok";
}

double rounded(double rate) {
    return std::round(rate * 10) / 10;
}

Json microseconds_of(const std::optional<Duration>& time) {
    if (!time) return nullptr;
    return std::chrono::duration_cast<std::chrono::microseconds>(*time).count();
}

// One reading of a column of a report, by its name.
struct Column {
    const char* name;
    Json (*value)(const Rates& rates, const Percentiles& writes, const Percentiles& gets);
};
using P = const Percentiles&;
constexpr std::array columns{
    Column{"writes", [](const Rates& of, P, P) -> Json { return rounded(of.writes); }},
    Column{"gets", [](const Rates& of, P, P) -> Json { return rounded(of.gets); }},
    Column{"scans", [](const Rates& of, P, P) -> Json { return rounded(of.scans); }},
    Column{"refused", [](const Rates& of, P, P) -> Json { return rounded(of.refused); }},
    Column{"received_bytes", [](const Rates& of, P, P) -> Json { return std::round(of.received); }},
    Column{"sent_bytes", [](const Rates& of, P, P) -> Json { return std::round(of.sent); }},
    Column{"write_p50_us", [](const Rates&, P writes, P) { return microseconds_of(writes.half); }},
    Column{"write_p99_us", [](const Rates&, P writes, P) { return microseconds_of(writes.nearly_all); }},
    Column{"get_p50_us", [](const Rates&, P, P gets) { return microseconds_of(gets.half); }},
    Column{"get_p99_us", [](const Rates&, P, P gets) { return microseconds_of(gets.nearly_all); }},
};

template <class Report>
Json columns_of(const Report& report) {
    Json json = Json::object();
    for (const Column& column : columns) json[column.name] = column.value(report.rates, report.writes, report.gets);
    return json;
}

Json member_json(const Layout& layout, NodeId id, const char* role) {
    const NodeInfo* node = find(layout, id);
    return {{"name", name_of(layout, id)},
            {"rack", node == nullptr ? "" : node->rack},
            {"role", role},
            {"state", node == nullptr ? "gone" : to_string(node->state)}};
}

HttpAnswer partition_answer(const Layout& layout, std::uint32_t partition) {
    const PartitionRow& row = layout.partitions[partition];
    const NodeId* next = layout.holders.data() + row.first;
    Json members = Json::array();
    for (std::uint16_t i = 0; i < row.members; ++i)
        members.push_back(member_json(layout, *next++, i == 0 ? "primary" : "backup"));
    for (std::uint16_t i = 0; i < row.learners; ++i) members.push_back(member_json(layout, *next++, "learner"));
    for (std::uint16_t i = 0; i < row.planned; ++i) members.push_back(member_json(layout, *next++, "planned"));
    const Condition condition = condition_of(layout, row);
    return answer_of(
        {{"partition", partition},
         {"view", row.view.to_string()},
         {"primary", members.empty() ? "" : members.front()["name"]},
         {"members", std::move(members)},
         {"available", condition.service == Service::full || condition.service == Service::under_replicated},
         {"full", condition.service == Service::full}});
}

}  // namespace

HttpAnswer error_answer(unsigned status, const std::string& text) {
    return answer_of({{"error", text}}, status);
}

HttpAnswer cluster_answer(const Overview& seen, const std::string& time) {
    const Layout& layout = *seen.layout;
    return answer_of(
        {{"time", time},
         {"cluster", layout.settings.cluster},
         {"cluster_id", layout.settings.id.to_string()},
         {"generation", layout.generation.value()},
         {"epoch", layout.epoch.value()},
         {"health", health_of(layout)},
         {"replication", layout.settings.replication},
         {"repair_after_ms",
          std::chrono::duration_cast<std::chrono::milliseconds>(layout.settings.pace.repair_after).count()},
         {"partitions", partitions_json(layout)},
         {"nodes", nodes_json(seen)},
         {"moves", moves_json(layout)},
         {"registry", {{"stands_still", seen.stands_still}, {"standing_aside", seen.standing_aside}}}});
}

HttpAnswer activity_answer(const Overview& seen) {
    const ActivityReport& report = seen.activity;
    Json series = Json::object();
    for (const Column& column : columns) {
        Json& values = series[column.name] = Json::array();
        for (const auto& slot : report.slots)
            values.push_back(slot ? column.value(slot->rates, slot->writes, slot->gets) : nullptr);
    }
    Json nodes = Json::array();
    for (const auto& [name, node] : report.nodes) {
        Json json{{"name", name}, {"memory_bytes", node.memory}, {"memory_limit_bytes", node.memory_limit}};
        json.update(columns_of(node));
        Json& requests = json["requests"] = Json::array();
        for (const auto& rate : node.requests) requests.push_back(rate ? Json(rounded(*rate)) : Json());
        nodes.push_back(std::move(json));
    }
    return answer_of({{"slot_seconds", std::chrono::duration_cast<std::chrono::seconds>(ActivityLog::slot).count()},
                      {"now", columns_of(report.now)},
                      {"series", std::move(series)},
                      {"nodes", std::move(nodes)}});
}

HttpAnswer locate_answer(const Overview& seen, std::string_view query) {
    const Layout& layout = *seen.layout;
    const auto key = query_value(query, "key");
    if (!key) return error_answer(400, "key: " + key.error().message());
    const auto number = query_value(query, "partition");
    if (!number) return error_answer(400, "partition: " + number.error().message());
    if (key->has_value() == number->has_value())
        return error_answer(400, "say which: ?key=... (bytes as %00) or ?partition=NUMBER");
    if (layout.partitions.empty()) return error_answer(503, "no cluster is formed yet: it waits for nodes");
    const auto count = static_cast<std::uint32_t>(layout.partitions.size());
    if (*key) return partition_answer(layout, partition_of(**key, count).value());
    std::uint32_t partition = 0;
    const std::string& text = **number;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), partition);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || partition >= count)
        return error_answer(404, "there is no partition '" + text + "'; they are 0 to " + std::to_string(count - 1));
    return partition_answer(layout, partition);
}

HttpAnswer node_answer(const Overview& seen, std::string_view query) {
    const Layout& layout = *seen.layout;
    const auto name = query_value(query, "name");
    if (!name) return error_answer(400, "name: " + name.error().message());
    if (!*name) return error_answer(400, "say which: ?name=...");
    const auto row = std::ranges::find_if(layout.rows, [&](const NodeRow& each) { return each.node.name == **name; });
    if (row == layout.rows.end()) return error_answer(404, no_such_node(**name));
    Runs runs;
    for (const PartitionRow& partition : layout.partitions) {
        const auto first = layout.holders.begin() + partition.first;
        const auto end = first + partition.members + partition.learners + partition.planned;
        const auto place = std::find(first, end, row->node.id) - first;
        runs.add(place == 0 && partition.members > 0              ? "p"
                 : place < partition.members                      ? "b"
                 : place < partition.members + partition.learners ? "l"
                 : place < end - first                            ? "w"
                                                                  : "-");
    }
    return answer_of({{"name", row->node.name}, {"epoch", layout.epoch.value()}, {"runs", runs.take()}});
}

}  // namespace ringkv::registry
