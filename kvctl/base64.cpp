#include "kvctl/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ringkv::kvctl {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 64;

constexpr std::array<std::uint8_t, 256> digits = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::uint8_t value = 0; value < 64; ++value) table[static_cast<unsigned char>(alphabet[value])] = value;
    return table;
}();

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    while (!bytes.empty()) {
        const std::size_t count = std::min<std::size_t>(bytes.size(), 3);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = (group << 8U) | (i < count ? static_cast<unsigned char>(bytes[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += i <= count ? alphabet[(group >> (18U - 6U * i)) & 63U] : '=';
        }
        bytes.remove_prefix(count);
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (; !text.empty(); text.remove_prefix(4)) {
        std::size_t count = 4;
        if (text.size() == 4 && text[3] == '=') count = text[2] == '=' ? 2 : 3;
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint8_t digit = i < count ? digits[static_cast<unsigned char>(text[i])] : std::uint8_t{0};
            if (digit == no_digit) return std::nullopt;
            group = (group << 6U) | digit;
        }
        for (std::size_t i = 0; i < 3; ++i) {
            const auto byte = static_cast<char>((group >> (16U - 8U * i)) & 255U);
            if (i + 1 < count) {
                bytes += byte;
            } else if (byte != 0) {
                return std::nullopt;  // bits that the padding says are not there
            }
        }
    }
    return bytes;
}

}  // namespace ringkv::kvctl
