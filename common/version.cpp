#include "ringkv/version.hpp"

#include <string>

#include "common/protocol_version.hpp"

namespace ringkv {

std::string_view version() {
    return RINGKV_VERSION;
}

std::string_view protocol_version() {
    static const std::string text = std::to_string(protocol_major) + "." + std::to_string(protocol_minor);
    return text;
}

}  // namespace ringkv
