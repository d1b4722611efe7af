// The compare-and-swap of a view (protocol.md, V2, V7), as pure functions of the map.
#pragma once

#include <optional>
#include <string_view>

#include "common/cluster_map.hpp"
#include "common/messages.hpp"

namespace ringkv::registry {

// Why the proposal cannot replace the current view; nullopt = it can. Precondition: its partition exists.
[[nodiscard]] std::optional<std::string_view> objection_to(const ClusterMap& map, NodeId proposer,
                                                           const Proposal& proposal);

// The view that an allowed proposal makes.
[[nodiscard]] View accepted_view(const View& current, NodeId proposer, const Proposal& proposal);

// Is the current view what was proposed: a repetition of what has been accepted?
[[nodiscard]] bool already_holds(const View& current, const Proposal& proposal);

// Members of the current view that the proposal keeps.
[[nodiscard]] std::size_t kept_members(const View& current, const Proposal& proposal);

}  // namespace ringkv::registry
