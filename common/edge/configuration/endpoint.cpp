#include "common/edge/configuration/endpoint.hpp"

#include <limits>

#include "common/edge/configuration/config_values.hpp"

namespace ringkv {
namespace {

[[nodiscard]] Error bad(const std::string& endpoint, const std::string& why) {
    return {ErrorCode::configuration, "'" + endpoint + "' is not an endpoint like tcp://127.0.0.1:7400: " + why};
}

[[nodiscard]] Result<config::HostPort> parse(const std::string& endpoint) {
    auto address = config::parse_endpoint(endpoint);
    if (!address) return bad(endpoint, address.error().message());
    return address;
}

}  // namespace

Result<std::string> endpoint_plus(const std::string& endpoint, unsigned offset) {
    const auto address = parse(endpoint);
    if (!address) return address.error();
    if (offset > std::numeric_limits<std::uint16_t>::max() - unsigned{address->port})
        return bad(endpoint, "the ports that follow it go beyond 65535");
    return endpoint.substr(0, endpoint.rfind(':') + 1) + std::to_string(address->port + offset);
}

Result<void> check_endpoint(const std::string& endpoint) {
    const auto address = parse(endpoint);
    if (!address) return address.error();
    return {};
}

bool is_loopback(const std::string& endpoint) {
    const auto address = parse(endpoint);
    return address && address->loopback();
}

}  // namespace ringkv
