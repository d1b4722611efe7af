// What it means for a demo's data that some of its nodes do not run. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "registry/overview.hpp"

namespace ringkv::demo {

struct Consequences {
    std::uint32_t partitions = 0;
    std::uint32_t not_served = 0;  // no member is left that runs
    std::uint32_t primaries = 0;   // of the node in question
    std::uint32_t copies = 0;      // likewise, the primaries among them
};

// By the views of that moment; `stopped`: the names of the nodes that do not run.
[[nodiscard]] Consequences consequences_of(const registry::Layout& layout, const std::set<std::string>& stopped,
                                           const std::string& node);

}  // namespace ringkv::demo
