// The query of a request for a page: NAME=VALUE, with '&' between two. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ringkv/result.hpp"

namespace ringkv {

// "%20" is a space and "%00" a byte of 0; what is not '%' stands for itself, '+' too. Error: invalid_argument, a '%'
// without two hexadecimal digits.
[[nodiscard]] Result<std::string> percent_decoded(std::string_view text);

// The first value of that name, decoded; nullopt: the query has none. Errors as above.
[[nodiscard]] Result<std::optional<std::string>> query_value(std::string_view query, std::string_view name);

}  // namespace ringkv
