// Which keys and partitions of a shard are asked for most, in bounded memory: every 64th request or so is looked at,
// and what was seen is forgotten by and by. Pure; thread safety: none.
//
// Keys are counted by a space-saving sketch (Metwally, Agrawal and El Abbadi, 2005) of 256: a key that has more than a
// 256th of the samples is in it, and counts too high by its `error` at most, which it took over with its place.
#pragma once

#include "absl/container/flat_hash_map.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/messages.hpp"
#include "common/time.hpp"

namespace ringkv {

class HotSpots {
  public:
    static constexpr std::size_t most_keys = 256;
    static constexpr std::size_t longest_key = 256;  // what a longer one has beyond is cut off
    static constexpr Duration half_life = std::chrono::seconds(10);
    static constexpr std::size_t shown = 20;

    // A request. Of a scan the key is "".
    void count(Time now, PartitionId partition, std::string_view key) {
        if (--until_next_ == 0) take(now, partition, key);
    }
    // The hottest first.
    [[nodiscard]] std::vector<HotKey> keys() const;
    [[nodiscard]] std::vector<HotPartition> partitions() const;
    // Of all partitions.
    [[nodiscard]] std::uint64_t samples() const;
    // Half of all is forgotten as often as a half-life has passed. Also done as requests come.
    void forget(Time now);

  private:
    void take(Time now, PartitionId partition, std::string_view key);
    void take_key(PartitionId partition, std::string_view key);

    std::uint32_t until_next_ = 1;
    std::uint64_t step_ = 0;
    Time halved_at_{};
    std::vector<std::uint64_t> by_partition_;
    std::vector<HotKey> keys_;
    absl::flat_hash_map<std::uint64_t, std::size_t> places_;  // in keys_, by the hash of the key
};

}  // namespace ringkv
