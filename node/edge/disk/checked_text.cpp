#include "node/edge/disk/checked_text.hpp"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace ringkv {
namespace {

constexpr std::uint64_t format = 1;
constexpr std::uint64_t longest = std::uint64_t{64} << 10U;

std::string checksum_line(std::string_view text) {
    char line[32];
    const int size = std::snprintf(line, sizeof(line), "checksum %016llx\n",
                                   static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
    return {line, static_cast<std::size_t>(size)};
}

std::optional<std::uint64_t> parse(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

Result<void> write_facts(DiskFolder& folder, const std::string& name, const std::string& kind, const Facts& facts) {
    std::string text = kind + " " + std::to_string(format) + "\n";
    for (const auto& [key, value] : facts) {
        text += key;
        text += ' ';
        text += value;
        text += '\n';
    }
    return replace_file(folder, name, text + checksum_line(text));
}

Result<std::optional<Facts>> read_facts(DiskFolder& folder, const std::string& name, const std::string& kind) {
    const auto names = folder.names();
    if (!names) return names.error();
    if (!std::binary_search(names->begin(), names->end(), name)) return std::optional<Facts>();
    const auto file = folder.open(name);
    if (!file) return file.error();
    const auto read = (*file)->read(0, longest);
    if (!read) return read.error();
    const std::string& text = *read;
    const Error damaged(ErrorCode::storage, folder.path(name) + " is damaged");
    const std::size_t last = text.rfind("checksum ");
    if (last == std::string::npos || text.substr(last) != checksum_line(text.substr(0, last))) return damaged;

    Facts facts;
    for (std::size_t at = 0; at < last;) {
        const std::size_t end = text.find('\n', at);
        const std::size_t space = text.find(' ', at);
        if (end == std::string::npos || space > end) return damaged;
        facts[text.substr(at, space - at)] = text.substr(space + 1, end - space - 1);
        at = end + 1;
    }
    const auto version = number_of(facts, kind);
    if (!version) return Error(ErrorCode::storage, folder.path(name) + " is not a file of kind " + kind);
    if (*version > format)
        return Error(ErrorCode::storage, folder.path(name) + " was written by a newer release: format " +
                                             std::to_string(*version) + "; use that release or a later one");
    return std::optional(std::move(facts));
}

std::optional<std::uint64_t> number_of(const Facts& facts, const std::string& name) {
    const auto fact = facts.find(name);
    return fact == facts.end() ? std::nullopt : parse(fact->second);
}

std::optional<Uuid> uuid_of(const Facts& facts, const std::string& name) {
    const auto fact = facts.find(name);
    if (fact == facts.end()) return std::nullopt;
    std::string digits = fact->second;
    std::erase(digits, '-');
    Uuid uuid;
    if (digits.size() != 2 * uuid.bytes.size()) return std::nullopt;
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
        const char* const at = digits.data() + 2 * i;
        if (std::from_chars(at, at + 2, uuid.bytes[i], 16).ptr != at + 2) return std::nullopt;
    }
    return uuid;
}

}  // namespace ringkv
