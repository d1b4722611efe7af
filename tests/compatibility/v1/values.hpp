// What the files of this folder hold: one of each message and stored record, every field with a value of its own,
// as release 0.5 had them; and what a registry had stored. Written by generate.cpp with the code of that release.
//
// Never changed. A field that a later release adds is not given here, and so has its default: that is what must be
// read from these files for ever. All is given by position, for the names of types and fields may change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/messages.hpp"
#include "common/records.hpp"

// Fields that were added later.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace ringkv::v1 {

using namespace std::chrono_literals;

inline Uuid uuid(std::uint8_t first) {
    Uuid uuid;
    for (std::uint8_t& byte : uuid.bytes) byte = first++;
    return uuid;
}

inline ViewId view_id(std::uint64_t number) {
    return {Generation(2), ViewNumber(number)};
}

inline View view() {
    return {view_id(300), view_id(290), NodeId(3), {NodeId(3), NodeId(1), NodeId(70000)}, true};
}

inline PartitionState partition_state() {
    return {view(), {NodeId(3), NodeId(1), NodeId(4)}, {NodeId(4)}};
}

inline NodeInfo node(std::uint32_t id) {
    return {NodeId(id),
            "n" + std::to_string(id),
            "rack-b",
            1.5,
            uuid(static_cast<std::uint8_t>(id)),
            StartNumber(9),
            {"tcp://10.0.0.1:7411", "tcp://10.0.0.1:7412"},
            Durability::fsync,
            NodeState::stopping,
            NodeDuty::leave,
            true};
}

inline ClusterSettings settings() {
    return {"orders",
            uuid(0xf0),
            4,
            2,
            64,
            {50ms, 200ms, 400ms},
            ReadMode::confirmed,
            5min,
            {20s, 1U << 20U, 3, 7},
            "tcp://10.0.0.9:7401",
            {40s, 1U << 21U, 5, 11},
            true,
            NodeId(12)};
}

inline ClusterMap map() {
    return {Generation(2),
            Epoch(1000),
            settings(),
            {{NodeId(1), node(1)}, {NodeId(3), node(3)}},
            {partition_state(), partition_state(), {}, partition_state()}};
}

inline MapDelta delta() {
    return {Generation(2),
            Epoch(1001),
            settings(),
            {node(3), node(4)},
            {NodeId(5), NodeId(6)},
            {{PartitionId(2), partition_state()}}};
}

inline KeyRecord key_record(const std::string& key) {
    return {key, std::string("\0\xff value", 8), OpNumber(41), 1, 1700000000};
}

inline EntryPtr entry(EntryKind kind) {
    const std::string value(300, 'v');
    const std::vector<ClientId> expired = {ClientId(8), ClientId(9)};
    return share(Entry{OpNumber(77), view_id(299), kind, "key", value, ClientId(0x1234567890abcdef), Sequence(21),
                       Sequence(19), WriteStatus::condition_failed, OpNumber(76), expired, 3, 1700000001});
}

inline SessionSnapshot sessions() {
    return {OpNumber(80),
            OpNumber(5),
            {{ClientId(8),
              Sequence(2),
              OpNumber(78),
              {{Sequence(2), WriteStatus::done, OpNumber(77)}, {Sequence(3), WriteStatus::not_found, OpNumber(0)}}}}};
}

inline std::vector<ViewStart> view_starts() {
    return {{view_id(290), OpNumber(1)}, {view_id(300), OpNumber(70)}};
}

