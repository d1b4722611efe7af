// What happened to a cluster, as its registry tells operators (docs/events.md): which nodes came and went, what moved,
// and which event brought about which. A pure value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/fields.hpp"
#include "common/ids.hpp"
#include "common/time.hpp"

namespace ringkv {

// 1, 2, 3, ... without a gap, for the life of a cluster's registry. None: no event.
using EventId = StrongId<struct EventIdTag>;

struct Event {
    EventId id;
    Duration time{};   // since 1970, UTC: when it happened, or was noticed
    Epoch epoch;       // of the map that shows it; else of the one that was published then
    std::string kind;  // a stable word: "node_down" (docs/events.md has all). Text, for later releases have more
    std::string node;  // its name, where it is about one
    std::optional<PartitionId> partition;  // where it is about a single one
    EventId cause;                         // the event that brought it about, where that is known
    std::string text;                      // a plain sentence
    std::uint64_t count = 1;               // so many happened, and are told as one
    RINGKV_FIELDS(Event, id, time, epoch, kind, node, partition, cause, text, count);
};

}  // namespace ringkv
