// "tcp://host:port", counted up and looked at. Pure functions; thread-safe.
#pragma once

#include <string>

#include "ringkv/result.hpp"

namespace ringkv {

// "tcp://host:port" -> the endpoint with port + offset. Errors: configuration, naming the text.
[[nodiscard]] Result<std::string> endpoint_plus(const std::string& endpoint, unsigned offset);
// Is it a well-formed "tcp://host:port" with a port of 1 .. 65535? Errors: configuration.
[[nodiscard]] Result<void> check_endpoint(const std::string& endpoint);
// Is its host a loopback address (127.0.0.0/8, ::1, localhost)?
[[nodiscard]] bool is_loopback(const std::string& endpoint);

}  // namespace ringkv
