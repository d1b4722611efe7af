// generate DIRECTORY: writes there the log of a shard, as the first release that had one did. Not built: it was
// compiled once, with the libraries of that release, and is kept to show how the files came about.
#include <iostream>

#include "node/edge/disk/disk_log.hpp"
#include "node/edge/disk/posix_files.hpp"
#include "tests/compatibility/log1/values.hpp"

int main(int, char** arguments) {
    using namespace ringkv;
    auto folder = open_folder(arguments[1]);
    if (!folder) return std::cerr << folder.error() << '\n', 1;
    auto log = DiskLog::create(std::move(*folder), v1::uuid(0xd0), log1::options());
    if (!log) return std::cerr << log.error() << '\n', 1;
    BatchNumber number;
    for (const StorageBatch& batch : log1::batches())
        if (auto done = (*log)->commit(number = number.next(), batch); !done)
            return std::cerr << done.error() << '\n', 1;
    if (auto done = (*log)->close(); !done) return std::cerr << done.error() << '\n', 1;
}
