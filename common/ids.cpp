#include "common/ids.hpp"

namespace ringkv {

namespace {
constexpr std::string_view digits = "0123456789abcdef";
}  // namespace

std::string to_hex(std::uint64_t value) {
    std::string text(16, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value >>= 4U) *digit = digits[value & 0xFU];
    return text;
}

std::string Uuid::to_string() const {
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[bytes[i] >> 4U];
        text += digits[bytes[i] & 0xFU];
    }
    return text;
}

std::string ViewId::to_string() const {
    std::string text = "v" + std::to_string(number.value());
    return generation.value() > 1 ? "g" + std::to_string(generation.value()) + "." + text : text;
}

}  // namespace ringkv
