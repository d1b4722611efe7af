// What kvctl and the servers exit with. Scripts rely on these numbers; a tool of your own may use the same ones.
// Thread-safe.
#pragma once

#include <ringkv/result.hpp>

namespace ringkv {

enum class ExitCode : int {
    ok = 0,                // a server: it was asked to stop, and has
    not_found = 1,         // get, mget, del: no such key
    usage = 2,             // arguments, configuration, key or value size
    condition_failed = 3,  // the key had another version
    unavailable = 4,       // not applied
    outcome_unknown = 5,   // may have been applied
    refused = 6,           // for safety
    failed = 7,            // anything else, and lines that could not be imported
    interrupted = 130,     // SIGINT
};

[[nodiscard]] ExitCode exit_code(const Error& error) noexcept;

}  // namespace ringkv
