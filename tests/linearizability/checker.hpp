// Is there one order of a key's calls that keeps to real time and that one register would have given?
//
// Wing & Gong's search with Lowe's memoisation of configurations (P-compositionality: the caller gives one
// key at a time). Pure; thread safety: reentrant.
//
// A history that no client can have seen (a value written twice, a put that is "absent", a return before its
// call) is a bug of the caller and ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/linearizability/history.hpp"

namespace ringkv::linearizability {

enum class Verdict : std::uint8_t { legal, illegal, undecided };

struct Judgement {
    Verdict verdict = Verdict::undecided;
    // illegal: a readable account of where every order fails: the longest prefix that could be ordered, and
    // the calls that then cannot come next. undecided: how far it got.
    std::string explanation;
    std::size_t configurations = 0;  // so many were looked at
};

// At most so many configurations are looked at; then undecided.
inline constexpr std::size_t most_configurations = 2'000'000;

[[nodiscard]] Judgement check(const History& history, std::size_t configurations = most_configurations);

// One line for a call: "client 3: put v17 -> version 12 [1042, 1097]".
[[nodiscard]] std::string describe(const Call& call);

}  // namespace ringkv::linearizability
