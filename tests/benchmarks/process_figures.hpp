// What the kernel says of a running process (proc(5)). Linux only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace ringkv::benchmarks {

struct Memory {
    std::uint64_t resident = 0;       // bytes, now
    std::uint64_t most_resident = 0;  // bytes, since the start
    std::uint64_t proportional = 0;   // bytes, shared pages divided by their users; 0 = may not be read
};

struct OpenFiles {
    std::uint64_t all = 0;
    std::uint64_t sockets = 0;
};

// Of all its threads, since its start. Each throws std::runtime_error if there is no such process.
[[nodiscard]] std::chrono::nanoseconds processor_time(pid_t process);
[[nodiscard]] Memory memory_of(pid_t process);
[[nodiscard]] OpenFiles open_files_of(pid_t process);
[[nodiscard]] std::uint64_t threads_of(pid_t process);

}  // namespace ringkv::benchmarks
