#include "kvctl/state_words.hpp"

namespace ringkv::kvctl {

std::string state_of(const NodeStatus& node) {
    return node.duty.empty() ? node.state : node.state + ", " + node.duty;
}

Colour colour_of(const NodeStatus& node) {
    const Colour colour = colour_of_state(node.state);
    return colour == Colour::green && !node.duty.empty() ? Colour::yellow : colour;
}

Colour colour_of_state(std::string_view state) {
    if (state == "up") return Colour::green;
    return state == "down" ? Colour::red : Colour::yellow;
}

Colour colour_of_health(std::string_view health) {
    if (health == "ok") return Colour::green;
    return health == "degraded" ? Colour::yellow : Colour::red;
}

}  // namespace ringkv::kvctl
