// kvctl's lines: what import takes, and what export and the terminal are given of any bytes.
#include <string>

#include "kvctl/base64.hpp"
#include "kvctl/ndjson.hpp"
#include "kvctl/text.hpp"
#include "tests/fuzz/target.hpp"

namespace ringkv::fuzz {
namespace {

// Exported and imported again, a record is what it was.
void check_round_trip(const kvctl::Record& record) {
    kvctl::Json object = kvctl::with_key(record.key);
    kvctl::add_bytes(object, "value", record.value);
    const std::string line = object.dump();
    RINGKV_CHECK(line.find('\n') == std::string::npos, "a record of more than one line");
    const auto again = kvctl::parse_record(line);
    RINGKV_CHECK(again, "our own line is refused");
    RINGKV_CHECK(again->key == record.key && again->value == record.value, "another record");
}

void check_base64(std::string_view text) {
    const auto bytes = kvctl::from_base64(text);
    if (bytes) RINGKV_CHECK(kvctl::to_base64(*bytes) == text, "two encodings of the same bytes");
    const auto back = kvctl::from_base64(kvctl::to_base64(text));
    RINGKV_CHECK(back && *back == text, "other bytes after base64");
}

// Control characters, and what breaks a line or turns its direction, as they look in UTF-8.
bool harmless(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
    const auto has = [&](std::string_view lead, unsigned char first, unsigned char last) {
        for (std::size_t at = 0; (at = text.find(lead, at)) != std::string_view::npos; ++at) {
            const auto next = static_cast<unsigned char>(text[at + lead.size()]);
            if (next >= first && next <= last) return true;
        }
        return false;
    };
    return !has("\xC2", 0x80, 0x9F) && !has("\xD8", 0x9C, 0x9C) && !has("\xE2\x80", 0x8E, 0x8F) &&
           !has("\xE2\x80", 0xA8, 0xAE) && !has("\xE2\x81", 0xA6, 0xA9);
}

// Once escaped, nothing is left to escape but the backslashes themselves.
void check_escape(std::string_view bytes) {
    const std::string shown = kvctl::escape(bytes);
    RINGKV_CHECK(kvctl::is_utf8(shown) && harmless(shown), "not text for a terminal");
    std::string twice;
    for (const char c : shown) twice += c == '\\' ? "\\\\" : std::string(1, c);
    RINGKV_CHECK(kvctl::escape(shown) == twice, "something was left unescaped");
    const std::string cut = kvctl::shorten(shown, 20);
    RINGKV_CHECK(kvctl::is_utf8(cut) && kvctl::width(cut) <= 20, "cut through a character, or too wide");
}

}  // namespace

void take(std::string_view input) {
    const auto record = kvctl::parse_record(input);
    if (record) {
        RINGKV_CHECK(!record->key.empty(), "an empty key");
        check_round_trip(*record);
    } else {
        check_refusal(record.error(), {ErrorCode::invalid_argument});
    }
    check_base64(input);
    check_escape(input);
    if (input.size() < 2) return;
    // The first byte says where the key ends.
    const std::size_t key = 1 + static_cast<unsigned char>(input.front()) % (input.size() - 1);
    check_round_trip({std::string(input.substr(1, key)), std::string(input.substr(1 + key))});
}

}  // namespace ringkv::fuzz
