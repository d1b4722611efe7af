// One key of the memory engine with its value, in one block of memory:
//
//     version (8) | key's size, and whether it has extras (4) | value's size (4) | [flags (4), expiry (8)] | key |
//     value
//
// Flags and an expiry time cost nothing where there are none. A value of about the same size is written over the old
// one, in the same block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/ids.hpp"

namespace ringkv {

class StoredKey {
  public:
    struct Destroy {
        void operator()(StoredKey* stored) const;
    };
    using Owner = std::unique_ptr<StoredKey, Destroy>;
    struct Content {
        std::string_view value;  // below 4 GiB
        OpNumber version;
        std::uint32_t flags = 0;
        std::uint64_t expires = 0;
    };

    // `key`: below 2 GiB.
    [[nodiscard]] static Owner make(std::string_view key, const Content& content);
    // False: it does not fit this block, and nothing has changed.
    [[nodiscard]] bool overwrite(const Content& content);

    [[nodiscard]] std::string_view key() const { return {bytes() + extras_size(), key_size_}; }
    [[nodiscard]] Content content() const;
    // Of memory, as the allocator rounds it, roughly.
    [[nodiscard]] std::size_t block_size() const {
        return rounded(sizeof(StoredKey) + extras_size() + key_size_ + value_size_);
    }

  private:
    static constexpr std::size_t extras = sizeof(std::uint32_t) + sizeof(std::uint64_t);

    StoredKey(std::string_view key, const Content& content);
    [[nodiscard]] static bool has_extras(const Content& content) { return content.flags != 0 || content.expires != 0; }
    // Two sizes that are rounded to the same fit the same block.
    [[nodiscard]] static std::size_t rounded(std::size_t size) { return (size + 15) / 16 * 16; }
    [[nodiscard]] static std::size_t size_of(std::size_t key_size, const Content& content) {
        return rounded(sizeof(StoredKey) + (has_extras(content) ? extras : 0) + key_size + content.value.size());
    }
    [[nodiscard]] std::size_t extras_size() const { return extras_ != 0 ? extras : 0; }
    [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
    void write(const Content& content);

    OpNumber version_;
    std::uint32_t key_size_ : 31;
    std::uint32_t extras_ : 1;
    std::uint32_t value_size_ = 0;
};

}  // namespace ringkv
