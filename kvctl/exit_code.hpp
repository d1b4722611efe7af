// What kvctl does about an error beside exiting with its number, which is that of ringkv/exit_code.hpp.
#pragma once

#include <ringkv/exit_code.hpp>

#include <string>
#include <string_view>

namespace ringkv::kvctl {

using ringkv::exit_code;
using ringkv::ExitCode;

// The one that needs more attention: ok, not_found, condition_failed, usage, unavailable, refused, failed,
// outcome_unknown, interrupted, in this order. For commands about many keys.
ExitCode worse(ExitCode left, ExitCode right) noexcept;

// What to try after this error of `command`; may be empty.
std::string next_step(const Error& error, std::string_view command);

}  // namespace ringkv::kvctl
