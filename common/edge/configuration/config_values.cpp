#include "common/edge/configuration/config_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

namespace ringkv::config {
namespace {

constexpr std::string_view digits = "0123456789";

Error wrong(std::string what) {
    return {ErrorCode::configuration, std::move(what)};
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

// Of names and hosts.
bool plain_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

// Integers only, the whole text.
template <class Number>
bool parse_whole(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr Unit time_units[] = {
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"min", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr Unit size_units[] = {{"B", 1},
                               {"KiB", std::uint64_t{1} << 10U},
                               {"MiB", std::uint64_t{1} << 20U},
                               {"GiB", std::uint64_t{1} << 30U},
                               {"TiB", std::uint64_t{1} << 40U}};

std::string list_of(std::span<const Unit> units) {
    std::string list;
    for (const Unit& unit : units)
        list += (list.empty() ? "" : &unit == &units.back() ? " or " : ", ") + std::string(unit.name);
    return list;
}

// "12min" -> 12 x the unit's factor, at most `largest`.
Result<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units, std::uint64_t largest) {
    const std::size_t split = std::min(text.find_first_not_of(digits), text.size());
    std::string_view unit_name = text.substr(split);
    unit_name.remove_prefix(std::min(unit_name.find_first_not_of(' '), unit_name.size()));
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit_name; });
    if (split == 0 || unit_name.starts_with('.')) return wrong(quoted(text) + " is not a whole number with a unit");
    if (unit == units.end()) return wrong("unknown unit " + quoted(unit_name) + "; use " + list_of(units));
    std::uint64_t number = 0;
    if (!parse_whole(text.substr(0, split), number) || number > largest / unit->factor)
        return wrong(quoted(text) + " is too large");
    return number * unit->factor;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    if (text == "0") return Duration::zero();
    if (!text.empty() && text.find_first_not_of(digits) == std::string_view::npos)
        return wrong(quoted(text) + " has no unit; write " + std::string(text) + "ms or " + std::string(text) + "s");
    constexpr Duration year = std::chrono::hours(24 * 365);
    const auto nanoseconds = parse_quantity(text, time_units, static_cast<std::uint64_t>(year.count()));
    if (!nanoseconds) return nanoseconds.error();
    return Duration(static_cast<Duration::rep>(*nanoseconds));
}

Result<std::uint64_t> parse_size(std::string_view text) {
    constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
    const bool bare = !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
    return parse_quantity(bare ? std::string(text) + "B" : std::string(text), size_units, largest);
}

Result<std::uint64_t> parse_integer(std::string_view text) {
    std::uint64_t number = 0;
    if (!parse_whole(text, number)) return wrong(quoted(text) + " is not a whole number");
    return number;
}

Result<double> parse_number(std::string_view text) {
    double number = 0;
    if (!parse_whole(text, number) || !std::isfinite(number)) return wrong(quoted(text) + " is not a number");
    return number;
}

Result<bool> parse_boolean(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return wrong(quoted(text) + " is neither true nor false");
}

Result<void> check_name(std::string_view text) {
    const bool fits = !text.empty() && text.size() <= 64;
    const bool plain = std::all_of(text.begin(), text.end(), plain_character);
    if (fits && plain) return {};
    return wrong(quoted(text) + " must be 1 to 64 letters, digits, '.', '_' or '-'");
}

bool HostPort::loopback() const {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

Result<HostPort> parse_host_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong(quoted(text) + " must be host:port");
    std::string_view host = text.substr(0, colon);
    const std::string_view port_text = text.substr(colon + 1);
    if (host.starts_with('[')) {
        if (!host.ends_with(']')) return wrong(quoted(text) + " lacks the ']' of its IPv6 address");
        host = host.substr(1, host.size() - 2);
        if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos ||
            host.find(':') == std::string_view::npos)
            return wrong(quoted(host) + " is not an IPv6 address");
    } else if (host.find(':') != std::string_view::npos) {
        return wrong(quoted(text) + " must be host:port, with an IPv6 address in [brackets]");
    } else if (host != "*" && (host.empty() || !std::all_of(host.begin(), host.end(), plain_character))) {
        return wrong(quoted(text) + " has no valid host");
    }
    std::uint32_t port = 0;
    if (!parse_whole(port_text, port) || port < 1 || port > 65535)
        return wrong(quoted(text) + " has no valid port (1 to 65535)");
    return HostPort{std::string(host), static_cast<std::uint16_t>(port)};
}

Result<HostPort> parse_endpoint(std::string_view text) {
    constexpr std::string_view scheme = "tcp://";
    if (!text.starts_with(scheme)) return wrong(quoted(text) + " must be tcp://host:port");
    return parse_host_port(text.substr(scheme.size()));
}

namespace {

// Levenshtein: insertions, removals and replacements.
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    std::string best;
    // Half of the word may be wrong; more than that is another word.
    std::size_t least = std::max<std::size_t>(2, word.size() / 2) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(word.substr(0, 64), candidate);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace ringkv::config
