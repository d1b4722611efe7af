#include "node/memory_engine.hpp"

namespace ringkv {

namespace {
// What a short std::string holds without a block of its own.
constexpr std::size_t inline_capacity = 15;

std::uint64_t heap_bytes(std::size_t size) {
    return size > inline_capacity ? size + 16 : 0;
}
}  // namespace

std::uint64_t MemoryEngine::size_of(std::string_view key, const Value& value) {
    return sizeof(std::string) + sizeof(Value) + heap_bytes(key.size()) + heap_bytes(value.bytes.size());
}

std::optional<Engine::Found> MemoryEngine::get(PartitionId partition, std::string_view key) const {
    const auto keys = partitions_.find(partition);
    if (keys == partitions_.end()) return std::nullopt;
    const auto found = keys->second.find(key);
    if (found == keys->second.end()) return std::nullopt;
    return Found{found->second.bytes, found->second.version};
}

ScanPart MemoryEngine::scan(PartitionId partition, const ScanRange& range) const {
    ScanPart part;
    const auto keys = partitions_.find(partition);
    if (keys == partitions_.end()) return part;
    auto next = range.after && *range.after >= range.prefix ? keys->second.upper_bound(*range.after)
                                                            : keys->second.lower_bound(range.prefix);
    std::size_t bytes = 0;
    for (; next != keys->second.end() && next->first.starts_with(range.prefix); ++next) {
        if ((range.max_records != 0 && part.records.size() == range.max_records) ||
            (range.max_bytes != 0 && bytes >= range.max_bytes)) {
            part.more = true;
            break;
        }
        const auto& [key, value] = *next;
        part.records.push_back(
            {key, range.keys_only ? std::string() : value.bytes, value.version, value.flags, value.expires});
        bytes += key.size() + part.records.back().value.size() + sizeof(CopiedRecord);
    }
    return part;
}

void MemoryEngine::apply(PartitionId partition, const Entry& entry) {
    if (entry.kind == EntryKind::set) {
        set(partitions_[partition], entry.key, {entry.value, entry.op, entry.flags, entry.expires});
    } else if (entry.kind == EntryKind::remove) {
        Keys& keys = partitions_[partition];
        const auto found = keys.find(entry.key);
        if (found == keys.end()) return;
        bytes_ -= size_of(found->first, found->second);
        keys.erase(found);
    }
}

void MemoryEngine::set(Keys& keys, const std::string& key, Value value) {
    bytes_ += size_of(key, value);
    const auto [place, added] = keys.try_emplace(key);
    if (!added) bytes_ -= size_of(key, place->second);
    place->second = std::move(value);
}

void MemoryEngine::clear(PartitionId partition) {
    const auto keys = partitions_.find(partition);
    if (keys == partitions_.end()) return;
    for (const auto& [key, value] : keys->second) bytes_ -= size_of(key, value);
    partitions_.erase(keys);
}

void MemoryEngine::load(PartitionId partition, const std::vector<CopiedRecord>& records) {
    Keys& keys = partitions_[partition];
    for (const CopiedRecord& record : records)
        set(keys, record.key, {record.value, record.version, record.flags, record.expires});
}

std::uint64_t MemoryEngine::keys(PartitionId partition) const {
    const auto keys = partitions_.find(partition);
    return keys == partitions_.end() ? 0 : keys->second.size();
}

}  // namespace ringkv
