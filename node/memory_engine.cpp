#include "node/memory_engine.hpp"

#include <utility>

namespace ringkv {

namespace {
// What a key takes in the table and in the tree, which are three quarters full on average, and what the allocator adds.
constexpr std::uint64_t index_bytes = 32;
}  // namespace

MemoryEngine::~MemoryEngine() {
    for (Contents& partition : partitions_) cleared_.push_back(std::move(partition));
    while (reclaim(1U << 20U)) {
    }
}

const MemoryEngine::Contents* MemoryEngine::find(PartitionId partition) const {
    return partition.value() < partitions_.size() ? &partitions_[partition.value()] : nullptr;
}

MemoryEngine::Contents& MemoryEngine::contents(PartitionId partition) {
    if (partition.value() >= partitions_.size()) partitions_.resize(partition.value() + 1);
    return partitions_[partition.value()];
}

void MemoryEngine::expect_partition(PartitionId partition) const {
    if (const Contents* held = find(partition)) prefetch(held, sizeof(Contents));
}

void MemoryEngine::expect_group(PartitionId partition, std::uint64_t hash) const {
    if (const Contents* held = find(partition)) held->by_hash.prefetch(PlaceGuess{hash});
}

// The table's prefetch() asks for the first line of a group's sixteen places; most keys are in another one.
void MemoryEngine::expect_place(PartitionId partition, std::uint64_t hash) const {
    if (const Contents* held = find(partition)) (void)held->by_hash.find(PlaceGuess{hash});
}

void MemoryEngine::expect_content(PartitionId partition, std::uint64_t hash) const {
    if (const Contents* held = find(partition)) (void)held->by_hash.find(BlockGuess{hash});
}

std::optional<Engine::Found> MemoryEngine::get(PartitionId partition, std::string_view key) const {
    const Contents* held = find(partition);
    if (held == nullptr) return std::nullopt;
    const auto found = held->by_hash.find(key);
    if (found == held->by_hash.end()) return std::nullopt;
    const StoredKey::Content content = (*found)->content();
    return Found{content.value, content.version};
}

ScanPart MemoryEngine::scan(PartitionId partition, const ScanRange& range) const {
    ScanPart part;
    const Contents* held = find(partition);
    if (held == nullptr) return part;
    const auto& keys = held->in_order;
    auto next =
        range.after && *range.after >= range.prefix ? keys.upper_bound(*range.after) : keys.lower_bound(range.prefix);
    std::size_t bytes = 0;
    for (; next != keys.end() && (*next)->key().starts_with(range.prefix); ++next) {
        if ((range.max_records != 0 && part.records.size() == range.max_records) ||
            (range.max_bytes != 0 && bytes >= range.max_bytes)) {
            part.more = true;
            break;
        }
        const std::string_view key = (*next)->key();
        const StoredKey::Content content = (*next)->content();
        part.records.push_back({std::string(key), std::string(range.keys_only ? std::string_view() : content.value),
                                content.version, content.flags, content.expires});
        bytes += key.size() + part.records.back().value.size() + sizeof(KeyRecord);
    }
    return part;
}

void MemoryEngine::apply(PartitionId partition, const Entry& entry) {
    if (entry.kind == EntryKind::set)
        set(contents(partition), entry.key, {entry.value, entry.op, entry.flags, entry.expires});
    else if (entry.kind == EntryKind::remove)
        remove(contents(partition), entry.key);
}

void MemoryEngine::count(Contents& contents, const StoredKey& stored) {
    const StoredKey::Sizes sizes = stored.sizes();
    contents.bytes += sizes.content;
    bytes_ += sizes.block + index_bytes;
}

void MemoryEngine::discount(Contents& contents, const StoredKey& stored) {
    const StoredKey::Sizes sizes = stored.sizes();
    contents.bytes -= sizes.content;
    bytes_ -= sizes.block + index_bytes;
}

void MemoryEngine::set(Contents& contents, std::string_view key, const StoredKey::Content& content) {
    const auto found = contents.by_hash.find(key);
    if (found == contents.by_hash.end()) {
        StoredKey* const stored = StoredKey::make(key, content).release();
        contents.by_hash.insert(stored);
        contents.in_order.insert(stored);
        return count(contents, *stored);
    }
    StoredKey* const stored = *found;
    if (const auto replaced = stored->overwrite(content)) {
        contents.bytes += content.value.size() - *replaced;
        return;
    }
    discount(contents, *stored);
    // Another block takes its place in both: neither looks at more of it than the key.
    const StoredKey::Owner old(stored);
    StoredKey* const other = StoredKey::make(key, content).release();
    const_cast<StoredKey*&>(*found) = other;
    const_cast<StoredKey*&>(*contents.in_order.find(key)) = other;
    count(contents, *other);
}

void MemoryEngine::remove(Contents& contents, std::string_view key) {
    const auto found = contents.by_hash.find(key);
    if (found == contents.by_hash.end()) return;
    const StoredKey::Owner stored(*found);
    discount(contents, *stored);
    contents.in_order.erase(contents.in_order.find(key));
    contents.by_hash.erase(found);
}

ContentsNumber MemoryEngine::clear(PartitionId partition) {
    if (find(partition) != nullptr) cleared_.push_back(std::exchange(partitions_[partition.value()], {}));
    return {};
}

bool MemoryEngine::reclaim(std::size_t most) {
    for (std::size_t freed = 0; !cleared_.empty(); cleared_.pop_back()) {
        Contents& contents = cleared_.back();
        contents.by_hash.clear();
        while (!contents.in_order.empty()) {
            if (freed++ == most) return true;
            const auto last = std::prev(contents.in_order.end());
            const StoredKey::Owner stored(*last);
            bytes_ -= stored->sizes().block + index_bytes;
            contents.in_order.erase(last);
        }
    }
    return false;
}

void MemoryEngine::load(PartitionId partition, const std::vector<KeyRecord>& records) {
    Contents& held = contents(partition);
    for (const KeyRecord& record : records)
        set(held, record.key, {record.value, record.version, record.flags, record.expires});
}

Engine::Size MemoryEngine::size(PartitionId partition) const {
    const Contents* held = find(partition);
    if (held == nullptr) return {};
    return {held->by_hash.size(), held->bytes};
}

}  // namespace ringkv
