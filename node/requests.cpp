#include "node/requests.hpp"

#include <utility>

#include "common/partitioning.hpp"

namespace ringkv {

namespace {
constexpr std::size_t scan_bytes = std::size_t{256} << 10U;  // of one answer, roughly
}  // namespace

const StaleRead* Request::stale() const {
    if (const auto* get = std::get_if<Get>(&what)) return get->stale ? &*get->stale : nullptr;
    if (const auto* scan = std::get_if<Scan>(&what)) return scan->stale ? &*scan->stale : nullptr;
    return nullptr;
}

std::string key_objection(std::string_view key, PartitionId partition, const ShardFacts& shard) {
    const std::uint64_t limit = shard.limits.key;
    if (key.empty()) return "a key has at least one byte";
    if (key.size() > limit)
        return "the key has " + std::to_string(key.size()) + " bytes; the limit is " + std::to_string(limit);
    const PartitionId home = partition_of(key, shard.map.settings.partitions);
    if (home == partition) return {};
    return "the key belongs to partition " + std::to_string(home.value());
}

Message read_answer(const Request& request, const Engine& engine, PartitionId partition, OpNumber commit,
                    std::optional<Duration> age) {
    if (const auto* get = std::get_if<Get>(&request.what)) {
        GetAnswer answer{get->request, {}, {}, commit, age};
        if (const auto found = engine.get(partition, get->key)) {
            answer.value = ByteString::part(found->value);
            answer.version = found->version;
        }
        return answer;
    }
    const auto& scan = std::get<Scan>(request.what);
    ScanRange range{scan.prefix, {}, scan.limit, scan_bytes, scan.keys_only};
    if (scan.after) range.after = *scan.after;
    ScanPart part = engine.scan(partition, range);
    return ScanAnswer{scan.request, std::move(part.records), part.more, commit, age};
}

void count_read(ShardCounters& counters, const Request& request, const Message& answer, Time now) {
    const auto* const get = std::get_if<GetAnswer>(&answer);
    const bool found = get == nullptr || get->value;
    if (get == nullptr)
        for (const KeyRecord& record : std::get<ScanAnswer>(answer).records)
            counters.read_bytes += record.key.size() + record.value.size();
    else if (found)
        counters.read_bytes += std::get<Get>(request.what).key.size() + get->value->size();
    counters.answered(request.kind(), found ? RequestOutcome::done : RequestOutcome::not_found, now - request.began);
}

}  // namespace ringkv
