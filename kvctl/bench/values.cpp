#include "kvctl/bench/values.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "kvctl/bench/random.hpp"

namespace ringkv::kvctl {
namespace {

constexpr std::size_t digits = 16;
constexpr std::size_t places = 4096;  // where in the letters a value may begin

std::uint64_t mixed(std::uint64_t state, std::string_view bytes) {
    state = Random(state ^ bytes.size()).next();
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t count = std::min(bytes.size(), sizeof word);
        std::memcpy(&word, bytes.data(), count);
        state = (state ^ word) * 0x9E3779B97F4A7C15U;
        state ^= state >> 32U;
        bytes.remove_prefix(count);
    }
    return state;
}

std::array<char, digits> checksum(std::string_view key, std::string_view rest) {
    std::uint64_t sum = Random(mixed(mixed(0, key), rest)).next();
    std::array<char, digits> text{};
    for (auto place = text.rbegin(); place != text.rend(); ++place, sum >>= 4U) *place = "0123456789abcdef"[sum & 15U];
    return text;
}

}  // namespace

std::string bench_key(std::uint64_t number) {
    return fmt::format("bench:{:010}", number);
}

BenchValues::BenchValues(std::size_t size) : size_(size), letters_(size > digits ? size - digits + places : 0, '\0') {
    Random random(size);
    for (char& letter : letters_) letter = static_cast<char>('a' + random.next() % 26);
}

void BenchValues::write(std::string_view key, std::uint64_t nonce, std::string& out) const {
    const std::string_view rest =
        size_ > digits ? std::string_view(letters_).substr(nonce % places, size_ - digits) : std::string_view();
    const auto sum = checksum(key, rest);
    out.assign(sum.data(), std::min(size_, digits));
    out.append(rest);
}

bool BenchValues::is_right(std::string_view key, std::string_view value) {
    const std::string_view rest = value.size() > digits ? value.substr(digits) : std::string_view();
    const auto sum = checksum(key, rest);
    return !value.empty() && value.substr(0, digits) == std::string_view(sum.data(), std::min(value.size(), digits));
}

}  // namespace ringkv::kvctl
