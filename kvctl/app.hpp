// kvctl between its argument list and its exit code. All that a test has to give it is in the arguments.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "kvctl/console.hpp"
#include "kvctl/exit_code.hpp"

namespace ringkv::kvctl {

struct Context;
struct Session;

struct Program {
    std::string version;                    // of this build: "0.5.0"
    std::string protocol;                   // that it speaks: "1.0"
    std::optional<std::string> registries;  // RINGKV_REGISTRY
    // How often a command that watches asks.
    std::chrono::milliseconds watch_every{500};
    // The commands `local`, `demo` and `debug`, which see rooms that kvctl does not; main puts them in.
    ExitCode (*local)(Context& context) = nullptr;
    ExitCode (*demo)(Context& context) = nullptr;
    ExitCode (*debug)(Context& context) = nullptr;
    // Where programs keep what they remember from run to run ($XDG_STATE_HOME, or ~/.local/state). None: nowhere.
    std::optional<std::string> state_directory = std::nullopt;
};

// `arguments` is argv without the program; of a line of a shell, its words, and `session` is what its lines share.
ExitCode run(const std::vector<std::string>& arguments, const Console& console, const Program& program,
             Session* session = nullptr);

}  // namespace ringkv::kvctl
