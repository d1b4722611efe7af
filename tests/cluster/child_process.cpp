#include "tests/cluster/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace ringkv::testing {

namespace {

// In the child, between fork and exec: system calls only, for other threads may hold any lock. They are made directly:
// the thread sanitizer wraps the library's functions, and its locks are among those.
[[noreturn]] void become(char* const* arguments, const char* in, const char* out, const char* err, pid_t parent) {
    ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    const auto fail = [] {
        for (;;) ::syscall(SYS_exit_group, 127);
    };
    if (::syscall(SYS_getppid) != parent) fail();  // it ended before the line above
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
    const long input = ::syscall(SYS_openat, AT_FDCWD, in, O_RDONLY, 0);
    const long output = ::syscall(SYS_openat, AT_FDCWD, out, flags, 0600);
    const long errors = ::syscall(SYS_openat, AT_FDCWD, err, flags, 0600);
    if (input < 0 || output < 0 || errors < 0) fail();
    ::syscall(SYS_dup3, input, STDIN_FILENO, 0);
    ::syscall(SYS_dup3, output, STDOUT_FILENO, 0);
    ::syscall(SYS_dup3, errors, STDERR_FILENO, 0);
    for (const long file : {input, output, errors}) ::syscall(SYS_close, file);
    ::syscall(SYS_execve, arguments[0], arguments, environ);
    for (;;) ::syscall(SYS_exit_group, 127);
}

int code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ChildProcess::ChildProcess(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                           std::filesystem::path log, const std::string& input)
    : log_(std::move(log)) {
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    const std::string in = input.empty() ? "/dev/null" : log_.string() + ".in";
    if (!input.empty()) write_file(in, input);
    const std::string out = log_.string() + ".out";
    const std::string err = log_.string() + ".err";
    write_file(out, "");  // so that nothing of an earlier process with this log is taken for this one's
    write_file(err, "");
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    if (pid_ == 0) become(pointers.data(), in.c_str(), out.c_str(), err.c_str(), parent);
}

ChildProcess::~ChildProcess() {
    if (!running()) return;
    signal(SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
}

bool ChildProcess::running() {
    if (exit_) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
    exit_ = code_of(status);
    return false;
}

void ChildProcess::signal(int number) {
    if (!running()) return;  // the pid may be another process's by now
    asked_to_end_ = asked_to_end_ || number == SIGTERM || number == SIGKILL;
    ::kill(pid_, number);
    if (number != SIGSTOP) return;
    siginfo_t stopped{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED | WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
}

std::optional<int> ChildProcess::wait_for_exit(milliseconds deadline) {
    wait_until(deadline, [&] { return !running(); });
    return exit_;
}

bool ChildProcess::wait_for_output(std::string_view text, milliseconds deadline) {
    bool found = false;
    wait_until(deadline, [&] {
        const bool ended = !running();  // first: what it wrote before it ended counts
        found = output().find(text) != std::string::npos;
        return found || ended;
    });
    return found;
}

std::string ChildProcess::output() const {
    return read_file(log_.string() + ".out");
}
std::string ChildProcess::errors() const {
    return read_file(log_.string() + ".err");
}

Finished run(const std::filesystem::path& program, const std::vector<std::string>& arguments,
             const std::filesystem::path& log, const std::string& input) {
    ChildProcess process(program, arguments, log, input);
    const auto code = process.wait_for_exit(milliseconds(60000));
    if (!code) throw std::runtime_error(program.filename().string() + " did not end within a minute");
    return {*code, process.output(), process.errors()};
}

std::string read_file(const std::filesystem::path& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    return content.str();
}

void write_file(const std::filesystem::path& path, std::string_view content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void sleep_for(milliseconds time) {
    std::this_thread::sleep_for(time);
}

}  // namespace ringkv::testing
