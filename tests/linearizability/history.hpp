// What clients saw of one key, as the linearizability checker takes it. Pure.
//
// The register that is checked: absent (version 0), or a value with a version above 0. It begins absent. A put
// always happens, an erase wherever there is something to erase; a conditional write happens only where the
// version is the one expected (0 = absent; a compare_and_erase that expects 0 never happens). Every write that
// happens, an erase too, has a version of its own, higher than those of all before it (it is the op number of
// the partition's log, so versions may have gaps).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace ringkv::linearizability {

using Version = std::uint64_t;
// Any clock that all clients of the history share; only the order counts. Of equal instants a call comes
// before a return: the two are concurrent.
using Instant = std::int64_t;
inline constexpr Instant never = std::numeric_limits<Instant>::max();

enum class Kind : std::uint8_t { get, put, erase, compare_and_set, compare_and_erase };

enum class Outcome : std::uint8_t {
    done,              // get: found. put, compare_and_set, erase, compare_and_erase: happened
    absent,            // get: no such key. erase, compare_and_erase: there was no such key
    condition_failed,  // conditional writes: the version was another one
    not_applied,       // a write that did not happen and never will; a get without an answer. Constrains nothing
    unknown,           // a write that may have happened at any time since its call, may yet happen, or never
};

// One call of one client.
struct Call {
    std::uint32_t client = 0;  // for the report only
    Kind kind = Kind::get;
    Outcome outcome = Outcome::unknown;
    std::string value;     // written; of a get that is done: read. Written values are unique within a history
    Version expected = 0;  // conditional writes
    Version version = 0;   // done: of the write, or of what was read; 0 = it was not told. Else 0
    Instant called = 0;
    Instant returned = never;        // unknown: never, whatever it says
    std::optional<Version> found{};  // condition_failed: the version that the key had, if it was told
};

using History = std::vector<Call>;

}  // namespace ringkv::linearizability
