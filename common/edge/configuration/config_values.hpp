// The words of a configuration: durations, sizes, numbers, names and endpoints. Each function takes
// the text of one value, and returns it or what is wrong with it, without saying where.
// Nothing throws. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.hpp"
#include "ringkv/result.hpp"

namespace ringkv::config {

// 100ms, 30s, 10min, 1h or 0; a whole number, at most a year.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// 4KiB, 1MiB, 1GiB, 1TiB, 512B, or plain bytes.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
[[nodiscard]] Result<std::uint64_t> parse_integer(std::string_view text);
// Finite.
[[nodiscard]] Result<double> parse_number(std::string_view text);
[[nodiscard]] Result<bool> parse_boolean(std::string_view text);
// Of a node, rack or cluster: 1 .. 64 letters, digits, '.', '_', '-'.
[[nodiscard]] Result<void> check_name(std::string_view text);

struct HostPort {
    std::string host;  // IPv6 without its brackets
    std::uint16_t port = 0;

    // Only this machine can reach it: 127.0.0.0/8, ::1, localhost.
    [[nodiscard]] bool loopback() const;
};

// "host:port", IPv6 in brackets.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);
// "tcp://host:port".
[[nodiscard]] Result<HostPort> parse_endpoint(std::string_view text);

// The candidate that `word` was probably meant to be; empty if none is near (edit distance).
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace ringkv::config
