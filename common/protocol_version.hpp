// The version of the wire protocol; docs/protocol.md (Frames) says what each number promises.
#pragma once

#include <cstdint>

namespace ringkv {

inline constexpr std::uint32_t protocol_major = 1;
inline constexpr std::uint32_t protocol_minor = 0;

}  // namespace ringkv
