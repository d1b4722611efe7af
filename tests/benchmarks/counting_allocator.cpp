#include "tests/benchmarks/counting_allocator.hpp"

#include <cstdlib>
#include <new>
#include <utility>

namespace ringkv::benchmarks {
namespace {

Allocations* account = nullptr;

void* counted(void* memory, std::size_t size) {
    if (memory == nullptr) throw std::bad_alloc();
    if (account != nullptr) {
        ++account->calls;
        account->bytes += size;
    }
    return memory;
}

}  // namespace

Allocations* count_allocations_in(Allocations* next) {
    return std::exchange(account, next);
}

}  // namespace ringkv::benchmarks

// The array forms and those that do not throw come here, too: that is what the standard library's own do.
void* operator new(std::size_t size) {
    return ringkv::benchmarks::counted(std::malloc(size), size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    return ringkv::benchmarks::counted(std::aligned_alloc(step, (size + step - 1) / step * step), size);
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
