#include "node/outlets.hpp"

namespace ringkv {

const std::vector<Endpoint>* MessageOutlet::endpoints_of(NodeId node) {
    const ClusterMap& map = shard_.map;
    if (const std::pair now(map.generation, map.epoch); endpoints_from_ != now) {
        endpoints_.clear();
        endpoints_from_ = now;
    }
    if (const auto known = endpoints_.find(node); known != endpoints_.end()) return &known->second;
    const NodeInfo* info = map.find(node);
    if (info == nullptr) return nullptr;
    return &endpoints_.emplace(node, std::vector<Endpoint>(info->endpoints.begin(), info->endpoints.end()))
                .first->second;
}

void MessageOutlet::send(NodeId node, PartitionId partition, Message message) {
    const std::vector<Endpoint>* endpoints = endpoints_of(node);
    if (endpoints == nullptr || endpoints->empty()) return;
    sends_.push_back({Address::to((*endpoints)[partition.value() % endpoints->size()]), node, std::move(message)});
}

void MessageOutlet::send(NodeId node, ShardIndex shard, Message message) {
    const std::vector<Endpoint>* endpoints = endpoints_of(node);
    if (endpoints == nullptr || shard >= endpoints->size()) return;
    sends_.push_back({Address::to((*endpoints)[shard]), node, std::move(message)});
}

BatchNumber StorageOutlet::store(PartitionId partition, StorageRecord record) {
    if (!keeps_) return {};
    batch_.push_back(std::move(record));
    waiting_[building_].insert(partition);
    return building_;
}

BatchNumber StorageOutlet::unstored(PartitionId partition) const {
    for (auto waiting = waiting_.rbegin(); waiting != waiting_.rend(); ++waiting)
        if (waiting->second.contains(partition)) return waiting->first;
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
