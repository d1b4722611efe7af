// Every message, each as its own struct, by its parties: client_messages.hpp, registry_messages.hpp,
// replication_messages.hpp, operator_messages.hpp. The fields' order in RINGKV_FIELDS is their order on the wire
// (docs/protocol.md has the frames). New fields go to the end.
//
// Requests of clients carry a RequestId that names one attempt; the answer repeats it.
#pragma once

#include <array>
#include <string_view>
#include <type_traits>
#include <variant>

#include "common/client_messages.hpp"
#include "common/cluster_map.hpp"
#include "common/operator_messages.hpp"
#include "common/registry_messages.hpp"
#include "common/replication_messages.hpp"

namespace ringkv {

// The wire's message type is the index here: append only, never reorder.
using AnyMessage =
    std::variant<Write, WriteAnswer, Get, GetAnswer, Scan, ScanAnswer, NotPrimary, RequestRefused,  // 0 .. 7
                 FrameRefused, MapRequest, MapSnapshot, MapDelta, CurrentEpoch,                     // 8 .. 12
                 Join, JoinAnswer, JoinWaiting, JoinRefused, Heartbeat, HeartbeatAnswer,            // 13 .. 18
                 Propose, ProposeAnswer,                                                            // 19, 20
                 Beacon, BeaconAnswer, Prepare, PrepareOk, NewerView, StartView, StartViewOk,       // 21 .. 27
                 StateChunk, StateChunkOk,                                                          // 28, 29
                 Administer, AdministerAnswer, HoldingsRequest, HoldingsAnswer,                     // 30 .. 33
                 ReplicationBatch,                                                                  // 34
                 EventsRequest, EventsAnswer, Trouble, FiguresRequest, FiguresAnswer,               // 35 .. 39
                 ConditionRequest, ConditionAnswer,                                                 // 40, 41
                 RebuildRequest, RebuildReport>;                                                    // 42, 43

// One of them; std::visit, std::get and all that take a variant take it. It is a class so that copying, moving and
// destroying it is compiled once, in messages.cpp, and not in every file that has a Message.
struct Message : AnyMessage {
    using AnyMessage::AnyMessage;
    Message(const Message& other);
    Message(Message&& other) noexcept;
    Message& operator=(const Message& other);
    Message& operator=(Message&& other) noexcept;
    ~Message();
};

// "Prepare", ...; for logs and traces. In the order of AnyMessage.
inline constexpr std::array<std::string_view, std::variant_size_v<AnyMessage>> message_names = {
    "Write",
    "WriteAnswer",
    "Get",
    "GetAnswer",
    "Scan",
    "ScanAnswer",
    "NotPrimary",
    "RequestRefused",
    "FrameRefused",
    "MapRequest",
    "MapSnapshot",
    "MapDelta",
    "CurrentEpoch",
    "Join",
    "JoinAnswer",
    "JoinWaiting",
    "JoinRefused",
    "Heartbeat",
    "HeartbeatAnswer",
    "Propose",
    "ProposeAnswer",
    "Beacon",
    "BeaconAnswer",
    "Prepare",
    "PrepareOk",
    "NewerView",
    "StartView",
    "StartViewOk",
    "StateChunk",
    "StateChunkOk",
    "Administer",
    "AdministerAnswer",
    "HoldingsRequest",
    "HoldingsAnswer",
    "ReplicationBatch",
    "EventsRequest",
    "EventsAnswer",
    "Trouble",
    "FiguresRequest",
    "FiguresAnswer",
    "ConditionRequest",
    "ConditionAnswer",
    "RebuildRequest",
    "RebuildReport",
};
std::string_view name_of(const Message& message);

// Nothing in it is a part of anything else any more (common/byte_string.hpp).
void keep_bytes(Message& message);

template <class M>
constexpr std::string_view name_of() {
    return []<class... All>(std::type_identity<std::variant<All...>>) {
        std::size_t index = 0;
        (void)((std::is_same_v<M, All> || (++index, false)) || ...);
        return message_names[index];
    }(std::type_identity<AnyMessage>{});
}

}  // namespace ringkv
