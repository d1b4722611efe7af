// Which port of a demo is whose, and whether all of them are free.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringkv/demo.hpp"

namespace ringkv::demo {

struct Ports {
    std::uint16_t listen = 0;
    std::uint16_t http = 0;
};
[[nodiscard]] Ports registry_ports(std::uint64_t base);
[[nodiscard]] Ports node_ports(std::uint64_t base, unsigned number);  // from 1 on

[[nodiscard]] std::string name_of(unsigned number);
[[nodiscard]] std::string host_and(std::uint16_t port);  // "127.0.0.1:7400"

// Can it be listened on now?
[[nodiscard]] bool is_free(std::uint16_t port);

// Errors: invalid_argument, an option is out of its range.
[[nodiscard]] Result<void> check_ranges(const DemoOptions& options);
// Errors: configuration; names the port, what it is for, and what to try.
[[nodiscard]] Result<void> check_ports(const DemoOptions& options);

}  // namespace ringkv::demo
