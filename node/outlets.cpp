#include "node/outlets.hpp"

#include <ranges>

namespace ringkv {

void MessageOutlet::send(NodeId node, PartitionId partition, Message message) {
    if (const NodeInfo* info = shard_.map.find(node)) send(node, info->shard_of(partition), std::move(message));
}

void MessageOutlet::send(NodeId node, ShardIndex shard, Message message) {
    const NodeInfo* info = shard_.map.find(node);
    if (info == nullptr || shard >= info->endpoints.size()) return;
    sends_.push_back({Address::to(info->endpoints[shard]), node, std::move(message)});
}

BatchNumber StorageOutlet::store(PartitionId partition, StorageRecord record) {
    batch_.push_back(std::move(record));
    waiting_[building_].insert(partition);
    return building_;
}

BatchNumber StorageOutlet::unstored(PartitionId partition) const {
    for (const auto& [batch, partitions] : std::views::reverse(waiting_))
        if (partitions.contains(partition)) return batch;
    return {};
}

std::set<PartitionId> StorageOutlet::durable(BatchNumber number) {
    stored_ = number;
    std::set<PartitionId> partitions;
    while (!waiting_.empty() && waiting_.begin()->first <= number) {
        partitions.merge(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
    }
    return partitions;
}

void StorageOutlet::take(Effects& effects) {
    if (batch_.empty()) return;
    effects.batch = std::exchange(batch_, {});
    effects.number = building_;
    building_ = building_.next();
}

std::pair<std::string, std::string> field(PartitionId partition) {
    return {"partition", std::to_string(partition.value())};
}

std::pair<std::string, std::string> field(const View& view) {
    return {"view", view.id.to_string()};
}

}  // namespace ringkv
