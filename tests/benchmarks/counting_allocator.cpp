#include "tests/benchmarks/counting_allocator.hpp"

#include <cstdlib>
#include <new>
#include <utility>

namespace ringkv::benchmarks {
namespace {

Allocations* account = nullptr;

void* counted(void* memory, std::size_t size) {
    if (account != nullptr) {
        ++account->calls;
        account->bytes += size;
    }
    return memory;
}

void* or_throw(void* memory) {
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

Allocations* count_allocations_in(Allocations* next) {
    return std::exchange(account, next);
}

}  // namespace ringkv::benchmarks

// The array forms come here, too: that is what the standard library's own do.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return ringkv::benchmarks::counted(std::malloc(size), size);
}
void* operator new(std::size_t size) {
    return ringkv::benchmarks::or_throw(operator new(size, std::nothrow));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    void* const memory = std::aligned_alloc(step, (size + step - 1) / step * step);
    return ringkv::benchmarks::or_throw(ringkv::benchmarks::counted(memory, size));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
