// Wall time, as people and programs write it. Pure.
#pragma once

#include <string>

#include "common/time.hpp"

namespace ringkv {

// "2026-11-26T17:40:00.123Z", of a time since 1970. What is finer than a millisecond is cut off.
[[nodiscard]] std::string utc_text(Duration since_1970);

}  // namespace ringkv
