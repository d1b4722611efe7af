// What another node or the registry sends is checked here before anything is done with it: whatever their bytes say, no
// invariant of ours breaks, no memory is taken that they did not fill, and no key gets where it does not belong. What
// is refused so has no effect.
//
// These are rules that every honest sender keeps, of any release. They are no defence against a sender that lies within
// them: nodes trust each other and the registry. Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/messages.hpp"
#include "node/partition_log.hpp"

namespace ringkv {

// Op numbers, view numbers and counts of a healthy cluster never get near it; sums of two of them fit.
inline constexpr std::uint64_t highest_number = (std::uint64_t{1} << 62U) - 1;

// Why the message must be refused, for people; nothing: it may be taken. `partitions`: so many there are.
using Objection = std::optional<std::string_view>;

[[nodiscard]] Objection objection_to(const Prepare& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const PrepareOk& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const NewerView& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const StartView& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const StartViewOk& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const StateChunk& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const StateChunkOk& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const Beacon& message, std::uint32_t partitions);
[[nodiscard]] Objection objection_to(const BeaconAnswer& message, std::uint32_t partitions);

[[nodiscard]] Objection objection_to(const RebuildRequest& request);

// A view that a partition can have.
[[nodiscard]] Objection objection_to(const View& view);
// A map to begin with, or to go on with from `known`, if that is formed.
[[nodiscard]] Objection objection_to(const ClusterMap& map, const ClusterMap& known);
// A delta, whether or not it follows on `known`.
[[nodiscard]] Objection objection_to(const MapDelta& delta, const ClusterMap& known);

// Could a log, of which all before the first entry is the sender's too, go on with these entries, which objection_to
// has passed as part of their message? Views never go back in a log.
[[nodiscard]] Objection objection_to(const Entries& entries, const PartitionLog& log);

}  // namespace ringkv
