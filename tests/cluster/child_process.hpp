// One process of the tests' own: started, watched through its output files, signalled by its pid,
// and ended with the object.
//
// Start them from the main thread only: the kernel ends a child with the *thread* that started it,
// so that no server outlives a test, however the test ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringkv::testing {

using std::chrono::milliseconds;

// True as soon as `condition()` is; false if it is not within the deadline.
template <class Condition>
bool wait_until(milliseconds deadline, Condition condition);

class ChildProcess {
  public:
    // Standard output and error go to `log`.out and `log`.err, which are emptied first; standard input
    // is `input`. Throws std::runtime_error if it cannot be started.
    ChildProcess(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 std::filesystem::path log, const std::string& input = {});
    // SIGKILL, if it still runs.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();
    // Nothing happens if it has ended. After SIGSTOP returns when it has stopped: its threads go on until each sees it.
    void signal(int number);
    // It has ended, and signal() had not sent it SIGTERM or SIGKILL.
    [[nodiscard]] bool ended_by_itself() { return !running() && !asked_to_end_; }
    // The exit code, or 128 + the signal that ended it; nullopt if it still runs at the deadline.
    std::optional<int> wait_for_exit(milliseconds deadline);
    // Whether the text came on standard output; false at once if the process ends without it.
    bool wait_for_output(std::string_view text, milliseconds deadline);
    [[nodiscard]] std::string output() const;
    [[nodiscard]] std::string errors() const;

  private:
    std::filesystem::path log_;
    pid_t pid_ = -1;
    std::optional<int> exit_;
    bool asked_to_end_ = false;
};

// Runs it to its end. Throws if that takes longer than a minute.
struct Finished {
    int code = 0;
    std::string output;
    std::string errors;
};
Finished run(const std::filesystem::path& program, const std::vector<std::string>& arguments,
             const std::filesystem::path& log, const std::string& input = {});

// The whole file; empty if there is none.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view content);

void sleep_for(milliseconds time);

template <class Condition>
bool wait_until(milliseconds deadline, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        sleep_for(milliseconds(20));
    }
    return true;
}

}  // namespace ringkv::testing
