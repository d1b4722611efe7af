#include "demo/consequences.hpp"

#include <algorithm>

namespace ringkv::demo {

Consequences consequences_of(const registry::Layout& layout, const std::set<std::string>& stopped,
                             const std::string& node) {
    std::set<NodeId> gone;
    for (const auto& [id, info] : layout.nodes)
        if (stopped.contains(info.name)) gone.insert(id);
    Consequences found;
    found.partitions = static_cast<std::uint32_t>(layout.partitions.size());
    for (const registry::PartitionRow& row : layout.partitions) {
        const auto first = layout.holders.begin() + row.first;
        if (std::all_of(first, first + row.members, [&gone](NodeId id) { return gone.contains(id); }))
            ++found.not_served;
    }
    for (const registry::NodeRow& row : layout.rows) {
        if (row.node.name != node) continue;
        found.primaries = row.primaries;
        found.copies = row.copies;
    }
    return found;
}

}  // namespace ringkv::demo
