// Bytes that people look at: UTF-8, escapes, width, units, and names that were mistyped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringkv::kvctl {

// Strict (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes) noexcept;

// One line that a terminal can be given: control characters, what turns the direction of text, and bytes that
// are not UTF-8 become \n, \t, \xNN, \u{NNNN}; a backslash becomes two.
std::string escape(std::string_view bytes);

// How many columns valid UTF-8 takes, one a code point.
std::size_t width(std::string_view text) noexcept;

// The text, cut to `columns` with "..." at its end if it is longer.
std::string shorten(std::string text, std::size_t columns);

// "500ms", "5s", "2min", "1h": a whole number above 0 and a unit; at most a day.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

// "100", "100B", "4KiB", "1MiB", "1GiB", "1TiB".
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// Decimal digits only.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

// What parse_duration() and parse_size() read back: "30s", "64MiB". 0 is "0".
std::string exact(std::chrono::milliseconds duration);
std::string exact_size(std::uint64_t bytes);

// "1234567" -> "1 234 567".
std::string grouped(std::uint64_t number);

// "1 partition", "1 024 partitions".
std::string counted(std::uint64_t count, std::string_view thing);

// "512 B", "3.4 MiB", "52 GiB".
std::string readable_size(double bytes);

// "40 s", "3 min 20 s", "2 h 5 min".
std::string readable_time(double seconds);

// The candidate that needs the fewest changes to be `word`, if they are few enough for a slip of the fingers.
std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace ringkv::kvctl
