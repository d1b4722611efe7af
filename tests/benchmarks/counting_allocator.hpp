// Counts what the program allocates, in one account at a time: operator new of the whole program is replaced.
//
// Thread safety: none; for programs of one thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringkv::benchmarks {

struct Allocations {
    std::uint64_t calls = 0;
    std::uint64_t bytes = 0;  // as asked for
};

// Where allocations count from now on; nullptr = nowhere. Returns where they did.
Allocations* count_allocations_in(Allocations* account);

}  // namespace ringkv::benchmarks