// By type.
inline std::vector<Message> messages() {
    const std::vector<EntryPtr> entries = {entry(EntryKind::set), entry(EntryKind::expire)};
    return {
        Write{RequestId(1), PartitionId(2), ClientId(3), Sequence(4), Sequence(5), OpNumber(6), "key", "value",
              OpNumber(7), Ack::primary},
        WriteAnswer{RequestId(1), WriteStatus::condition_failed, OpNumber(2), OpNumber(3)},
        Get{RequestId(1), PartitionId(2), "key"},
        GetAnswer{RequestId(1), "value", OpNumber(2), OpNumber(3)},
        Scan{RequestId(1), PartitionId(2), "pre", "after", 100, true},
        ScanAnswer{RequestId(1), {key_record("a"), key_record("b")}, true, OpNumber(90)},
        NotPrimary{RequestId(1), PartitionId(2), view(), node(3), true},
        RequestRefused{RequestId(1), RefusalReason::bad_value, "too large", OpNumber(8)},
        FrameRefused{ErrorCode::wrong_cluster, "another cluster"},
        MapRequest{Generation(2), Epoch(999)},
        MapSnapshot{map()},
        delta(),
        CurrentEpoch{Generation(2), Epoch(1002)},
        Join{"n3",
             "rack-b",
             2.5,
             uuid(3),
             StartNumber(9),
             {"tcp://10.0.0.1:7411"},
             Durability::os,
             NodeId(3),
             uuid(0xf0),
             55},
        JoinAnswer{NodeId(3), uuid(0xf0), map()},
        JoinWaiting{2, 3},
        JoinRefused{true, "the name is taken", 55},
        Heartbeat{NodeId(3), StartNumber(9), Generation(2), Epoch(1000), true},
        HeartbeatAnswer{Generation(2), Epoch(1000), false},
        Propose{RequestId(1), NodeId(3), {{PartitionId(2), view_id(299), view(), true}}},
        ProposeAnswer{RequestId(1), {{PartitionId(2), true, partition_state()}}},
        Beacon{Nonce(0xfedcba9876543210), 6, {{{PartitionId(2), view_id(300)}}}, true},
        BeaconAnswer{Nonce(0xfedcba9876543210), true, {{PartitionId(2), view_id(301)}}},
        Prepare{PartitionId(2), view_id(300), view_id(290), view(), OpNumber(77), entries, OpNumber(76)},
        PrepareOk{PartitionId(2), view_id(300), OpNumber(78), true, OpNumber(76)},
        NewerView{PartitionId(2), view()},
        StartView{PartitionId(2), view(), OpNumber(70), view_id(290), OpNumber(75), entries},
        StartViewOk{PartitionId(2), view_id(300), OpNumber(78), true, OpNumber(76), view_id(290), 44},
        StateChunk{PartitionId(2),
                   view(),
                   12,
                   44,
                   13,
                   OpNumber(79),
                   view_id(300),
                   {key_record("a")},
                   StateEnd{OpNumber(80), sessions(), view_starts()}},
        StateChunkOk{PartitionId(2), view_id(300), 12, 13},
        Administer{RequestId(1), AdminAction::change_settings, "n3", 15s, 1U << 22U, 6, 12},
        AdministerAnswer{RequestId(1), ErrorCode::refused, "it would not be safe", Epoch(1003)},
        HoldingsRequest{RequestId(1)},
        HoldingsAnswer{RequestId(1), {{PartitionId(2), 1000, 123456}}},
    };
}

// By type.
inline std::vector<StorageRecord> records() {
    return {
        AppendRecord{PartitionId(2), entry(EntryKind::remove)},
        TruncateRecord{PartitionId(2), OpNumber(70)},
        ViewRecord{PartitionId(2), view()},
        LogViewRecord{PartitionId(2), view_id(300)},
        ResetRecord{PartitionId(2), OpNumber(70), view_id(290)},
        StateChunkRecord{PartitionId(2), {key_record("a"), key_record("b")}},
        StateDoneRecord{PartitionId(2), OpNumber(80), sessions(), view_starts()},
        CommitRecord{PartitionId(2), OpNumber(76)},
        ReservedRecord{},  // an identity in 0.5, which never wrote one
        delta(),
    };
}

// What the registry whose store this is had committed, one after the other.
inline std::vector<MapDelta> stored() {
    return {{Generation(2),
             Epoch(1),
             settings(),
             {node(1), node(3), node(4), node(5)},
             {},
             {{PartitionId(0), partition_state()},
              {PartitionId(1), partition_state()},
              {PartitionId(2), partition_state()},
              {PartitionId(3), {}}}},
            {Generation(2), Epoch(2), {}, {}, {NodeId(5)}, {{PartitionId(3), partition_state()}}}};
}

}  // namespace ringkv::v1
