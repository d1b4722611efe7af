// Any text as each kind of word that people write: endpoints, durations, sizes, numbers, names.
#include <cmath>
#include <limits>
#include <string>

#include "common/edge/configuration/config_values.hpp"
#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/transport/transport.hpp"
#include "kvctl/text.hpp"
#include "tests/fuzz/target.hpp"

namespace ringkv::fuzz {
namespace {

template <class T>
bool taken(const Result<T>& result) {
    if (!result) check_refusal(result.error(), {ErrorCode::configuration});
    return result.has_value();
}

// Two parsers know endpoints: the configuration's and the transport's.
void check_endpoints(const std::string& text) {
    const bool opened = taken(check_endpoint(text));
    const auto next = endpoint_plus(text, 1);
    if (taken(next)) {
        RINGKV_CHECK(opened, "refused, but not its neighbour");
        RINGKV_CHECK(check_endpoint(*next), "the next endpoint is none");
        RINGKV_CHECK(is_loopback(*next) == is_loopback(text), "the next endpoint is of another host");
    }
    RINGKV_CHECK(opened || !is_loopback(text), "loopback, but no endpoint");

    const auto configured = config::parse_endpoint(text);
    if (!taken(configured)) return;
    RINGKV_CHECK(opened, "the configuration takes an endpoint that the transport refuses");
    RINGKV_CHECK(configured->port != 0 && !configured->host.empty(), "no host, or no port");
    RINGKV_CHECK(configured->loopback() == is_loopback(text), "loopback to one of them only");
}

void check_quantities(const std::string& text) {
    const auto duration = config::parse_duration(text);
    if (taken(duration))
        RINGKV_CHECK(*duration >= Duration::zero() && *duration <= std::chrono::hours(24 * 365), "not within a year");
    const auto size = config::parse_size(text);
    if (taken(size)) RINGKV_CHECK(*size <= std::numeric_limits<std::int64_t>::max(), "a size that overflows");
    const auto integer = config::parse_integer(text);
    if (taken(integer)) RINGKV_CHECK(config::parse_integer(std::to_string(*integer)), "a number that cannot be read");
    const auto number = config::parse_number(text);
    if (taken(number)) RINGKV_CHECK(std::isfinite(*number), "not a number");
    static_cast<void>(taken(config::parse_boolean(text)));

    // kvctl reads its own arguments: what both take must mean the same to both.
    const auto wait = kvctl::parse_duration(text);
    if (wait) RINGKV_CHECK(duration && *duration == *wait, "another duration to kvctl");
    const auto bytes = kvctl::parse_size(text);
    if (bytes && size) RINGKV_CHECK(*bytes == *size, "another size to kvctl");
    const auto count = kvctl::parse_number(text);
    if (count) RINGKV_CHECK(integer && *integer == *count, "another number to kvctl");
}

}  // namespace

void take(std::string_view input) {
    const std::string text(input);
    check_endpoints(text);
    check_endpoints("tcp://" + text);
    check_quantities(text);
    if (taken(config::check_name(text))) RINGKV_CHECK(kvctl::escape(text) == text, "a name that must be escaped");
    static_cast<void>(taken(config::parse_host_port(text)));

    const std::vector<std::string> known = {"beacon", "duration", "grace", "data_dir"};
    const std::string meant = config::nearest(text, known);
    RINGKV_CHECK(meant.empty() || std::find(known.begin(), known.end(), meant) != known.end(),
                 "a word that is not in the list");
}

}  // namespace ringkv::fuzz
