// Which rebuild of the registry's state a shard has reported to (docs/protocol.md, R4). A pure value.
#pragma once

#include "common/fields.hpp"
#include "common/ids.hpp"

namespace ringkv {

// What the registry of an older generation decides is void to the shard from then on. No two rebuilds have both in
// common: generations go up from rebuild to rebuild, and two that run at once differ in their id.
struct Fence {
    Generation generation;  // 0: there was no rebuild
    Uuid rebuild;
    RINGKV_FIELDS(Fence, generation, rebuild);
};

}  // namespace ringkv
