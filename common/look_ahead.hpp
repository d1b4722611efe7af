// Memory is asked for before it is needed: what will be handled soon is in no cache, where there is much of it. While a
// sequence of items is handled one by one, each of the items to come is named in several steps, with the handling of
// some items between two steps, so that what one step asked the processor for is there when the next one reads it.
#pragma once

#include <algorithm>
#include <cstddef>

namespace ringkv {

// So many items are handled between two steps for the same item: some 2 us of work, of which memory takes 0.1.
inline constexpr std::size_t look_ahead_stride = 2;

// To be called before item `at` of `size` is handled, from 0 on. ahead(index, step): step 0 for the items that are
// furthest off; `steps - 1` is the last one.
template <class Ahead>
void look_ahead(std::size_t at, std::size_t size, std::size_t steps, const Ahead& ahead) {
    if (size < 2) return;  // nothing would happen between the steps
    for (std::size_t step = 0; step < steps; ++step) {
        const std::size_t last = at + (steps - step) * look_ahead_stride;
        for (std::size_t index = at == 0 ? 0 : last; index <= std::min(last, size - 1); ++index) ahead(index, step);
    }
}

// Asks for `bytes` of memory from there on.
inline void prefetch(const void* from, std::size_t bytes = 1) {
    // g++ takes what only asks for memory to be without effect, and leaves its calls out.
    asm volatile("" : : "r"(from));
    constexpr std::size_t line = 64;
    const auto* const first = static_cast<const char*>(from);
    for (std::size_t at = 0; at < bytes; at += line) __builtin_prefetch(first + at);
}

}  // namespace ringkv
