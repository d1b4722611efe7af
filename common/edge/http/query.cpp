#include "common/edge/http/query.hpp"

#include <algorithm>
#include <charconv>

namespace ringkv {

Result<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded += text[at];
            continue;
        }
        const std::string_view digits = text.substr(at + 1, 2);
        unsigned value = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() != 2 || read.ptr != digits.data() + digits.size())
            return Error(ErrorCode::invalid_argument,
                         "'%" + std::string(digits) + "' is no byte: two hexadecimal digits follow a '%', as in %2F; " +
                             "a '%' itself is %25");
        decoded += static_cast<char>(value);
        at += 2;
    }
    return decoded;
}

Result<std::optional<std::string>> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        const std::size_t sign = std::min(pair.find('='), pair.size());
        if (pair.substr(0, sign) != name) continue;
        auto value = percent_decoded(pair.substr(std::min(sign + 1, pair.size())));
        if (!value) return value.error();
        return std::optional(std::move(*value));
    }
    return std::optional<std::string>();
}

}  // namespace ringkv
