// RINGKV_CHECK: an invariant of ours. On in release too: a store that goes on after a broken
// invariant loses data quietly. What is merely expected (bad input, a lost message) is a Result.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ringkv::detail {
[[noreturn]] inline void check_failed(const char* what, const char* why, const char* file, int line) {
    std::fprintf(stderr, "ringkv: invariant broken: %s (%s) at %s:%d\n", why, what, file, line);
    std::fflush(stderr);
    std::abort();
}
}  // namespace ringkv::detail

#define RINGKV_CHECK(condition, why)                                             \
    do {                                                                         \
        if (!(condition)) [[unlikely]]                                           \
            ::ringkv::detail::check_failed(#condition, why, __FILE__, __LINE__); \
    } while (false)
