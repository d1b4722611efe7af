#include "node/stored_key.hpp"

#include <cstring>
#include <new>

#include "common/check.hpp"
#include "node/varint.hpp"

namespace ringkv {

namespace {

constexpr std::size_t extras_size = sizeof(std::uint32_t) + sizeof(std::uint64_t);

}  // namespace

StoredKey::Layout StoredKey::layout_of(std::size_t key_size, const Content& content) {
    Layout parts{key_size, content.value.size(), has_extras(content)};
    parts.key =
        varint_size(key_size << 1U) + varint_size(parts.value_size) + (parts.extras ? extras_size : std::size_t{0});
    return parts;
}

StoredKey::Layout StoredKey::any_layout() const {
    std::string_view header(bytes(), 2 * longest_varint);  // at most: no more is read than both numbers
    std::uint64_t key = 0;
    std::uint64_t value = 0;
    RINGKV_CHECK(take_varint(header, key) && take_varint(header, value), "a stored key without its sizes");
    Layout parts{key >> 1U, value, (key & 1U) != 0};
    parts.key = static_cast<std::size_t>(header.data() - bytes()) + (parts.extras ? extras_size : std::size_t{0});
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
    char* at = bytes();
    const auto put = [&at](char byte) { *at++ = byte; };
    put_varint(parts.key_size << 1U | (parts.extras ? 1U : 0U), put);
    put_varint(parts.value_size, put);
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
