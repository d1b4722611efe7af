// The version of the wire protocol; docs/protocol.md (Frames) says what each number promises.
#pragma once

#include <cstdint>

namespace ringkv {

inline constexpr std::uint32_t protocol_major = 1;
inline constexpr std::uint32_t protocol_minor = 6;
// From this minor version on a node takes ReplicationBatch.
inline constexpr std::uint32_t minor_with_batches = 1;
// From this minor version on a node takes Ack::primary, and reads of StaleRead.
inline constexpr std::uint32_t minor_with_less_sure_answers = 2;
// From this minor version on a registry takes EventsRequest and Trouble, and a node FiguresRequest.
inline constexpr std::uint32_t minor_with_events = 3;
// From this minor version on a registry takes ConditionRequest.
inline constexpr std::uint32_t minor_with_condition = 4;
// From this minor version on a node takes RebuildRequest.
inline constexpr std::uint32_t minor_with_rebuild = 5;
// From this minor version on a node knows View::begins.
inline constexpr std::uint32_t minor_with_reset = 6;

}  // namespace ringkv
