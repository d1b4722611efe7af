// What kvctl's exit status means. Scripts rely on these numbers.
#pragma once

#include <ringkv/result.hpp>

#include <string>
#include <string_view>

namespace ringkv::kvctl {

enum class ExitCode : int {
    ok = 0,
    not_found = 1,         // get, mget, del: no such key
    usage = 2,             // arguments, configuration, key or value size
    condition_failed = 3,  // the key had another version
    unavailable = 4,       // not applied
    outcome_unknown = 5,   // may have been applied
    refused = 6,           // for safety
    failed = 7,            // anything else, and lines that could not be imported
    interrupted = 130,     // SIGINT
};

ExitCode exit_code(const Error& error) noexcept;

// The one that needs more attention: ok, not_found, condition_failed, usage, unavailable, refused, failed,
// outcome_unknown, interrupted, in this order. For commands about many keys.
ExitCode worse(ExitCode left, ExitCode right) noexcept;

// What to try after this error of `command`; may be empty.
std::string next_step(const Error& error, std::string_view command);

}  // namespace ringkv::kvctl
