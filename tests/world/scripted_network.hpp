// A network that does what a story tells it: cuts, and rules for single types of messages.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/world/network.hpp"

namespace ringkv::simulation {

struct Rule {
    enum class Action : std::uint8_t { drop, hold, duplicate, delay, damage, refuse };

    Action action = Action::drop;
    std::string type{};                                           // of the message, as name_of(); empty = any
    HostId from{};                                                // none = any host
    HostId to{};                                                  // none = any host
    Duration delay{};                                             // Action::delay: instead of the usual latency
    std::size_t count = std::numeric_limits<std::size_t>::max();  // for so many messages, then no more

    [[nodiscard]] bool matches(const Flight& flight) const;
};

class ScriptedNetwork final : public Network {
  public:
    [[nodiscard]] Fate fate(const Flight& flight) override;

    // The first rule that matches decides; those added later come first.
    void add(Rule rule) { rules_.insert(rules_.begin(), std::move(rule)); }
    // Nothing goes from the one to the other. None = any host.
    void cut(HostId from, HostId to) { cuts_.emplace_back(from, to); }
    // Ends this one cut.
    void join(HostId from, HostId to) { std::erase(cuts_, std::pair(from, to)); }
    // No cuts, no rules.
    void heal();
    // Ends the rules of this kind that are as specific as this one.
    void remove(const Rule& like);

  private:
    std::vector<Rule> rules_;
    std::vector<std::pair<HostId, HostId>> cuts_;
};

}  // namespace ringkv::simulation
