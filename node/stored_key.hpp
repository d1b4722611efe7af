// One key of the memory engine with its value, in one block of memory:
//
//     version (8) | key's size, and whether it has extras | value's size | [flags (4), expiry (8)] | key | value
//
// Sizes take as few bytes as they need (LEB128): one up to 63 or 127, seldom more than two. Flags and an expiry time
// cost nothing where there are none. A value of about the same size is written over the old one, in the same block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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
    // -> the size of the value that is replaced; nullopt: it does not fit this block, and nothing has changed.
    [[nodiscard]] std::optional<std::size_t> overwrite(const Content& content);

    [[nodiscard]] std::string_view key() const {
        const Layout parts = layout();
        return {bytes() + parts.key, parts.key_size};
    }
    [[nodiscard]] Content content() const;
    struct Sizes {
        std::size_t content = 0;  // key and value
        std::size_t block = 0;    // of memory, as the allocator rounds it, roughly
    };
    [[nodiscard]] Sizes sizes() const {
        const Layout parts = layout();
        return {parts.key_size + parts.value_size, parts.block_size()};
    }

  private:
    // Where what is, counted from bytes().
    struct Layout {
        std::size_t key_size = 0;
        std::size_t value_size = 0;
        bool extras = false;
        std::size_t key = 0;

        [[nodiscard]] std::size_t value() const { return key + key_size; }
        // Two sizes that are rounded to the same fit the same block.
        [[nodiscard]] std::size_t block_size() const {
            return (sizeof(StoredKey) + value() + value_size + 15) / 16 * 16;
        }
    };

    explicit StoredKey(OpNumber version) : version_(version) {}
    [[nodiscard]] static bool has_extras(const Content& content) { return content.flags != 0 || content.expires != 0; }
    [[nodiscard]] static Layout layout_of(std::size_t key_size, const Content& content);
    [[nodiscard]] Layout layout() const {
        const std::size_t key = static_cast<std::uint8_t>(bytes()[0]);
        const std::size_t value = static_cast<std::uint8_t>(bytes()[1]);
        if ((key | value) >= 0x80 || (key & 1U) != 0) return any_layout();
        return {key >> 1U, value, false, 2};
    }
    [[nodiscard]] Layout any_layout() const;
    [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
    // All but the key.
    void write(const Layout& parts, const Content& content);

    OpNumber version_;
};

}  // namespace ringkv
