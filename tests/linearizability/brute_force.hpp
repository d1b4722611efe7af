// The checker's checker: tries every order of a small history, with every version that a write of unknown
// version could have had, on a register of its own. Slow, and too simple to be wrong. Pure.
#pragma once

#include "tests/linearizability/history.hpp"

namespace ringkv::linearizability {

// Whether the history is linearizable. For at most 8 calls.
[[nodiscard]] bool linearizable_by_brute_force(const History& history);

}  // namespace ringkv::linearizability
