// Numbers in as few bytes as they need: LEB128, seven bits a byte, the lowest first; the last byte is below 128. Pure
// functions; thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringkv {

inline constexpr std::size_t longest_varint = 10;  // bytes

[[nodiscard]] inline std::size_t varint_size(std::uint64_t number) {
    return (static_cast<std::size_t>(std::bit_width(number | 1U)) + 6) / 7;
}

// put(char): one byte after the other.
template <class Put>
void put_varint(std::uint64_t number, const Put& put) {
    for (; number >= 0x80; number >>= 7U) put(static_cast<char>(number | 0x80U));
    put(static_cast<char>(number));
}

// Takes it from the front. False: it is cut off, or too long.
[[nodiscard]] inline bool take_varint(std::string_view& from, std::uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
        const auto byte = static_cast<std::uint8_t>(from.front());
        from.remove_prefix(1);
        number |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

}  // namespace ringkv
