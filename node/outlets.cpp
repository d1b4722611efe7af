#include "node/outlets.hpp"

#include <cstring>

#include "common/check.hpp"
#include "common/protocol_version.hpp"

namespace ringkv {

namespace {
// Rather several messages than one which the receiver must take in as a whole.
constexpr std::size_t most_batched = std::size_t{256} << 10U;
// Records, or messages.
constexpr std::size_t most_reserved = 1024;
// Of the values of a turn's answers; a longer value takes memory of its own.
constexpr std::size_t room_for_values = std::size_t{64} << 10U;
constexpr std::size_t longest_in_room = std::size_t{4} << 10U;

// Those that may be large: what they bring beside the Outgoing.
std::size_t bytes_of(const Message& message) {
    if (const auto* get = std::get_if<GetAnswer>(&message)) return get->value ? get->value->size() : 0;
    std::size_t bytes = 0;
    if (const auto* scan = std::get_if<ScanAnswer>(&message)) {
        for (const KeyRecord& record : scan->records) bytes += sizeof record + record.key.size() + record.value.size();
    } else if (const auto* snapshot = std::get_if<MapSnapshot>(&message)) {
        bytes =
            snapshot->map.partitions.size() * sizeof(PartitionState) + snapshot->map.nodes.size() * sizeof(NodeInfo);
    } else if (const auto* held = std::get_if<HoldingsAnswer>(&message)) {
        bytes = held->holdings.size() * sizeof(Holding);
    }
    return bytes;
}

PartitionId partition_of(PartitionId partition) {
    return partition;
}
PartitionId partition_of(const StorageOutlet::Acknowledgement& acknowledgement) {
    return acknowledgement.message.partition;
}

// One of each partition, in order.
template <class T>
void keep_newest(std::vector<T>& items) {
    std::stable_sort(items.begin(), items.end(),
                     [](const T& a, const T& b) { return partition_of(a) < partition_of(b); });
    const auto gone = std::unique(items.rbegin(), items.rend(),
                                  [](const T& a, const T& b) { return partition_of(a) == partition_of(b); });
    items.erase(items.begin(), gone.base());
}

// A disk that does not answer may be waited for again and again by the same partitions: of those the newest is enough.
template <class T>
void add(std::vector<T>& items, const T& item) {
    if (!items.empty() && items.size() == items.capacity()) {
        keep_newest(items);
        if (items.size() > items.capacity() / 2) items.reserve(2 * items.capacity());
    }
    items.push_back(item);
}

}  // namespace

MessageOutlet::MessageOutlet(const ShardFacts& shard)
    : shard_(shard), first_values_(room_for_values), values_(first_values_.data(), first_values_.size()) {}

void MessageOutlet::answer(const Address& to, Message message) {
    if (bytes_ == 0) values_.release();  // of answers that have left
    if (auto* const get = std::get_if<GetAnswer>(&message); get != nullptr && get->value) keep(*get->value);
    bytes_ += sizeof(Outgoing) + bytes_of(message);
    sends_.push_back({to, {}, std::move(message)});
}

void MessageOutlet::keep(ByteString& value) {
    if (value.empty()) return;
    if (value.size() > longest_in_room) return value.keep();
    auto* const room = static_cast<char*>(values_.allocate(value.size(), 1));
    std::memcpy(room, value.data(), value.size());
    value = ByteString::part({room, value.size()});
}

MessageOutlet::Peer& MessageOutlet::peer(NodeId node) {
    const ClusterMap& map = shard_.map;
    Peer& peer = peers_[node];
    const std::pair now(map.generation, map.epoch);
    if (peer.from == now) return peer;
    peer.from = now;
    const NodeInfo* info = map.find(node);
    const std::size_t count = info == nullptr ? 0 : info->endpoints.size();
    peer.shards.resize(count);
    for (std::size_t i = 0; i < count; ++i)
        if (!(peer.shards[i].endpoint == info->endpoints[i])) peer.shards[i].endpoint = info->endpoints[i];
    return peer;
}

MessageOutlet::PeerShard* MessageOutlet::shard_of(Peer& peer, PartitionId partition) {
    return peer.shards.empty() ? nullptr : &peer.shards[partition.value() % peer.shards.size()];
}

void MessageOutlet::send(NodeId node, PartitionId partition, Message message) {
    if (const PeerShard* const shard = shard_of(peer(node), partition))
        sends_.push_back({Address::to(shard->endpoint), node, std::move(message)});
}

void MessageOutlet::send(NodeId node, ShardIndex shard, Message message) {
    const Peer& to = peer(node);
    if (shard < to.shards.size()) sends_.push_back({Address::to(to.shards[shard].endpoint), node, std::move(message)});
}

template <class M>
void MessageOutlet::gather(NodeId node, M& message, std::vector<M> ReplicationBatch::*into, std::size_t bytes) {
    Peer& to = peer(node);
    PeerShard* const shard = shard_of(to, message.partition);
    if (shard == nullptr) return;
    if (to.minor < minor_with_batches) {
        sends_.push_back({Address::to(shard->endpoint), node, std::move(message)});
        return;
    }
    if (shard->bytes == 0) gathered_.emplace_back(node, message.partition);
    shard->bytes += bytes;
    (shard->batch.*into).push_back(std::move(message));
    if (shard->bytes > most_batched) close(node, *shard);
}

void MessageOutlet::send(NodeId node, Prepare&& message) {
    std::size_t bytes = sizeof(Prepare);
    for (const EntryPtr& entry : message.entries) bytes += entry->bytes();
    gather(node, message, &ReplicationBatch::prepares, bytes);
}

void MessageOutlet::send(NodeId node, PrepareOk message) {
    gather(node, message, &ReplicationBatch::acknowledgements, sizeof(PrepareOk));
}

// The next one is probably as large.
void MessageOutlet::close(NodeId node, PeerShard& shard) {
    ReplicationBatch next;
    next.prepares.reserve(shard.batch.prepares.size());
    next.acknowledgements.reserve(shard.batch.acknowledgements.size());
    sends_.push_back({Address::to(shard.endpoint), node, std::exchange(shard.batch, std::move(next))});
    shard.bytes = 0;
}

std::vector<Outgoing> MessageOutlet::take() {
    for (const auto& [node, partition] : gathered_)
        if (PeerShard* const shard = shard_of(peer(node), partition); shard != nullptr && shard->bytes != 0)
            close(node, *shard);
    gathered_.clear();
    bytes_ = 0;
    if (peers_.size() > 2 * shard_.map.nodes.size() + 64) peers_.clear();  // of nodes that are forgotten by now
    std::vector<Outgoing> taken = std::exchange(sends_, {});
    sends_.reserve(std::min(taken.size(), most_reserved));  // the next turn has probably as many
    return taken;
}

BatchNumber StorageOutlet::store(PartitionId partition, StorageRecord record) {
    const BatchNumber batch = store(std::move(record));
    if (!keeps_) return batch;
    Waiting& waiting = waiting_[batch];
    add(waiting.partitions, partition);
    add(waiting.awaited, partition);
    return batch;
}

BatchNumber StorageOutlet::store(AppendRecord record) {
    const PartitionId partition = record.partition;
    const BatchNumber batch = store(StorageRecord(std::move(record)));
    if (keeps_) add(waiting_[batch].partitions, partition);
    return batch;
}

BatchNumber StorageOutlet::store(StorageRecord record) {
    if (!keeps_) return {};
    batch_.push_back(std::move(record));
    return building_;
}

void StorageOutlet::await(PartitionId partition, BatchNumber batch) {
    if (!stored(batch)) add(waiting_[batch].awaited, partition);
}

void StorageOutlet::send_when_stored(BatchNumber batch, NodeId to, const PrepareOk& message) {
    RINGKV_CHECK(!stored(batch), "an acknowledgement waits for a batch that is stored");
    add(waiting_[batch].acknowledgements, {to, message, ++acknowledged_});
}

bool StorageOutlet::withdrawn(const Acknowledgement& acknowledgement) const {
    const auto found = withdrawn_.find(acknowledgement.message.partition);
    return found != withdrawn_.end() && acknowledgement.place <= found->second;
}

std::vector<StorageOutlet::Acknowledgement> StorageOutlet::acknowledgements() const {
    std::vector<Acknowledgement> waiting;
    for (const auto& [batch, items] : waiting_)
        for (const Acknowledgement& item : items.acknowledgements)
            if (!withdrawn(item)) waiting.push_back(item);
    return waiting;
}

BatchNumber StorageOutlet::unstored(PartitionId partition) const {
    for (auto waiting = waiting_.rbegin(); waiting != waiting_.rend(); ++waiting)
        if (const auto& in = waiting->second.partitions; std::find(in.begin(), in.end(), partition) != in.end())
            return waiting->first;
    return {};
}

Time StorageOutlet::oldest_taken(BatchNumber number) const {
    const auto oldest = waiting_.begin();
    return oldest == waiting_.end() || oldest->first > number ? Time::max() : oldest->second.taken;
}

std::vector<PartitionId> StorageOutlet::unstored(BatchNumber number) const {
    std::vector<PartitionId> partitions;
    for (auto it = waiting_.begin(); it != waiting_.end() && it->first <= number; ++it)
        partitions.insert(partitions.end(), it->second.partitions.begin(), it->second.partitions.end());
    keep_newest(partitions);
    return partitions;
}

StorageOutlet::Stored StorageOutlet::durable(BatchNumber number) {
    stored_ = number;
    Stored stored;
    std::size_t batches = 0;
    for (; !waiting_.empty() && waiting_.begin()->first <= number; waiting_.erase(waiting_.begin())) {
        ++batches;
        const Waiting& next = waiting_.begin()->second;
        stored.partitions.insert(stored.partitions.end(), next.awaited.begin(), next.awaited.end());
        stored.acknowledgements.insert(stored.acknowledgements.end(), next.acknowledgements.begin(),
                                       next.acknowledgements.end());
    }
    keep_newest(stored.partitions);
    if (!withdrawn_.empty())
        std::erase_if(stored.acknowledgements, [this](const Acknowledgement& it) { return withdrawn(it); });
    if (withdrawn_with_ <= number) withdrawn_.clear();
    if (batches > 1) keep_newest(stored.acknowledgements);  // they are cumulative
    return stored;
}

void StorageOutlet::take(Time now, Effects& effects) {
    if (batch_.empty()) return;
    waiting_[building_].taken = now;
    const std::size_t size = batch_.size();
    effects.batch = std::exchange(batch_, {});
    batch_.reserve(std::min(size, most_reserved));  // the next one is probably as large
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
