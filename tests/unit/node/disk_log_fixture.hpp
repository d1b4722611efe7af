// Logs on a faulty disk, and batches whose number can be told from what comes back.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "node/edge/disk/disk_log.hpp"
#include "tests/unit/node/faulty_files.hpp"

namespace ringkv::test {

inline Uuid uuid(std::uint8_t byte) {
    Uuid it;
    it.bytes.fill(byte);
    return it;
}

inline DiskLogOptions small_segments() {
    DiskLogOptions options;
    options.owner = {uuid(7), uuid(8), 1, 2};
    options.segment_bytes = 512;
    return options;
}

// Two records, the first of which has the number and as much text as wanted.
inline StorageBatch numbered(std::uint64_t number, std::size_t text = 10) {
    const std::string value(text, static_cast<char>('a' + number % 26));
    Entry entry;
    entry.op = OpNumber(number);
    entry.kind = EntryKind::set;
    entry.key = "key";
    entry.value = value;
    return {AppendRecord{PartitionId(1), share(entry)}, CommitRecord{PartitionId(1), OpNumber(number)}};
}

struct DiskLogs {
    using Opened = Result<std::unique_ptr<DiskLog>>;

    [[nodiscard]] Opened create() { return DiskLog::create(disk.folder(), uuid(9), options); }
    [[nodiscard]] Opened open() { return DiskLog::open(disk.folder(), options); }

    // The numbers of what comes back, in order. Each batch must be whole.
    [[nodiscard]] static Result<std::vector<std::uint64_t>> replayed(DiskLog& log) {
        std::vector<std::uint64_t> numbers;
        bool whole = true;
        const auto done = log.replay([&](const StorageRecord& record) {
            if (const auto* append = std::get_if<AppendRecord>(&record)) {
                EXPECT_TRUE(whole) << "half a batch";
                whole = false;
                numbers.push_back(append->entry->op.value());
                EXPECT_EQ(append->entry->value.front(), static_cast<char>('a' + numbers.back() % 26));
            } else {
                EXPECT_EQ(std::get<CommitRecord>(record).commit.value(), numbers.back());
                whole = true;
            }
        });
        EXPECT_TRUE(whole) << "half a batch";
        if (!done) return done.error();
        return numbers;
    }
    [[nodiscard]] Result<std::vector<std::uint64_t>> replayed() {
        auto log = open();
        if (!log) return log.error();
        return replayed(**log);
    }

    FaultyDisk disk;
    DiskLogOptions options = small_segments();
};

inline std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = first; number <= last; ++number) numbers.push_back(number);
    return numbers;
}
inline std::vector<std::uint64_t> up_to(std::uint64_t last) {
    return from_to(1, last);
}

}  // namespace ringkv::test
