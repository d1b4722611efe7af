// The address of the registry's PUB socket, as those that connect to it can use it. Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace ringkv {

// Does "tcp://host:port" name every address of the machine that binds it (*, 0.0.0.0 or [::])? Then it is
// nothing that another machine could connect to.
[[nodiscard]] bool has_wildcard_host(std::string_view endpoint);

// `published`, with the host of `source` in place of a wildcard: "tcp://*:7401", learned from
// "tcp://10.0.0.5:7400", is "tcp://10.0.0.5:7401". Anything else, and what is no "tcp://host:port", is returned
// as it is.
[[nodiscard]] std::string reachable_endpoint(const std::string& published, const std::string& source);

}  // namespace ringkv
