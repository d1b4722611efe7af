// How nodes and clusters are, in words and colours: the same in every table and drawing.
#pragma once

#include <ringkv/client.hpp>

#include <string>
#include <string_view>

#include "kvctl/console.hpp"

namespace ringkv::kvctl {

// "up", "up, draining"; not escaped.
std::string state_of(const NodeStatus& node);
Colour colour_of(const NodeStatus& node);
// "up", "down", "stopping", "gone".
Colour colour_of_state(std::string_view state);
// "ok", "degraded", "unavailable".
Colour colour_of_health(std::string_view health);

}  // namespace ringkv::kvctl
