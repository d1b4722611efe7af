// What a caller asks of the client's core, and what it gets back. Values only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/entry.hpp"
#include "common/ids.hpp"
#include "common/messages.hpp"
#include "common/time.hpp"
#include "ringkv/result.hpp"

namespace ringkv {

// One operation of one client, all its attempts included; never 0, and not used again while any answer to it may come.
using OperationId = StrongId<struct OperationIdTag>;

// put (a value), erase (none), and both on a condition.
struct WriteOperation {
    std::string key;
    std::optional<std::string> value;
    std::optional<OpNumber> expected{};  // only if the key's version is this; 0 = absent
    // primary: the outcome `done` may come before it is certain, and then names no version. Not with `expected`.
    Ack ack = Ack::all;
    bool ordered = true;  // later writes of the client to the key are not sent before this one has its outcome
};

struct GetOperation {
    std::string key;
    std::optional<StaleRead> stale{};  // from any replica; absent = linearizable
};

// The next keys of one partition, in order of their bytes.
struct ScanOperation {
    PartitionId partition;
    std::string prefix;
    std::optional<std::string> after;  // exclusive; absent = from the first
    std::uint32_t limit = 0;           // at most so many; 0 = as many as fit
    bool keys_only = false;
    std::optional<StaleRead> stale{};
};

// A map that a registry or a node named as its newest after the operation was submitted.
struct FetchMapOperation {};

using Operation = std::variant<WriteOperation, GetOperation, ScanOperation, FetchMapOperation>;

struct WriteOutcome {
    WriteStatus status = WriteStatus::done;
    OpNumber version;
};

struct GetOutcome {
    std::optional<std::string> value;
    OpNumber version;
    Duration age{};  // of a stale read: what was committed earlier than that before the operation began is in it
};

struct ScanOutcome {
    std::vector<KeyRecord> records;
    bool more = false;
    Duration age{};
};

using MapOutcome = std::shared_ptr<const ClusterMap>;

using Outcome = std::variant<WriteOutcome, GetOutcome, ScanOutcome, MapOutcome>;

// Every operation gets exactly one. The outcome's type is that of the operation. Of a write an error
// other than outcome_unknown means: not applied, and it never will be.
struct Completion {
    Completion(OperationId operation, void* caller, Result<Outcome>&& result)
        : id(operation), context(caller), outcome(std::move(result)) {}

    OperationId id;
    void* context;  // as it was given with the operation
    Result<Outcome> outcome;
};

// An operation that took long, when it ends, however it does.
struct SlowOperation {
    const Operation& operation;
    Duration took;
    Duration before;    // until its latest attempt was made; all of it if there was none
    RequestId attempt;  // the latest; none: there was none
    std::uint64_t attempts = 0;
    Sequence sequence;     // of a write
    std::string endpoint;  // of the latest attempt
    std::string refusal;   // the last one, for people; "" = there was none
};

}  // namespace ringkv
