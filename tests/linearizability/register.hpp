// The register of the checker's search: what a key holds, and what a step makes of it. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tests/linearizability/evidence.hpp"

namespace ringkv::linearizability {

// The version of a present value that no call names: it equals none that a call expects or was told.
inline constexpr Version anonymous = never;

struct Register {
    std::size_t writer = no_call;  // the call that wrote the value; no_call = absent
    Version version = 0;           // of the value; 0 = absent
    Version last = 0;              // what the last write's version is at least

    [[nodiscard]] bool present() const { return writer != no_call; }
    friend bool operator==(const Register&, const Register&) = default;
};

// Whether the step can come next, as far as the register's content goes; versions' order not counted.
[[nodiscard]] bool fits(const Step& step, const Register& now);

// What a mutating step that fits leaves. `version` is its own, or anonymous; then `last` is the lowest that it
// can be.
[[nodiscard]] Register after(const Step& step, const Register& now, Version version, Version last);

// "v17, version 12", "nothing", ...
[[nodiscard]] std::string describe(const Register& now, const History& history);

}  // namespace ringkv::linearizability
