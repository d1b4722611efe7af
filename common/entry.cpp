#include "common/entry.hpp"

#include <cstring>
#include <new>

namespace ringkv {

namespace {
using Unit = std::uint64_t;  // what blocks are made of, for the alignment
static_assert(alignof(Entry) <= alignof(Unit) && std::is_trivially_destructible_v<Entry>);
constexpr std::size_t control_block = 24;

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
    return control_block + units(size_of(*this)) * sizeof(Unit);
}

// The entry, then the clients, the key and the value.
EntryPtr share(const Entry& entry) {
    const auto block = std::make_shared_for_overwrite<Unit[]>(units(size_of(entry)));
    auto* const shared = new (block.get()) Entry(entry);
    char* at = reinterpret_cast<char*>(shared + 1);
    if (!entry.expired.empty()) {
        auto* const clients = reinterpret_cast<ClientId*>(at);
        std::uninitialized_copy(entry.expired.begin(), entry.expired.end(), clients);
        shared->expired = {clients, entry.expired.size()};
        at += entry.expired.size() * sizeof(ClientId);
    }
    shared->key = copy(entry.key, at);
    shared->value = copy(entry.value, at);
    return EntryPtr(block, shared);
}

}  // namespace ringkv
