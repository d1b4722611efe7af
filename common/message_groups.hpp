// Messages by sender and receiver, so that each actor can say of every message what it does with it. A message type
// that is added to Message belongs to one of these groups; an actor that does not know what to do with it does not
// compile.
#pragma once

#include <concepts>
#include <type_traits>

#include "common/messages.hpp"

namespace ringkv {

template <class M, class... Of>
concept OneOf = (std::same_as<std::remove_cvref_t<M>, Of> || ...);

template <class M>
concept ClientRequest = OneOf<M, Write, Get, Scan>;  // client -> node
template <class M>
concept ClientAnswer = OneOf<M, WriteAnswer, GetAnswer, ScanAnswer, NotPrimary, RequestRefused>;  // node -> client

template <class M>
concept MapAnswer = OneOf<M, MapSnapshot, CurrentEpoch>;  // to a MapRequest; CurrentEpoch is published as well

template <class M>
concept RegistryRequest = OneOf<M, Join, Heartbeat, Propose, Trouble, RebuildReport>;  // node -> registry
template <class M>
concept RegistryAnswer = OneOf<M, JoinAnswer, JoinWaiting, JoinRefused, HeartbeatAnswer, ProposeAnswer, RebuildRequest>;

template <class M>
concept ReplicaMessage = OneOf<M, Prepare, PrepareOk, NewerView, StartView, StartViewOk, StateChunk, StateChunkOk>;
template <class M>
concept LeaseMessage = OneOf<M, Beacon, BeaconAnswer>;
template <class M>
concept PeerMessage = ReplicaMessage<M> || LeaseMessage<M> || OneOf<M, ReplicationBatch>;  // node -> node

template <class M>
concept OperatorOfRegistry = OneOf<M, Administer, EventsRequest, ConditionRequest>;  // kvctl -> registry
template <class M>
concept OperatorOfNode = OneOf<M, HoldingsRequest, FiguresRequest>;  // kvctl -> node
template <class M>
concept OperatorAnswer =
    OneOf<M, AdministerAnswer, HoldingsAnswer, EventsAnswer, FiguresAnswer, ConditionAnswer>;  // to kvctl

}  // namespace ringkv
