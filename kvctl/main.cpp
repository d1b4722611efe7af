// kvctl's door to the terminal and to signals.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvctl/app.hpp"
#include "kvctl/commands/debug.hpp"
#include "kvctl/commands/demo.hpp"
#include "kvctl/commands/local.hpp"
#include "ringkv/version.hpp"

namespace {

using namespace ringkv::kvctl;

extern "C" void on_interrupt(int /*signal*/) {
    if (!note_interrupt()) ::_exit(static_cast<int>(ExitCode::interrupted));
}

void handle_signals() {
    struct sigaction interrupt {};
    interrupt.sa_handler = on_interrupt;  // without SA_RESTART: a poll that waits for input must notice
    ::sigaction(SIGINT, &interrupt, nullptr);
    // `kvctl scan | head` ends here, without a word, even under a parent that ignores SIGPIPE.
    ::signal(SIGPIPE, SIG_DFL);
}

std::optional<std::string> environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

// As the XDG base directory specification has it: a path that is not absolute is none.
std::optional<std::string> state_directory() {
    if (auto given = environment("XDG_STATE_HOME"); given && given->front() == '/') return given;
    const auto home = environment("HOME");
    if (!home || home->front() != '/') return std::nullopt;
    return *home + "/.local/state";
}

std::size_t terminal_columns() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return 80;
    return size.ws_col >= 20 ? size.ws_col : 80;
}

}  // namespace

int main(int count, char** values) {
    handle_signals();
    std::ios::sync_with_stdio(false);
    DescriptorInput input(STDIN_FILENO);
    const Console console{.in = input,
                          .out = std::cout,
                          .err = std::cerr,
                          .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
                          .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                          .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
                          .colour = !environment("NO_COLOR") && environment("TERM").value_or("dumb") != "dumb",
                          .columns = terminal_columns()};
    const Program program{.version = std::string(ringkv::version()),
                          .protocol = std::string(ringkv::protocol_version()),
                          .registries = environment("RINGKV_REGISTRY"),
                          .local = run_local,
                          .demo = run_demo,
                          .debug = run_debug,
                          .state_directory = state_directory()};
    return static_cast<int>(
        run(std::vector<std::string>(values + std::min(count, 1), values + count), console, program));
}
