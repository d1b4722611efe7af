#include "node/stored_key.hpp"

#include <cstring>
#include <new>

namespace ringkv {

StoredKey::StoredKey(std::string_view key, const Content& content)
    : key_size_(static_cast<std::uint32_t>(key.size())), extras_(has_extras(content) ? 1 : 0) {
    std::memcpy(bytes() + extras_size(), key.data(), key.size());
    write(content);
}

StoredKey::Owner StoredKey::make(std::string_view key, const Content& content) {
    void* const block = ::operator new(size_of(key.size(), content));
    return Owner(new (block) StoredKey(key, content));
}

void StoredKey::Destroy::operator()(StoredKey* stored) const {
    stored->~StoredKey();
    ::operator delete(stored);
}

bool StoredKey::overwrite(const Content& content) {
    if (has_extras(content) != (extras_ != 0) || size_of(key_size_, content) != block_size()) return false;
    write(content);
    return true;
}

void StoredKey::write(const Content& content) {
    version_ = content.version;
    value_size_ = static_cast<std::uint32_t>(content.value.size());
    if (extras_ != 0) {
        std::memcpy(bytes(), &content.flags, sizeof content.flags);
        std::memcpy(bytes() + sizeof content.flags, &content.expires, sizeof content.expires);
    }
    if (value_size_ != 0) std::memcpy(bytes() + extras_size() + key_size_, content.value.data(), value_size_);
}

StoredKey::Content StoredKey::content() const {
    Content content{{bytes() + extras_size() + key_size_, value_size_}, version_};
    if (extras_ != 0) {
        std::memcpy(&content.flags, bytes(), sizeof content.flags);
        std::memcpy(&content.expires, bytes() + sizeof content.flags, sizeof content.expires);
    }
    return content;
}

}  // namespace ringkv
