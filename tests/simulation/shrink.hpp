// From a run that fails to a smaller one that fails alike: fewer kinds of fault, a shorter time, fewer clients
// and keys.
#pragma once

#include "tests/simulation/run.hpp"

namespace ringkv::simulation {

// `failed` has a violation. Runs at most so many times; -> the smallest report that breaks the same rule.
[[nodiscard]] Report shrink(const Report& failed, int runs, const Teller& progress);

}  // namespace ringkv::simulation
