// Base64 with padding (RFC 4648, section 4), for keys and values that are not UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringkv::kvctl {

std::string to_base64(std::string_view bytes);

// nullopt for anything but the one encoding that to_base64 gives: no spaces, padded, unused bits zero.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace ringkv::kvctl
