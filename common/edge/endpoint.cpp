// "tcp://host:port", taken apart and put together.
#include <charconv>
#include <utility>

#include "common/edge/transport.hpp"

namespace ringkv {
namespace {

struct Endpoint {
    std::string host;  // of IPv6 with its brackets
    unsigned port = 0;
};

constexpr std::string_view scheme = "tcp://";
constexpr unsigned highest_port = 65535;

[[nodiscard]] Error bad(const std::string& endpoint, const char* why) {
    return {ErrorCode::configuration,
            "'" + endpoint + "' is not an endpoint: " + why + "; write tcp://host:port, as in tcp://127.0.0.1:7400"};
}

[[nodiscard]] bool plain(std::string_view host) {
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host == "*") return true;
    const std::string_view marks = bracketed ? ":.%" : ".-_";
    for (const char c : host) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && marks.find(c) == std::string_view::npos) return false;
    }
    return !host.empty();
}

[[nodiscard]] Result<Endpoint> parse(const std::string& endpoint) {
    if (endpoint.compare(0, scheme.size(), scheme) != 0) return bad(endpoint, "it does not begin with tcp://");
    const std::string_view rest = std::string_view(endpoint).substr(scheme.size());
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos) return bad(endpoint, "it has no port");
    const std::string_view host = rest.substr(0, colon);
    const std::string_view digits = rest.substr(colon + 1);
    if (!plain(host)) return bad(endpoint, "it has no host, or one with strange characters");
    unsigned port = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (failure != std::errc() || end != digits.data() + digits.size() || port == 0 || port > highest_port)
        return bad(endpoint, "its port is not a number of 1 to 65535");
    return Endpoint{std::string(host), port};
}

}  // namespace

Result<std::string> endpoint_plus(const std::string& endpoint, unsigned offset) {
    auto parsed = parse(endpoint);
    if (!parsed) return parsed.error();
    if (offset > highest_port - parsed->port) return bad(endpoint, "the ports that follow it go beyond 65535");
    return std::string(scheme) + parsed->host + ":" + std::to_string(parsed->port + offset);
}

Result<void> check_endpoint(const std::string& endpoint) {
    auto parsed = parse(endpoint);
    if (!parsed) return parsed.error();
    return {};
}

bool is_loopback(const std::string& endpoint) {
    auto parsed = parse(endpoint);
    if (!parsed) return false;
    const std::string& host = parsed->host;
    if (host == "localhost" || host == "[::1]") return true;
    // 127.0.0.0/8, and not a name that only begins like it.
    return host.compare(0, 4, "127.") == 0 && host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace ringkv
