#include "client/map_finder.hpp"

#include <algorithm>

namespace ringkv {

namespace {

using std::chrono::milliseconds;

// Without a map: soon again at first, for a question may get lost while a connection is being made.
constexpr Duration first_pause = milliseconds(10);
constexpr Duration longest_pause = milliseconds(200);
constexpr Duration rate_limit = milliseconds(100);

}  // namespace

void MapFinder::want_until(Time now, Time until) {
    wanted_ = true;
    wanted_until_ = std::max({wanted_until_, until, now});
}

std::vector<std::string> MapFinder::ask(Time now, const ClusterMap& map) {
    if (now < next_ask_ || (map.formed() && !wanted_)) return {};
    std::vector<std::string> endpoints;
    if (!registries_.empty()) endpoints.push_back(registries_[next_registry_++ % registries_.size()]);
    if (!map.formed()) {
        pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
        next_ask_ = now + pause_;
        return endpoints;
    }
    for (std::string& node : some_nodes(map, 1))
        if (std::ranges::find(endpoints, node) == endpoints.end()) endpoints.push_back(std::move(node));
    wanted_ = now < wanted_until_;
    next_ask_ = now + rate_limit;
    return endpoints;
}

std::vector<std::string> MapFinder::some_nodes(const ClusterMap& map, std::size_t count) {
    std::vector<std::string> live;
    std::vector<std::string> others;
    for (const auto& [id, node] : map.nodes) {
        if (node.state == NodeState::gone || node.endpoints.empty()) continue;
        (node.state == NodeState::down ? others : live).push_back(node.endpoints.front());
    }
    live.insert(live.end(), others.begin(), others.end());
    std::vector<std::string> chosen;
    for (std::size_t i = 0; i < std::min(count, live.size()); ++i) chosen.push_back(live[next_node_++ % live.size()]);
    return chosen;
}

std::string MapFinder::registries_text() const {
    std::string text;
    for (const std::string& endpoint : registries_) text += (text.empty() ? "" : ", ") + endpoint;
    return text;
}

bool MapFinder::is_registry(const std::string& endpoint) const {
    return std::ranges::find(registries_, endpoint) != registries_.end();
}

}  // namespace ringkv
