// The kinds of events that the registry tells of; stable words, explained in docs/events.md.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ringkv::registry::kind {

inline constexpr std::string_view registry_started = "registry_started";
inline constexpr std::string_view registry_stands_aside = "registry_stands_aside";
inline constexpr std::string_view registry_rebuilt = "registry_rebuilt";
inline constexpr std::string_view cluster_formed = "cluster_formed";
inline constexpr std::string_view settings_changed = "settings_changed";

inline constexpr std::string_view node_joined = "node_joined";
inline constexpr std::string_view node_returned = "node_returned";
inline constexpr std::string_view node_suspected = "node_suspected";
inline constexpr std::string_view node_down = "node_down";
inline constexpr std::string_view node_stopping = "node_stopping";
inline constexpr std::string_view node_evicted = "node_evicted";
inline constexpr std::string_view node_draining = "node_draining";
inline constexpr std::string_view node_undrained = "node_undrained";
inline constexpr std::string_view node_leaving = "node_leaving";
inline constexpr std::string_view node_drained = "node_drained";
inline constexpr std::string_view node_removed = "node_removed";
inline constexpr std::string_view join_refused = "join_refused";
inline constexpr std::string_view shard_stuck = "shard_stuck";
inline constexpr std::string_view shard_turns = "shard_turns";
inline constexpr std::string_view disk_stalled = "disk_stalled";
inline constexpr std::string_view disk_stores = "disk_stores";

inline constexpr std::string_view views_changed = "views_changed";
inline constexpr std::string_view unavailable = "unavailable";
inline constexpr std::string_view available = "available";
inline constexpr std::string_view under_replicated = "under_replicated";
inline constexpr std::string_view fully_replicated = "fully_replicated";
inline constexpr std::string_view copies_lost = "copies_lost";
inline constexpr std::string_view partitions_reset = "partitions_reset";

inline constexpr std::string_view placement_changed = "placement_changed";
inline constexpr std::string_view moves_began = "moves_began";
inline constexpr std::string_view moves_ended = "moves_ended";
inline constexpr std::string_view repair_frozen = "repair_frozen";
inline constexpr std::string_view repair_resumed = "repair_resumed";

inline constexpr std::array all{
    registry_started, registry_stands_aside, registry_rebuilt, cluster_formed,    settings_changed, node_joined,
    node_returned,    node_suspected,        node_down,        node_stopping,     node_evicted,     node_draining,
    node_undrained,   node_leaving,          node_drained,     node_removed,      join_refused,     shard_stuck,
    shard_turns,      disk_stalled,          disk_stores,      views_changed,     unavailable,      available,
    under_replicated, fully_replicated,      copies_lost,      placement_changed, moves_began,      moves_ended,
    repair_frozen,    repair_resumed,        partitions_reset};

// So many of one kind and node are told each by itself within EventLog::flood_window; more are counted. What is said
// again and again in the same words: one.
constexpr std::size_t told_singly(std::string_view kind) {
    return kind == join_refused || kind == registry_stands_aside ? 1 : 3;
}

}  // namespace ringkv::registry::kind
