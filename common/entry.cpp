#include "common/entry.hpp"

#include <cstring>
#include <new>

namespace ringkv {

namespace {
using Unit = EntryBlocks::Unit;
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
}  // namespace

std::size_t Entry::bytes() const {
    return units(size_of(*this)) * sizeof(Unit);
}

EntryBlocks::Place EntryBlocks::place_for(std::size_t count) {
    if (count > block_units_ / 8) {
        auto own = std::make_shared_for_overwrite<Unit[]>(count);
        Unit* const at = own.get();
        return {std::move(own), at};
    }
    if (block_ == nullptr || used_ + count > block_units_) {
        block_ = std::make_shared_for_overwrite<Unit[]>(block_units_);
        used_ = 0;
    }
    used_ += count;
    return {block_, block_.get() + used_ - count};
}

// The entry, then the clients, the key and the value.
EntryPtr EntryBlocks::share(const Entry& entry) {
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

EntryPtr share(const Entry& entry) {
    return EntryBlocks(0).share(entry);
}

}  // namespace ringkv
