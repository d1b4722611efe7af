#include "common/published_endpoint.hpp"

#include <algorithm>
#include <array>

namespace ringkv {

bool has_wildcard_host(std::string_view endpoint) {
    constexpr std::array<std::string_view, 3> wildcards = {"tcp://*", "tcp://0.0.0.0", "tcp://[::]"};
    const std::size_t colon = endpoint.rfind(':');
    if (colon == std::string_view::npos) return false;
    return std::ranges::find(wildcards, endpoint.substr(0, colon)) != wildcards.end();
}

std::string reachable_endpoint(const std::string& published, const std::string& source) {
    const std::size_t port = source.rfind(':');
    if (!has_wildcard_host(published) || port == std::string::npos) return published;
    return source.substr(0, port) + published.substr(published.rfind(':'));
}

}  // namespace ringkv
