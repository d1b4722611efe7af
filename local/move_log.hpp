// Follows the cluster map, and says which partitions have moved from which node to which.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "ringkv/local_cluster.hpp"

namespace ringkv::local {

struct Size {
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
};

class MoveLog {
  public:
    // What that node holds of the partition now.
    using Measure = std::function<Size(NodeId, PartitionId)>;

    explicit MoveLog(Measure measure) : measure_(std::move(measure)) {}

    // -> pairs that are done: nothing more is on its way to the second. Not of the first copies, at formation.
    [[nodiscard]] std::vector<MoveSummary> look(const ClusterMap& map);

  private:
    // From which node, to which, and whether the first keeps its copy.
    using Pair = std::tuple<NodeId, NodeId, bool>;

    void gained(const ClusterMap& map, PartitionId partition, NodeId node);
    [[nodiscard]] std::set<NodeId> still_waiting(const ClusterMap& map) const;

    Measure measure_;
    std::vector<std::vector<NodeId>> members_;          // by partition, when we last looked
    std::map<PartitionId, std::set<NodeId>> replaced_;  // leavers whose place was taken, until they have left
    std::map<Pair, MoveSummary> under_way_;
};

}  // namespace ringkv::local
