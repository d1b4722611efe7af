// What is said over a demo's control socket: one request, one answer, each one message of JSON.
//
//     {"verb":"kill","node":"n3"}
//     {"text":"...","nodes":[{"name":"n3","state":"killed",...}],"partitions":128,"not_served":0}
//     {"error":"invalid_argument","message":"..."}
//
// Members that are not known are passed over, and those that lack have their default. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ringkv/demo.hpp"

namespace ringkv::demo {

inline constexpr std::size_t most_request_bytes = 1024;
inline constexpr std::size_t most_answer_bytes = std::size_t{32} << 10U;

[[nodiscard]] std::string encode(const DemoRequest& request);
// Errors: malformed; it is not JSON, too long, or of another shape.
[[nodiscard]] Result<DemoRequest> decode_request(std::string_view bytes);

[[nodiscard]] std::string encode(const Result<DemoAnswer>& answer);
// The answer, or its error. Errors: malformed, likewise.
[[nodiscard]] Result<DemoAnswer> decode_answer(std::string_view bytes);

}  // namespace ringkv::demo
