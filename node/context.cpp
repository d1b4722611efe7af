#include "node/context.hpp"

#include <algorithm>

namespace ringkv {

void Throttle::refill(Time now, std::uint64_t bytes_per_second) {
    const auto rate = static_cast<std::int64_t>(bytes_per_second);
    const Duration elapsed = std::min<Duration>(now - last_, std::chrono::milliseconds(100));
    last_ = now;
    // At most a tenth of a second's worth is saved up.
    const auto earned = std::chrono::duration<double>(elapsed).count() * static_cast<double>(rate);
    available_ = std::min<std::int64_t>(available_ + static_cast<std::int64_t>(earned), rate / 10 + 1);
}

bool ReplicaContext::well(NodeId node) const {
    return map.is_up(node);
}

bool ReplicaContext::leaving(NodeId node) const {
    const NodeInfo* info = map.find(node);
    return info == nullptr || info->state == NodeState::gone || info->state == NodeState::stopping;
}

void ReplicaContext::send(NodeId node, PartitionId partition, Message message) {
    const NodeInfo* info = map.find(node);
    if (info == nullptr || info->endpoints.empty()) return;
    effects.sends.push_back({Address::to(info->endpoint_of(partition)), node, std::move(message)});
}

void ReplicaContext::reply(const Address& to, Message message) {
    effects.sends.push_back({to, NodeId(), std::move(message)});
}

BatchNumber ReplicaContext::store(PartitionId partition, StorageRecord record) {
    effects.batch.push_back(std::move(record));
    waiting[building].insert(partition);
    return building;
}

BatchNumber ReplicaContext::unstored(PartitionId partition) const {
    for (auto batch = waiting.rbegin(); batch != waiting.rend(); ++batch)
        if (batch->second.contains(partition)) return batch->first;
    return {};
}

void ReplicaContext::propose(Proposal proposal) {
    proposals.insert_or_assign(proposal.partition, std::move(proposal));
}

void ReplicaContext::log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields) {
    effects.log.push_back({level, std::move(text), std::move(fields)});
}

std::pair<std::string, std::string> field(PartitionId partition) {
    return {"partition", std::to_string(partition.value())};
}

std::pair<std::string, std::string> field(const View& view) {
    return {"view", view.id.to_string()};
}

}  // namespace ringkv
