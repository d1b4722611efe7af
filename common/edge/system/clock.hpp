// The real clock and real randomness, for mains and drivers only.
#pragma once

#include <cstdint>

#include "common/ids.hpp"
#include "common/time.hpp"

namespace ringkv {

// CLOCK_BOOTTIME: suspend counts, settings of the wall clock do not (L5).
[[nodiscard]] Time boot_time();
// What added to a boot_time() makes a time since 1970, UTC. Changes where the wall clock is set: for what people are
// shown, and never to decide by (L5).
[[nodiscard]] Duration wall_offset();
// From the operating system's generator.
[[nodiscard]] std::uint64_t random_u64();
[[nodiscard]] Uuid random_uuid();

}  // namespace ringkv
