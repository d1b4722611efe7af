// What the parts of the registry count of their own doing, from its start on; and what it knows at a moment. Pure
// values; the thread of the actor alone has them, and what shows them takes a copy.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "common/time.hpp"

namespace ringkv::registry {

struct Counters {
    std::uint64_t joins_accepted = 0;
    std::uint64_t joins_refused = 0;
    std::uint64_t heartbeats = 0;
    std::uint64_t proposals_accepted = 0;
    std::uint64_t proposals_refused = 0;
    std::uint64_t moves_begun = 0;       // copies that primaries were told to make
    std::uint64_t messages_dropped = 0;  // more came in a turn than is taken
    std::uint64_t messages_refused = 0;  // the sender was told why
};

inline constexpr std::size_t node_states = 4;

// How the cluster is by the map, with every accepted change.
struct Census {
    std::array<std::uint64_t, node_states> nodes{};  // by NodeState, but for those that are gone
    std::uint64_t full = 0;                          // partitions with all their copies
    std::uint64_t under_replicated = 0;              // that are served, with fewer
    std::uint64_t unavailable = 0;                   // whose primary is not there
    std::uint64_t moves_planned = 0;                 // copies to be made, and not begun
    std::uint64_t moves_under_way = 0;
};

struct Figures {
    Counters counters;
    Census census;
    std::uint64_t epoch = 0;  // what is published
    bool formed = false;
    bool repair_frozen = false;  // too many nodes are down for copies to be made (M5)
    bool stands_still = false;   // nothing could be stored for more than a second
    std::string standing_aside;  // why it changes nothing; empty: it does
    Duration unavailable{};      // partitions and the time for which each was unavailable, all together
};

}  // namespace ringkv::registry
