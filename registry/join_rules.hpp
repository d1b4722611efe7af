// Which joins make sense: sizes, characters, weights, endpoints. Nothing that arrives is trusted.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/cluster_map.hpp"
#include "common/messages.hpp"

namespace ringkv::registry {

// Nodes of one cluster; beyond it joins are refused.
inline constexpr std::size_t max_nodes = 4096;

// What is wrong with the join taken by itself, in one sentence; nullopt = nothing.
[[nodiscard]] std::optional<std::string> objection_to(const Join& join);

// The first endpoint that both lists have, or nullptr.
[[nodiscard]] const std::string* shared_endpoint(const std::vector<std::string>& one,
                                                 const std::vector<std::string>& other);

[[nodiscard]] NodeInfo to_node(NodeId id, const Join& join);

}  // namespace ringkv::registry
