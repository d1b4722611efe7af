// The real clock and real randomness, for mains and drivers only.
#pragma once

#include <cstdint>

#include "common/ids.hpp"
#include "common/time.hpp"

namespace ringkv {

// CLOCK_BOOTTIME: suspend counts, settings of the wall clock do not (L5).
[[nodiscard]] Time boot_time();
// From the operating system's generator.
[[nodiscard]] std::uint64_t random_u64();
[[nodiscard]] Uuid random_uuid();

}  // namespace ringkv
