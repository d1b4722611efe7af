// Which release this is, and which protocol it speaks. Thread-safe.
#pragma once

#include <string_view>

namespace ringkv {

// "0.5.0": the version in CMakeLists.txt, the only place that has it. CHANGELOG.md says what it promises.
[[nodiscard]] std::string_view version();

// "1.0", major and minor. Programs of one major version understand each other (docs/protocol.md, Frames).
[[nodiscard]] std::string_view protocol_version();

}  // namespace ringkv
