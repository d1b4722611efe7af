// What the registry answers at /api/, for its dashboard and for scripts: docs/http-api.md has the shapes. Functions of
// what was observed; nothing here reads a clock or a counter.
#pragma once

#include <string>
#include <string_view>

#include "common/edge/http/http_server.hpp"
#include "registry/overview.hpp"

namespace ringkv::registry {

// `time`: when it was seen, "2026-01-31T23:59:59.999Z".
[[nodiscard]] HttpAnswer cluster_answer(const Overview& seen, const std::string& time);
[[nodiscard]] HttpAnswer activity_answer(const Overview& seen);
// Where a key, or a partition, is. `query`: key=... (any bytes, percent-encoded) or partition=NUMBER.
[[nodiscard]] HttpAnswer locate_answer(const Overview& seen, std::string_view query);
// What a node has of each partition. `query`: name=...
[[nodiscard]] HttpAnswer node_answer(const Overview& seen, std::string_view query);
// {"error": text}
[[nodiscard]] HttpAnswer error_answer(unsigned status, const std::string& text);

}  // namespace ringkv::registry
