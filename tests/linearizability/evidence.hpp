// What a history tells before any order is tried: which write every read saw, and so the versions of writes
// whose own outcome is unknown, and which of those certainly happened. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tests/linearizability/history.hpp"

namespace ringkv::linearizability {

inline constexpr std::size_t no_call = static_cast<std::size_t>(-1);

// A call that constrains the order, or that may have had an effect.
struct Step {
    std::size_t call = 0;  // its place in the history
    Kind kind = Kind::get;
    Outcome outcome = Outcome::done;  // done where it was unknown: what it is if it happened
    // It may be left out: a write of unknown outcome that no call saw.
    bool optional = false;
    std::size_t writer = no_call;  // of the value written or read: the call that writes it
    Version expected = 0;
    Version version = 0;  // of the write, or of what was read; 0 = no answer told it
    std::optional<Version> found;
    Instant called = 0;
    Instant returned = never;

    [[nodiscard]] bool conditional() const { return kind == Kind::compare_and_set || kind == Kind::compare_and_erase; }
    // It changes the register.
    [[nodiscard]] bool mutates() const { return kind != Kind::get && outcome == Outcome::done; }
};

struct Evidence {
    // In order of their calls.
    std::vector<Step> steps;
    // Places in steps of the writes whose versions are known, in the order of those versions: the only order
    // in which they can have happened.
    std::vector<std::size_t> versioned;
    // Versions that conditions name and no write is known to have; ascending.
    std::vector<Version> orphans;
    // Why no order needs to be tried; empty if one does.
    std::string contradiction;
};

[[nodiscard]] Evidence gather(const History& history);

}  // namespace ringkv::linearizability
