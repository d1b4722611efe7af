// Where to ask for the cluster map, and when: the configured registries in turn until there is a map;
// afterwards on request, a registry and a node at a time, for either may be out of reach (R3). Pure.
#pragma once

#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/time.hpp"

namespace ringkv {

class MapFinder {
  public:
    explicit MapFinder(std::vector<std::string> registries) : registries_(std::move(registries)) {}

    // A newer map is wanted; one question will be asked soon.
    void want(Time now) { want_until(now, now); }
    // Likewise, and again and again until then.
    void want_until(Time now, Time until);
    // The endpoints to ask now; mostly none.
    [[nodiscard]] std::vector<std::string> ask(Time now, const ClusterMap& map);
    // Nodes to ask beside the registries, another one each time.
    [[nodiscard]] std::vector<std::string> some_nodes(const ClusterMap& map, std::size_t count);
    [[nodiscard]] const std::vector<std::string>& registries() const { return registries_; }
    // "tcp://a:7400, tcp://b:7400": the registries, for messages to people.
    [[nodiscard]] std::string registries_text() const;
    [[nodiscard]] bool is_registry(const std::string& endpoint) const;

  private:
    std::vector<std::string> registries_;
    std::size_t next_registry_ = 0;
    std::size_t next_node_ = 0;
    bool wanted_ = false;
    Time wanted_until_{};
    Time next_ask_{};
    Duration pause_{};  // between two questions while there is no map
};

}  // namespace ringkv
