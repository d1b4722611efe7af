// Is this program built with a sanitizer? Then its memory is what the sanitizer makes of it: address sanitizer keeps
// what was freed, thread sanitizer needs address space for shadows.
#pragma once

namespace ringkv::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace ringkv::test
