#include "node/hot_spots.hpp"

#include <algorithm>

#include "common/partitioning.hpp"

namespace ringkv {

namespace {

// Of 33 to 96 requests one is looked at: at steps that differ, lest it be always the same of a client that asks in
// turn.
constexpr std::uint32_t least_step = 33;
constexpr int step_bits = 6;

template <class T>
std::vector<T> hottest(std::vector<T> all) {
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), HotSpots::shown));
    std::partial_sort(all.begin(), end, all.end(), [](const T& one, const T& other) {
        return one.samples != other.samples ? one.samples > other.samples : one.partition < other.partition;
    });
    all.erase(end, all.end());
    return all;
}

}  // namespace

void HotSpots::take(Time now, PartitionId partition, std::string_view key) {
    step_ = step_ * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX: the same for every start
    until_next_ = least_step + static_cast<std::uint32_t>(step_ >> (64 - step_bits));
    forget(now);
    if (partition.value() >= by_partition_.size()) by_partition_.resize(partition.value() + 1);
    ++by_partition_[partition.value()];
    if (!key.empty()) take_key(partition, key.substr(0, longest_key));
}

void HotSpots::take_key(PartitionId partition, std::string_view key) {
    const std::uint64_t hash = hash_of(key);
    if (const auto found = places_.find(hash); found != places_.end()) {
        ++keys_[found->second].samples;
        return;
    }
    if (keys_.size() < most_keys) {
        places_[hash] = keys_.size();
        keys_.push_back({std::string(key), partition, 1, 0});
        return;
    }
    const auto least = std::ranges::min_element(keys_, {}, &HotKey::samples);
    places_.erase(hash_of(least->key));
    places_[hash] = static_cast<std::size_t>(least - keys_.begin());
    *least = {std::string(key), partition, least->samples + 1, least->samples};
}

void HotSpots::forget(Time now) {
    if (halved_at_ == Time{}) halved_at_ = now;
    if (now - halved_at_ < half_life) return;
    const auto halvings = std::min<Duration::rep>((now - halved_at_) / half_life, 63);
    halved_at_ = now;
    for (std::uint64_t& samples : by_partition_) samples >>= halvings;
    for (HotKey& key : keys_) {
        key.samples >>= halvings;
        key.error >>= halvings;
    }
    std::erase_if(keys_, [](const HotKey& key) { return key.samples == 0; });
    places_.clear();
    for (std::size_t i = 0; i < keys_.size(); ++i) places_[hash_of(keys_[i].key)] = i;
}

std::vector<HotKey> HotSpots::keys() const {
    return hottest(keys_);
}

std::vector<HotPartition> HotSpots::partitions() const {
    std::vector<HotPartition> all;
    for (std::uint32_t p = 0; p < by_partition_.size(); ++p)
        if (by_partition_[p] > 0) all.push_back({PartitionId(p), by_partition_[p]});
    return hottest(std::move(all));
}

std::uint64_t HotSpots::samples() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t samples : by_partition_) sum += samples;
    return sum;
}

}  // namespace ringkv
