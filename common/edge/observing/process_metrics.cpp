#include "common/edge/observing/process_metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>

#include "common/edge/system/clock.hpp"
#include "ringkv/version.hpp"

namespace ringkv {
namespace {

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct Memory {
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
};
std::optional<Memory> memory() {
    std::ifstream file("/proc/self/statm");
    Memory pages;
    if (!(file >> pages.all >> pages.resident)) return {};
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return Memory{pages.all * page, pages.resident * page};
}

// Since 1970. Field 22 of /proc/self/stat: clock ticks from the machine's start to the process's. The second field, the
// program's name, may have blanks, and ends with the last parenthesis.
std::optional<double> start_time() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    std::istringstream fields(line.substr(std::min(line.rfind(')'), line.size() - 1) + 1));
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    double ticks = 0;
    if (!(fields >> ticks)) return {};
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    const std::chrono::duration<double> up = boot_time().time_since_epoch();
    return now.count() - up.count() + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::optional<std::uint64_t> open_files() {
    DIR* const folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return {};
    std::uint64_t count = 0;
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count - 3;  // ".", "..", and that of the folder
}

template <class Value>
void gauge(Exposition& page, std::string_view name, std::string_view help, const std::optional<Value>& value) {
    if (!value) return;
    page.family(name, MetricType::gauge, help);
    page.sample({}, *value);
}

}  // namespace

void write_process(Exposition& page) {
    page.family("ringkv_build_info", MetricType::gauge, "1; the labels say what runs.");
    page.sample({{"version", std::string(version())},
                 {"commit", std::string(commit())},
                 {"protocol", std::string(protocol_version())}},
                std::uint64_t{1});
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        page.family("process_cpu_seconds_total", MetricType::counter, "Time of the processors, user and system.");
        page.sample({}, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    }
    const auto now = memory();
    using Bytes = std::optional<std::uint64_t>;
    gauge(page, "process_resident_memory_bytes", "Memory that is in RAM.", now ? Bytes(now->resident) : Bytes());
    gauge(page, "process_virtual_memory_bytes", "Address space.", now ? Bytes(now->all) : Bytes());
    static const auto started = start_time();
    gauge(page, "process_start_time_seconds", "When the process was started, since 1970.", started);
    gauge(page, "process_open_fds", "Open files and sockets.", open_files());
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        gauge(page, "process_max_fds", "How many files and sockets it may open.", Bytes(limit.rlim_cur));
}

}  // namespace ringkv
