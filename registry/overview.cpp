#include "registry/overview.hpp"

#include <tuple>

#include "common/placement/planning.hpp"
#include "registry/census.hpp"

namespace ringkv::registry {
namespace {

// The newest identity of each name, unless that is gone.
std::vector<NodeRow> newest_nodes(const ClusterMap& map) {
    std::map<std::string, const NodeInfo*> newest;
    for (const auto& [id, node] : map.nodes) newest[node.name] = &node;  // ids grow
    std::vector<NodeRow> rows;
    for (const auto& [name, node] : newest)
        if (node->state != NodeState::gone) rows.push_back({*node, duty_of(map, *node)});
    return rows;
}

void add_partition(Layout& layout, const PartitionState& state) {
    const View& view = state.view;
    PartitionRow row{view.id, static_cast<std::uint32_t>(layout.holders.size())};
    const auto add = [&](NodeId node, std::uint16_t& count) {
        layout.holders.push_back(node);
        ++count;
    };
    if (!view.primary.none()) add(view.primary, row.members);
    for (const NodeId member : view.members)
        if (member != view.primary) add(member, row.members);
    for (const bool learns : {true, false})
        for (const NodeId node : state.target)
            if (!view.has(node) && state.has_learner(node) == learns) add(node, learns ? row.learners : row.planned);
    layout.partitions.push_back(row);
}

void count_holders(Layout& layout) {
    std::map<NodeId, NodeRow*> row_of;
    for (NodeRow& row : layout.rows) row_of[row.node.id] = &row;
    const auto count = [&](NodeId id, std::uint32_t NodeRow::*number) {
        if (const auto row = row_of.find(id); row != row_of.end()) ++(row->second->*number);
    };
    for (const PartitionRow& partition : layout.partitions) {
        const NodeId* next = layout.holders.data() + partition.first;
        if (partition.members > 0) count(*next, &NodeRow::primaries);
        for (std::uint16_t i = 0; i < partition.members; ++i) count(*next++, &NodeRow::copies);
        for (std::uint16_t i = 0; i < partition.learners; ++i) count(*next++, &NodeRow::receiving);
        for (std::uint16_t i = 0; i < partition.planned; ++i) count(*next++, &NodeRow::awaiting);
    }
}

}  // namespace

Layout layout_of(const ClusterMap& map) {
    Layout layout;
    layout.generation = map.generation;
    layout.epoch = map.epoch;
    layout.settings = map.settings;
    layout.census = census_of(map);
    if (map.formed() && repair_frozen(map)) layout.frozen = frozen_text(map);
    layout.nodes = map.nodes;
    layout.rows = newest_nodes(map);
    layout.partitions.reserve(map.partitions.size());
    layout.holders.reserve(map.partitions.size() * (map.settings.replication + 1));
    for (const PartitionState& state : map.partitions) add_partition(layout, state);
    count_holders(layout);
    return layout;
}

Overview Overviews::make(Time now) {
    const ClusterMap& map = publication_.published();
    if (newest_ == nullptr || std::tie(newest_->generation, newest_->epoch) != std::tie(map.generation, map.epoch))
        newest_ = std::make_shared<const Layout>(layout_of(map));
    Overview overview{newest_, {}, publication_.stands_still(now), {}, activity_.report(now)};
    for (const NodeRow& row : newest_->rows)
        if (const auto heard = membership_.heard(row.node.id)) overview.silent[row.node.id] = now - *heard;
    return overview;
}

}  // namespace ringkv::registry
