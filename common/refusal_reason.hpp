// Words for people; pure.
#pragma once

#include <string_view>

#include "common/messages.hpp"

namespace ringkv {

// "overloaded", "not built yet"
[[nodiscard]] std::string_view name_of(RefusalReason reason);

}  // namespace ringkv
