#include "common/entry.hpp"

#include <cstring>
#include <new>

namespace ringkv {

namespace {
using Unit = std::uint64_t;  // what blocks are made of, for the alignment
static_assert(alignof(Entry) <= alignof(Unit) && std::is_trivially_destructible_v<Entry>);
constexpr std::size_t units(std::size_t bytes) {
    return (bytes + sizeof(Unit) - 1) / sizeof(Unit);
}

std::size_t size_of(const Entry& entry) {
    return sizeof(Entry) + entry.expired.size() * sizeof(ClientId) + entry.key.size() + entry.value.size();
}

std::string_view copy(std::string_view bytes, char*& to) {
    if (bytes.empty()) return {};
    char* const begin = to;
    std::memcpy(begin, bytes.data(), bytes.size());
    to += bytes.size();
    return {begin, bytes.size()};
}

// Small entries are made one after the other in blocks that they share. Those of one time go at about one time, so that
// nothing is looked for, or touched again, to free them: a block goes with the last entry that is in it.
struct Place {
    std::shared_ptr<Unit[]> block;
    Unit* at;
};
Place place_for(std::size_t count) {
    constexpr std::size_t block_units = (std::size_t{16} << 10U) / sizeof(Unit);
    thread_local std::shared_ptr<Unit[]> block;
    thread_local std::size_t used = block_units;
    if (count > block_units / 8) {
        auto own = std::make_shared_for_overwrite<Unit[]>(count);
        Unit* const at = own.get();
        return {std::move(own), at};
    }
    if (used + count > block_units) {
        block = std::make_shared_for_overwrite<Unit[]>(block_units);
        used = 0;
    }
    used += count;
    return {block, block.get() + used - count};
}
}  // namespace

std::size_t Entry::bytes() const {
    return units(size_of(*this)) * sizeof(Unit);
}

// The entry, then the clients, the key and the value.
EntryPtr share(const Entry& entry) {
    auto [block, place] = place_for(units(size_of(entry)));
    auto* const shared = new (place) Entry(entry);
    char* at = reinterpret_cast<char*>(shared + 1);
    if (!entry.expired.empty()) {
        auto* const clients = reinterpret_cast<ClientId*>(at);
        std::uninitialized_copy(entry.expired.begin(), entry.expired.end(), clients);
        shared->expired = {clients, entry.expired.size()};
        at += entry.expired.size() * sizeof(ClientId);
    }
    shared->key = copy(entry.key, at);
    shared->value = copy(entry.value, at);
    return EntryPtr(std::move(block), shared);
}

}  // namespace ringkv
