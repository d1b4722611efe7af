#include "tests/benchmarks/process_figures.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace ringkv::benchmarks {

namespace {

std::filesystem::path directory_of(pid_t process) {
    std::filesystem::path directory = "/proc/" + std::to_string(process);
    if (!std::filesystem::exists(directory))
        throw std::runtime_error("process " + std::to_string(process) + " has ended");
    return directory;
}

// "Name:   123 kB", or "Name: 123"; 0 if there is no such line.
std::uint64_t field_of(const std::filesystem::path& file, const std::string& name) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
    return 0;
}

constexpr std::uint64_t kib = 1024;

}  // namespace

std::chrono::nanoseconds processor_time(pid_t process) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
        throw std::runtime_error("process " + std::to_string(process) + " has ended");
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Memory memory_of(pid_t process) {
    const auto directory = directory_of(process);
    return {field_of(directory / "status", "VmRSS") * kib, field_of(directory / "status", "VmHWM") * kib,
            field_of(directory / "smaps_rollup", "Pss") * kib};
}

OpenFiles open_files_of(pid_t process) {
    OpenFiles files;
    for (const auto& file : std::filesystem::directory_iterator(directory_of(process) / "fd")) {
        std::error_code closed_meanwhile;
        const std::string target = std::filesystem::read_symlink(file.path(), closed_meanwhile).string();
        ++files.all;
        if (target.starts_with("socket:")) ++files.sockets;
    }
    return files;
}

std::uint64_t threads_of(pid_t process) {
    return field_of(directory_of(process) / "status", "Threads");
}

}  // namespace ringkv::benchmarks
