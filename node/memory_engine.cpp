#include "node/memory_engine.hpp"

namespace ringkv {

namespace {
// What a short std::string holds without a block of its own.
constexpr std::size_t inline_capacity = 15;

std::uint64_t heap_bytes(std::size_t size) {
    return size > inline_capacity ? size + 16 : 0;
}
}  // namespace

std::uint64_t MemoryEngine::memory_of(std::string_view key, const Value& value) {
    return sizeof(std::string) + sizeof(Value) + heap_bytes(key.size()) + heap_bytes(value.bytes.size());
}

std::optional<Engine::Found> MemoryEngine::get(PartitionId partition, std::string_view key) const {
    const auto contents = partitions_.find(partition);
    if (contents == partitions_.end()) return std::nullopt;
    const Keys& keys = contents->second.keys;
    const auto found = keys.find(key);
    if (found == keys.end()) return std::nullopt;
    return Found{found->second.bytes, found->second.version};
}

ScanPart MemoryEngine::scan(PartitionId partition, const ScanRange& range) const {
    ScanPart part;
    const auto contents = partitions_.find(partition);
    if (contents == partitions_.end()) return part;
    const Keys& keys = contents->second.keys;
    auto next =
        range.after && *range.after >= range.prefix ? keys.upper_bound(*range.after) : keys.lower_bound(range.prefix);
    std::size_t bytes = 0;
    for (; next != keys.end() && next->first.starts_with(range.prefix); ++next) {
        if ((range.max_records != 0 && part.records.size() == range.max_records) ||
            (range.max_bytes != 0 && bytes >= range.max_bytes)) {
            part.more = true;
            break;
        }
        const auto& [key, value] = *next;
        part.records.push_back(
            {key, range.keys_only ? std::string() : value.bytes, value.version, value.flags, value.expires});
        bytes += key.size() + part.records.back().value.size() + sizeof(KeyRecord);
    }
    return part;
}

void MemoryEngine::apply(PartitionId partition, const Entry& entry) {
    if (entry.kind == EntryKind::set) {
        set(partitions_[partition], entry.key, {entry.value, entry.op, entry.flags, entry.expires});
    } else if (entry.kind == EntryKind::remove) {
        Contents& contents = partitions_[partition];
        const auto found = contents.keys.find(entry.key);
        if (found == contents.keys.end()) return;
        discount(contents, found->first, found->second);
        contents.keys.erase(found);
    }
}

void MemoryEngine::count(Contents& contents, std::string_view key, const Value& value) {
    contents.bytes += key.size() + value.bytes.size();
    bytes_ += memory_of(key, value);
}

void MemoryEngine::discount(Contents& contents, std::string_view key, const Value& value) {
    contents.bytes -= key.size() + value.bytes.size();
    bytes_ -= memory_of(key, value);
}

void MemoryEngine::set(Contents& contents, const std::string& key, Value value) {
    count(contents, key, value);
    const auto [place, added] = contents.keys.try_emplace(key);
    if (!added) discount(contents, key, place->second);
    place->second = std::move(value);
}

void MemoryEngine::clear(PartitionId partition) {
    const auto found = partitions_.find(partition);
    if (found == partitions_.end()) return;
    for (const auto& [key, value] : found->second.keys) bytes_ -= memory_of(key, value);
    partitions_.erase(found);
}

void MemoryEngine::load(PartitionId partition, const std::vector<KeyRecord>& records) {
    Contents& contents = partitions_[partition];
    for (const KeyRecord& record : records)
        set(contents, record.key, {record.value, record.version, record.flags, record.expires});
}

Engine::Size MemoryEngine::size(PartitionId partition) const {
    const auto found = partitions_.find(partition);
    if (found == partitions_.end()) return {};
    return {found->second.keys.size(), found->second.bytes};
}

}  // namespace ringkv
