// What clients ask of a partition, and the answer to a read from its applied state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/actor.hpp"
#include "node/engine.hpp"
#include "node/shard_counters.hpp"
#include "node/shard_facts.hpp"

namespace ringkv {

struct Request {
    Time arrived{};
    Address from;
    std::variant<Write, Get, Scan> what;
    Time began{};                   // in the transport
    std::string_view waited_for{};  // what it waited for last, since it arrived

    [[nodiscard]] RequestId id() const {
        return std::visit([](const auto& request) { return request.request; }, what);
    }
    [[nodiscard]] RequestKind kind() const {
        return std::visit([]<class M>(const M&) { return kind_of<M>(); }, what);
    }
    // null: it is no read that any replica may answer (P7).
    [[nodiscard]] const StaleRead* stale() const;
};

// Why it cannot be a key of that partition, or empty.
[[nodiscard]] std::string key_objection(std::string_view key, PartitionId partition, const ShardFacts& shard);

// Precondition: it is a Get or a Scan. `commit`: up to which the engine's state is; `age`: to a stale read. A value is
// a part of the engine, until that changes or is asked again.
[[nodiscard]] Message read_answer(const Request& request, const Engine& engine, PartitionId partition, OpNumber commit,
                                  std::optional<Duration> age = {});

void count_read(ShardCounters& counters, const Request& request, const Message& answer, Time now);

// The version that an answer to a write names. To one of Ack::primary that is done it is none, committed or not (P6).
[[nodiscard]] inline OpNumber told_version(Ack ack, WriteStatus status, OpNumber version) {
    return ack == Ack::primary && status == WriteStatus::done ? OpNumber() : version;
}

}  // namespace ringkv
