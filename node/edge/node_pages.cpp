#include "node/edge/node_pages.hpp"

#include "common/edge/system/clock.hpp"

namespace ringkv {
namespace {

constexpr Duration patience = std::chrono::seconds(1);

using Shards = std::vector<std::unique_ptr<ShardThread>>;

// All are asked first, so that one wait does for all.
std::vector<ObservedShard> observe(const Shards& shards) {
    for (const auto& shard : shards) shard->observed().ask();
    const Time until = boot_time() + patience;
    std::vector<ObservedShard> seen;
    for (const auto& shard : shards) {
        const bool turns = shard->observed().wait_until(until);
        seen.push_back({shard->observed().value(), turns});
    }
    return seen;
}

}  // namespace

Pages node_pages(const Shards& shards) {
    return {[&shards] { return node_metrics(observe(shards)); }, [&shards] { return node_not_alive(observe(shards)); },
            [&shards] { return node_not_ready(observe(shards)); }};
}

}  // namespace ringkv
