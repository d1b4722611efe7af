// The pages of a node (common/edge/observing/pages.hpp), made of what its shards offer.
#pragma once

#include "common/edge/observing/pages.hpp"
#include "node/edge/shard_thread.hpp"

namespace ringkv {

// The shards must outlive the pages. A page waits for a shard that does not turn, a second at most.
[[nodiscard]] Pages node_pages(const std::vector<std::unique_ptr<ShardThread>>& shards);

}  // namespace ringkv
