// Messages between clients and nodes (common/messages.hpp): reads and writes, and why they are not done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/byte_string.hpp"
#include "common/cluster_map.hpp"
#include "common/entry.hpp"
#include "common/fields.hpp"
#include "common/ids.hpp"

namespace ringkv {

// When a write is answered: committed; or in the primary's log, under the leases of all members (P6).
enum class Ack : std::uint8_t { all = 0, primary = 1 };

// put, erase, and both on a condition.
struct Write {
    RequestId request;
    PartitionId partition;
    ClientId client;
    Sequence sequence;  // the same in every retry
    Sequence lowest;    // the client's lowest sequence without an answer
    OpNumber known;     // a commit point of this partition that the client knew before its first attempt (C2)
    ByteString key;
    std::optional<ByteString> value;   // absent = erase
    std::optional<OpNumber> expected;  // only if the key's version is this; 0 = absent
    Ack ack = Ack::all;
    RINGKV_FIELDS(Write, request, partition, client, sequence, lowest, known, key, value, expected, ack);
};

struct WriteAnswer {
    RequestId request;
    WriteStatus status = WriteStatus::done;
    OpNumber version;  // none to a write of Ack::primary that is done
    OpNumber commit;   // a commit point of the partition
    RINGKV_FIELDS(WriteAnswer, request, status, version, commit);
};

// A read that any replica may answer, from its applied state (P7).
struct StaleRead {
    std::optional<Duration> max_age;  // refused with `too_old` where the answer would be older
    RINGKV_FIELDS(StaleRead, max_age);
};

struct Get {
    RequestId request;
    PartitionId partition;
    ByteString key;
    std::optional<StaleRead> stale{};  // absent = linearizable
    RINGKV_FIELDS(Get, request, partition, key, stale);
};

struct GetAnswer {
    RequestId request;
    std::optional<ByteString> value;  // absent = no such key
    OpNumber version;
    OpNumber commit;
    std::optional<Duration> age{};  // of a StaleRead: all that was committed earlier than that is in it
    RINGKV_FIELDS(GetAnswer, request, value, version, commit, age);
};

// The next keys of one partition, in order of their bytes.
struct Scan {
    RequestId request;
    PartitionId partition;
    std::string prefix;
    std::optional<std::string> after;  // exclusive; absent = from the first
    std::uint32_t limit = 0;           // at most so many keys; 0 = as many as fit
    bool keys_only = false;
    std::optional<StaleRead> stale{};
    RINGKV_FIELDS(Scan, request, partition, prefix, after, limit, keys_only, stale);
};

struct ScanAnswer {
    RequestId request;
    std::vector<KeyRecord> records;
    bool more = false;  // ask again, after the last key
    OpNumber commit;
    std::optional<Duration> age{};
    RINGKV_FIELDS(ScanAnswer, request, records, more, commit, age);
};

// Ask there. Mends the client's map in one round trip (C4).
struct NotPrimary {
    RequestId request;
    PartitionId partition;
    View view;                        // the newest the answerer knows; id none = it knows nothing yet
    std::optional<NodeInfo> primary;  // which node that is, and where
    bool maybe_appended = false;      // the write may survive in the new primary's log: not "refused"
    RINGKV_FIELDS(NotPrimary, request, partition, view, primary, maybe_appended);
};

enum class RefusalReason : std::uint8_t {
    overloaded = 0,       // queue or memory limit; try later
    busy = 1,             // primary, but cannot serve yet; try again soon
    session_expired = 2,  // C2: `known` is below what was dropped; `commit` says what to name instead
    bad_key = 3,
    bad_value = 4,
    not_built = 5,  // a capability of a later version
    too_old = 6,    // of a StaleRead: what is here is not whole, of an unknown age, or older than it may be
};

// The request was refused, and a write in it not appended by this attempt.
struct RequestRefused {
    RequestId request;
    RefusalReason reason = RefusalReason::overloaded;
    std::string text;
    OpNumber commit;
    RINGKV_FIELDS(RequestRefused, request, reason, text, commit);
};

}  // namespace ringkv
