#include "common/entry.hpp"

#include <cstring>
#include <new>

namespace ringkv {

namespace {
using Unit = EntryBlocks::Unit;
static_assert(alignof(SharedEntry) <= alignof(Unit) && std::is_trivially_destructible_v<SharedEntry>);

constexpr std::size_t units(std::size_t bytes) {
    return (bytes + sizeof(Unit) - 1) / sizeof(Unit);
}

std::size_t size_of(const Entry& entry, std::size_t encoded) {
    const std::size_t content = encoded == 0 ? entry.key.size() + entry.value.size() : encoded;
    return sizeof(SharedEntry) + entry.expired.size() * sizeof(ClientId) + content;
}

std::string_view copy(std::string_view bytes, char*& to) {
    if (bytes.empty()) return {};
    char* const begin = to;
    std::memcpy(begin, bytes.data(), bytes.size());
    to += bytes.size();
    return {begin, bytes.size()};
}
}  // namespace

std::size_t SharedEntry::bytes() const {
    return units(size_of(*this, encoded_size_)) * sizeof(Unit);
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

EntryPtr EntryBlocks::share(const Entry& entry) {
    return share(entry, encode_ == nullptr ? EncodedEntry() : encode_(entry));
}

EntryPtr EntryBlocks::share(const Entry& entry, const EncodedEntry& encoded) {
    auto [block, place] = place_for(units(size_of(entry, encoded.bytes.size())));
    auto* const shared = new (place) SharedEntry(entry, encoded.bytes.size());
    char* at = reinterpret_cast<char*>(shared + 1);
    if (!entry.expired.empty()) {
        auto* const clients = reinterpret_cast<ClientId*>(at);
        std::uninitialized_copy(entry.expired.begin(), entry.expired.end(), clients);
        shared->expired = {clients, entry.expired.size()};
        at += entry.expired.size() * sizeof(ClientId);
    }
    if (encoded.bytes.empty()) {
        shared->key = copy(entry.key, at);
        shared->value = copy(entry.value, at);
    } else {
        const std::string_view form = copy(encoded.bytes, at);
        shared->key = entry.key.empty() ? std::string_view() : form.substr(encoded.key, entry.key.size());
        shared->value = entry.value.empty() ? std::string_view() : form.substr(encoded.value, entry.value.size());
    }
    return EntryPtr(std::move(block), shared);
}

EntryPtr share(const Entry& entry) {
    return EntryBlocks(nullptr, 0).share(entry);
}

}  // namespace ringkv
