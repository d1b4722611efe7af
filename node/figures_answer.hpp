// What a shard tells kvctl of its load (messages.hpp: FiguresAnswer). Pure.
#pragma once

#include "common/messages.hpp"
#include "node/hot_spots.hpp"
#include "node/shard_counters.hpp"

namespace ringkv {

[[nodiscard]] FiguresAnswer figures_answer(RequestId request, const ShardCounters& counters, const HotSpots& hot);

}  // namespace ringkv
