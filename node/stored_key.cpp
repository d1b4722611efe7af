#include "node/stored_key.hpp"

#include <bit>
#include <cstring>
#include <new>

namespace ringkv {

namespace {

constexpr std::size_t extras_size = sizeof(std::uint32_t) + sizeof(std::uint64_t);

// LEB128: seven bits a byte, the lowest first; the last byte is below 128.
std::size_t length_of(std::uint64_t number) {
    return (static_cast<std::size_t>(std::bit_width(number | 1)) + 6) / 7;
}

char* write_number(char* at, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) *at++ = static_cast<char>(number | 0x80);
    *at++ = static_cast<char>(number);
    return at;
}

std::uint64_t read_number(const char*& at) {
    std::uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = static_cast<std::uint8_t>(*at++);
        number |= std::uint64_t{byte & 0x7FU} << shift;
        if (byte < 0x80) return number;
    }
}

}  // namespace

StoredKey::Layout StoredKey::layout_of(std::size_t key_size, const Content& content) {
    Layout parts{key_size, content.value.size(), has_extras(content)};
    parts.key = length_of(key_size << 1U) + length_of(parts.value_size) + (parts.extras ? extras_size : std::size_t{0});
    return parts;
}

StoredKey::Layout StoredKey::any_layout() const {
    Layout parts;
    const char* at = bytes();
    const std::uint64_t key = read_number(at);
    parts.key_size = key >> 1U;
    parts.extras = (key & 1U) != 0;
    parts.value_size = read_number(at);
    parts.key = static_cast<std::size_t>(at - bytes()) + (parts.extras ? extras_size : std::size_t{0});
    return parts;
}

StoredKey::Owner StoredKey::make(std::string_view key, const Content& content) {
    const Layout parts = layout_of(key.size(), content);
    Owner stored(new (::operator new(parts.block_size())) StoredKey(content.version));
    std::memcpy(stored->bytes() + parts.key, key.data(), key.size());
    stored->write(parts, content);
    return stored;
}

void StoredKey::Destroy::operator()(StoredKey* stored) const {
    stored->~StoredKey();
    ::operator delete(stored);
}

std::optional<std::size_t> StoredKey::overwrite(const Content& content) {
    const Layout old = layout();
    if (has_extras(content) != old.extras) return std::nullopt;
    if (content.value.size() != old.value_size) {
        const Layout parts = layout_of(old.key_size, content);
        if (parts.key != old.key || parts.block_size() != old.block_size()) return std::nullopt;
        write(parts, content);
    } else {
        write(old, content);
    }
    return old.value_size;
}

void StoredKey::write(const Layout& parts, const Content& content) {
    version_ = content.version;
    char* at = write_number(bytes(), parts.key_size << 1U | (parts.extras ? 1U : 0U));
    at = write_number(at, parts.value_size);
    if (parts.extras) {
        std::memcpy(at, &content.flags, sizeof content.flags);
        std::memcpy(at + sizeof content.flags, &content.expires, sizeof content.expires);
    }
    if (parts.value_size != 0) std::memcpy(bytes() + parts.value(), content.value.data(), parts.value_size);
}

StoredKey::Content StoredKey::content() const {
    const Layout parts = layout();
    Content content{{bytes() + parts.value(), parts.value_size}, version_};
    if (parts.extras) {
        const char* const at = bytes() + parts.key - extras_size;
        std::memcpy(&content.flags, at, sizeof content.flags);
        std::memcpy(&content.expires, at + sizeof content.flags, sizeof content.expires);
    }
    return content;
}

}  // namespace ringkv
