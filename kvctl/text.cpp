#include "kvctl/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace ringkv::kvctl {
namespace {

struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;  // 0: these bytes are not UTF-8
};

CodePoint decode(std::string_view bytes) noexcept {
    const auto lead = static_cast<unsigned char>(bytes.front());
    if (lead < 0x80) return {lead, 1};
    std::size_t length = 0;
    char32_t value = 0;
    char32_t least = 0;
    if ((lead & 0xE0U) == 0xC0U) {
        length = 2, value = lead & 0x1FU, least = 0x80;
    } else if ((lead & 0xF0U) == 0xE0U) {
        length = 3, value = lead & 0x0FU, least = 0x800;
    } else if ((lead & 0xF8U) == 0xF0U) {
        length = 4, value = lead & 0x07U, least = 0x10000;
    }
    if (length == 0 || bytes.size() < length) return {};
    for (const char byte : bytes.substr(1, length - 1)) {
        const auto next = static_cast<unsigned char>(byte);
        if ((next & 0xC0U) != 0x80U) return {};
        value = (value << 6U) | (next & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < least || value > 0x10FFFF || surrogate) return {};
    return {value, length};
}

// What would move the cursor, ring the bell, start an escape sequence, or show text in another order than it has.
bool unsafe(char32_t point) noexcept {
    const bool control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
    const bool separator = point == 0x2028 || point == 0x2029;
    const bool direction = point == 0x061C || point == 0x200E || point == 0x200F ||
                           (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
    return control || separator || direction;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::initializer_list<Unit> units) noexcept {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_number(text.substr(0, digits));
    if (!number) return std::nullopt;
    for (const Unit& unit : units) {
        if (text.substr(digits) != unit.name) continue;
        if (*number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.factor) return {};
        return *number * unit.factor;
    }
    return std::nullopt;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const CodePoint point = decode(bytes);
        if (point.length == 0) return false;
        bytes.remove_prefix(point.length);
    }
    return true;
}

std::string escape(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const CodePoint point = decode(bytes);
        const std::size_t length = std::max<std::size_t>(point.length, 1);
        if (point.length == 0 || (unsafe(point.value) && point.value < 0x80)) {
            switch (bytes.front()) {
                case '\n': text += "\\n"; break;
                case '\r': text += "\\r"; break;
                case '\t': text += "\\t"; break;
                default: text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
            }
        } else if (unsafe(point.value)) {
            text += fmt::format("\\u{{{:04x}}}", static_cast<std::uint32_t>(point.value));
        } else if (point.value == U'\\') {
            text += "\\\\";
        } else {
            text += bytes.substr(0, length);
        }
        bytes.remove_prefix(length);
    }
    return text;
}

std::size_t width(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::string shorten(std::string text, std::size_t columns) {
    if (width(text) <= columns) return text;
    const std::size_t kept = columns > 3 ? columns - 3 : 0;
    std::size_t at = 0;
    for (std::size_t column = 0; column < kept; ++column) {
        at += std::max<std::size_t>(decode(std::string_view(text).substr(at)).length, 1);
    }
    text.resize(at);
    return text + std::string(std::min<std::size_t>(columns, 3), '.');
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
    const auto count = parse_with_unit(text, {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}});
    // A day is longer than any call need wait, and far from where arithmetic on clocks would overflow.
    if (!count || *count == 0 || *count > 86'400'000) return std::nullopt;
    return std::chrono::milliseconds(*count);
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    return parse_with_unit(text, {{"", 1},
                                  {"B", 1},
                                  {"KiB", 1U << 10U},
                                  {"MiB", 1U << 20U},
                                  {"GiB", 1U << 30U},
                                  {"TiB", std::uint64_t{1} << 40U}});
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
    return number;
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, " ");
    return digits;
}

std::string exact(std::chrono::milliseconds duration) {
    const auto count = static_cast<std::uint64_t>(duration.count());
    if (count == 0) return "0";
    for (const Unit& unit : {Unit{"h", 3'600'000}, Unit{"min", 60'000}, Unit{"s", 1000}})
        if (count % unit.factor == 0) return fmt::format("{}{}", count / unit.factor, unit.name);
    return fmt::format("{}ms", count);
}

std::string exact_size(std::uint64_t bytes) {
    if (bytes == 0) return "0";
    for (const Unit& unit :
         {Unit{"TiB", std::uint64_t{1} << 40U}, Unit{"GiB", 1U << 30U}, Unit{"MiB", 1U << 20U}, Unit{"KiB", 1U << 10U}})
        if (bytes % unit.factor == 0) return fmt::format("{}{}", bytes / unit.factor, unit.name);
    return fmt::format("{}B", bytes);
}

std::string counted(std::uint64_t count, std::string_view thing) {
    if (count == 1) return fmt::format("1 {}", thing);
    const bool copy = thing.ends_with("y");
    return fmt::format("{} {}{}", grouped(count), copy ? thing.substr(0, thing.size() - 1) : thing, copy ? "ies" : "s");
}

std::string readable_size(double bytes) {
    if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
    std::string_view unit = "KiB";
    bytes /= 1024;
    for (const std::string_view larger : {"MiB", "GiB", "TiB", "PiB"}) {
        if (bytes < 1024) break;
        bytes /= 1024;
        unit = larger;
    }
    return fmt::format("{:.{}f} {}", bytes, bytes < 9.95 ? 1 : 0, unit);
}

std::string readable_time(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::llround(std::max(seconds, 0.0)));
    if (whole < 100) return fmt::format("{} s", whole);
    if (whole < 6000) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::optional<std::string_view> best;
    std::size_t least = std::max<std::size_t>(word.size() / 2, 2) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance >= least || distance >= candidate.size()) continue;
        least = distance;
        best = candidate;
    }
    return best;
}

}  // namespace ringkv::kvctl
