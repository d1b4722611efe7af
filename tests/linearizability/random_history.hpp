// Random histories for the tests: what clients of a real register could have seen, and the same with something
// in them bent, so that most are not what any register gives. The same seed gives the same history.
#pragma once

#include <cstdint>
#include <random>

#include "tests/linearizability/history.hpp"

namespace ringkv::linearizability {

using Random = std::mt19937_64;

struct Shape {
    unsigned calls = 7;
    unsigned clients = 3;
    double unknown = 0.3;     // of the writes; half of these happen at some time
    double untold = 0.1;      // of the versions of done calls: not told
    double conditions = 0.4;  // of the writes
};

// Every call happens at one instant between its call and its return; one of unknown outcome at any instant
// after its call, or never.
[[nodiscard]] History legal_history(Random& random, const Shape& shape);

// Changes one to three things: a value or version read, an outcome, a time. May leave it legal.
void bend(Random& random, History& history);

}  // namespace ringkv::linearizability
